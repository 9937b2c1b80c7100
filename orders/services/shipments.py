"""Units that shipped, and shipments that were recorded wrongly."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from orders.domain.facts import Crossed, ShipmentUndone, Shipped, to_json
from orders.models import (
    Allocation,
    Event,
    Order,
    OrderLine,
    Reason,
    Receipt,
    Shipment,
    ShipmentLine,
    Stock,
)
from orders.services.allocation import promise_to_leave
from orders.services.crossed_shipments import ship_cancelled
from orders.services.forecasts import today_of
from orders.services.promises import lock_stock
from orders.services.refusal import Refused, day, refuse_bad_parcel
from orders.sql_files import sql
from orders.words import window_of


@transaction.atomic
def ship(
    order: Order,
    units: Mapping[int, int],
    *,
    now: datetime,
    shipped_at: datetime | None = None,
    carrier: str = "",
    tracking_number: str = "",
    actor: str = "",
    beyond_reserved: bool = False,
    before_joining: bool = False,
    day_known: bool = True,
) -> Shipment:
    """Units of lines ({line id: units}) were handed to the carrier.

    `beyond_reserved` is for parcels the shop sent without recording here that the goods had come.
    They are taken from spare units, else received on the way, so that units stay conserved
    (services.shipped_ahead). Otherwise only reserved units ship. What was canceled here and left
    all the same is shipped, too (services.crossed_shipments). `before_joining`: they had left
    before the line joined here, so no delivery recorded here brings them. `day_known=False`: nobody
    knows when they left, so the customer is told no day.
    """
    shipped_at = shipped_at or now
    if not units:
        raise Refused(f"no units of order {order.number} were chosen to ship")
    _refuse_a_wrong_day(order, shipped_at, now)
    refuse_bad_parcel(carrier=carrier, tracking_number=tracking_number)
    stock = _lock_stock_of(units) if beyond_reserved else {}
    lines = lock_lines(order, units)
    crossed = {}
    for line in lines:
        cancelled = units[line.pk] - line.reserved - line.waiting
        if beyond_reserved and 0 < cancelled <= line.cancelled:
            crossed[line.pk] = ship_cancelled(
                line, cancelled, left_at=shipped_at if day_known else None
            )
        missing = _beyond_reserved(line, units[line.pk], may=beyond_reserved)
        if missing:
            _reserve_what_left(
                line,
                missing,
                stock[line.product_id],
                shipped_on=today_of(shipped_at),
                ahead=not before_joining,
                now=now,
                actor=actor,
            )
    shipment = Shipment(
        order=order,
        shipped_at=shipped_at,
        carrier=carrier,
        tracking_number=tracking_number,
        recorded_at=now,
        actor=actor,
    )
    shipped_on = today_of(shipped_at) if day_known else None
    _record(shipment, lines, units, crossed, shipped_on=shipped_on)
    return shipment


SHIP = sql(__file__, "ship")


def _record(
    shipment: Shipment,
    lines: Sequence[OrderLine],
    units: Mapping[int, int],
    crossed: Mapping[int, Crossed],
    *,
    shipped_on: date | None,
) -> None:
    packed = [
        {
            "line_id": line.pk,
            "units": units[line.pk],
            "facts": to_json(
                Shipped(
                    units=units[line.pk],
                    of=line.quantity,
                    still=line.quantity - line.cancelled - line.shipped - units[line.pk],
                    shipped_on=shipped_on,
                    carrier=shipment.carrier,
                    tracking_number=shipment.tracking_number,
                    crossed=crossed.get(line.pk),
                )
            ),
        }
        for line in lines
    ]
    values: dict[str, Any] = {
        "order": shipment.order_id,
        "shipped_at": shipment.shipped_at,
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "now": shipment.recorded_at,
        "actor": shipment.actor,
        "lines": [line.pk for line in lines],
        "packed": json.dumps(packed),
        "due": shipment.order.released_at is not None,
    }
    with connection.cursor() as cursor:
        cursor.execute(SHIP, values)
        (shipment.pk,) = cursor.fetchone()


def _lock_stock_of(line_ids: Iterable[int]) -> dict[int, Stock]:
    products = (
        OrderLine.objects.filter(pk__in=line_ids)
        .order_by("product_id")
        .values_list("product", flat=True)
    )
    return lock_stock(list(products))


def _refuse_a_wrong_day(order: Order, shipped_at: datetime, now: datetime) -> None:
    if shipped_at > now + timedelta(days=1):
        raise Refused(
            f"order {order.number} can't have shipped on {day(today_of(shipped_at))}, which is in "
            "the future"
        )
    if today_of(shipped_at) < today_of(order.placed_at) - timedelta(days=1):
        raise Refused(
            f"order {order.number} was placed on {day(today_of(order.placed_at))}, so it can't "
            f"have shipped on {day(today_of(shipped_at))}"
        )


def _beyond_reserved(line: OrderLine, number: int, *, may: bool) -> int:
    """How many of `number` are not reserved. Refused where they cannot have left."""
    if number < 1:
        raise Refused(
            f"order {line.order.number}: expected 1 unit or more of {line.product.sku} to ship, "
            f"not {number}"
        )
    if number > line.reserved and (not may or number > line.reserved + line.waiting):
        raise Refused(
            f"order {line.order.number}: {number} of {line.product.sku} can't ship: "
            f"{line.reserved} are reserved and {line.waiting} are waiting"
            + (f"; {line.cancelled} canceled: take it out of the parcel" if line.cancelled else "")
        )
    return max(number - line.reserved, 0)


def take_off(
    shipment: Shipment, units: Mapping[int, int], *, now: datetime, actor: str, reason: str
) -> Shipment:
    """The row by which `units`, by line, are no longer of this shipment."""
    correction = Shipment.objects.create(
        order_id=shipment.order_id,
        shipped_at=shipment.shipped_at,
        recorded_at=now,
        corrects=shipment,
        actor=actor,
        reason=reason,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=correction, line_id=line_id, quantity=-number)
        for line_id, number in units.items()
    )
    return correction


@transaction.atomic
def unship(shipment: Shipment, *, now: datetime, actor: str, reason: str) -> Shipment:
    """This shipment did not leave: its units are reserved again and the customer is told."""
    units = shipment.standing()
    if shipment.corrects_id or not units:
        raise Refused("this shipment was already undone")
    lines = lock_lines(shipment.order, units)
    correction = take_off(shipment, units, now=now, actor=actor, reason=reason)
    for line_id, number in units.items():
        OrderLine.objects.filter(pk=line_id).update(shipped=F("shipped") - number)
    for line in lines:
        promise = None if line.waiting else promise_to_leave(line, now=now)
        Event.of(
            ShipmentUndone(
                units=units[line.pk],
                reason=Reason.CLERICAL,
                window=window_of(promise) if promise else None,
            ),
            order=shipment.order,
            line=line,
            promise=promise,
            at=now,
            actor=actor,
            message_due=shipment.order.released_at is not None,
        ).save()
    return correction


def lock_lines(order: Order, line_ids: Mapping[int, int]) -> list[OrderLine]:
    """Lines first, counts last: a writer that changes several lines locks them all, in key order,
    before the first write."""
    rows = OrderLine.objects.select_for_update(no_key=True).filter(order=order, pk__in=line_ids)
    lines = list(rows.order_by("product_id", "queued_at", "pk"))
    if len(lines) < len(line_ids):
        raise Refused(f"one of these lines isn't in order {order.number}")
    return lines


def _reserve_what_left(
    line: OrderLine,
    units: int,
    stock: Stock,
    *,
    shipped_on: date,
    ahead: bool,
    now: datetime,
    actor: str,
) -> None:
    unrecorded = max(units - (stock.arrived - stock.allocated), 0)
    if unrecorded:
        Receipt.objects.create(
            product=line.product,
            quantity=unrecorded,
            arrived_on=shipped_on,
            ahead=ahead,
            recorded_at=now,
            reason=f"shipped with order {line.order.number} before it was received here",
            actor=actor,
        )
    stock.arrived += unrecorded
    stock.allocated += units
    stock.save(update_fields=["arrived", "allocated"])
    OrderLine.objects.filter(pk=line.pk).update(allocated=F("allocated") + units, held=False)
    Allocation.objects.create(line=line, quantity=units, at=now, reason=Reason.ARRIVED)
