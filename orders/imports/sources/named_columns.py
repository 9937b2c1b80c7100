"""Restocks and shipments under other names than ours: those of a carrier's program, which are
known, or those of a column map."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from orders.imports.csv import restocks, shipments
from orders.imports.csv.table import CsvRow, CsvTable, Meaning, Table
from orders.imports.run import ImportRun
from orders.imports.sources.column_map import ColumnMap

_ORDER = ("order number", "order", "order id", "order no", "sales order", "bestellnummer",
          "auftragsnummer", "numéro de commande", "número de pedido")  # fmt: skip
_SKU = ("item sku", "sku", "product sku", "lineitem sku", "seller sku", "artikelnummer")
_QUANTITY = ("item qty", "quantity", "qty", "item quantity", "lineitem quantity", "units",
             "quantity shipped", "qty shipped", "shipped quantity", "menge", "anzahl")  # fmt: skip
# What the sheets of ShipStation, Shippo, Amazon, Sendcloud, Linnworks and suppliers call them.
ALSO_CALLED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "shipments": {
        "order_number": _ORDER,
        "sku": _SKU,
        "quantity": _QUANTITY,
        "shipped_at": ("date shipped date", "shipped date", "date shipped", "ship date",
                       "shipped at", "shipped on", "shipment date", "shipping date", "fulfilled at",
                       "processed date", "versanddatum", "versendet am"),
        "carrier": ("shipment carrier", "carrier", "carrier name", "carrier code", "courier",
                    "shipping carrier", "versanddienstleister"),
        "tracking_number": ("shipment tracking number", "tracking number", "tracking",
                            "tracking id", "tracking code", "tracking no", "sendungsnummer"),
    },
    "restocks": {
        "reference": ("reference", "po number", "po", "purchase order", "purchase order number",
                      "order number", "bestellnummer"),
        "sku": _SKU,
        "supplier": ("supplier", "vendor", "supplier name", "vendor name", "lieferant"),
        "quantity": ("quantity", "qty", "ordered", "quantity ordered", "qty ordered", "menge"),
        "expected_on": ("expected on", "expected date", "eta", "expected delivery", "due date",
                        "delivery date", "promised date", "liefertermin", "lieferdatum"),
        "posted_on": ("posted on", "confirmed on", "date", "updated", "updated on", "stand"),
        "arrived_on": ("arrived on", "arrival date", "received on", "received date",
                       "date received", "eingang", "wareneingang"),
        "quantity_arrived": ("quantity arrived", "quantity received", "qty received", "received"),
    },
}  # fmt: skip


class ShipmentColumns(ColumnMap):
    needed: ClassVar[Sequence[str]] = ("order_number", "sku", "quantity", "shipped_at")
    known: ClassVar[Sequence[str]] = shipments.COLUMNS


class RestockColumns(ColumnMap):
    needed: ClassVar[Sequence[str]] = restocks.REQUIRED
    known: ClassVar[Sequence[str]] = (*restocks.REQUIRED, *restocks.OPTIONAL)


KINDS: Mapping[str, type[ColumnMap]] = {"shipments": ShipmentColumns, "restocks": RestockColumns}


def guessed(kind: str, header: Sequence[str]) -> dict[str, str]:
    """Which column holds what by what it is called: ours = theirs."""
    there = {same(name): name for name in reversed(header)}
    found = {
        ours: next((there[same(name)] for name in (ours, *names) if same(name) in there), "")
        for ours, names in ALSO_CALLED[kind].items()
    }
    return {ours: theirs for ours, theirs in found.items() if theirs}


def recognized(kind: str, header: Sequence[str]) -> ColumnMap | None:
    """A header whose names say all that is needed; of shipments also the tracking number, since an
    export of orders has the rest, too."""
    found, columns = guessed(kind, header), KINDS[kind]
    sure = {*columns.needed, "tracking_number"} if kind == "shipments" else {*columns.needed}
    return columns("header", {"columns": found}) if sure <= found.keys() else None


def same(name: str) -> str:
    """`Order - Number` and `order_number` are, and canceled with one l or two."""
    return "".join(filter(str.isalnum, name)).casefold().replace("cancell", "cancel")


class NamedTable:
    """A table whose rows have our names for its columns."""

    def __init__(self, table: CsvTable, names: ColumnMap) -> None:
        names.check(table.header, table.name)
        self.table, self.names, self.name = table, names, table.name

    def sha256(self) -> str:
        return self.table.sha256()

    def rows(
        self,
        required: Sequence[str],
        optional: Sequence[str] = (),
        meaning: Meaning | None = None,
    ) -> Iterator[CsvRow]:
        ours = (*required, *optional)
        theirs = replace(self.names.meaning, adds_up=meaning.adds_up) if meaning else None
        for row in self.table.rows((), self.names.optional, theirs):
            cells = {name: self.names.cell(row.cells, name) for name in ours}
            yield CsvRow(row.number, cells, row.problem)


def named(run: ImportRun, kind: str, table: CsvTable, said: ColumnMap | None) -> Table:
    """The table under our names, by a map or because its header is known; as it is where it has our
    columns, or nobody knows it."""
    is_ours = all(map(table.has, KINDS[kind].needed))
    names = said or (None if is_ours else recognized(kind, table.header))
    if names is None:
        return table
    run.called = {ours: names.label(ours) for ours in names.columns}
    return NamedTable(table, names)


def kind_of_map(settings: Mapping[str, Any]) -> str:
    """Of what a map names the columns."""
    columns = settings.get("columns")
    if not isinstance(columns, Mapping) or "placed_at" in columns:
        return "orders"
    own = {"restocks": {"reference", "expected_on"}, "shipments": {"shipped_at", "tracking_number"}}
    return next((kind for kind, names in own.items() if names & columns.keys()), "orders")
