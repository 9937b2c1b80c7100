"""Units that shipped before the delivery they came with was received here, and the delivery that
then brings them.

Such units are received on the way, by a row of their own (Receipt.ahead). The delivery is received
later in full, so those that have shipped are taken off again. Otherwise the same units would arrive
twice.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from orders.models import Product, Receipt, Restock
from orders.services.allocation import take_back
from orders.services.forecasts import NEAR, expected_restocks, today_of
from orders.services.promises import lock_stock


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A receipt on the way, and as many of its units as no delivery has brought yet."""

    receipt: Receipt
    units: int


def shipped_ahead(product: Product, *, arrived_on: date, restock: Restock | None) -> int:
    """Units that shipped before they were received here, and that a delivery of that day can have
    brought."""
    return sum(row.units for row in _brought_by(product.pk, arrived_on=arrived_on, restock=restock))


def take_off_what_shipped(
    receipt: Receipt, units: int, *, restock: Restock | None, now: datetime, actor: str = ""
) -> int:
    """How many of `units` that arrived, recorded with `receipt`, had shipped before: they are not
    received twice. The product's stock is locked, and the caller adds the others to it."""
    found = _brought_by(receipt.product_id, arrived_on=receipt.arrived_on, restock=restock)
    taken = _spread(units, found)
    _correct(taken, -1, receipt, "came with this restock", now=now, actor=actor)
    return sum(row.units for row in taken)


def brought(receipt: Receipt) -> int:
    """Units of a receipt that had shipped before they were received."""
    return -int(receipt.covers.aggregate(units=Sum("quantity", default=0))["units"])


def put_back_what_shipped(
    receipt: Receipt, units: int, *, now: datetime, actor: str, reason: str
) -> None:
    """`units` of those that had shipped did not come with this receipt after all: another delivery
    will have brought them. The newest first."""
    rows = (
        Receipt.objects.filter(corrections__came_with=receipt)
        .annotate(units=-Sum("corrections__quantity"))
        .order_by("-arrived_on", "-pk")
    )
    found = [_Ahead(row, row.units) for row in rows if row.units > 0]
    _correct(_spread(units, found), 1, receipt, reason, now=now, actor=actor)


def take_what_shipped_ahead(product_ids: Collection[int], *, now: datetime) -> list[int]:
    """Units that shipped ahead at `now`, and that no delivery still to come can have brought, were
    set aside for others: those set aside last wait again and are told. Returns their lines.

    Called when all that a file says is recorded: until then the next row may ship what is set
    aside."""
    lost: list[int] = []
    new = Receipt.objects.filter(product__in=product_ids, ahead=True, recorded_at=now)
    for product in Product.objects.filter(pk__in=new.values("product")).order_by("pk"):
        lock_stock([product.pk])
        taken = _spread(_set_aside(product), _without_delivery(product.pk, now=now))
        if units := sum(row.units for row in taken):
            _correct(taken, -1, None, "had been reserved for other orders", now=now)
            lost += take_back(product, units, now=now, actor="")
    return lost


def _set_aside(product: Product) -> int:
    reserved = product.lines.filter(allocated__gt=F("shipped"))
    return int(reserved.aggregate(units=Sum(F("allocated") - F("shipped"), default=0))["units"])


def _without_delivery(product_id: int, *, now: datetime) -> list[_Ahead]:
    """Of the units recorded at `now`, those for which no open delivery is left."""
    came = sum(
        expected.shipped_ahead for expected in expected_restocks([product_id], day=today_of(now))
    )
    left = []
    for row in _outstanding(product_id, since=today_of(now) - NEAR):
        explained = min(row.units, came)
        came -= explained
        if row.receipt.recorded_at == now and row.units > explained:
            left.append(_Ahead(row.receipt, row.units - explained))
    return left


def _brought_by(product_id: int, *, arrived_on: date, restock: Restock | None) -> list[_Ahead]:
    """Parcels that a delivery can have filled: they left on the day it came or later; or, as
    arrivals are often written down late, a while before, if it was expected here by then."""
    return [
        row
        for row in _outstanding(product_id, since=arrived_on - NEAR)
        if row.receipt.arrived_on >= arrived_on
        or (restock and row.receipt.recorded_at >= restock.created_at)
    ]


def _outstanding(product_id: int, *, since: date) -> list[_Ahead]:
    rows = (
        Receipt.objects.filter(product=product_id, ahead=True, arrived_on__gte=since)
        .annotate(left=F("quantity") + Coalesce(Sum("corrections__quantity"), 0))
        .order_by("arrived_on", "pk")
    )
    return [_Ahead(row, row.left) for row in rows if row.left > 0]


def _spread(units: int, rows: Iterable[_Ahead]) -> list[_Ahead]:
    """The first `units` of the rows."""
    spread = []
    for row in rows:
        taken = min(units, row.units)
        units -= taken
        if taken:
            spread.append(_Ahead(row.receipt, taken))
    return spread


def _correct(
    rows: Iterable[_Ahead],
    sign: int,
    came_with: Receipt | None,
    reason: str,
    *,
    now: datetime,
    actor: str = "",
) -> None:
    Receipt.objects.bulk_create(
        Receipt(
            product_id=row.receipt.product_id,
            quantity=sign * row.units,
            arrived_on=came_with.arrived_on if came_with else today_of(now),
            recorded_at=now,
            corrects=row.receipt,
            came_with=came_with,
            reason=reason[:200],
            actor=actor,
        )
        for row in rows
    )
