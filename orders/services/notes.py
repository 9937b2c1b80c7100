"""Notes that staff write about an order, and the coded words they tell its customer."""

from datetime import datetime

from django.db import transaction

from orders.domain.facts import StaffWord
from orders.models import Event, Note, Order, Word
from orders.services.email_results import reach_again
from orders.services.refusal import Refused
from orders.services.shop_changes import changed_here

NO_ADDRESS = "can't be reached: no email address"


@transaction.atomic
def write_note(order: Order, text: str, *, now: datetime, actor: str) -> Note:
    """For staff alone."""
    if not text.strip():
        raise Refused("enter the text of the note")
    return Note.objects.create(order=order, text=text.strip(), at=now, actor=actor)


@transaction.atomic
def tell_customer(order: Order, word: Word, *, reason: str, now: datetime, actor: str) -> Event:
    """On the customer's page at once, and by email unless the order is unreleased. The reason is
    kept for staff."""
    event = Event.of(
        StaffWord(code=word),
        order=order,
        at=now,
        actor=actor,
        note=reason,
        message_due=order.released_at is not None,
    )
    event.save()
    return event


@transaction.atomic
def correct_address(
    order: Order, email: str, *, revoke: bool, reason: str, now: datetime, actor: str
) -> None:
    """The order's email goes to `email` from now on. What its page says and nobody was told is due
    to be emailed there. `revoke`: somebody else has its links, which stop working. Who did it, and
    why, is in its notes."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if order.erased_at:
        raise Refused(f"the customer of order {order.number} asked to be forgotten")
    if order.email == email and not revoke:
        raise Refused(f"order {order.number} already has this address")
    before = Order.objects.get(pk=order.pk)
    if email and not order.email:
        order.attention = [text for text in order.attention if text != NO_ADDRESS]
    order.email = email
    order.link_version += revoke
    order.save(update_fields=["attention", "email", "link_version"])
    changed_here(before, now=now, actor=actor)
    write_note(
        order,
        f"The email address was corrected{', old links revoked' * revoke}: {reason}",
        now=now,
        actor=actor,
    )
    reach_again(order, now=now)
