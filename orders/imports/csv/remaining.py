"""How many units are still to come of lines where the export did not say so: order_number, sku,
units."""

from collections import Counter

from orders import services
from orders.imports import values
from orders.imports.csv.table import CsvRow, CsvTable
from orders.imports.run import ImportRun
from orders.imports.values import BadValue
from orders.models import OrderLine

COLUMNS = ("order_number", "sku", "units")


def apply_remaining(table: CsvTable, run: ImportRun, counts: Counter[str]) -> None:
    """A line that is not held was settled before and stays as it is, so the file can grow and be
    read again."""
    for row in table.rows(COLUMNS):
        try:
            line, units = _line_and_units(row)
            if line.held:
                services.count_held(line, units, now=run.now)
            counts["lines_settled" if line.held else "lines_settled_before"] += 1
        except (BadValue, services.Refused) as error:
            run.bad(row.number, error, file=table.name)


def _line_and_units(row: CsvRow) -> tuple[OrderLine, int]:
    if row.problem:
        raise BadValue(row.problem)
    sku = row.cells["sku"]
    with values.AllFaults() as read:
        number = read(values.order_number, row.cells["order_number"])
        units = read(values.units, row.cells["units"], "units", least=0)
    lines = OrderLine.objects.select_related("order", "product").filter(
        order__number__iexact=number, product__sku=sku
    )
    line = lines.first()
    if line is None:
        raise BadValue(
            f"order {number} has no {sku or 'product without a SKU'} in line here; expected a "
            "line that was imported"
        )
    return line, units
