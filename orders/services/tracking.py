"""Carrier and tracking number of units that are recorded as shipped already: they came later, or
the carrier changed them."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from orders.domain.facts import ParcelNumbered
from orders.models import Event, Order, OrderLine, Shipment, ShipmentLine
from orders.services.refusal import Refused, refuse_bad_parcel
from orders.services.shipments import lock_lines, take_off

# why a shipment without one, or with another, is corrected
NUMBERED = "the parcel has its tracking number now"


@transaction.atomic
def number_parcel(
    order: Order,
    units: Mapping[int, int],
    *,
    now: datetime,
    shipped_at: datetime,
    carrier: str,
    tracking_number: str,
    instead_of: str = "",
    actor: str = "",
) -> Shipment:
    """Units ({line id: units}) recorded as shipped under the number `instead_of`, or without one,
    are those of this parcel. They move from the old rows to a new one, the oldest first; no unit
    leaves for it, and the customer is told once."""
    refuse_bad_parcel(carrier=carrier, tracking_number=tracking_number)
    lines = lock_lines(order, units)
    parcel = Shipment.objects.create(
        order=order,
        shipped_at=shipped_at,
        carrier=carrier,
        tracking_number=tracking_number,
        recorded_at=now,
        actor=actor,
    )
    still = dict(units)
    before = order.shipments.filter(corrects=None, tracking_number=instead_of).exclude(pk=parcel.pk)
    for shipment in before.prefetch_related("lines", "corrections__lines").order_by("pk"):
        taken = {pk: min(number, still.get(pk, 0)) for pk, number in shipment.standing().items()}
        taken = {pk: number for pk, number in taken.items() if number}
        if taken:
            take_off(shipment, taken, now=now, actor=actor, reason=NUMBERED)
            still = {pk: number - taken.get(pk, 0) for pk, number in still.items()}
    if any(still.values()):
        raise Refused(
            f"order {order.number}: {sum(still.values())} of these units are not in a parcel "
            "without a tracking number"
        )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=parcel, line=line, quantity=units[line.pk]) for line in lines
    )
    Event.objects.bulk_create(
        _news(parcel, line, units[line.pk], changed=bool(instead_of)) for line in lines
    )
    return parcel


def _news(parcel: Shipment, line: OrderLine, units: int, *, changed: bool) -> Event:
    return Event.of(
        ParcelNumbered(
            units=units,
            of=line.quantity,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            changed=changed,
        ),
        order=parcel.order,
        line=line,
        at=parcel.recorded_at,
        actor=parcel.actor,
        message_due=parcel.order.released_at is not None,
    )
