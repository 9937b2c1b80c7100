"""What an email says of each line of an order, as facts and sentences: HTML and text are laid out
from the same parts.

What happened, why (the reason line) and by when are the sentences of orders.words.events, as the
page has them; what is asked, those of orders.words.notices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext

from notifications.compose.one_line import MAX_NAME_LENGTH, MAX_PRODUCT_LENGTH, plain
from notifications.compose.selection import EventTold, LineBeside, LineTold, Question
from orders.access import answer_url
from orders.domain.facts import ParcelNumbered, Shipped
from orders.models import Choice, EventKind, OrderLine, Promise
from orders.words import (
    clock_words,
    isolated,
    meanwhile_sentence,
    notice_sentences,
    sentences,
    silence_sentence,
    still_sentence,
    told_sentence,
    tracking_link,
    units_of,
    why_chances_sentence,
    window_of,
    window_sentence,
    zone_of,
)

LEADS_WITH_A_DATE = (EventKind.JOINED, EventKind.ON_TRACK)  # in their second sentence


@dataclass(frozen=True, slots=True)
class ItemSentence:
    """A sentence. `told`: it names what is true no longer; `now`: it answers by when, as it is."""

    words: str
    told: bool = False
    now: bool = False


@dataclass(frozen=True, slots=True)
class ParcelLink:
    """`number` tells it from the others of an email; empty if there is only one."""

    url: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the order with its news, or as it is. `amount`: the units that the news is about;
    `to_come`: those that can still be kept or canceled, as "2" or "1 of 2". `asks` is what an open
    delay notice asks. The addresses open the page of a choice, if there is one."""

    amount: str
    to_come: str
    name: str
    news: Sequence[ItemSentence]
    asks: Sequence[str] = ()
    keep: str = ""
    cancel: str = ""
    withdraw: str = ""
    put_back: str = ""
    undo: str = ""
    undo_until: str = ""
    meanwhile: str = ""


def items_of(
    lines: Iterable[LineTold], *, today: date, locale: str
) -> tuple[list[Item], Sequence[str]]:
    """The lines that have news, and what is asked of all of them alike, which is then said once."""
    items = [_item(of, today, locale=locale) for of in lines]
    first = items[0].asks if len(items) > 1 else ()
    alike = all(item.asks == first for item in items)
    return ([replace(item, asks=()) for item in items], first) if alike and first else (items, ())


def others_of(beside: Iterable[LineBeside], *, today: date, locale: str) -> list[Item]:
    """What else of the order is still to come, so that nobody has to wonder, and what was asked
    about it before."""
    return [_other(of, today, locale=locale) for of in beside]


def parcels_of(left: Iterable[Shipped | ParcelNumbered]) -> list[ParcelLink]:
    """The parcels that left, each once however many lines are in it, where their carrier's page is
    known."""
    numbers = {
        tracking_link(parcel.carrier, parcel.tracking_number): isolated(
            plain(parcel.tracking_number, MAX_NAME_LENGTH)
        )
        for parcel in left
    }
    found = [ParcelLink(url, number) for url, number in numbers.items() if url]
    return found if len(found) > 1 else [replace(parcel, number="") for parcel in found]


def _item(of: LineTold, today: date, *, locale: str) -> Item:
    line, to_come = of.line, _to_come(of.line, locale=locale)
    until = of.undo_until
    zone = zone_of(line.order.country, until) if until else None
    return Item(
        amount=units_of(line.quantity, line.quantity, locale=locale) if of.of_units else to_come,
        to_come=to_come,
        name=isolated(plain(line.product.name, MAX_PRODUCT_LENGTH)),
        news=[
            *(said for told in of.told for said in _said(told, locale=locale)),
            *_ships_by(line, of.ships_by, today, now=of.only_passed, locale=locale),
        ],
        asks=_asks(line, of.asked, today, passed=of.passed, locale=locale) if of.asked else (),
        **{choice.value: answer_url(line.order, line.pk, choice) for choice in of.choices},
        put_back=answer_url(line.order, line.pk, Choice.KEEP) if of.can_come_back else "",
        undo=answer_url(line.order, line.pk, Choice.UNDO) if until else "",
        undo_until=clock_words(until, locale=locale, zone=zone, named=True) if until else "",
        meanwhile=_meanwhile(line, of.tells, today, locale=locale),
    )


def _asks(line: OrderLine, asked: Question, today: date, *, passed: bool, locale: str) -> list[str]:
    return notice_sentences(
        asked.notice,
        locale=locale,
        today=today,
        agreed_by=line.agreed_by,
        tells=asked.tells,
        overtaken=asked.overtaken,
        again=asked.again,
        passed=passed,
        reserved=line.reserved_beside,
    )


def _said(of: EventTold, *, locale: str) -> list[ItemSentence]:
    """The page's sentences in its order, one part a line: what we told, what is true now, and the
    reason."""
    event = of.event
    told, words = told_sentence(event, locale=locale), sentences(event, locale=locale)
    if not of.says_still:
        words = [text for text in words if text != still_sentence(event, locale=locale)]
    after = (
        words.index(told) if told in words else 0 if event.kind in LEADS_WITH_A_DATE else len(words)
    )
    said = [
        ItemSentence(text, told=text == told, now=n == after + 1) for n, text in enumerate(words)
    ]
    return [*_last_told(of.last_told, locale=locale), *said]


def _last_told(promise: Promise | None, *, locale: str) -> list[ItemSentence]:
    if promise is None:
        return []
    words = gettext("You were last told: “%(window)s”")
    return [ItemSentence(words % {"window": window_sentence(promise, locale=locale)}, told=True)]


def _ships_by(
    line: OrderLine, promise: Promise | None, today: date, *, locale: str, now: bool = False
) -> list[ItemSentence]:
    if promise is None:
        return []
    words = window_sentence(promise, locale=locale, today=today, reserved=line.is_here)
    return [ItemSentence(words, now=now)]


def _meanwhile(line: OrderLine, promise: Promise | None, today: date, *, locale: str) -> str:
    """What we do while no day stands, as the page has it."""
    if promise is None:
        return ""
    window = window_of(promise)
    words = meanwhile_sentence(
        window, today=today, reserved=not line.waiting, mailed=True, locale=locale
    )
    return f"{why_chances_sentence(locale=locale)} {words}" if window.kind == "chances" else words


def _to_come(line: OrderLine, *, locale: str) -> str:
    """All if none is, or if nobody knows how many are."""
    units = line.quantity if line.held else line.open_units
    return units_of(units or line.quantity, line.quantity, locale=locale)


def _other(of: LineBeside, today: date, *, locale: str) -> Item:
    """What silence means is said again: customers read the newest email."""
    line, to_come = of.line, _to_come(of.line, locale=locale)
    return Item(
        amount=to_come,
        to_come=to_come,
        name=isolated(plain(line.product.name, MAX_PRODUCT_LENGTH)),
        news=_ships_by(line, line.promise, today, locale=locale),
        asks=[silence_sentence(of.asked, locale=locale, today=today, reserved=line.reserved_beside)]
        if of.asked
        else [],
    )
