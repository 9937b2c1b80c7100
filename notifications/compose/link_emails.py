"""Links that somebody asked for by email."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from orders.access import MINE_SECONDS, answer_url, mine_url
from orders.domain.facts import LinkAsked
from orders.models import Choice, Event, Order
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


@dataclass(frozen=True, slots=True)
class AskedChoice:
    """What somebody wanted to choose on a page that is view-only: its question, and the words of
    its button."""

    url: str
    words: str


def asked_choice(order: Order, of_order: Sequence[Event]) -> AskedChoice | None:
    """Of the link that was asked for last."""
    asked = [event.details for event in of_order if isinstance(event.details, LinkAsked)]
    if not asked or not asked[-1].line or not asked[-1].choice:
        return None
    words = {
        Choice.KEEP: gettext("Keep my order"),
        Choice.CANCEL: gettext("Cancel and refund"),
        Choice.WITHDRAW: gettext("Withdraw from contract here"),
        Choice.UNDO: gettext("Undo the cancellation"),
    }
    choice = Choice(asked[-1].choice)
    return AskedChoice(answer_url(order, asked[-1].line, choice), words[choice])
