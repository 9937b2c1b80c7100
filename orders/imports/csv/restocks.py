"""A file of restocks: deliveries expected from suppliers, every date they gave for them, and what
arrived."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.db.models.functions import Upper

from orders import services
from orders.domain import keys
from orders.imports import values
from orders.imports.csv.table import Cells, CsvRow, Meaning, Table
from orders.imports.run import ImportRun
from orders.imports.skus import KnownSkus
from orders.imports.values import BadValue
from orders.models import Restock

REQUIRED = ("reference", "sku", "supplier", "quantity", "expected_on", "posted_on")
OPTIONAL = ("reason", "arrived_on", "quantity_arrived", "known_on")
MEANING = Meaning(
    keys=("reference", "sku", "expected_on", "posted_on"),
    dates=(("expected_on",), ("posted_on",), ("arrived_on",), ("known_on",)),
)
MAX_EXPECTED = 100_000_000  # units
MAX_TIMES_EXPECTED = 10  # arrived; more came by a slip of the finger

Key = tuple[str, str]  # reference, SKU


@dataclass(slots=True)
class _Gathered:
    """Rows of one restock. The last row says how many units it is of and when which of them
    came."""

    supplier: str
    row: int
    quantity: int
    dates: list[services.PostedDate] = field(default_factory=list)
    arrivals: dict[date, services.ReceivedUnits] = field(default_factory=dict)
    bad: bool = False


def import_restocks(run: ImportRun, table: Table) -> dict[str, Any]:
    """Counts of what was done. NothingWritten where rows are bad and not to be skipped."""
    gathered, rows = _gathered(run, table)
    _refuse_other_suppliers(gathered, run)
    _refuse_fewer_than_arrived(gathered, run)
    run.stop_if_bad()

    def write() -> dict[str, Any]:
        known = KnownSkus()
        deliveries = _deliveries(gathered)
        near = {one.sku: other for one in deliveries if (other := known.nearly(one.sku))}
        new = dict.fromkeys(one.sku for one in deliveries if one.sku not in known.ordered)
        recorded = services.record_restocks(
            [one for one in deliveries if one.sku not in near], now=run.now
        )
        counts = asdict(recorded)
        run.written = counts.pop("written")
        return counts | {
            "rows": rows,
            "left_out": sum(one.sku in near for one in deliveries),
            "like_others": near,
            "not_ordered": {sku: known.ordered_like(sku) for sku in new},
        }

    return run.perform("import_restocks", write, sha256=table.sha256())


def read_restocks(run: ImportRun, table: Table) -> list[services.RestockRecord]:
    """What a file says, with nothing written. NothingWritten where rows are bad and not to be
    skipped."""
    gathered, _ = _gathered(run, table)
    run.stop_if_bad()
    return _deliveries(gathered)


def _gathered(run: ImportRun, table: Table) -> tuple[dict[Key, _Gathered], int]:
    """The restocks of the file, and how many rows it has."""
    gathered: dict[Key, _Gathered] = {}
    rows = 0
    for row in table.rows(REQUIRED, OPTIONAL, MEANING):
        rows += 1
        try:
            _gather(row, gathered, run)
        except BadValue as error:
            run.bad(row.number, error)
            _spoil(row, gathered)
    return gathered, rows


def _deliveries(gathered: dict[Key, _Gathered]) -> list[services.RestockRecord]:
    return [_delivery(key, one) for key, one in gathered.items() if not one.bad]


def _gather(row: CsvRow, gathered: dict[Key, _Gathered], run: ImportRun) -> None:
    if row.problem:
        raise BadValue(row.problem)
    cells, today = row.cells, services.today_of(run.now)
    with values.AllFaults() as read:
        key = read(_key, cells)
        supplier = read(values.key, cells["supplier"], "supplier", most=keys.MAX_SUPPLIER)
        quantity = read(values.units, cells["quantity"], "quantity", most=MAX_EXPECTED)
        posted = read(_posted_date, cells, today=today)
        arrival = read(_arrival, cells, quantity or MAX_EXPECTED, today=today)
    one = gathered.setdefault(key, _Gathered(supplier, row.number, quantity))
    if supplier != one.supplier:
        raise BadValue(
            f"is {supplier!r}; expected {one.supplier!r} as on row {one.row} of this restock",
            "supplier",
        )
    if quantity != one.quantity and posted in one.dates:
        raise BadValue(
            f"is {quantity}; expected {one.quantity} as above for this restock and date. If it is "
            "another line of the purchase order, give it a reference of its own",
            "quantity",
        )
    one.quantity = quantity
    one.dates.append(posted)
    if arrival:
        one.arrivals[arrival.arrived_on] = arrival


def _key(cells: Cells) -> Key:
    with values.AllFaults() as read:
        return (
            read(
                values.key,
                cells["reference"],
                "reference",
                most=keys.MAX_REFERENCE,
                may_be_day=True,
            ),
            read(values.key, cells["sku"], "sku", most=keys.MAX_SKU),
        )


def _posted_date(cells: Cells, *, today: date) -> services.PostedDate:
    with values.AllFaults() as read:
        posted_on = read(values.day, cells["posted_on"], "posted_on", last=today)
        expected_on = read(
            values.day,
            cells["expected_on"],
            "expected_on",
            first=(posted_on or today) - services.MAX_REACH,
            last=(posted_on or today) + services.MAX_REACH,
        )
        reason = cells.get("reason", "")
        if reason and reason not in services.MOVE_REASONS:
            raise BadValue(
                f"is {reason!r}; expected nothing or one of {', '.join(services.MOVE_REASONS)}",
                "reason",
            )
        return services.PostedDate(expected_on, posted_on, reason)


def _arrival(cells: Cells, quantity: int, *, today: date) -> services.ReceivedUnits | None:
    """The units that came on the row's arrived_on: quantity_arrived, else all of the restock."""
    came, known, counted = (
        cells.get(name, "") for name in ("arrived_on", "known_on", "quantity_arrived")
    )
    if not came:
        if known or counted.strip("0.,"):  # none of it is no arrival
            raise BadValue(
                "known_on or quantity_arrived is given without arrived_on; expected the day the "
                "units arrived"
            )
        return None
    most = min(quantity * MAX_TIMES_EXPECTED, MAX_EXPECTED)
    with values.AllFaults() as read:
        arrived_on = read(values.day, came, "arrived_on", last=today)
        first = arrived_on or values.EARLIEST
        known_on = (
            read(values.day, known, "known_on", first=first, last=today) if known else arrived_on
        )
        units = read(values.units, counted, "quantity_arrived", most=most) if counted else quantity
        return services.ReceivedUnits(units, arrived_on, known_on)


def _spoil(row: CsvRow, gathered: dict[Key, _Gathered]) -> None:
    """A restock with a bad row is left out whole, its good rows above and below too."""
    try:
        key = _key(row.cells)
    except BadValue:
        return
    gathered.setdefault(key, _Gathered("", row.number, 1)).bad = True


def _refuse_other_suppliers(gathered: dict[Key, _Gathered], run: ImportRun) -> None:
    """A restock does not change its supplier: the record of both would be wrong."""
    for one, restock in _known(gathered):
        undone = restock.cancelled_at and restock.cancel_reason == services.UNDONE
        supplier = restock.supplier.name
        if not undone and one.supplier != supplier:
            run.bad(
                one.row,
                f"supplier is {one.supplier!r}; expected {supplier!r}, which this restock was "
                "ordered from",
            )
            one.bad = True


def _refuse_fewer_than_arrived(gathered: dict[Key, _Gathered], run: ImportRun) -> None:
    """Of a restock that is here, and whose number of units the file changes."""
    for one, restock in _known(gathered):
        arrived = restock.arrived
        if restock.quantity != one.quantity < arrived:
            run.bad(
                one.row, f"quantity is {one.quantity}; expected {arrived} or more, as many arrived"
            )
            one.bad = True


def _known(gathered: dict[Key, _Gathered]) -> Iterator[tuple[_Gathered, Restock]]:
    """Those that are here, however the case of their references."""
    by_key = {(reference.upper(), sku): one for (reference, sku), one in gathered.items()}
    known = Restock.objects.alias(upper=Upper("reference")).filter(
        upper__in={reference for reference, _ in by_key}
    )
    for restock in known.select_related("supplier", "product"):
        one = by_key.get((restock.reference.upper(), restock.product.sku))
        if one and not one.bad:
            yield one, restock


def _delivery(key: Key, one: _Gathered) -> services.RestockRecord:
    reference, sku = key
    return services.RestockRecord(
        reference=reference,
        sku=sku,
        supplier=one.supplier,
        quantity=one.quantity,
        dates=_by_day_posted(one.dates),
        arrivals=sorted(one.arrivals.values(), key=lambda arrival: arrival.arrived_on),
    )


def _by_day_posted(dates: Iterable[services.PostedDate]) -> list[services.PostedDate]:
    return sorted(dates, key=lambda version: version.posted_on)  # stable: file order within a day
