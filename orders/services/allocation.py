"""Arrived units to the front of the queue, and back again when a receipt was counted wrongly."""

from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from orders.domain.working_days import add_working_days
from orders.models import Order, OrderLine, Product, Promise, QueueChange, Reason, Stock
from orders.services.delay_notices import notice_new_promises
from orders.services.forecasts import handling_days, today_of
from orders.services.promises import (
    forecast_to_correct,
    lock_stock,
    mark_changed,
    publish_corrected,
    window_json,
)
from orders.services.refusal import Refused

# The front is locked in key order before its running sum is taken, so that a line cancelled
# meanwhile is seen as it is. Lines whose units nobody knows (held) keep their place and are passed
# over.
ALLOCATE = """
    WITH front AS (
        SELECT id, order_id, quantity, cancelled, allocated, shipped, waiting, queued_at, promise_id FROM orders_orderline
        WHERE product_id = %(product)s AND waiting > 0 AND NOT held
        ORDER BY queued_at, id LIMIT %(spare)s FOR NO KEY UPDATE
    ),
    reached AS MATERIALIZED (
        SELECT f.*, least(waiting, %(spare)s - before) AS units, waiting - least(waiting, %(spare)s - before) AS still,
               CASE WHEN waiting <= %(spare)s - before THEN nextval('orders_promise_id_seq') END AS ready_id
        FROM (SELECT *, sum(waiting) OVER (ORDER BY queued_at, id ROWS UNBOUNDED PRECEDING) - waiting AS before FROM front) f
        WHERE before < %(spare)s
    ),
    lines AS (
        UPDATE orders_orderline l
        SET allocated = l.allocated + r.units, promise_id = coalesce(r.ready_id, l.promise_id)
        FROM reached r WHERE l.id = r.id
    ),
    ledger AS (
        INSERT INTO orders_allocation (line_id, quantity, at, reason) SELECT id, units, %(now)s, %(reason)s FROM reached
    ),
    promised AS (
        INSERT INTO orders_promise (id, line_id, kind, early, likely, late, reference, published_at, published_on)
        SELECT ready_id, id, 'dated', %(today)s, %(leaves_by)s, %(leaves_by)s, '', %(now)s, %(today)s
        FROM reached WHERE ready_id IS NOT NULL
    ),
    told AS (
        INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
        SELECT r.order_id, r.id, r.ready_id, 'reserved',
               jsonb_build_object(
                   'units', r.units, 'of', r.quantity, 'still', r.still, 'wanted', r.quantity - r.cancelled,
                   'leaving', r.allocated - r.shipped + r.units,
                   'mailed', t.told_at IS NOT NULL AND t.returned_at IS NULL,
                   'window', CASE WHEN r.ready_id IS NOT NULL THEN jsonb_build_object(
                       'kind', 'dated', 'early', %(today)s, 'likely', %(leaves_by)s, 'late', %(leaves_by)s) END,
                   'told', CASE WHEN t.id IS NOT NULL THEN {told} END, 'told_on', t.published_on),
               %(now)s, '', o.released_at IS NOT NULL
        FROM reached r JOIN orders_order o ON o.id = r.order_id LEFT JOIN orders_promise t ON t.id = r.promise_id
    )
    SELECT units, ready_id, queued_at, id FROM reached ORDER BY queued_at, id
"""

TAKE_BACK = """
    WITH reserved AS (
        SELECT id, order_id, allocated - shipped AS units, queued_at FROM orders_orderline
        WHERE product_id = %(product)s AND allocated > shipped
        ORDER BY queued_at DESC, id DESC LIMIT %(missing)s FOR NO KEY UPDATE
    ),
    lost AS MATERIALIZED (
        SELECT id, queued_at, least(units, %(missing)s - before) AS units
        FROM (SELECT *, sum(units) OVER (ORDER BY queued_at DESC, id DESC ROWS UNBOUNDED PRECEDING) - units AS before
              FROM reserved) r
        WHERE before < %(missing)s
    ),
    lines AS (
        UPDATE orders_orderline l SET allocated = l.allocated - lost.units FROM lost WHERE l.id = lost.id
    ),
    ledger AS (
        INSERT INTO orders_allocation (line_id, quantity, at, reason) SELECT id, -units, %(now)s, %(reason)s FROM lost
    )
    SELECT id, queued_at, units FROM lost ORDER BY queued_at, id
"""


@transaction.atomic
def allocate(product_id: int, *, now: datetime, reason: Reason = Reason.ARRIVED) -> int:
    """Set spare units aside for the front of the queue, splitting the last line reached. Returns
    the units set aside.

    Idempotent: without spare units or a queue it changes nothing."""
    stock = lock_stock([product_id])[product_id]
    spare = stock.arrived - stock.allocated
    if spare <= 0:
        return 0
    product = Product.objects.get(pk=product_id)
    today = today_of(now)
    with connection.cursor() as cursor:
        cursor.execute(
            ALLOCATE.format(told=window_json("t")),
            {
                "product": product_id,
                "spare": spare,
                "now": now,
                "today": today,
                "leaves_by": leaves_by(product, now=now),
                "reason": reason,
            },
        )
        reached = cursor.fetchall()
    if not reached:
        return 0
    units = sum(row[0] for row in reached)
    Stock.objects.filter(pk=product_id).update(allocated=F("allocated") + units)
    mark_changed([product_id], reason=reason, now=now)
    ready = [row for row in reached if row[1]]
    if ready:
        notice_new_promises([promise_id for _, promise_id, _, _ in ready], now=now)
        _, _, last_at, last_id = ready[-1]
        QueueChange.objects.create(
            product=product,
            at=now,
            reason=reason,
            step=-1,
            lines=len(ready),
            units=units,
            after_at=last_at,
            after_id=last_id,
        )
    return int(units)


def take_back(product: Product, missing: int, *, now: datetime, actor: str) -> list[int]:
    """`missing` units had not arrived after all. Spare ones go first, then those set aside last;
    each line that loses units stands in the queue again at its old place and is told once. Refused
    when they have shipped. Returns the lines."""
    stock = lock_stock([product.pk])[product.pk]
    short = stock.allocated - (stock.arrived - missing)
    lost = []
    if short > 0:
        with connection.cursor() as cursor:
            cursor.execute(
                TAKE_BACK,
                {
                    "product": product.pk,
                    "missing": short,
                    "now": now,
                    "reason": Reason.RECEIPT_CORRECTED,
                },
            )
            lost = cursor.fetchall()
        unfound = short - sum(units for _, _, units in lost)
        if unfound:
            shipped = Order.objects.filter(lines__product=product, lines__shipped__gt=0).order_by(
                "-id"
            )
            numbers = ", ".join(shipped.values_list("number", flat=True)[:10])
            raise Refused(
                f"{unfound} of these units {'has' if unfound == 1 else 'have'} already shipped "
                f"(latest orders: {numbers}): "
                "correct the shipments first or count again"
            )
    Stock.objects.filter(pk=product.pk).update(
        arrived=F("arrived") - missing, allocated=F("allocated") - max(short, 0)
    )
    if lost:
        first_id, first_at, _ = lost[0]
        QueueChange.objects.create(
            product=product,
            at=now,
            reason=Reason.RECEIPT_CORRECTED,
            step=1,
            lines=len(lost),
            units=short,
            after_at=first_at,
            after_id=first_id,
            actor=actor,
        )
        publish_corrected(
            [line_id for line_id, _, _ in lost],
            [forecast_to_correct(product.pk, now=now)],
            reason=Reason.RECEIPT_CORRECTED,
            now=now,
        )
    return [line_id for line_id, _, _ in lost]


def promise_to_leave(line: OrderLine, *, now: datetime) -> Promise:
    """All that is left of the line is set aside: from now on its promise is the handling time. The
    caller tells it."""
    day = leaves_by(line.product, now=now)
    today = today_of(now)
    promise = Promise.objects.create(
        line=line,
        kind="dated",
        early=today,
        likely=day,
        late=day,
        published_at=now,
        published_on=today,
    )
    OrderLine.objects.filter(pk=line.pk).update(promise=promise)
    notice_new_promises([promise.pk], now=now)
    return promise


def leaves_by(product: Product, *, now: datetime) -> date:
    """The day a reserved line has left by: the handling time from today, in the shop's working
    days."""
    return add_working_days(today_of(now), handling_days(product), settings.SHOP_COUNTRY)
