"""A file of what the shop told its customers when they ordered: a product, a period, and so many
days or a day."""

from datetime import date

from orders import services
from orders.domain import keys
from orders.imports import values
from orders.imports.csv.table import Cells, CsvTable, Meaning
from orders.imports.run import ImportRun
from orders.imports.skus import KnownSkus
from orders.imports.values import BadValue
from orders.models.stated_times import MOST_DAYS

REQUIRED = ("sku", "ordered_from")
OPTIONAL = ("ordered_until", "days", "ships_by")
MEANING = Meaning(keys=REQUIRED, dates=(("ordered_from",), ("ordered_until",), ("ships_by",)))


def import_stated_times(run: ImportRun, table: CsvTable) -> dict[str, int]:
    """Counts of what was done. NothingWritten where a row is bad."""
    told, known = [], KnownSkus()
    for row in table.rows(REQUIRED, OPTIONAL, MEANING):
        try:
            if row.problem:
                raise BadValue(row.problem)
            told.append(_told(row.cells))
            if near := known.nearly(told[-1].sku):
                raise BadValue(f"is {told[-1].sku!r}; expected {near!r}, as it is here", "sku")
        except BadValue as error:
            run.bad(row.number, error)
    run.stop_if_bad()
    changed = services.record_stated_times(told)
    return {"changed": changed, "unchanged": len(told) - changed}


def _told(cells: Cells) -> services.ToldInPeriod:
    days = cells.get("days", "")
    with values.AllFaults() as read:
        told = services.ToldInPeriod(
            sku=read(values.key, cells["sku"], "sku", most=keys.MAX_SKU),
            ordered_from=read(values.day, cells["ordered_from"], "ordered_from"),
            ordered_until=read(_day, cells, "ordered_until"),
            days=read(values.units, days, "days", most=MOST_DAYS) if days else None,
            ships_by=read(_day, cells, "ships_by"),
        )
    if (told.days is None) == (told.ships_by is None):
        raise BadValue("expected either days or ships_by")
    if told.ordered_until and told.ordered_until < told.ordered_from:
        raise BadValue(
            f"is {told.ordered_until}; expected {told.ordered_from} or later", "ordered_until"
        )
    return told


def _day(cells: Cells, column: str) -> date | None:
    return values.day(cells[column], column) if cells.get(column) else None
