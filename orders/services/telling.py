"""What the mails report back: who was told what, and who could not be."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Now

from orders.models import DelayNotice, Event, Order, Promise
from orders.queue import COUNTS
from orders.services.noticing import count_as_told
from orders.services.promising import window_json


@transaction.atomic(savepoint=False)
def mark_told(event_ids: Collection[int], *, at: datetime) -> None:
    """The mail server took the message with these events at `at`: their promises count as told from then."""
    events = Event.objects.filter(pk__in=event_ids, told_at__isnull=True)
    promises = list(events.filter(promise__isnull=False).values_list("promise", flat=True))
    if promises:
        Promise.objects.filter(pk__in=promises, told_at__isnull=True).update(told_at=at)
        count_as_told(promises, at=at)
    events.update(told_at=at)


# Whoever was never told anything is told where they stand now, not how that changed before they knew of it.
WELCOME = f"""
    INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
    SELECT k.order_id, k.id, k.promise_id, 'joined',
           jsonb_build_object('units', k.waiting, 'place', c.lines + 1, 'units_ahead', c.units,
                              'window', {window_json("p")}),
           %(now)s, '', false
    FROM (SELECT *, queued_at AS at FROM orders_orderline WHERE order_id = ANY(%(orders)s) AND waiting > 0) k
    JOIN orders_promise p ON p.id = k.promise_id
    CROSS JOIN LATERAL ({COUNTS}) c
    WHERE NOT EXISTS (SELECT FROM orders_promise told WHERE told.line_id = k.id AND told.told_at IS NOT NULL)
      AND NOT EXISTS (SELECT FROM orders_event e WHERE e.order_id = k.order_id AND e.kind = 'joined' AND e.promise_id = p.id)
"""


@transaction.atomic
def make_news_due(order_ids: Collection[int], *, now: datetime) -> None:
    """What the pages of these released orders say now, and nobody was told, is due to be mailed."""
    with connection.cursor() as cursor:
        cursor.execute(WELCOME, {"orders": list(order_ids), "now": now})
    still_open = Q(line__waiting__gt=0) | Q(line__allocated__gt=F("line__shipped"))
    current = Event.objects.filter(
        still_open, order__in=order_ids, order__released_at__isnull=False, promise=F("line__promise")
    )
    newest = current.order_by().values("line").annotate(newest=Max("pk")).values("newest")
    Event.objects.filter(pk__in=newest, told_at__isnull=True).update(message_due=True)


@transaction.atomic
def mark_not_told(order: Order, attention: str) -> None:
    """A message could not be handed over: the order is on staff's list until somebody has reached the customer."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if attention not in order.attention:
        order.attention.append(attention)
        order.save(update_fields=["attention"])
    untold = DelayNotice.objects.filter(line__order=order, told_at=None, outcome="")
    untold.filter(not_told_at=None).update(not_told_at=Now())
