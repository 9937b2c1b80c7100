from datetime import datetime
from decimal import Decimal

from orders.domain import keys
from orders.imports import values
from orders.imports.csv.order_rows import Fulfilment, Head, RowLines
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.statuses import NO, YES, plain
from orders.imports.csv.table import Cells, CsvTable, Meaning
from orders.imports.shop_order import NO_TERMS, ShopLine, State
from orders.imports.values import BadValue

# Words of Shopify's exports, and of OrderDisplayFulfillmentStatus of its API for those that exports
# may carry too, each as one of statuses.GROUPS.
MONEY = {
    **dict.fromkeys(("paid", "partially refunded"), "waiting"),
    **dict.fromkeys(("pending", "authorized", "partially paid", "expired", "unpaid", ""), "unpaid"),
    "voided": "cancelled",
    "refunded": "refunded",
}
FULFILMENT = {
    **dict.fromkeys(("", "unfulfilled", "pending", "open", "scheduled", "on hold"), "waiting"),
    **dict.fromkeys(("pending fulfillment", "request declined"), "waiting"),
    **dict.fromkeys(("partial", "partially fulfilled", "in progress"), "part_shipped"),
    **dict.fromkeys(("fulfilled", "shipped"), "shipped"),
    "restocked": "cancelled",
}
MAX_WORD = 100
NOT_SHIPPED = "not eligible"  # of a line: a tip, or one that was removed
STATES: dict[str, State] = {"unpaid": "unpaid", "cancelled": "cancelled", "refunded": "refunded"}
PARTS: dict[str, Fulfilment] = {"part_shipped": "part", "shipped": "all"}


class ShopifyExport:
    """Shopify's orders export as it is: the order's columns are on its first row only."""

    waiting_only = False
    mapped = False
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
        *("Lineitem price", "Lineitem discount", "Lineitem requires shipping", "Payment Method"),
    )

    meaning = Meaning(
        keys=("Name", "Lineitem name", "Lineitem sku", "Created at"),
        dates=(("Created at",), ("Paid at",), ("Fulfilled at",), ("Cancelled at",)),
        adds_up=True,
    )
    headers = (("Lineitem quantity",), ("Name", "Financial Status"))  # any of them is Shopify's

    def __init__(self, sayings: Sayings | None = None) -> None:
        self.sayings = sayings or Sayings()

    @classmethod
    def recognizes(cls, table: CsvTable) -> bool:
        return any(all(map(table.has, names)) for names in cls.headers)

    def number(self, cells: Cells) -> str:
        return values.order_number(cells["Name"], "Name") if cells["Name"] else ""

    def head(self, cells: Cells, *, now: datetime) -> Head | None:
        if not any(
            cells[column]
            for column in ("Financial Status", "Paid at", "Fulfillment Status", "Cancelled at")
        ):
            return None
        with values.AllFaults() as read:
            money, moved = self._money(cells), self._moved(cells["Fulfillment Status"])
            country = read(
                values.country,
                cells.get("Shipping Country") or cells.get("Billing Country", ""),
                "Shipping Country",
            )
            state = STATES.get(money, "open")
            if state != "refunded" and (cells["Cancelled at"] or moved in STATES):
                state = "cancelled"
            return Head(
                placed_at=read(values.moment, cells["Created at"], "Created at", now=now),
                paid_at=read(values.moment, cells["Paid at"], "Paid at", now=now)
                if cells["Paid at"]
                else None,
                email=read(values.email, cells["Email"], "Email"),
                customer_name=read(
                    values.text,
                    cells.get("Shipping Name") or cells.get("Billing Name", ""),
                    "Shipping Name",
                    most=300,
                ),
                country=country,
                region=read(
                    values.text, cells.get("Shipping Province", ""), "Shipping Province", most=100
                ),
                locale=values.language_of(country),
                currency=read(values.currency, cells.get("Currency", ""), "Currency"),
                total=read(_amount, cells, "Total") if cells.get("Currency") else None,
                prices_are_final=read(_prices_are_final, cells),
                state=state,
                fulfilment=PARTS.get(moved, "none"),
                shipped_at=read(self._shipped_at, cells, moved, now=now),
                part_refund=""
                if state in ("cancelled", "refunded")
                else read(self._part_refund, cells),
                terms=read(self._terms, cells),
                strange=[
                    read(values.text, cells[column], column, most=MAX_WORD)
                    for column, meaning in (
                        ("Financial Status", money),
                        ("Fulfillment Status", moved),
                    )
                    if not meaning
                ],
            )

    def lines(self, cells: Cells) -> RowLines:
        word = cells["Lineitem fulfillment status"]
        with values.AllFaults() as read:
            name = read(values.text, cells["Lineitem name"], "Lineitem name", most=300) or ""
            sku = read(
                values.key, cells["Lineitem sku"], "Lineitem sku", most=keys.MAX_SKU, required=False
            )
            if sku == "":
                sku = read(self.sayings.sku_of, name, "Lineitem name")
            if not read(_needs_shipping, cells) or plain(word) == NOT_SHIPPED:
                return RowLines(not_shipped=[sku or name])
            if sku == "":
                return RowLines(nameless=1)
            moved = self._moved(word)
            if not moved:
                column = "Lineitem fulfillment status"
                return RowLines(strange=[read(values.text, word, column, most=MAX_WORD)])
            quantity = read(values.units, cells["Lineitem quantity"], "Lineitem quantity", least=0)
            line = ShopLine(
                sku,
                quantity,
                name,
                cancelled=quantity if moved in ("cancelled", "refunded") else 0,
                shipped={"shipped": quantity, "part_shipped": None}.get(moved, 0),
                unit_price=read(_paid_for_one, cells, quantity or 1),
            )
            return RowLines([line])

    def merged(self, first: Head, other: Head) -> Head:
        raise BadValue("the order starts again; expected each order once in the file")

    def _money(self, cells: Cells) -> str:
        """What is not paid joins only if the shop has said so of how it is paid, or of its word."""
        word = plain(cells["Financial Status"])
        known = self.sayings.meaning_of(word) or MONEY.get(word, "")
        if self._terms(cells) not in ("", *NO_TERMS):
            known = self.sayings.meaning_of(cells.get("Payment Method", "")) or known
        return known

    def _terms(self, cells: Cells) -> str:
        """Of an order that is not paid: what the shop may say something of."""
        status = cells["Financial Status"]
        if MONEY.get(plain(status)) != "unpaid":
            return ""
        if not status or plain(status) in NO_TERMS:
            return plain(status) or "no payment status"
        method = " ".join(cells.get("Payment Method", "").split())[:MAX_WORD]
        return ", ".join(filter(None, (status, method)))

    def _moved(self, word: str) -> str:
        said = self.sayings.meaning_of(word)
        return (said if said != "unpaid" else "") or FULFILMENT.get(plain(word), "")

    def _shipped_at(self, cells: Cells, moved: str, *, now: datetime) -> datetime | None:
        when = cells.get("Fulfilled at")
        if not when or moved != "shipped":
            return None
        return values.moment(when, "Fulfilled at", now=now)

    def _part_refund(self, cells: Cells) -> str:
        amount = values.text(cells.get("Refunded Amount", ""), "Refunded Amount", most=30)
        if plain(cells["Financial Status"]) == "partially refunded" or amount.strip("0.,"):
            return f"{amount} {cells.get('Currency', '')[:3]}".strip() or "an amount"
        return ""


def _needs_shipping(cells: Cells) -> bool:
    """A spreadsheet writes true and false in its own language."""
    word = cells.get("Lineitem requires shipping", "")
    if word and word.casefold() not in YES | NO:
        raise BadValue(f"is {word!r}; expected true or false", "Lineitem requires shipping")
    return word.casefold() not in NO


def _amount(cells: Cells, column: str) -> Decimal | None:
    currency = cells.get("Currency", "")
    return values.amount(cells.get(column, ""), column, currency=currency)


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
