"""A file of shipments: parcels the shop has handed over."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders import services
from orders.domain import keys
from orders.imports import values
from orders.imports.csv.table import Cells, CsvRow, Meaning, Table
from orders.imports.known import lost_zeros, with_more_zeros, with_numbers
from orders.imports.run import ImportRun
from orders.imports.skus import meant
from orders.imports.values import BadValue
from orders.models import Order, OrderLine, Shipment

COLUMNS = ("order_number", "sku", "quantity", "shipped_at", "carrier", "tracking_number")
MEANING = Meaning(
    keys=("order_number", "sku", "shipped_at"), dates=(("shipped_at",),), adds_up=True
)
BATCH = 500

Key = tuple[str, str, datetime]  # order number in capitals, tracking number, shipped at


@dataclass(slots=True)
class _Parcel:
    """Rows of one shipment."""

    carrier: str
    row: int
    units: Counter[str] = field(default_factory=Counter)  # by SKU
    bad: bool = False


def import_shipments(run: ImportRun, table: Table) -> dict[str, Any]:
    """Counts of what was done. NothingWritten where rows are bad and not to be skipped."""
    parcels: dict[Key, _Parcel] = {}
    for row in table.rows(COLUMNS, (), MEANING):
        try:
            _gather(row, parcels, run)
        except BadValue as error:
            run.bad(row.number, error)
    # Written even so, and undone at the end: only what is recorded shows what cannot have left, and
    # all is named at once.
    counts: Counter[str] = Counter(
        dict.fromkeys(("recorded", "numbered", "recorded_before", "shipped_before", "not_here"), 0)
    )

    def write() -> dict[str, Any]:
        services.lock_orders({number for number, _, _ in parcels})
        todo = list(parcels.items())
        numbers: defaultdict[str, set[str]] = defaultdict(set)
        for number, tracking, _ in parcels:
            numbers[number].add(tracking)
        products: set[int] = set()
        missing: list[tuple[str, _Parcel]] = []
        for start in range(0, len(todo), BATCH):
            batch = todo[start : start + BATCH]
            orders = _orders({number for (number, _, _), _ in batch})
            for key, parcel in batch:
                if order := orders.get(key[0]):
                    products |= _ship(order, key, parcel, numbers[key[0]], run, counts)
                elif not parcel.bad:
                    missing.append((key[0], parcel))
            run.progress(start + len(batch), len(todo))
        counts["not_here"] += _not_here(missing, run)
        run.people.update(services.serve_after_shipments(products, now=run.now))
        return {
            **counts,
            "orders_for_a_person": len(run.people),
            "needs_a_person": dict(run.people),
        }

    return run.perform("import_shipments", write, sha256=table.sha256())


def _not_here(parcels: Sequence[tuple[str, _Parcel]], run: ImportRun) -> int:
    """How many belong to no order here. Those that only seem so are bad rows."""
    orders = with_more_zeros(number for number, _ in parcels)
    for number, parcel in parcels:
        if number in orders:
            run.bad(parcel.row, lost_zeros(number, orders[number]))
    return sum(number not in orders for number, _ in parcels)


def _gather(row: CsvRow, parcels: dict[Key, _Parcel], run: ImportRun) -> None:
    """A parcel with a bad row is left out whole."""
    cells = row.cells
    if row.problem:
        raise BadValue(row.problem)
    said: _Parcel | None = None
    try:
        with values.AllFaults() as read:
            key = read(_key, cells, now=run.now)
            carrier = read(
                values.key, cells["carrier"], "carrier", most=keys.MAX_CARRIER, required=False
            )
            if key:
                said = parcels.setdefault(key, _Parcel("", row.number))
            sku = read(values.key, cells["sku"], "sku", most=keys.MAX_SKU)
            quantity = read(values.units, cells["quantity"], "quantity")
    except BadValue:
        if said:
            said.bad = True
        raise
    parcel = parcels[key]
    parcel.carrier = parcel.carrier or carrier
    parcel.units[sku] += quantity


def _key(cells: Cells, *, now: datetime) -> Key:
    with values.AllFaults() as read:
        number = read(values.order_number, cells["order_number"]) or ""
        return (
            number.upper(),
            read(
                values.key,
                cells["tracking_number"],
                "tracking_number",
                most=keys.MAX_TRACKING_NUMBER,
                required=False,
            ),
            read(values.moment, cells["shipped_at"], "shipped_at", now=now),
        )


def _orders(numbers: Iterable[str]) -> dict[str, Order]:
    orders = with_numbers(numbers).prefetch_related(
        "lines__product", "shipments__lines", "shipments__corrections__lines"
    )
    return {order.number.upper(): order for order in orders}


def _ship(
    order: Order,
    key: Key,
    parcel: _Parcel,
    numbers: Collection[str],
    run: ImportRun,
    counts: Counter[str],
) -> set[int]:
    """Record what is not recorded yet. A shipment that staff took back stays taken back. `numbers`:
    all that the file has for this order. Returns the products whose units shipped."""
    _, tracking, shipped_at = key
    recorded = _recorded(order, tracking, shipped_at)
    found = _Found()
    lines = list(OrderLine.objects.filter(order=order).select_related("product"))
    _spell_as_here(parcel, {line.product.sku for line in lines})
    for line in lines:
        new = parcel.units[line.product.sku] - recorded[line.pk]
        if new > 0 and not found.place(line, new, _before(order, line, key, numbers)):
            still = line.open_units + line.cancelled
            run.bad(
                parcel.row,
                f"{new} of {line.product.sku} can't have shipped in order {order.number}; "
                f"expected {still} at most, as many as are still to come",
            )
            return set()
    if parcel.bad:
        return set()
    if not (found.new or found.known):
        known = {line.product.sku for line in lines}
        counts["recorded_before" if known & parcel.units.keys() else "not_here"] += 1
        return set()
    try:
        _write(order, key, parcel, found, run, counts)
    except services.Refused as error:
        run.bad(parcel.row, error)
        return set()
    return {line.product_id for line in lines if line.pk in found.new}


def _spell_as_here(parcel: _Parcel, skus: Collection[str]) -> None:
    units, parcel.units = parcel.units, Counter()
    for sku, number in units.items():
        parcel.units[meant(sku, skus)] += number


@dataclass(slots=True)
class _Found:
    """Units of a parcel by line: `new` ones, and `known` ones by the tracking number they are
    recorded under."""

    new: dict[int, int] = field(default_factory=dict)
    known: dict[str, dict[int, int]] = field(default_factory=dict)

    def place(self, line: OrderLine, units: int, before: "_Before") -> bool:
        """False where they cannot have shipped. What surely is known goes first, then what is still
        to come, then what must be known because nothing else is left."""
        units = self._take(line, units, before.surely)
        still = line.open_units + line.cancelled
        to_come = min(units, line.open_units)
        rest = self._take(line, units - to_come, before.perhaps)
        left = to_come + rest
        if left > still:
            return False
        if left:
            self.new[line.pk] = left
        return True

    def _take(self, line: OrderLine, units: int, known: Mapping[str, int]) -> int:
        for number, there in known.items():
            before = self.known.get(number, {}).get(line.pk, 0)
            taken = min(units, there - before)
            units -= taken
            if taken:
                self.known.setdefault(number, {})[line.pk] = before + taken
        return units


def _write(
    order: Order, key: Key, parcel: _Parcel, found: _Found, run: ImportRun, counts: Counter[str]
) -> None:
    _, tracking, shipped_at = key
    with transaction.atomic():
        for before, units in found.known.items():
            if tracking or (parcel.carrier and not before):
                services.number_parcel(
                    order,
                    units,
                    now=run.now,
                    shipped_at=shipped_at,
                    carrier=parcel.carrier,
                    tracking_number=tracking,
                    instead_of=before,
                )
        texts = []
        if found.new:
            texts = services.record_parcel(
                order,
                found.new,
                now=run.now,
                shipped_at=shipped_at,
                carrier=parcel.carrier,
                tracking_number=tracking,
            )
    counts["recorded"] += bool(found.new)
    if found.known:
        named = tracking or (parcel.carrier and "" in found.known)
        counts["numbered" if named else "shipped_before"] += 1
    run.conflicts += [f"{run.file}:{parcel.row}: order {order.number}: {text}" for text in texts]
    if texts:
        run.people[order.number] += len(texts)


def _recorded(order: Order, tracking: str, shipped_at: datetime) -> Counter[int]:
    """Units by line of the shipments recorded under this tracking number and time, taken back or
    not."""
    units: Counter[int] = Counter()
    for shipment in _originals(order):
        if (shipment.tracking_number, shipment.shipped_at) == (tracking, shipped_at):
            units.update({row.line_id: row.quantity for row in shipment.lines.all()})
    return units


@dataclass(slots=True)
class _Before:
    """Units of a line that are recorded without a tracking number, or under one the carrier may
    have changed, by number: `surely` those that this parcel must be, `perhaps` those it can be."""

    surely: dict[str, int] = field(default_factory=dict)
    perhaps: dict[str, int] = field(default_factory=dict)


def _before(order: Order, line: OrderLine, key: Key, numbers: Collection[str]) -> _Before:
    """Units that an orders export, or staff, said had left, without knowing their number. An export
    knew of all that had left by then. If a parcel left in the same second, and the file no longer
    has its number, it is this one with another number."""
    _, tracking, shipped_at = key
    surely: Counter[str] = Counter()
    perhaps: Counter[str] = Counter()
    for shipment in _originals(order):
        number = shipment.tracking_number
        there = shipment.standing().get(line.pk, 0)
        if not number:
            (surely if shipment.recorded_at >= shipped_at else perhaps)[number] += there
        elif not tracking:
            perhaps[number] += there
        elif number not in numbers and shipment.shipped_at == shipped_at:
            (perhaps if _is_a_day(shipped_at) else surely)[number] += there
    return _Before(dict(surely), dict(surely + perhaps))


def _is_a_day(shipped_at: datetime) -> bool:
    """Without a time: several parcels leave on one day."""
    return timezone.localtime(shipped_at).time() == time()


def _originals(order: Order) -> Iterable[Shipment]:
    return [shipment for shipment in order.shipments.all() if shipment.corrects_id is None]
