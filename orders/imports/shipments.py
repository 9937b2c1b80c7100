"""A file of shipments: parcels the shop has handed over."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from orders import services
from orders.imports import values
from orders.imports.known import with_numbers
from orders.imports.running import Run
from orders.imports.table import BadRow, Row
from orders.models import Order, OrderLine, Shipment

COLUMNS = ("order_number", "sku", "quantity", "shipped_at", "carrier", "tracking_number")
BATCH = 500

Key = tuple[str, str, datetime]  # order number in capitals, tracking number, shipped at


@dataclass(slots=True)
class _Parcel:
    """Rows of one shipment."""

    carrier: str
    row: int
    units: Counter[str] = field(default_factory=Counter)  # by SKU
    bad: bool = False


def import_shipments(run: Run) -> dict[str, Any]:
    """Counts of what was done. NothingWritten where rows are bad and not to be skipped."""
    parcels: dict[Key, _Parcel] = {}
    for row in run.table.rows(COLUMNS):
        try:
            _gather(row, parcels, run)
        except BadRow as error:
            run.bad(row.number, error)
    # Written even so, and undone at the end: only what is recorded shows what cannot have left, and all is named at once.
    counts: Counter[str] = Counter(dict.fromkeys(("recorded", "recorded_before", "shipped_before", "not_here"), 0))

    def write() -> dict[str, Any]:
        todo = list(parcels.items())
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            orders = _orders({number for (number, _, _), _ in batch})
            for (number, tracking, shipped_at), parcel in batch:
                if order := orders.get(number):
                    _ship(order, tracking, shipped_at, parcel, run, counts)
                elif not parcel.bad:
                    counts["not_here"] += 1
            run.progress(start + len(batch), len(todo))
        return dict(counts)

    return run.perform("import_shipments", write)


def _gather(row: Row, parcels: dict[Key, _Parcel], run: Run) -> None:
    """A parcel with a bad row is left out whole."""
    cells = row.cells
    if row.problem:
        raise BadRow(row.problem)
    number = values.order_number(cells["order_number"]).upper()
    tracking = values.text(cells["tracking_number"], "tracking_number", most=200)
    shipped_at = values.moment(cells["shipped_at"], "shipped_at", now=run.now)
    parcel = parcels.setdefault((number, tracking, shipped_at), _Parcel("", row.number))
    try:
        parcel.carrier = parcel.carrier or values.text(cells["carrier"], "carrier", most=100)
        sku = values.text(cells["sku"], "sku", most=100, required=True)
        parcel.units[sku] += values.units(cells["quantity"], "quantity")
    except BadRow:
        parcel.bad = True
        raise


def _orders(numbers: Iterable[str]) -> dict[str, Order]:
    orders = with_numbers(numbers).prefetch_related("lines__product", "shipments__lines")
    return {order.number.upper(): order for order in orders}


def _ship(order: Order, tracking: str, shipped_at: datetime, parcel: _Parcel, run: Run, counts: Counter[str]) -> None:
    """Record what is not recorded yet. A shipment that staff took back stays taken back."""
    recorded = _recorded(order, tracking, shipped_at)
    units: dict[int, int] = {}
    for line in OrderLine.objects.filter(order=order).select_related("product"):
        new = parcel.units[line.product.sku] - recorded[line.pk]
        if new <= 0:
            continue
        still = line.waiting + line.reserved
        if new > still and new <= still + _without_tracking(order, line):
            counts["shipped_before"] += not parcel.bad  # an orders export said so first, without the tracking number
            new = still
        if new > still:
            run.bad(
                parcel.row,
                f"{new} of {line.product.sku} cannot have shipped in order {order.number}; "
                f"expected {still} at most, as many as are still to come",
            )
            return
        if new:
            units[line.pk] = new
    known = {line.product.sku for line in order.lines.all()}
    if parcel.bad:
        return
    if not units:
        counts["recorded_before" if known & parcel.units.keys() else "not_here"] += 1
        return
    try:
        services.ship(
            order,
            units,
            now=run.now,
            shipped_at=shipped_at,
            carrier=parcel.carrier,
            tracking_number=tracking,
            beyond_reserved=True,
        )
    except services.Refused as error:
        run.bad(parcel.row, error)
    else:
        counts["recorded"] += 1


def _recorded(order: Order, tracking: str, shipped_at: datetime) -> Counter[int]:
    """Units by line of the shipments recorded under this tracking number and time, taken back or not."""
    units: Counter[int] = Counter()
    for shipment in _originals(order):
        if (shipment.tracking_number, shipment.shipped_at) == (tracking, shipped_at):
            units.update({row.line_id: row.quantity for row in shipment.lines.all()})
    return units


def _without_tracking(order: Order, line: OrderLine) -> int:
    return sum(
        row.quantity
        for shipment in _originals(order)
        if not shipment.tracking_number
        for row in shipment.lines.all()
        if row.line_id == line.pk
    )


def _originals(order: Order) -> Iterable[Shipment]:
    return [shipment for shipment in order.shipments.all() if shipment.corrects_id is None]
