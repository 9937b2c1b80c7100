"""Which parcels of an order have shipped, and how."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orders.domain.facts import Shipped
from orders.models import Event, Order, ShipmentLine


@dataclass(frozen=True, slots=True)
class Parcel:
    """`shipped_at` is None if nobody knows when it left."""

    units: int
    shipped_at: datetime | None
    carrier: str
    tracking_number: str


def parcels_of(order: Order, events: Iterable[Event]) -> dict[int, list[Parcel]]:
    """By line, newest first. Left out is what was recorded by mistake, or was replaced by a row
    with its tracking number. Whether the day is known is in the event."""
    dayless = {
        (e.line_id, e.at)
        for e in events
        if isinstance(e.details, Shipped) and not e.details.shipped_on
    }
    rows = ShipmentLine.objects.filter(line__order=order).select_related("shipment")
    corrected: Counter[tuple[int, int]] = Counter()
    left = []
    for row in rows.order_by("-shipment__shipped_at", "-pk"):
        if row.shipment.corrects_id:
            corrected[row.shipment.corrects_id, row.line_id] += row.quantity
        else:
            left.append(row)
    parcels: dict[int, list[Parcel]] = {}
    for row in left:
        shipment = row.shipment
        units = row.quantity + corrected[shipment.pk, row.line_id]
        shipped_at = None if (row.line_id, shipment.recorded_at) in dayless else shipment.shipped_at
        if units:
            parcel = Parcel(units, shipped_at, shipment.carrier, shipment.tracking_number)
            parcels.setdefault(row.line_id, []).append(parcel)
    return parcels
