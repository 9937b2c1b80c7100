"""Reserves arrived units for the front of the queue, and takes them back if a receipt was counted
wrongly."""

from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from orders.domain.working_days import add_working_days
from orders.models import Order, OrderLine, Product, Promise, QueueChange, Reason, Stock
from orders.services.delay_notices import notice_new_promises
from orders.services.forecasts import handling_days, today_of
from orders.services.promises import (
    forecast_without_what_settles,
    lock_stock,
    mark_changed,
    publish_corrected,
    window_json,
)
from orders.services.refusal import Refused
from orders.sql_files import sql

ALLOCATE = sql(__file__, "allocate", told=window_json("t"))
TAKE_BACK = sql(__file__, "take_back")


@transaction.atomic
def allocate(
    product_id: int,
    *,
    now: datetime,
    reason: Reason = Reason.ARRIVED,
    settles_at: datetime | None = None,
) -> int:
    """Reserve spare units for the front of the queue, splitting the last line reached. Returns the
    units reserved. `settles_at`: nobody is emailed of it before (settling_receipts).

    Idempotent: without spare units or a queue it changes nothing.
    """
    stock = lock_stock([product_id])[product_id]
    spare = stock.arrived - stock.allocated
    if spare <= 0:
        return 0
    product = Product.objects.get(pk=product_id)
    today = today_of(now)
    with connection.cursor() as cursor:
        cursor.execute(
            ALLOCATE,
            {
                "product": product_id,
                "spare": spare,
                "now": now,
                "today": today,
                "leaves_by": leaves_by(product, now=now),
                "reason": reason,
                "settles_at": settles_at,
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
    """`missing` units had not arrived after all. Spare ones go first, then those reserved last.
    Each line that loses units is in the queue again at its old place, and is told once. Refused if
    they have shipped. Returns the lines."""
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
        unfound = short - sum(units for _, _, units, _ in lost)
        if unfound:
            shipped = Order.objects.filter(lines__product=product, lines__shipped__gt=0).order_by(
                "-id"
            )
            numbers = ", ".join(shipped.values_list("number", flat=True)[:10])
            raise Refused(
                f"{unfound} of these units {('has' if unfound == 1 else 'have')} already shipped "
                f"(latest orders: {numbers}): undo those shipments first, or count again"
            )
    Stock.objects.filter(pk=product.pk).update(
        arrived=F("arrived") - missing, allocated=F("allocated") - max(short, 0)
    )
    if lost:
        first_id, first_at, _, _ = lost[0]
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
            [line_id for line_id, *_ in lost],
            [forecast_without_what_settles(product.pk, now=now)],
            overtaken=[line_id for line_id, _, _, shipped_behind in lost if shipped_behind],
            now=now,
        )
    return [line_id for line_id, *_ in lost]


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
