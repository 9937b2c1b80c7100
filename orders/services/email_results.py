"""What becomes of emails: who was told what, and who could not be told."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from orders.models import (
    DAY_PASSED,
    TO_COME,
    DelayNotice,
    Event,
    EventKind,
    Order,
    OrderLine,
    Outcome,
    Promise,
)
from orders.queue import COUNTS
from orders.services.delay_notices import count_as_told
from orders.services.promises import window_json
from orders.sql_files import sql

MARK_TOLD = sql(__file__, "mark_told")


@transaction.atomic(savepoint=False)
def mark_told(event_ids: Collection[int], *, at: datetime) -> None:
    """The mail server accepted the message with these events at `at`. Their promises count as told
    from then, also those whose first email came back."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_TOLD, {"events": list(event_ids), "at": at})
        promises = [promise_id for (promise_id,) in cursor.fetchall()]
    if promises:
        count_as_told(promises, at=at)


WELCOME = sql(__file__, "welcome", counts=COUNTS, window=window_json("p"))


@transaction.atomic
def make_news_due(order_ids: Collection[int], *, now: datetime) -> None:
    """What the pages of these released orders say now becomes due by email, if nobody was told or
    the email came back."""
    with connection.cursor() as cursor:
        cursor.execute(WELCOME, {"orders": list(order_ids), "now": now})
    current = Event.objects.filter(
        TO_COME, order__in=order_ids, order__released_at__isnull=False, promise=F("line__promise")
    )
    newest = current.order_by().values("line").annotate(newest=Max("pk")).values("newest")
    untold = Q(told_at=None) | Q(promise__returned_at__isnull=False)
    Event.objects.filter(untold, pk__in=newest).update(message_due=True)
    passed = Event.objects.filter(order__in=order_ids, kind=EventKind.NOTE, facts__code=DAY_PASSED)
    passed.filter(TO_COME, Q(told_at=None) | Q(returned_at__isnull=False)).update(message_due=True)


@transaction.atomic
def mark_not_told(order: Order, attention: str, *, unreachable: bool = False) -> None:
    """A message could not be handed over: the order is on staff's list until somebody has reached
    the customer. `unreachable`: no email arrives there, and the page does not promise any."""
    _put_on_list(order, attention, unreachable=unreachable)
    untold = DelayNotice.objects.filter(line__order=order, told_at=None, outcome="")
    untold.filter(not_told_at=None).update(not_told_at=Now())


@transaction.atomic
def mark_returned(
    order: Order, event_ids: Collection[int], attention: str, *, told_at: datetime, now: datetime
) -> None:
    """The message with these events that was handed over at `told_at` came back. What it was the
    first to tell, nobody was told. No deadline of its notices runs, and what their silence had
    agreed to is not agreed. What silence has canceled stays so until somebody puts it back."""
    _put_on_list(order, attention, unreachable=True)
    Event.objects.filter(pk__in=event_ids, told_at=told_at).update(returned_at=now)
    promises = list(Event.objects.filter(pk__in=event_ids).values_list("promise", flat=True))
    Promise.objects.filter(pk__in=promises, told_at=told_at).update(returned_at=now)
    notices = DelayNotice.objects.select_for_update().filter(
        promise__in=promises, told_at=told_at, not_told_at=None
    )
    for notice in notices.order_by("-pk"):
        # of a first delay only, so that the day before it was the original one
        if notice.outcome == Outcome.CONSENTED:
            OrderLine.objects.filter(pk=notice.line_id, agreed_by=notice.consent_to).update(
                agreed_by=notice.notice_by
            )
            notice.outcome, notice.ended_at = "", None
        notice.not_told_at = now
        notice.save(update_fields=["outcome", "ended_at", "not_told_at"])


@transaction.atomic
def reach_again(order: Order, *, now: datetime) -> None:
    """The order has another address: what its page says and nobody was told is due to be emailed
    there."""
    Order.objects.filter(pk=order.pk).update(unreachable_at=None)
    make_news_due([order.pk], now=now)


@transaction.atomic
def tell_again(event_ids: Collection[int]) -> None:
    """The email with these events told nobody. Which units shipped or were canceled, and what was
    said beside the promises, is due again. make_news_due does this for what is promised now; a
    customer who wants a link asks again."""
    untold = Q(told_at=None) | Q(returned_at__isnull=False)
    beside = Q(promise=None) | Q(kind__in=[EventKind.SHIPPED, EventKind.CANCELLED])
    Event.objects.filter(untold, beside, pk__in=event_ids).exclude(kind=EventKind.LINK).update(
        message_due=True
    )


def _put_on_list(order: Order, attention: str, *, unreachable: bool) -> None:
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if attention not in order.attention:
        order.attention.append(attention)
        order.save(update_fields=["attention"])
    if unreachable and not order.unreachable_at:
        Order.objects.filter(pk=order.pk).update(unreachable_at=Now())
