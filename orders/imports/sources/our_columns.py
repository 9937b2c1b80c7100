from datetime import datetime

from orders.domain import keys
from orders.imports import values
from orders.imports.csv.order_rows import Head, RowLines
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.table import Cells, Meaning
from orders.imports.shop_order import ShopLine
from orders.imports.values import BadValue

# of an order, so the same on each of its rows
MERGED = (
    *("placed_at", "paid_at", "email", "customer_name", "country", "region", "locale"),
    *("currency", "total"),
)


class OurColumns:
    """The orders CSV of docs/importing.md: a row per line, the order's columns on each."""

    waiting_only = True
    mapped = False
    status_expected = (
        "a file of waiting orders without that column, or a column map that sorts its words"
    )
    required = (
        *("order_number", "placed_at", "customer_email", "customer_name"),
        *("country", "locale", "sku", "quantity"),
    )
    optional = (
        *("region", "paid_at", "product_name", "promised_by"),
        *("image_url", "variant", "unit_price", "currency", "order_total"),
    )

    meaning = Meaning(
        keys=("order_number", "placed_at", "sku"),
        dates=(("placed_at",), ("paid_at",), ("promised_by",)),
        adds_up=True,
    )

    def number(self, cells: Cells) -> str:
        return values.order_number(cells["order_number"])

    def head(self, cells: Cells, *, now: datetime) -> Head:
        with values.AllFaults() as read:
            country = read(values.country, cells["country"], "country")
            return Head(
                placed_at=read(values.moment, cells["placed_at"], "placed_at", now=now),
                paid_at=read(values.moment, cells["paid_at"], "paid_at", now=now)
                if cells.get("paid_at")
                else None,
                email=read(values.email, cells["customer_email"], "customer_email"),
                customer_name=read(values.text, cells["customer_name"], "customer_name", most=300),
                country=country,
                region=read(values.text, cells.get("region", ""), "region", most=100),
                locale=read(values.locale, cells["locale"], "locale", country=country),
                currency=(currency := read(values.currency, cells.get("currency", ""), "currency")),
                total=read(
                    values.amount, cells.get("order_total", ""), "order_total", currency=currency
                ),
                cells=cells,
            )

    def __init__(self, sayings: Sayings | None = None) -> None:
        self.sayings = sayings or Sayings()

    def lines(self, cells: Cells) -> RowLines:
        return RowLines([self._line(cells)])

    def _line(self, cells: Cells) -> ShopLine:
        with values.AllFaults() as read:
            name = read(values.text, cells.get("product_name", ""), "product_name", most=300)
            return ShopLine(
                sku=read(self._sku, cells, name),
                name=name,
                ordered=read(values.units, cells["quantity"], "quantity"),
                promised_by=read(values.day, cells["promised_by"], "promised_by")
                if cells.get("promised_by")
                else None,
                unit_price=read(
                    values.amount,
                    cells.get("unit_price", ""),
                    "unit_price",
                    currency=cells.get("currency", "").upper(),
                ),
                variant=read(
                    values.text, cells.get("variant", ""), "variant", most=keys.MAX_VARIANT
                ),
                image_url=read(values.picture, cells.get("image_url", ""), "image_url"),
            )

    def _sku(self, cells: Cells, name: str) -> str:
        if cells["sku"] or not name:
            return values.one_sku(cells["sku"], "sku")
        if sku := self.sayings.sku_of(name, "product_name"):
            return sku
        raise BadValue(
            "is empty; expected a SKU, or --by-name (on the desk, its box) to go by product_name",
            "sku",
        )

    def merged(self, first: Head, other: Head) -> Head:
        with values.AllFaults() as read:
            for name in MERGED:
                read(self._expect_same, name, first, other)
        return first

    def _expect_same(self, name: str, first: Head, other: Head) -> None:
        if getattr(first, name) != getattr(other, name):
            column = {"email": "customer_email", "total": "order_total"}.get(name, name)
            raise BadValue(
                f"is {other.cells.get(column, '')!r}; expected {first.cells.get(column, '')!r} as "
                "on the rows of this order above",
                column,
            )
