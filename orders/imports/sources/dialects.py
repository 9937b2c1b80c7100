"""Whose columns a file of orders has: our own, Shopify's export as it is, or any other by a column
map.

Each turns a row into what it says of its order (Head) and of one line (ExportLine); order_of puts
an order together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal, Protocol

from orders.domain import keys
from orders.imports.csv import values
from orders.imports.csv.table import BadRow, Cells, Table

Closed = Literal["", "cancelled", "refunded"]
Fulfilment = Literal["none", "part", "all"]


@dataclass(frozen=True, slots=True)
class Head:
    """What an export says of an order as a whole. `part_refund`: money sent back, no one knows for
    which units; `cells`: what the row said in its own words, where rows of an order are compared.
    """

    placed_at: datetime
    paid_at: datetime | None = None
    email: str = ""
    customer_name: str = ""
    country: str = ""
    region: str = ""
    locale: str = ""
    paid: bool = True
    closed: Closed = ""
    fulfilment: Fulfilment = "none"
    shipped_at: datetime | None = None
    part_refund: str = ""
    cells: Cells = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ExportLine:
    """`shipped` is None where only part of the units have left and nobody says how many."""

    sku: str
    name: str
    quantity: int
    cancelled: int = 0
    shipped: int | None = 0
    promised_by: date | None = None

    @property
    def wanted(self) -> int:
        return max(self.quantity - self.cancelled, 0)


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """One order of a file; `row` is its first. `nameless`: lines without a SKU, which no product
    can be found for."""

    number: str
    row: int
    head: Head
    lines: dict[str, ExportLine] = field(default_factory=dict)
    nameless: int = 0


class Dialect(Protocol):
    """`waiting_only`: the file lists orders that wait, so all of its products join; else it lists
    all of a shop's orders in full, closed ones too. `status_expected`: where the words for what
    became of an order are to be sorted; empty: they are, or somebody has said that all of them
    wait."""

    @property
    def waiting_only(self) -> bool: ...

    @property
    def status_expected(self) -> str: ...

    @property
    def required(self) -> Sequence[str]: ...

    @property
    def optional(self) -> Sequence[str]: ...

    def number(self, cells: Cells) -> str:
        """The order's number; empty: the row belongs to the order of the row before."""

    def head(self, cells: Cells, *, now: datetime) -> Head | None:
        """None on a row that carries a line alone."""

    def line(self, cells: Cells) -> ExportLine | None:
        """None where the line has no SKU. `shipped` is what the row says by itself; order_of knows
        the rest."""

    def merged(self, first: Head, other: Head) -> Head:
        """Both rows describe the order. BadRow where they disagree."""


def order_of(
    number: str, row: int, head: Head, lines: Sequence[ExportLine], *, nameless: int = 0
) -> ExportOrder:
    """Lines of one product add up, and what is said of the whole order settles what its lines leave
    open."""
    by_sku: dict[str, ExportLine] = {}
    for line in lines:
        by_sku[line.sku] = _added(by_sku[line.sku], line) if line.sku in by_sku else line
    # Part of the order has left, and no line says it is the one: then any of them may be.
    unsaid = (
        head.fulfilment == "part"
        and all(line.shipped == 0 for line in by_sku.values())
        and not nameless
    )
    for sku, line in by_sku.items():
        if head.fulfilment == "all":
            by_sku[sku] = replace(line, shipped=line.wanted)
        elif unsaid:
            by_sku[sku] = replace(line, shipped=None)
    return ExportOrder(number, row, head, by_sku, nameless)


def _added(first: ExportLine, second: ExportLine) -> ExportLine:
    unknown = first.shipped is None or second.shipped is None
    return replace(
        first,
        quantity=first.quantity + second.quantity,
        cancelled=first.cancelled + second.cancelled,
        shipped=None if unknown else (first.shipped or 0) + (second.shipped or 0),
        promised_by=first.promised_by or second.promised_by,
    )


class OurColumns:
    """The orders CSV of docs/importing.md: a row per line, the order's columns on each."""

    waiting_only = True
    status_expected = (
        "a file of orders that wait without that column, or a column map that sorts its words"
    )
    required = (
        *("order_number", "placed_at", "customer_email", "customer_name"),
        *("country", "locale", "sku", "quantity"),
    )
    optional = ("region", "paid_at", "product_name", "promised_by")

    def number(self, cells: Cells) -> str:
        return values.order_number(cells["order_number"])

    def head(self, cells: Cells, *, now: datetime) -> Head:
        country = values.country(cells["country"], "country")
        return Head(
            placed_at=values.moment(cells["placed_at"], "placed_at", now=now),
            paid_at=values.moment(cells["paid_at"], "paid_at", now=now)
            if cells.get("paid_at")
            else None,
            email=values.email(cells["customer_email"], "customer_email"),
            customer_name=values.text(cells["customer_name"], "customer_name", most=300),
            country=country,
            region=values.text(cells.get("region", ""), "region", most=100),
            locale=values.locale(cells["locale"], "locale", country=country),
            cells=cells,
        )

    def line(self, cells: Cells) -> ExportLine:
        return ExportLine(
            sku=values.key(cells["sku"], "sku", most=keys.MAX_SKU),
            name=values.text(cells.get("product_name", ""), "product_name", most=300),
            quantity=values.units(cells["quantity"], "quantity"),
            promised_by=values.day(cells["promised_by"], "promised_by")
            if cells.get("promised_by")
            else None,
        )

    def merged(self, first: Head, other: Head) -> Head:
        for name in (
            "placed_at",
            "paid_at",
            "email",
            "customer_name",
            "country",
            "region",
            "locale",
        ):
            if getattr(first, name) != getattr(other, name):
                column = "customer_email" if name == "email" else name
                raise BadRow(
                    f"{column} is {other.cells.get(column, '')!r}; "
                    f"expected {first.cells.get(column, '')!r} as on the rows of this order above"
                )
        return first


# Words of Shopify's exports, and of OrderDisplayFulfillmentStatus of its API for those that exports
# may carry too.
PAID = {"paid", "partially_refunded", "refunded"}
UNPAID = {"pending", "authorized", "partially_paid", "voided", "expired", "unpaid", ""}
FULFILMENT: dict[str, Fulfilment] = {
    **dict.fromkeys(
        ("", "unfulfilled", "pending", "open", "scheduled", "on_hold", "restocked"), "none"
    ),
    **dict.fromkeys(("pending_fulfillment", "request_declined"), "none"),
    **dict.fromkeys(("partial", "partially_fulfilled", "in_progress"), "part"),
    **dict.fromkeys(("fulfilled", "shipped"), "all"),
}


class ShopifyColumns:
    """Shopify's orders export as it comes: the order's columns stand on its first row only."""

    waiting_only = False
    status_expected = ""
    required = (
        *("Name", "Email", "Financial Status", "Paid at", "Fulfillment Status", "Created at"),
        *(
            "Lineitem quantity",
            "Lineitem name",
            "Lineitem sku",
            "Lineitem fulfillment status",
            "Cancelled at",
        ),
    )
    optional = (
        *(
            "Shipping Name",
            "Billing Name",
            "Shipping Country",
            "Billing Country",
            "Shipping Province",
        ),
        *("Fulfilled at", "Refunded Amount", "Currency"),
    )

    def number(self, cells: Cells) -> str:
        return values.order_number(cells["Name"], "Name") if cells["Name"] else ""

    def head(self, cells: Cells, *, now: datetime) -> Head | None:
        if not any(
            cells[column]
            for column in ("Financial Status", "Paid at", "Fulfillment Status", "Cancelled at")
        ):
            return None
        money = _one_of(cells["Financial Status"], "Financial Status", PAID | UNPAID)
        moved = _one_of(cells["Fulfillment Status"], "Fulfillment Status", FULFILMENT)
        country = values.country(
            cells.get("Shipping Country") or cells.get("Billing Country", ""), "Shipping Country"
        )
        closed: Closed = "refunded" if money == "refunded" else ""
        if not closed and (cells["Cancelled at"] or money == "voided" or moved == "restocked"):
            closed = "cancelled"
        return Head(
            placed_at=values.moment(cells["Created at"], "Created at", now=now),
            paid_at=values.moment(cells["Paid at"], "Paid at", now=now)
            if cells["Paid at"]
            else None,
            email=values.email(cells["Email"], "Email"),
            customer_name=values.text(
                cells.get("Shipping Name") or cells.get("Billing Name", ""),
                "Shipping Name",
                most=300,
            ),
            country=country,
            region=values.text(cells.get("Shipping Province", ""), "Shipping Province", most=100),
            locale=values.language_of(country),
            paid=money in PAID,
            closed=closed,
            fulfilment=FULFILMENT[moved],
            shipped_at=self._shipped_at(cells, moved, now=now),
            part_refund="" if closed else self._part_refund(cells, money),
        )

    def line(self, cells: Cells) -> ExportLine | None:
        sku = values.key(cells["Lineitem sku"], "Lineitem sku", most=keys.MAX_SKU, required=False)
        if not sku:
            return None
        moved = _one_of(
            cells["Lineitem fulfillment status"], "Lineitem fulfillment status", FULFILMENT
        )
        quantity = values.units(cells["Lineitem quantity"], "Lineitem quantity", least=0)
        shipped = {"none": 0, "part": None, "all": quantity}[FULFILMENT[moved]]
        return ExportLine(
            sku,
            values.text(cells["Lineitem name"], "Lineitem name", most=300),
            quantity,
            shipped=shipped,
        )

    def merged(self, first: Head, other: Head) -> Head:
        raise BadRow("the order begins once more; expected each order once in the file")

    def _shipped_at(self, cells: Cells, moved: str, *, now: datetime) -> datetime | None:
        when = cells.get("Fulfilled at")
        return (
            values.moment(when, "Fulfilled at", now=now)
            if when and FULFILMENT[moved] == "all"
            else None
        )

    def _part_refund(self, cells: Cells, money: str) -> str:
        amount = values.text(cells.get("Refunded Amount", ""), "Refunded Amount", most=30)
        if money == "partially_refunded" or amount.strip("0.,"):
            return f"{amount} {cells.get('Currency', '')[:3]}".strip() or "an amount"
        return ""


def _one_of(value: str, column: str, expected: set[str] | dict[str, Fulfilment]) -> str:
    word = value.casefold().replace(" ", "_")
    if word not in expected:
        raise BadRow(
            f"{column} is {value!r}; expected one of {', '.join(sorted(filter(None, expected)))}"
        )
    return word


def dialect_of(table: Table) -> Dialect:
    """Recognised by the header; our own columns are what is expected of anything else."""
    shopify = table.has("Lineitem quantity") or (
        table.has("Name") and table.has("Financial Status")
    )
    return ShopifyColumns() if shopify else OurColumns()
