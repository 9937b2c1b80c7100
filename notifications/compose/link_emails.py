"""Links that somebody asked to be mailed. Late ones only puzzle, so such a mail is not kept for
long."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext, ngettext

from orders.access import MINE_SECONDS, mine_url
from orders.models import Event, EventKind, Order
from orders.words import isolated, sentence

KEPT = timedelta(hours=1)  # what was asked for longer ago is asked for again


@dataclass(frozen=True, slots=True)
class AllOrders:
    """The link to all orders of the address: what the page says of it, the link, and how long it is
    good."""

    subject: str
    sentence: str
    url: str
    lasts: str


def without_stale(events: Iterable[Event], *, now: datetime) -> list[Event]:
    return [event for event in events if event.kind != EventKind.LINK or event.at > now - KEPT]


def all_orders(order: Order, news: Iterable[Event], *, locale: str) -> AllOrders | None:
    """Once, however often it was asked for; the link is good from now. None: nobody asked."""
    asked = [event for event in news if event.asks_for_all]
    if not asked:
        return None
    minutes = MINE_SECONDS // 60
    lasts = ngettext(
        "The link works for %(minutes)s minute.", "The link works for %(minutes)s minutes.", minutes
    )
    return AllOrders(
        subject=gettext("Your orders at %(shop)s") % {"shop": isolated(settings.SHOP_NAME)},
        sentence=sentence(asked[-1], locale=locale),
        url=mine_url(order),
        lasts=lasts % {"minutes": minutes},
    )
