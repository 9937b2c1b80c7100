"""Lines of an order in one cell, as `Product SKU: LAMP-01, Product Qty: 2|Product SKU: …` or
`sku:LAMP-01|quantity:2`, with a cell for each line."""

import re
from collections.abc import Iterator

from orders.imports.values import BadValue

# The name of a part stands at the start or after a sign between parts.
_PART = re.compile(r"(?:^|[|,;\n])\s*(?P<name>[^\W\d][\w ./-]{0,40}?)\s*:")
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
