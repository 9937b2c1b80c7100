"""What an email says of each line of an order, as facts and sentences: HTML and text are laid out
from the same parts.

What happened, why (the reason line) and by when are the sentences of orders.words.events, as the
page has them; what is asked, those of orders.words.notices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal
from urllib.parse import urljoin

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext

from notifications.compose.one_line import MAX_NAME_LENGTH, MAX_PRODUCT_LENGTH, plain
from notifications.compose.selection import EventTold, LineBeside, LineTold, Question
from orders.access import answer_url
from orders.domain import facts
from orders.domain.money import money
from orders.domain.supply import Window
from orders.models import Choice, Event, OrderLine, Promise, Reason
from orders.transit import arrives_by
from orders.words import (
    arrival_sentence,
    clock_words,
    day_words,
    in_language,
    isolated,
    line_briefly,
    meanwhile_sentence,
    money_words,
    notice_sentences,
    sentences,
    silence_sentence,
    still_sentence,
    told_sentence,
    tracking_link,
    units_of,
    why_chances_sentence,
    window_of,
    window_parts,
)

WITH_AN_ANSWER = (facts.Promised, facts.Reserved, facts.Cancelled, facts.ShipmentUndone)
LEAD = 2  # sentences of a question that stand before its buttons


@dataclass(frozen=True, slots=True)
class ItemSentence:
    """A sentence. `told`: it names what is true no longer; `now`: it answers by when, or how much,
    and `late` does so after a delay; `aside`: it says how early. `how_sure` is said of that day,
    and `with_you` by when it arrives."""

    words: str
    role: Literal["told", "now", "late", "aside", ""] = ""
    how_sure: str = ""
    with_you: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What an open delay notice asks: the sentences before the buttons, and those after them."""

    lead: Sequence[str] = ()
    rest: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.lead)


@dataclass(frozen=True, slots=True)
class ParcelLink:
    """`number` tells it from the others of an email; empty if there is only one."""

    url: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the order with its news, or as it is. `amount`: the units that the news is about;
    `to_come`: those that can still be kept or canceled, as "2" or "1 of 2". The addresses open the
    page of a choice, if there is one. `variant`, `price` and `picture`: as far as the shop says."""

    amount: str
    to_come: str
    name: str
    news: Sequence[ItemSentence]
    variant: str = ""
    price: str = ""
    picture: str = ""
    ask: Ask = field(default_factory=Ask)
    keep: str = ""
    cancel: str = ""
    withdraw: str = ""
    put_back: str = ""
    undo: str = ""
    undo_until: str = ""

    @property
    def has_button(self) -> bool:
        return bool(self.keep or self.cancel or self.put_back or self.undo)


@dataclass(frozen=True, slots=True)
class Row:
    """A line that has joined, where several have: its place and days in one short line."""

    amount: str
    name: str
    words: str


def items_of(lines: Sequence[LineTold], *, today: date, locale: str) -> tuple[list[Item], Ask]:
    """The lines that have news, and what is asked of all of them alike, which is then said once.
    So is that we are sorry."""
    bad = [of for of in lines if any(told.bad for told in of.told)]
    items = [_item(of, today, sorry=of in bad[:1], locale=locale) for of in lines]
    first = items[0].ask if len(items) > 1 else Ask()
    if first and all(item.ask == first for item in items):
        return [replace(item, ask=Ask()) for item in items], first
    return items, Ask()


def rows_of(lines: Iterable[LineTold], *, today: date, locale: str) -> list[Row]:
    """The lines of an order that has only joined."""
    return [_row(of, today, locale=locale) for of in lines]


def others_of(beside: Iterable[LineBeside], *, today: date, locale: str) -> list[Item]:
    """What else of the order is still to come, so that nobody has to wonder, and what was asked
    about it before and must be answered."""
    return [_other(of, today, locale=locale) for of in beside]


def parcels_of(left: Iterable[facts.Shipped | facts.ParcelNumbered]) -> list[ParcelLink]:
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


def _item(of: LineTold, today: date, *, sorry: bool, locale: str) -> Item:
    line, to_come = of.line, _to_come(of.line, locale=locale)
    until = of.undo_until
    return Item(
        amount=units_of(line.quantity, line.quantity, locale=locale) if of.of_units else to_come,
        to_come=to_come,
        name=_name(line),
        variant=isolated(plain(line.product.variant, MAX_NAME_LENGTH)),
        price=_price(line, locale=locale),
        picture=_picture(line.product.image_url),
        news=[
            *(
                said
                for told in of.told
                for said in _said(told, today, sorry=sorry and told.bad, locale=locale)
            ),
            *_ships_by(line, of.ships_by, today, leads=of.calls, locale=locale),
            *_meanwhile(line, of.tells, today, locale=locale),
        ],
        ask=_ask(line, of.asked, today, passed=of.passed, locale=locale) if of.asked else Ask(),
        **{choice.value: answer_url(line.order, line.pk, choice) for choice in of.choices},
        put_back=answer_url(line.order, line.pk, Choice.KEEP) if of.can_come_back else "",
        undo=answer_url(line.order, line.pk, Choice.UNDO) if until else "",
        undo_until=clock_words(until, locale=locale, named=True) if until else "",
    )


def _row(of: LineTold, today: date, *, locale: str) -> Row:
    line, promise = of.line, of.line.promise
    places = [
        told.event.details.place for told in of.told if isinstance(told.event.details, facts.Joined)
    ]
    with_you = (
        _with_you(line, window_of(promise), today, locale=locale)
        if promise and not line.held
        else ""
    )
    briefly = line_briefly(line, place=places[-1], today=today, locale=locale)
    return Row(
        amount=units_of(line.quantity, line.quantity, locale=locale),
        name=_name(line),
        words=" ".join(filter(None, (briefly, with_you))),
    )


def _name(line: OrderLine) -> str:
    return isolated(plain(line.product.name, MAX_PRODUCT_LENGTH))


def _price(line: OrderLine, *, locale: str) -> str:
    each = money(line.unit_price, line.order.currency)
    if each is None:
        return ""
    with in_language(locale):
        price = money_words(each, locale=locale)
        return price if line.quantity == 1 else gettext("%(price)s each") % {"price": price}


def _picture(address: str) -> str:
    """The absolute address; email programs show no SVG."""
    if not address or address.lower().endswith(".svg"):
        return ""
    return urljoin(settings.SITE_URL, address)


def _ask(line: OrderLine, asked: Question, today: date, *, passed: bool, locale: str) -> Ask:
    """A question that was asked before is not put again: it is called to mind while silence would
    cancel, and given up for now where it has become moot."""
    notice = asked.notice
    if asked.moot:
        with_day = gettext(
            "You don't need to answer our earlier question: it's now due to ship before %(day)s, "
            "the day we asked you to answer by."
        )
        with in_language(locale) as dates:
            day = notice.answer_by and day_words(notice.answer_by, today=today, locale=dates)
            return Ask([with_day % {"day": day}])
    if asked.asked_before and not asked.is_due:
        return Ask()
    if asked.asked_before:
        return Ask(
            [silence_sentence(notice, locale=locale, today=today, reserved=line.reserved_beside)]
        )
    said = notice_sentences(
        notice,
        locale=locale,
        today=today,
        agreed_by=line.agreed_by,
        tells=asked.tells,
        overtaken=asked.overtaken,
        passed=passed,
        reserved=line.reserved_beside,
    )
    if asked.reminds:
        said = said[1:]  # the first sentence of the email says why we ask
        return Ask(said[:1], said[1:])
    return Ask(said[:LEAD], said[LEAD:])


def _said(of: EventTold, today: date, *, sorry: bool, locale: str) -> list[ItemSentence]:
    """The page's sentences in its order, one part a line: what we told, what is true now, the
    reason, that we are sorry, and the place."""
    event, details = of.event, of.event.details
    if isinstance(details, facts.Reminded):
        return []  # the first sentence of the email says it
    words = sentences(event, locale=locale)
    if not of.says_still:
        words = [text for text in words if text != still_sentence(event, locale=locale)]
    said = [ItemSentence(text) for text in words]
    told = told_sentence(event, locale=locale)
    if told in words:
        said[words.index(told)] = ItemSentence(told, "told")
    if isinstance(
        details, facts.Promised | facts.Reserved | facts.Cancelled | facts.ShipmentUndone
    ):
        said = _with_answer(event, said, today, locale=locale)
        if of.bad:
            said = [replace(part, role="late") if part.role == "now" else part for part in said]
    if isinstance(details, facts.Cancelled) and details.by in ("staff", "shop"):
        said.append(
            ItemSentence(
                gettext("If you didn't expect this, reply to this email and we'll explain.")
            )
        )
    if isinstance(details, facts.Shipped) and of.says_still:
        said[1:1] = _arrival(details, event, today, locale=locale)
    if sorry:
        last = _names_place(details)
        said.insert(len(said) - last, ItemSentence(gettext("We're sorry about the delay.")))
    return said


def _with_answer(
    event: Event, said: list[ItemSentence], today: date, *, locale: str
) -> list[ItemSentence]:
    """The sentence that customers open the email for is marked: when it ships, with when it
    arrives, or when the refund comes. After it comes how sure that is."""
    details, words = event.details, [part.words for part in said]
    window = getattr(details, "window", None)
    parts = window and window_parts(
        window, since=getattr(details, "told_on", None) or _day_of(event), today=_day_of(event),
        locale=locale,
    )  # fmt: skip
    after_told = [n + 1 for n, part in enumerate(said) if part.role == "told"]
    if after_told:
        now = after_told[0]
    elif parts and parts.lead in words:
        now = words.index(parts.lead)
    elif isinstance(details, facts.Reserved) and window:
        now = len(words) - 1
    elif isinstance(details, facts.Cancelled) and details.refund_due_on:
        now = 1
    else:
        return said
    with_you = _with_you(event.line, window, today, locale=locale) if window else ""
    said[now] = ItemSentence(words[now], "now", with_you=with_you)
    if not window or not parts:
        return said
    if parts.range in words and window.names_a_day:
        said[words.index(parts.range)] = ItemSentence(parts.range, "aside")
    if not isinstance(details, facts.Joined | facts.OnTrack):
        return said
    said[now] = replace(said[now], how_sure=parts.certainty)
    if window.kind == "chances":
        why = ItemSentence(why_chances_sentence(locale=locale), "aside")
        said.insert(words.index(parts.range) + 1, why)
    return said


def _arrival(
    details: facts.Shipped, event: Event, today: date, *, locale: str
) -> list[ItemSentence]:
    if details.shipped_on is None or details.crossed:
        return []
    arrival = arrives_by(details.shipped_on, event.order.country)
    return [ItemSentence(arrival_sentence(arrival, today=today, locale=locale), "now")]


def _with_you(line: OrderLine | None, window: Window, today: date, *, locale: str) -> str:
    """By when it arrives, beside a day to ship that is to come."""
    if line is None or not window.names_a_day or window.late is None or window.late < today:
        return ""
    arrival = arrives_by(window.late, line.order.country)
    return arrival_sentence(arrival, today=today, locale=locale)


def _names_place(details: facts.AnyFacts) -> bool:
    """Whether its last sentence is about the place, or about what is reserved instead."""
    return isinstance(details, facts.Promised) and bool(
        details.place or details.reason == Reason.PACKING
    )


def _day_of(event: Event) -> date:
    return timezone.localtime(event.at).date()


def _ships_by(
    line: OrderLine, promise: Promise | None, today: date, *, leads: bool, locale: str
) -> list[ItemSentence]:
    """The window of what is still to come, where the news names none."""
    if promise is None:
        return []
    window = window_of(promise)
    parts = window_parts(
        window,
        since=promise.published_on,
        today=today,
        reserved=line.is_here,
        last=line.open_units > 1,
        locale=locale,
    )
    with_you = _with_you(line, window, today, locale=locale)
    said = [ItemSentence(parts.lead, "now", with_you=with_you)]
    if leads and parts.range:
        said.append(ItemSentence(parts.range, "aside"))
    return said


def _meanwhile(
    line: OrderLine, promise: Promise | None, today: date, *, locale: str
) -> list[ItemSentence]:
    """What we do while no day stands, as the page has it."""
    if promise is None:
        return []
    words = meanwhile_sentence(
        window_of(promise), today=today, reserved=not line.waiting, mailed=True, locale=locale
    )
    return [ItemSentence(words)] if words else []


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
        name=_name(line),
        news=_ships_by(line, line.promise, today, leads=False, locale=locale),
        ask=Ask(
            [silence_sentence(of.asked, locale=locale, today=today, reserved=line.reserved_beside)]
        )
        if of.asked
        else Ask(),
    )
