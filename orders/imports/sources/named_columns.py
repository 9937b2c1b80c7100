"""Restocks and shipments under other names than ours: those of a carrier's program, which are
known, or those of a column map."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from orders.imports.csv import restocks, shipments
from orders.imports.csv.statuses import NOTHING, few_words, guess
from orders.imports.csv.table import CsvRow, CsvTable, Meaning, Table, Unreadable
from orders.imports.run import ImportRun
from orders.imports.sources.column_map import ColumnMap

_ORDER = ("order number", "order", "order id", "order no", "sales order", "bestellnummer",
          "auftragsnummer", "numéro de commande", "commande", "número de pedido", "pedido",
          "numero ordine", "ordine", "bestelnummer", "ordernummer")  # fmt: skip
_SKU = ("item sku", "sku", "product sku", "lineitem sku", "seller sku", "artikelnummer",
        "référence article", "référence", "referencia", "codice articolo",
        "artikelcode")  # fmt: skip
_UNITS = ("item qty", "quantity", "qty", "item quantity", "lineitem quantity", "units", "menge",
          "anzahl", "quantité", "cantidad", "quantità", "aantal")  # fmt: skip
# What the sheets of ShipStation, Shippo, Amazon, Sendcloud, Linnworks and suppliers call them. Of
# units that were ordered and units that left, the latter come first.
ALSO_CALLED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "shipments": {
        "order_number": _ORDER,
        "sku": _SKU,
        "quantity": ("quantity shipped", "qty shipped", "shipped quantity", "shipped qty",
                     "units shipped", "versandmenge", *_UNITS),
        "shipped_at": ("date shipped date", "shipped date", "date shipped", "ship date",
                       "shipped at", "shipped on", "shipment date", "shipping date", "fulfilled at",
                       "processed date", "versanddatum", "versendet am", "date d'expédition",
                       "date d'envoi", "expédié le", "fecha de envío", "data spedizione",
                       "verzenddatum"),
        "carrier": ("shipment carrier", "carrier", "carrier name", "carrier code", "courier",
                    "shipping carrier", "versanddienstleister", "transporteur", "transportista",
                    "corriere", "vervoerder"),
        "tracking_number": ("shipment tracking number", "tracking number", "tracking",
                            "tracking id", "tracking code", "tracking no", "sendungsnummer",
                            "numéro de suivi", "número de seguimiento", "numero di tracking"),
    },
    "restocks": {
        "reference": ("reference", "po number", "po", "purchase order", "purchase order number",
                      "order number", "bestellnummer"),
        "sku": _SKU,
        "supplier": ("supplier", "vendor", "supplier name", "vendor name", "lieferant",
                     "fournisseur", "proveedor", "fornitore"),
        "quantity": ("quantity ordered", "qty ordered", *_UNITS, "ordered"),
        "expected_on": ("expected on", "expected date", "eta", "expected delivery", "due date",
                        "delivery date", "promised date", "liefertermin", "lieferdatum"),
        "posted_on": ("posted on", "confirmed on", "updated on", "updated", "date", "stand"),
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


# Rows with a status of these groups are none of their kind.
UNTRUE = {
    "shipments": {"cancelled", "refunded", "unpaid", "waiting"},
    "restocks": {"cancelled", "refunded"},
}
_STATUS = re.compile("stat|estado|état|zustand", re.I)
_VOIDED = re.compile(r"\b(void(ed)?|cancell?ed|storniert|annulée?|cancelad[oa])\b", re.I)
KINDS: Mapping[str, type[ColumnMap]] = {"shipments": ShipmentColumns, "restocks": RestockColumns}


def guessed(kind: str, header: Sequence[str]) -> dict[str, str]:
    """Which column holds what by what it is called: ours = theirs."""
    there = {same(name): name for name in reversed(header)}
    found = {
        ours: next((there[same(name)] for name in names if same(name) in there), "")
        for ours, others in ALSO_CALLED[kind].items()
        for names in [others if ours == "quantity" else (ours, *others)]
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
    _expect_no_status(kind, table, but=names.optional if names else KINDS[kind].known)
    if names is None:
        if not is_ours:
            _expect_known(kind, table)
        return table
    run.called = {ours: names.label(ours) for ours in names.columns}
    return NamedTable(table, names)


def _expect_known(kind: str, table: CsvTable) -> None:
    """Unreadable where some of the columns are known by their names, and others are missing."""
    found = guessed(kind, table.header)
    missing = [ours for ours in KINDS[kind].needed if ours not in found]
    if missing and len(found) > 1:
        raise Unreadable(
            f"{table.name}:1: no column for {', '.join(missing)}; expected one, or a column map "
            f"(--map); found {', '.join(table.header)[:500]}"
        )


def _expect_no_status(kind: str, table: CsvTable, *, but: Sequence[str]) -> None:
    """Unreadable where a column says that some of the rows are not so: a label that was voided, a
    purchase order that was canceled."""
    for column, words in few_words(table, but=but).items():
        gone = [word for word in words if _is_untrue(kind, column, word)]
        if gone:
            raise Unreadable(
                f"{table.name}:1: column {column} says {gone[0]!r} on {words[gone[0]]:,} of its "
                f"rows; expected {kind} only, without such rows and without the column"
            )


def _is_untrue(kind: str, column: str, word: str) -> bool:
    """`Status` says voided, or `Voided` says yes. `New` may be said of goods, too."""
    if _VOIDED.search(column):
        return not NOTHING.fullmatch(word)
    if _STATUS.search(column):
        return guess(word) in UNTRUE[kind] or bool(_VOIDED.search(word))
    return guess(word) in UNTRUE["restocks"]


def kind_of_map(settings: Mapping[str, Any]) -> str:
    """Of what a map names the columns."""
    columns = settings.get("columns")
    if not isinstance(columns, Mapping) or "placed_at" in columns:
        return "orders"
    own = {"restocks": {"reference", "expected_on"}, "shipments": {"shipped_at", "tracking_number"}}
    return next((kind for kind, names in own.items() if names & columns.keys()), "orders")
