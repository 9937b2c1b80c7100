"""One order as the shop has it now, whoever brings it: a row of a file, a webhook, a poll, the API.

A source makes a ShopOrder of what it was given, and reconcile takes it from there. Values are
checked and normalized when it is made: BadValue names the field and what is wrong with it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Literal, get_args

from django.utils import timezone

from orders.domain import keys
from orders.imports import values
from orders.imports.values import BadValue

NO_TERMS = ("expired", "no payment status")  # nobody pays for these, on whatever terms
State = Literal["unpaid", "open", "cancelled", "refunded"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True)
class ShopLine:
    """Units of one product in an order. `ordered`: as placed. `cancelled`: those the shop will not
    send any more. `shipped`: those that have left; None if only part of them have and nobody says
    how many. `promised_by`: the last day it may ship, as the shop said when it was ordered.
    `unit_price`: what was paid for one, tax included and discounts taken off, since that is what is
    refunded. `variant`, `image_url` (https): of the product, as customers see it."""

    sku: str
    ordered: int
    name: str = ""
    cancelled: int = 0
    shipped: int | None = 0
    promised_by: date | None = None
    unit_price: Decimal | None = None
    variant: str = ""
    image_url: str = ""

    def __post_init__(self) -> None:
        _keep(self, sku=values.key(self.sku, "sku", most=keys.MAX_SKU))
        _keep(
            self,
            name=values.text(self.name, "name", most=300),
            variant=values.text(self.variant, "variant", most=keys.MAX_VARIANT),
            image_url=values.picture(self.image_url, "image_url"),
        )
        for field in ("ordered", "cancelled", "shipped"):
            if (units := getattr(self, field) or 0) < 0:
                raise BadValue(f"is {units}; expected 0 units or more", field)

    @property
    def wanted(self) -> int:
        return max(self.ordered - self.cancelled, 0)


@dataclass(frozen=True)
class ShopOrder:
    """Times are aware, and not in the future. A text may be empty: nothing is known about it, and
    what is known here is kept.

    number       as the shop writes it, without its #; case makes no difference
    lines        lines of one product add up; one that is missing was removed
    state        `unpaid` orders do not join. The lines of an `open` order say what has shipped,
                 even if all has. `cancelled` and `refunded` orders are closed: what has not shipped
                 will not ship any more, and for `refunded` ones the money was sent back
    country      ISO 3166, two letters; with the region it decides which law applies
    currency     ISO 4217; expected where there is a price or a total
    total        what was paid for the whole order
    locale       a language tag; empty: the country's language, else the shop's
    shipped_at   when the shipped units left the shop; None: nobody says
    part_refund  an amount in words ("12.00 USD") that was sent back for an open order, for unknown
                 units; empty: none
    complete     False: a list of what waits. A line that is missing was not removed, and products
                 that were never in line here join it
    nameless     lines without a SKU, for which no product can be found
    not_shipped  SKUs or names of its lines that are never shipped, such as gift cards
    terms        how it is to be paid, in the shop's words, where it is not paid
    """

    number: str
    placed_at: datetime
    lines: Sequence[ShopLine] = ()
    state: State = "open"
    paid_at: datetime | None = None
    email: str = ""
    customer_name: str = ""
    country: str = ""
    region: str = ""
    locale: str = ""
    currency: str = ""
    total: Decimal | None = None
    shipped_at: datetime | None = None
    part_refund: str = ""
    complete: bool = True
    nameless: int = 0
    not_shipped: Sequence[str] = ()
    terms: str = ""

    def __post_init__(self) -> None:
        country = values.country(self.country, "country")
        _keep(
            self,
            number=values.order_number(self.number, "number"),
            email=values.email(self.email, "email"),
            customer_name=values.text(self.customer_name, "customer_name", most=300),
            country=country,
            region=values.text(self.region, "region", most=100),
            locale=values.locale(self.locale, "locale", country=country),
            currency=values.currency(self.currency, "currency"),
            part_refund=values.text(self.part_refund, "part_refund", most=40),
        )
        if self.state not in STATES:
            raise BadValue(f"is {self.state!r}; expected one of {', '.join(STATES)}", "state")
        priced = self.total is not None or any(line.unit_price is not None for line in self.lines)
        if priced and not self.currency:
            raise BadValue("is empty; expected one such as USD, as there is a price", "currency")
        for field in ("placed_at", "paid_at", "shipped_at"):
            at = getattr(self, field)
            if at and timezone.is_naive(at):
                raise BadValue(f"is {at.isoformat()}; expected a time with its zone", field)

    @property
    def closed(self) -> bool:
        return self.state in ("cancelled", "refunded")

    @cached_property
    def by_sku(self) -> dict[str, ShopLine]:
        return added_up(self.lines)

    @property
    def open_skus(self) -> list[str]:
        """Products of which units are still to come."""
        return [
            sku
            for sku, line in self.by_sku.items()
            if line.wanted and (line.shipped is None or line.shipped < line.wanted)
        ]


def added_up(lines: Iterable[ShopLine]) -> dict[str, ShopLine]:
    """One line for each product."""
    by_sku: dict[str, ShopLine] = {}
    for line in lines:
        by_sku[line.sku] = _added(by_sku[line.sku], line) if line.sku in by_sku else line
    return by_sku


def _added(first: ShopLine, second: ShopLine) -> ShopLine:
    unknown = first.shipped is None or second.shipped is None
    return replace(
        first,
        ordered=first.ordered + second.ordered,
        cancelled=first.cancelled + second.cancelled,
        shipped=None if unknown else (first.shipped or 0) + (second.shipped or 0),
        promised_by=min(filter(None, (first.promised_by, second.promised_by)), default=None),
        unit_price=first.unit_price if first.unit_price == second.unit_price else None,
        variant=first.variant or second.variant,
        image_url=first.image_url or second.image_url,
    )


def _keep(frozen: object, **kept: object) -> None:
    """Values in the form they are kept in: how a frozen dataclass lets itself be made."""
    for name, value in kept.items():
        object.__setattr__(frozen, name, value)
