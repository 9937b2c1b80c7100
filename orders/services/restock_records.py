"""Records of restocks, many at once: expected, moved, arrived. Staff's single changes are in
restocks."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, prefetch_related_objects
from django.db.models.functions import Upper
from django.utils import timezone

from orders.domain import keys
from orders.models import OrderLine, Product, Reason, Receipt, Restock, RestockDate, Stock, Supplier
from orders.services.allocation import allocate
from orders.services.forecasts import today_of
from orders.services.import_undo import UNDONE, standing
from orders.services.promises import lock_stock, mark_changed
from orders.services.refusal import refuse_bad_key
from orders.services.settling_receipts import settles_at
from orders.services.shipped_ahead import take_off_what_shipped

BATCH = 5000


@dataclass(frozen=True, slots=True)
class PostedDate:
    """A date a supplier gave on `posted_on`."""

    expected_on: date
    posted_on: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedUnits:
    """`quantity` units that came on `arrived_on` and were known here on `known_on`."""

    quantity: int
    arrived_on: date
    known_on: date


@dataclass(frozen=True, slots=True)
class RestockRecord:
    """All that is said of one restock: dates by the day posted, as given within a day, and
    arrivals by day."""

    reference: str
    sku: str
    supplier: str
    quantity: int
    dates: Sequence[PostedDate]
    arrivals: Sequence[ReceivedUnits] = ()


@dataclass(slots=True)
class Recorded:
    """What changed, in restocks; dates and units as counted. `history`: arrivals from before our
    first order of the product: the supplier's record, and no units of ours."""

    new: int = 0
    moved: int = 0
    resized: int = 0
    unchanged: int = 0
    cancelled_here: int = 0
    dates: int = 0
    units_arrived: int = 0
    units_shipped_before: int = 0
    history: int = 0
    units_set_aside: int = 0
    written: dict[str, Any] = field(default_factory=dict)  # what import_undo.py takes back


@dataclass(slots=True)
class _Changes:
    """Rows to write, and products to review with the reason."""

    dates: list[RestockDate] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    resized: list[Restock] = field(default_factory=list)
    sizes: list[tuple[int, int, int]] = field(default_factory=list)  # restock, before, after
    stock: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    reasons: dict[int, Reason] = field(default_factory=dict)


@transaction.atomic
def record_restocks(records: Sequence[RestockRecord], *, now: datetime) -> Recorded:
    """Expect what is new, append dates not known yet, receive what arrived beyond what was received
    before.

    What happened on an earlier day is recorded as of that day's noon. Changes settle before
    customers hear of them; units that arrived are reserved at once. Nothing is taken back: a
    restock cancelled here stays cancelled, a receipt corrected here stays corrected.
    """
    for record in records:
        refuse_bad_key("the reference", record.reference, most=keys.MAX_REFERENCE)
        refuse_bad_key("the SKU", record.sku, most=keys.MAX_SKU)
        refuse_bad_key("the supplier", record.supplier, most=keys.MAX_SUPPLIER)
    suppliers = _suppliers({record.supplier for record in records})
    products = _products({record.sku for record in records})
    lock_stock([product.pk for product in products.values()])
    known = _known(records)
    recorded = Recorded()
    fresh = [record for record in records if (record.reference, record.sku) not in known]
    created = Restock.objects.bulk_create(
        (
            Restock(
                reference=record.reference,
                product=products[record.sku],
                supplier=suppliers[record.supplier],
                quantity=record.quantity,
                created_at=now,
            )
            for record in fresh
        ),
        batch_size=BATCH,
    )
    recorded.new = len(created)
    again = [
        known[key]
        for key in known
        if known[key].cancelled_at and known[key].cancel_reason == UNDONE
    ]
    changes = _Changes()
    joined_on = _first_joins(products.values())
    prefetch_related_objects(created, "receipts")
    for record, restock in zip(fresh, created, strict=True):
        _post(restock, record.dates, [], changes, now=now)
        ours_since = joined_on.get(restock.product_id, today_of(now))
        _receive(restock, record.arrivals, changes, recorded, ours_since=ours_since, now=now)
        if restock.open_units:
            changes.reasons.setdefault(restock.product_id, Reason.NEW_DELIVERY)
    for record in records:
        if before := known.get((record.reference, record.sku)):
            if before in again:
                _expect_again(before, record, suppliers[record.supplier], recorded)
            _update(before, record, changes, recorded, now=now)
    _write(changes, recorded, now=now)
    recorded.written = _written(changes, [*created, *again])
    for product_id, reason in sorted(changes.reasons.items()):
        mark_changed([product_id], reason=reason, now=now)
    for product_id in sorted(changes.stock):
        recorded.units_set_aside += allocate(product_id, now=now, settles_at=settles_at(now))
    return recorded


def _expect_again(
    restock: Restock, record: RestockRecord, supplier: Supplier, recorded: Recorded
) -> None:
    """It came with an import that was undone: as if it had not."""
    restock.supplier, restock.quantity = supplier, record.quantity
    restock.cancelled_at, restock.cancelled_by, restock.cancel_reason = None, "", ""
    restock.save(
        update_fields=["supplier", "quantity", "cancelled_at", "cancelled_by", "cancel_reason"]
    )
    recorded.new += 1
    recorded.moved -= 1


def _update(
    restock: Restock,
    record: RestockRecord,
    changes: _Changes,
    recorded: Recorded,
    *,
    now: datetime,
) -> None:
    if restock.cancelled_at:
        recorded.cancelled_here += 1
        return
    before = standing(restock.dates.all())
    posted = _post(restock, record.dates, before, changes, now=now)
    arrived = _receive(restock, record.arrivals, changes, recorded, ours_since=date.min, now=now)
    resized = record.quantity != restock.quantity
    if resized:
        changes.reasons[restock.product_id] = (
            Reason.SHORT_DELIVERY if record.quantity < restock.quantity else Reason.NEW_DELIVERY
        )
        changes.sizes.append((restock.pk, restock.quantity, record.quantity))
        restock.quantity = record.quantity
        changes.resized.append(restock)
        recorded.resized += 1
    if posted:
        recorded.moved += 1
        in_force = sorted([*before, *posted], key=lambda version: version.posted_on)[-1]
        if before and in_force.expected_on != before[-1].expected_on:
            later = in_force.expected_on > before[-1].expected_on
            usual = Reason.SUPPLIER_LATE if later else Reason.SUPPLIER_EARLY
            changes.reasons[restock.product_id] = (
                Reason(in_force.reason) if in_force.reason else usual
            )
    elif not arrived and not resized:
        recorded.unchanged += 1


def _post(
    restock: Restock,
    said: Iterable[PostedDate],
    before: Sequence[RestockDate],
    changes: _Changes,
    *,
    now: datetime,
) -> list[RestockDate]:
    """The versions that are not known yet, day by day in the order the supplier posted them."""
    posted = []
    for posted_on, of_day in groupby(said, key=lambda version: version.posted_on):
        known = [version.expected_on for version in before if version.posted_on == posted_on]
        versions = _without_repeats(of_day)
        for number, version in enumerate(_beyond(known, versions), start=len(known)):
            row = RestockDate(
                restock=restock,
                expected_on=version.expected_on,
                posted_on=posted_on,
                reason=version.reason,
                recorded_at=_recorded_at(posted_on, number, now=now),
            )
            posted.append(row)
    changes.dates += posted
    return posted


def _receive(
    restock: Restock,
    arrivals: Iterable[ReceivedUnits],
    changes: _Changes,
    recorded: Recorded,
    *,
    ours_since: date,
    now: datetime,
) -> int:
    """Receipts for what arrived beyond the units received before. Units that came before
    `ours_since` went to customers we never knew. They complete the restock, and nobody in our
    queue gets them."""
    received = sum(receipt.quantity for receipt in restock.receipts.all() if receipt.quantity > 0)
    total = 0
    for arrival in arrivals:
        new = max(arrival.quantity - received, 0)
        received -= arrival.quantity - new
        if not new:
            continue
        ours = arrival.arrived_on >= ours_since
        changes.receipts.append(
            Receipt(
                product_id=restock.product_id,
                restock=restock,
                quantity=new,
                arrived_on=arrival.arrived_on,
                recorded_at=_recorded_at(arrival.known_on, 0, now=now),
                stocked=ours,
                reason=""
                if ours
                else "arrived before the first order here: only for the supplier's record",
            )
        )
        total += new
        restock.arrived += new
        if ours:
            changes.stock[restock.product_id] += new
            changes.reasons[restock.product_id] = Reason.ARRIVED
            recorded.units_arrived += new
        else:
            recorded.history += 1
    return total


def _write(changes: _Changes, recorded: Recorded, *, now: datetime) -> None:
    RestockDate.objects.bulk_create(changes.dates, batch_size=BATCH)
    recorded.dates = len(changes.dates)
    Receipt.objects.bulk_create(changes.receipts, batch_size=BATCH)
    Restock.objects.bulk_update(changes.resized, ["quantity"], batch_size=BATCH)
    came = {receipt.restock.pk: receipt.restock for receipt in changes.receipts if receipt.restock}
    Restock.objects.bulk_update(came.values(), ["arrived"], batch_size=BATCH)
    ahead = set(
        Receipt.objects.filter(ahead=True, product__in=changes.stock).values_list(
            "product", flat=True
        )
    )
    for receipt in changes.receipts:
        if receipt.stocked and receipt.product_id in ahead:
            shipped = take_off_what_shipped(
                receipt, receipt.quantity, restock=receipt.restock, now=now
            )
            changes.stock[receipt.product_id] -= shipped
            recorded.units_shipped_before += shipped
    for product_id, units in sorted(changes.stock.items()):
        Stock.objects.filter(pk=product_id).update(arrived=F("arrived") + units)


def _written(changes: _Changes, new: Iterable[Restock]) -> dict[str, Any]:
    received = Counter[str]()
    for receipt in changes.receipts:
        received[str(receipt.restock_id)] += receipt.quantity * receipt.stocked
    return {
        "products": sorted(changes.reasons),
        "new": [restock.pk for restock in new],
        "moved": sorted({version.restock_id for version in changes.dates}),
        "dates": [version.pk for version in changes.dates],
        "sizes": changes.sizes,
        "received": {pk: units for pk, units in received.items() if units},
    }


def _beyond(known: Sequence[date], said: Sequence[PostedDate]) -> Sequence[PostedDate]:
    """What a day's versions add to those known of that day. Both are sequences of one story: the
    records may know its end only, or less of it than we do."""
    days = [version.expected_on for version in said]
    if any(list(known[start : start + len(days)]) == days for start in range(len(known))):
        return []
    overlap = max(
        length
        for length in range(len(days) + 1)
        if length == 0 or list(known[-length:]) == days[:length]
    )
    return said[overlap:]


def _without_repeats(versions: Iterable[PostedDate]) -> list[PostedDate]:
    kept: list[PostedDate] = []
    for version in versions:
        if not kept or kept[-1].expected_on != version.expected_on:
            kept.append(version)
    return kept


def _recorded_at(on: date, number: int, *, now: datetime) -> datetime:
    """Noon of that day, or now for today. So versions of one day are far enough apart that none is
    taken for a typing mistake (forecasts.read_versions)."""
    noon = timezone.make_aware(datetime.combine(on, time(12)))
    apart = timedelta(seconds=settings.SETTLE_SECONDS + 1) * number
    return min(noon + apart, now) if on < today_of(now) else now


def _suppliers(names: Collection[str]) -> dict[str, Supplier]:
    Supplier.objects.bulk_create(
        (Supplier(name=name) for name in sorted(names)), ignore_conflicts=True
    )
    return {supplier.name: supplier for supplier in Supplier.objects.filter(name__in=names)}


def _products(skus: Collection[str]) -> dict[str, Product]:
    """A delivery alone does not put a product on backorder: orders, or staff, do."""
    new = set(skus) - set(Product.objects.filter(sku__in=skus).values_list("sku", flat=True))
    Product.objects.bulk_create(
        (Product(sku=sku, name=sku, on_backorder=False) for sku in sorted(new)),
        ignore_conflicts=True,
    )
    return {product.sku: product for product in Product.objects.filter(sku__in=skus)}


def _known(records: Iterable[RestockRecord]) -> dict[tuple[str, str], Restock]:
    """By reference and SKU as the records write them. References that differ in case alone are
    one."""
    written = {(record.reference.upper(), record.sku): record.reference for record in records}
    rows = (
        Restock.objects.select_for_update(no_key=True, of=("self",))
        .alias(upper=Upper("reference"))
        .filter(upper__in={reference for reference, _ in written})
        .select_related("product", "supplier")
        .prefetch_related("dates__undone_by", "receipts")
        .order_by("pk")
    )
    by_key = {(row.reference.upper(), row.product.sku): row for row in rows}
    return {(written[key], key[1]): row for key, row in by_key.items() if key in written}


def _first_joins(products: Iterable[Product]) -> dict[int, date]:
    """The day the first order of each product joined here."""
    lines = OrderLine.objects.filter(product__in=list(products)).order_by()
    return {
        pk: today_of(at)
        for pk, at in lines.values("product")
        .annotate(at=Min("joined_at"))
        .values_list("product", "at")
    }
