from datetime import datetime
from decimal import Decimal

from orders.domain import keys
from orders.imports import values
from orders.imports.csv.order_rows import Fulfilment, Head
from orders.imports.csv.table import Cells, CsvTable
from orders.imports.shop_order import ShopLine, State
from orders.imports.values import BadValue

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


class ShopifyExport:
    """Shopify's orders export as it is: the order's columns are on its first row only."""

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
        *("Subtotal", "Shipping", "Taxes", "Total", "Discount Amount"),
        *("Lineitem price", "Lineitem discount"),
    )

    @staticmethod
    def recognizes(table: CsvTable) -> bool:
        return table.has("Lineitem quantity") or (
            table.has("Name") and table.has("Financial Status")
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
        state: State = "open" if money in PAID else "unpaid"
        if money == "refunded":
            state = "refunded"
        elif cells["Cancelled at"] or money == "voided" or moved == "restocked":
            state = "cancelled"
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
            currency=values.currency(cells.get("Currency", ""), "Currency"),
            total=_amount(cells, "Total") if cells.get("Currency") else None,
            prices_are_final=_prices_are_final(cells),
            state=state,
            fulfilment=FULFILMENT[moved],
            shipped_at=self._shipped_at(cells, moved, now=now),
            part_refund=""
            if state in ("cancelled", "refunded")
            else self._part_refund(cells, money),
        )

    def line(self, cells: Cells) -> ShopLine | None:
        sku = values.key(cells["Lineitem sku"], "Lineitem sku", most=keys.MAX_SKU, required=False)
        if not sku:
            return None
        moved = _one_of(
            cells["Lineitem fulfillment status"], "Lineitem fulfillment status", FULFILMENT
        )
        quantity = values.units(cells["Lineitem quantity"], "Lineitem quantity", least=0)
        shipped = {"none": 0, "part": None, "all": quantity}[FULFILMENT[moved]]
        name = values.text(cells["Lineitem name"], "Lineitem name", most=300)
        return ShopLine(
            sku, quantity, name, shipped=shipped, unit_price=_paid_for_one(cells, quantity)
        )

    def merged(self, first: Head, other: Head) -> Head:
        raise BadValue("the order starts again; expected each order once in the file")

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


def _amount(cells: Cells, column: str) -> Decimal | None:
    return values.amount(cells.get(column, ""), column)


def _prices_are_final(cells: Cells) -> bool:
    """Not with a discount on the whole order, and not where tax was added to the prices. Without a
    currency nobody knows what they are."""
    amounts = {
        column: _amount(cells, column) or 0
        for column in ("Subtotal", "Shipping", "Taxes", "Total", "Discount Amount")
    }
    tax_is_in = amounts["Subtotal"] + amounts["Shipping"] == amounts["Total"]
    return (
        bool(cells.get("Currency"))
        and not amounts["Discount Amount"]
        and (tax_is_in or not amounts["Taxes"])
    )


def _paid_for_one(cells: Cells, quantity: int) -> Decimal | None:
    price, discount = _amount(cells, "Lineitem price"), _amount(cells, "Lineitem discount")
    if price is None or not discount:
        return price
    return round(price - discount / quantity, 4) if 0 <= discount <= price * quantity else None


def _one_of(value: str, column: str, expected: set[str] | dict[str, Fulfilment]) -> str:
    word = value.casefold().replace(" ", "_")
    if word not in expected:
        raise BadValue(
            f"is {value!r}; expected one of {', '.join(sorted(filter(None, expected)))}", column
        )
    return word
