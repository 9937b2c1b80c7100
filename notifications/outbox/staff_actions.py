"""What staff decide about emails that did not go out by themselves. Refused says why not."""

from datetime import datetime
from itertools import takewhile

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from notifications.may_send import SUPPRESSED
from notifications.models import Message, MessageEvent, MessageState
from orders import services
from orders.models import EventKind, Order
from orders.services import Refused

WITHDRAWN = "an email to this customer was stopped: reach them another way"

CAME_BACK = (
    "an email to this customer bounced: reach them another way, or enter an address that works"
)

SENT_AGAIN = (
    MessageState.FAILED,
    MessageState.NEEDS_REVIEW,
    MessageState.SUPPRESSED,
    MessageState.BOUNCED,
)


@transaction.atomic
def send_again(message: Message, *, actor: str = "") -> None:
    """Queue an email that failed, needs review, came back or had no address, to the address the
    order has now. What was handed to the mail server before goes out unchanged, including its
    Message-ID."""
    # as dispatch: one open message
    order = Order.objects.select_for_update(no_key=True).get(pk=message.order_id)
    others = Message.objects.filter(order=order).exclude(pk=message.pk)
    if others.filter(
        pk__gt=message.pk, state__in=[MessageState.QUEUED, MessageState.SENDING, MessageState.SENT]
    ).exists():
        raise Refused(f"order {order.number} has a newer email, so this one is out of date")
    if others.filter(state__in=[MessageState.QUEUED, MessageState.SENDING]).exists():
        raise Refused(
            f"order {order.number} has another email being sent: wait until it has gone out, or "
            "stop it"
        )
    if not order.email:
        raise Refused(f"order {order.number} has no email address: enter one first")
    if Message.objects.filter(pk=message.pk, frozen_at__isnull=False, text="").exists():
        raise Refused("the text of this email is no longer kept: reach the customer another way")
    changed = Message.objects.filter(pk=message.pk, state__in=SENT_AGAIN).update(
        state=MessageState.QUEUED,
        recipient=order.email,
        next_attempt_at=Now(),
        attempts=0,
        last_error="",
        sent_at=None,
        decided_by=actor,
        decided_why="",
    )
    if not changed:
        raise Refused(
            "only an email that failed, needs review, bounced or couldn't reach the customer can "
            "be sent again"
        )


@transaction.atomic
def correct_address(
    order: Order, email: str, *, revoke: bool, reason: str, now: datetime, actor: str
) -> bool:
    """The order has another email address. What came back, failed or had no address is written
    again and sent there, as far as it is still news. What may have arrived goes out unchanged. So
    does a link that was asked for, unless its links are revoked (`revoke`): then the customer gets
    a new one. Returns whether anything will be sent."""
    before = Order.objects.values_list("email", flat=True).get(pk=order.pk)
    services.correct_address(order, email, revoke=revoke, reason=reason, now=now, actor=actor)
    if email != before:
        services.clear_flags(order, CAME_BACK, SUPPRESSED)
    return _tell_again(order, revoked=revoke, now=now, actor=actor)


@transaction.atomic
def address_changed(order: Order, *, now: datetime) -> bool:
    """As orders.mail_port has it."""
    services.clear_flags(order, CAME_BACK, SUPPRESSED)
    return _tell_again(order, revoked=True, now=now, actor="")


def _tell_again(order: Order, *, revoked: bool, now: datetime, actor: str) -> bool:
    order = Order.objects.get(pk=order.pk)
    if order.released_at is None:
        return False
    newest_first = Message.objects.filter(order=order).order_by("-pk").defer("html")
    since_one_arrived = list(
        takewhile(lambda message: message.state != MessageState.SENT, newest_first)
    )
    lost = [
        message
        for message in since_one_arrived
        if _can_be_repeated(message) and not _may_have_arrived(message)
    ]
    services.tell_again(
        MessageEvent.objects.filter(message__in=lost).values_list("event", flat=True)
    )
    if order.events.filter(message_due=True).exists():
        return True
    if revoked:
        services.replace_links(order, now=now)
        return True
    for newest in since_one_arrived[:1]:
        if _can_be_repeated(newest) and (
            _may_have_arrived(newest) or newest.kind == EventKind.LINK
        ):
            send_again(newest, actor=actor)
            return True
    return False


def _can_be_repeated(message: Message) -> bool:
    """Nothing is told of what is so long ago that its words are not kept."""
    return message.state in SENT_AGAIN and not (message.frozen_at and not message.text)


def _may_have_arrived(message: Message) -> bool:
    """It may be in an inbox already, so a second one has to be the same."""
    if message.state == MessageState.BOUNCED:
        return False
    return message.state == MessageState.NEEDS_REVIEW or message.ambiguous_count > 0


@transaction.atomic
def count_as_sent(message: Message, *, actor: str = "", reason: str = "") -> None:
    """The customer has this email, as somebody found out: what it says counts as told."""
    changed = Message.objects.filter(pk=message.pk, state=MessageState.NEEDS_REVIEW).update(
        state=MessageState.SENT, sent_at=Now(), decided_by=actor, decided_why=reason
    )
    if not changed:
        raise Refused("only an email that needs review can be marked as sent")
    sent_at = Message.objects.values_list("sent_at", flat=True).get(pk=message.pk)
    if sent_at:
        said = message.covered.filter(said=True).values_list("event", flat=True)
        services.mark_told(list(said), at=sent_at)


@transaction.atomic
def withdraw(message: Message, *, actor: str = "", reason: str = "") -> None:
    """An email still queued will not go out. Its order is on staff's list until the customer was
    reached."""
    # before the message, as dispatch
    Order.objects.select_for_update(no_key=True).get(pk=message.order_id)
    changed = Message.objects.filter(pk=message.pk, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, decided_by=actor, decided_why=reason
    )
    if not changed:
        raise Refused(
            "only a queued email can be stopped: this one is being sent or has left the queue"
        )
    services.mark_not_told(message.order, WITHDRAWN)


@transaction.atomic
def mark_bounced(message: Message, *, actor: str = "") -> None:
    """An email that the mail server accepted has come back. What it was the first to tell, nobody
    was told. Its order is on staff's list until the customer was reached."""
    # before the message, as dispatch
    Order.objects.select_for_update(no_key=True).get(pk=message.order_id)
    changed = Message.objects.filter(pk=message.pk, state=MessageState.SENT).update(
        state=MessageState.BOUNCED, decided_by=actor, decided_why=""
    )
    if not changed:
        raise Refused("only an email that was sent can bounce")
    message.refresh_from_db(fields=["sent_at"])
    if message.sent_at:
        said = message.covered.filter(said=True).values_list("event", flat=True)
        services.mark_returned(
            message.order, list(said), CAME_BACK, told_at=message.sent_at, now=timezone.now()
        )
