"""Lines of an order in one cell, as `Product SKU: LAMP-01, Product Qty: 2|Product SKU: …` or
`sku:LAMP-01|quantity:2`, with a cell for each line."""

import re
from collections.abc import Iterator, Sequence

from orders.imports.csv.table import Cells
from orders.imports.sources.column_map import PART, Columns
from orders.imports.values import BadValue

# The name of a part stands at the start or after a sign between parts.
_PART = re.compile(r"(?:^|[|,;\n])\s*(?P<name>[^\W\d][\w ./-]{0,40}?)\s*:")
_NUMBERED = re.compile(r"(?<=[ _-])\d+$|(?<=[a-z])\d+$", re.IGNORECASE)
# what a part is called whose name the map does not say
CALLED = {
    "sku": {"sku", "product sku", "item sku", "variant sku", "variation sku", "product code"},
    "quantity": {"quantity", "qty", "product qty", "product quantity", "item qty", "count"},
    "product_name": {"name", "product name", "item name", "product", "title"},
}

Parts = dict[str, str]  # by name in small letters


def lines_in(cell: str, column: str) -> Iterator[Parts]:
    """A part that is named again begins the next line."""
    found = list(_PART.finditer(cell))
    if not found or cell[: found[0].start()].strip():
        raise BadValue(
            f"is {cell[:80]!r}; expected lines such as “SKU: LAMP-01, Qty: 2”, or an export with "
            "a row for each item",
            column,
        )
    ends = [match.start() for match in found[1:]] + [len(cell)]
    parts: Parts = {}
    for match, end in zip(found, ends, strict=True):
        name = " ".join(match["name"].casefold().split())
        if name in parts:
            yield parts
            parts = {}
        parts[name] = cell[match.end() : end].strip().rstrip("|,;").strip()
    yield parts


def part_of(parts: Parts, name: str) -> str:
    """By the name that the map gives it, or by what it is here."""
    wanted = {name.casefold()} | CALLED.get(name, set())
    return next((text for called, text in parts.items() if called in wanted), "")


def _expect_whole(parts: Parts, column: str, quantity: str) -> None:
    """An export that cuts long cells has lost the end of the last line, and those behind it."""
    if not parts.keys() & ({quantity.casefold()} | CALLED["quantity"]):
        line = ", ".join(f"{name}: {text}" for name, text in parts.items())
        raise BadValue(
            f"has a line without {quantity}, {line[:80]!r}; expected one, or an export with a row "
            "for each item",
            column,
        )


def place_of_lines(columns: Columns) -> str:
    """The column whose cells hold lines, or the columns by their pattern; empty: none does. Where
    SKU and quantity are one column, the names of their parts are found. `line_item_1` has others
    beside it, with the other lines."""
    cell = columns["sku"]
    ((first, *_), *_) = cell
    if cell == columns["quantity"] and PART not in first:
        for ours in CALLED:
            if columns.get(ours, cell) == cell:
                columns[ours] = [[f"{first}{PART}{ours}"]]
    elif PART not in first:
        return ""
    for ours, choices in columns.items():
        columns[ours] = [[_of_all(name) for name in parts] for parts in choices]
    return _of_all(f"{first}{PART}").partition(PART)[0]


def _of_all(name: str) -> str:
    place, part, of = name.partition(PART)
    return f"{_NUMBERED.sub('*', place)}{part}{of}" if part else name


def cells_by_line(cells: Cells, places: Sequence[str], columns: Columns) -> Iterator[Cells]:
    """The row once for each line that these of its cells hold."""
    named = [
        name for choices in columns.values() for parts in choices for name in parts if PART in name
    ]
    quantity = columns["quantity"][0][0].partition(PART)[2]
    for place in places:
        if cell := cells.get(place, ""):
            for parts in lines_in(cell, place):
                _expect_whole(parts, place, quantity)
                yield {**cells, **{name: part_of(parts, name.partition(PART)[2]) for name in named}}
