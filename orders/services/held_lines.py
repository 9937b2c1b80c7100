"""A line is held while nobody knows how many of its units are still to come; a person counts."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from orders.models import Order, OrderLine
from orders.services.allocation import allocate
from orders.services.flags import clear_flags, flag
from orders.services.import_records import serve_after_shipments
from orders.services.promises import lock_stock, mark_moved_up, newest_forecasts, publish_first
from orders.services.refusal import Refused
from orders.services.shipments import lock_lines, ship


def held_text(sku: str, units: int) -> str:
    """What staff read about a held line; counting its units clears this flag."""
    return (
        f"{sku}: some of {units} units have shipped, but the export doesn't say how many: enter "
        "how many are still to come"
    )


@transaction.atomic
def hold_uncounted(order: Order, line_ids: Collection[int]) -> None:
    """Nobody knows how many units of these lines are still to come: they keep their places and get
    none until a person counts."""
    lines = lock_lines(order, dict.fromkeys(line_ids, 0))
    OrderLine.objects.filter(pk__in=line_ids, waiting__gt=0).update(held=True)
    flag(order, [held_text(line.product.sku, line.quantity) for line in lines])


@transaction.atomic
def count_held(line: OrderLine, remaining: int, *, now: datetime, actor: str = "") -> None:
    """A person counted: `remaining` units of a held line are still to come, the others have
    shipped. Refused if the line is not held, or has fewer units to come."""
    lock_stock([line.product_id])
    (line,) = lock_lines(line.order, {line.pk: 0})
    still = line.open_units
    if not line.held:
        raise Refused(
            f"order {line.order.number}: {line.product.sku} isn't held; {still} units are still "
            "to come"
        )
    if not 0 <= remaining <= still:
        raise Refused(
            f"order {line.order.number}: {remaining} units of {line.product.sku} can't be still "
            f"to come; expected 0 to {still}"
        )
    if remaining < still:
        left = {line.pk: still - remaining}
        # A line without a promise was held when it joined: what had left had done so before.
        before = line.promise_id is None
        ship(
            line.order,
            left,
            now=now,
            actor=actor,
            beyond_reserved=True,
            before_joining=before,
            day_known=False,
        )
        serve_after_shipments([line.product_id], now=now)
    OrderLine.objects.filter(pk=line.pk).update(held=False)
    clear_flags(line.order, held_text(line.product.sku, line.quantity))
    if line.promise_id is None:
        publish_first([line.pk], newest_forecasts([line.product_id], now=now), now=now)
    mark_moved_up([line.product_id], now=now)
    allocate(line.product_id, now=now)
