"""The rows of a file that were left out, as they are in it, with what is wrong: to be corrected and
read again."""

from collections.abc import Iterator, Mapping, Sequence

from orders.imports.csv.order_rows import Dialect
from orders.imports.csv.table import CsvTable, Table
from orders.imports.values import BadValue

PROBLEM = "problem"  # the column that is added


def faults_by_row(name: str, kept: Sequence[str]) -> dict[int, str]:
    """From `name:row: what is wrong` to {row: what is wrong}."""
    faults = {}
    for fault in kept:
        row, _colon, what = fault.removeprefix(f"{name}:").partition(": ")
        faults[int(row)] = what
    return faults


def rejected_rows(
    table: CsvTable, faults: Mapping[int, str], together: Mapping[int, object]
) -> Iterator[list[str]]:
    """The header, then each bad row and those left out with it: `together` says by row number what
    it belongs to."""
    width = len(table.header)
    keep = [place for place, name in enumerate(table.header) if name.casefold() != PROBLEM]
    left_out = {together[number] for number in faults if number in together}
    yield [*(table.header[place] for place in keep), PROBLEM]
    for number, fields in table.records():
        if number in faults or together.get(number) in left_out:
            padded = [*fields, *[""] * (width - len(fields))]
            yield [*(padded[place] for place in keep), faults.get(number, "")]


def orders_of_rows(table: CsvTable, dialect: Dialect) -> dict[int, object]:
    """The order each row belongs to, as the dialect reads it."""
    found: dict[int, object] = {}
    before = ""
    for row in table.rows(dialect.required, dialect.optional):
        try:
            before = dialect.number(row.cells).upper() or before
        except BadValue:
            continue
        if before:
            found[row.number] = before
    return found


def keys_of_rows(table: Table, columns: Sequence[str]) -> dict[int, object]:
    return {row.number: tuple(row.cells[name] for name in columns) for row in table.rows(columns)}
