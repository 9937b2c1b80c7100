"""What the mails report back: who was told what, and who could not be."""

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

# One statement, because it runs for every mail. What was told in vain, since the mail came back,
# counts as untold.
MARK_TOLD = """
    WITH newly AS MATERIALIZED (
        SELECT e.promise_id FROM orders_event e LEFT JOIN orders_promise p ON p.id = e.promise_id
        WHERE e.id = ANY(%(events)s) AND (e.told_at IS NULL OR p.returned_at IS NOT NULL)
    ),
    promises AS (
        UPDATE orders_promise SET told_at = coalesce(told_at, %(at)s), returned_at = NULL
        WHERE id IN (SELECT promise_id FROM newly) AND (told_at IS NULL OR returned_at IS NOT NULL)
    ),
    orders AS (
        UPDATE orders_order SET unreachable_at = NULL
        WHERE id IN (SELECT order_id FROM orders_event WHERE id = ANY(%(events)s)) AND unreachable_at IS NOT NULL
    ),
    events AS (
        UPDATE orders_event SET told_at = %(at)s, returned_at = NULL
        WHERE id = ANY(%(events)s) AND (told_at IS NULL OR returned_at IS NOT NULL)
    )
    SELECT DISTINCT promise_id FROM newly WHERE promise_id IS NOT NULL
"""


@transaction.atomic(savepoint=False)
def mark_told(event_ids: Collection[int], *, at: datetime) -> None:
    """The mail server took the message with these events at `at`: their promises count as told from
    then, also those whose first mail came back."""
    with connection.cursor() as cursor:
        cursor.execute(MARK_TOLD, {"events": list(event_ids), "at": at})
        promises = [promise_id for (promise_id,) in cursor.fetchall()]
    if promises:
        count_as_told(promises, at=at)


# Whoever was never told anything is told where they stand now, not how that changed before they
# knew of it.
WELCOME = f"""
    INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
    SELECT k.order_id, k.id, k.promise_id, 'joined',
           jsonb_build_object('units', k.waiting, 'place', c.lines + 1, 'units_ahead', c.units,
                              'window', {window_json("p")}),
           %(now)s, '', false
    FROM (SELECT *, queued_at AS at FROM orders_orderline WHERE order_id = ANY(%(orders)s) AND waiting > 0) k
    JOIN orders_promise p ON p.id = k.promise_id
    CROSS JOIN LATERAL ({COUNTS}) c
    WHERE NOT EXISTS (SELECT FROM orders_promise told WHERE told.line_id = k.id AND told.told_at IS NOT NULL
                                                                AND told.returned_at IS NULL)
      AND NOT EXISTS (SELECT FROM orders_event e WHERE e.order_id = k.order_id AND e.kind = 'joined' AND e.promise_id = p.id
                      AND coalesce((e.facts->>'place')::bigint, c.lines + 1) = c.lines + 1
                      AND NOT EXISTS (SELECT FROM orders_event later WHERE later.order_id = k.order_id AND later.id > e.id
                                      AND later.promise_id = p.id AND later.kind = 'on_track'))
"""


@transaction.atomic
def make_news_due(order_ids: Collection[int], *, now: datetime) -> None:
    """What the pages of these released orders say now, and nobody was told or the mail came back,
    is due to be mailed."""
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
    the customer. `unreachable`: no mail arrives there, and the page does not promise any."""
    _put_on_list(order, attention, unreachable=unreachable)
    untold = DelayNotice.objects.filter(line__order=order, told_at=None, outcome="")
    untold.filter(not_told_at=None).update(not_told_at=Now())


@transaction.atomic
def mark_returned(
    order: Order, event_ids: Collection[int], attention: str, *, told_at: datetime, now: datetime
) -> None:
    """The message with these events that was handed over at `told_at` came back: what it was the
    first to tell, nobody was told. No deadline of its notices runs, and what their silence had
    agreed to is not agreed; what silence has cancelled stays so until somebody puts it back."""
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
    """The order has another address: what its page says and nobody was told is due to be mailed
    there."""
    Order.objects.filter(pk=order.pk).update(unreachable_at=None)
    make_news_due([order.pk], now=now)


@transaction.atomic
def tell_again(event_ids: Collection[int]) -> None:
    """The mail with these events told nobody: what units left or were cancelled, and what was said
    beside the promises, is due to be mailed anew. What is promised now, make_news_due tells; who
    wants a link asks again."""
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
