from datetime import datetime

from orders.domain import keys
from orders.imports import values
from orders.imports.csv.order_rows import Head, RowLines
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.table import Cells, Meaning
from orders.imports.shop_order import ShopLine
from orders.imports.values import BadValue


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
            currency=values.currency(cells.get("currency", ""), "currency"),
            total=values.amount(cells.get("order_total", ""), "order_total"),
            cells=cells,
        )

    def __init__(self, sayings: Sayings | None = None) -> None:
        self.sayings = sayings or Sayings()

    def lines(self, cells: Cells) -> RowLines:
        name = values.text(cells.get("product_name", ""), "product_name", most=300)
        sku = "" if cells["sku"] or not name else self.sayings.sku_of(name, "product_name")
        sku = sku or values.key(cells["sku"], "sku", most=keys.MAX_SKU)
        return RowLines([self._line(cells, sku, name)])

    def _line(self, cells: Cells, sku: str, name: str) -> ShopLine:
        return ShopLine(
            sku=sku,
            name=name,
            ordered=values.units(cells["quantity"], "quantity"),
            promised_by=values.day(cells["promised_by"], "promised_by")
            if cells.get("promised_by")
            else None,
            unit_price=values.amount(cells.get("unit_price", ""), "unit_price"),
            variant=values.text(cells.get("variant", ""), "variant", most=keys.MAX_VARIANT),
            image_url=values.picture(cells.get("image_url", ""), "image_url"),
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
            "currency",
            "total",
        ):
            if getattr(first, name) != getattr(other, name):
                column = {"email": "customer_email", "total": "order_total"}.get(name, name)
                raise BadValue(
                    f"is {other.cells.get(column, '')!r}; "
                    f"expected {first.cells.get(column, '')!r} as on the rows of this order above",
                    column,
                )
        return first
