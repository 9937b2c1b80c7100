"""Links that somebody asked for by email."""

from dataclasses import dataclass

from django.utils.translation import ngettext

from orders.access import MINE_SECONDS, mine_url
from orders.models import Event, Order
from orders.words import sentence


@dataclass(frozen=True, slots=True)
class AllOrders:
    """The link to all orders of the address: what the page says of it, the link, and how long it is
    good."""

    sentence: str
    url: str
    lasts: str


def all_orders(order: Order, asked: Event, *, locale: str) -> AllOrders:
    """Once, however often it was asked for; the link is good from now."""
    minutes = MINE_SECONDS // 60
    lasts = ngettext(
        "The link works for %(minutes)s minute.", "The link works for %(minutes)s minutes.", minutes
    )
    return AllOrders(
        sentence=sentence(asked, locale=locale),
        url=mine_url(order),
        lasts=lasts % {"minutes": minutes},
    )
