"""What a mail says of each line of an order, as facts and sentences: HTML and text are laid out
from the same parts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.utils.translation import gettext

from notifications.compose.one_line import MAX_NAME_LENGTH, MAX_PRODUCT_LENGTH, plain
from notifications.compose.selection import asked_before, tells
from orders import services
from orders.access import answer_url
from orders.domain.delay_rules import Sentence
from orders.models import Choice, DelayNotice, Event, EventKind, Order, OrderLine, Promise
from orders.words import (
    isolated,
    next_word_sentence,
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
)

MAX_CHOICES = 8  # lines with links of their own: mail programs cut off a mail beyond 100 kB
COUNTED = (EventKind.SHIPPED, EventKind.CANCELLED)  # their sentences name the units they are about
LEADS_WITH_A_DATE = (EventKind.JOINED, EventKind.ON_TRACK)  # in their second sentence
ASKED = {
    Choice.KEEP: Sentence.CHOICE,
    Choice.CANCEL: Sentence.CHOICE,
    Choice.WITHDRAW: Sentence.WITHDRAW,
}


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence. `told`: it names what is true no longer; `now`: it answers by when, as it is."""

    words: str
    told: bool = False
    now: bool = False


@dataclass(frozen=True, slots=True)
class Parcel:
    """`number` tells it from the others of a mail; empty where there is one."""

    url: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the order with its news, or as it stands. `amount`: the units that the news is
    about, `to_come` those that can still be kept or cancelled, as "2" or "1 of 2". `asks` is what
    an open delay notice asks; the addresses open the page of a choice, where there is one."""

    amount: str
    to_come: str
    name: str
    news: Sequence[Said]
    asks: Sequence[str] = ()
    keep: str = ""
    cancel: str = ""
    withdraw: str = ""
    put_back: str = ""
    next_word: str = ""


def items_of(
    order: Order,
    news: Sequence[Event],
    asked: Mapping[int, DelayNotice],
    *,
    today: date,
    locale: str,
) -> tuple[list[Item], Sequence[str]]:
    """The lines that have news, and what is asked of each of them alike, which is then said
    once."""
    told_of = _lines_of(news)
    lines = [line for line in order.lines.all() if line.pk in told_of]
    items = [_item(line, news, asked.get(line.pk), today, locale=locale) for line in lines]
    return _asked_together(items)


def others_of(
    order: Order,
    news: Iterable[Event],
    asked: Mapping[int, DelayNotice],
    *,
    today: date,
    locale: str,
) -> list[Item]:
    """What else of the order is still to come, so that nobody has to wonder, and what was asked of
    it before."""
    told_of = _lines_of(news)
    lines = [line for line in order.lines.all() if line.pk not in told_of and line.open_units]
    return [_other(line, asked.get(line.pk), today, locale=locale) for line in lines]


def parcels_of(news: Iterable[Event]) -> list[Parcel]:
    """The parcels that left, each once however many lines are in it, where their carrier's page is
    known."""
    numbers = {}
    for event in news:
        if "tracking_number" in event.facts:
            number = event.facts["tracking_number"]
            numbers[tracking_link(event.facts["carrier"], number)] = isolated(
                plain(number, MAX_NAME_LENGTH)
            )
    found = [Parcel(url, number) for url, number in numbers.items() if url]
    return found if len(found) > 1 else [replace(parcel, number="") for parcel in found]


def _lines_of(news: Iterable[Event]) -> set[int]:
    return {event.line_id for event in news if event.line_id is not None}


def _item(
    line: OrderLine, news: Iterable[Event], notice: DelayNotice | None, today: date, *, locale: str
) -> Item:
    happened = [event for event in news if event.line_id == line.pk]
    choices = [choice for choice, code in ASKED.items() if notice and code in notice.sentences]
    if not notice and any(event.says_day_passed for event in happened):
        choices = [Choice.CANCEL]
    to_come = _to_come(line, locale=locale)
    counted = any(event.kind in COUNTED or event.facts.get("what") for event in happened)
    return Item(
        amount=units_of(line.quantity, line.quantity, locale=locale) if counted else to_come,
        to_come=to_come,
        name=isolated(plain(line.product.name, MAX_PRODUCT_LENGTH)),
        news=[
            *(
                said
                for n, event in enumerate(happened)
                for said in _said(event, happened[n + 1 :], locale=locale)
            ),
            *_when(line, happened, today, locale=locale),
            *(() if notice else _rest(line, happened, today, locale=locale)),
        ],
        asks=_asks(line, notice, happened, today, locale=locale) if notice else (),
        **{choice.value: answer_url(line.order, line.pk, choice) for choice in choices},
        put_back=_put_back(line, happened),
        next_word=_next_word(line, happened, today, locale=locale),
    )


def _asks(
    line: OrderLine, notice: DelayNotice, happened: Sequence[Event], today: date, *, locale: str
) -> list[str]:
    return notice_sentences(
        notice,
        locale=locale,
        today=today,
        agreed_by=line.agreed_by,
        tells=tells(happened, notice),
        overtaken=notice.promise_id != line.promise_id,
        again=all(event.kind == EventKind.ON_TRACK for event in happened),
        passed=any(event.says_day_passed for event in happened),
        reserved=line.reserved_beside,
    )


def _said(event: Event, later: Iterable[Event], *, locale: str) -> list[Said]:
    """The page's sentence in its order, one part a line. How many are still to come is left to a
    `later` event that says it, or says that none are."""
    told, words = told_sentence(event, locale=locale), sentences(event, locale=locale)
    if any("still" in other.facts for other in later):
        words = [text for text in words if text != still_sentence(event, locale=locale)]
    after = (
        words.index(told) if told in words else 0 if event.kind in LEADS_WITH_A_DATE else len(words)
    )
    said = [Said(text, told=text == told, now=n == after + 1) for n, text in enumerate(words)]
    last_word = _last_word(event, locale=locale)
    return [Said(last_word, told=True), *said] if last_word else said


def _rest(line: OrderLine, happened: Sequence[Event], today: date, *, locale: str) -> list[Said]:
    """By when what is still to come leaves, where the news is about the other units and names no
    day."""
    told = line.promise and any(event.promise_id == line.promise.pk for event in happened)
    waits = any(
        event.facts.get("still") or event.facts.get("what") == "cancellation" for event in happened
    )
    if line.promise is None or told or not waits or not line.waiting:
        return []
    return [Said(window_sentence(line.promise, locale=locale, today=today))]


def _when(line: OrderLine, happened: Iterable[Event], today: date, *, locale: str) -> list[Said]:
    """By when it ships now, where the news is that the day agreed has passed: nobody can decide
    without."""
    if line.promise is None or not all(event.says_day_passed for event in happened):
        return []
    return [Said(_window(line, line.promise, today, locale=locale), now=True)]


def _window(line: OrderLine, promise: Promise, today: date, *, locale: str) -> str:
    return window_sentence(promise, locale=locale, today=today, reserved=line.is_here)


def _last_word(event: Event, *, locale: str) -> str:
    """Where the page changed again before a mail went out, the mail names the last word the
    customer did get."""
    if not event.facts.get("told") or event.facts.get("mailed") or not event.promise_id:
        return ""
    promises = Promise.objects.filter(
        line=event.line_id, pk__lt=event.promise_id, told_at__isnull=False, returned_at=None
    )
    promise = promises.order_by("-pk").first()
    if promise is None:
        return ""
    return gettext("You were last told: “%(window)s”") % {
        "window": window_sentence(promise, locale=locale)
    }


def _put_back(line: OrderLine, happened: Iterable[Event]) -> str:
    """Whom silence cancelled may come back until the refund is sent."""
    silent = any(
        event.kind == EventKind.CANCELLED and event.facts.get("by") == "silence"
        for event in happened
    )
    if not silent or services.way_back(line) is None:
        return ""
    return answer_url(line.order, line.pk, Choice.KEEP)


def _next_word(line: OrderLine, happened: Iterable[Event], today: date, *, locale: str) -> str:
    """By when we write again, as the page has it, where this mail tells the promise."""
    promise = line.promise
    if promise is None or promise.pk not in {event.promise_id for event in happened}:
        return ""
    window = window_of(promise)
    words = next_word_sentence(
        window,
        since=promise.published_on,
        today=today,
        reserved=not line.waiting,
        mailed=True,
        locale=locale,
    )
    return f"{why_chances_sentence(locale=locale)} {words}" if window.kind == "chances" else words


def _asked_together(items: list[Item]) -> tuple[list[Item], Sequence[str]]:
    """Where there are many lines, their choices stand on the page."""
    first = items[0].asks if len(items) > 1 else ()
    alike = all(item.asks == first for item in items)
    if len(items) > MAX_CHOICES:
        items = [replace(item, keep="", cancel="", withdraw="") for item in items]
    return ([replace(item, asks=()) for item in items], first) if alike and first else (items, ())


def _to_come(line: OrderLine, *, locale: str) -> str:
    """All where none is, or where nobody knows how many are."""
    units = line.quantity if line.held else line.open_units
    return units_of(units or line.quantity, line.quantity, locale=locale)


def _other(line: OrderLine, notice: DelayNotice | None, today: date, *, locale: str) -> Item:
    """What silence means is said again: the newest mail is the one that is read."""
    to_come = _to_come(line, locale=locale)
    return Item(
        amount=to_come,
        to_come=to_come,
        name=isolated(plain(line.product.name, MAX_PRODUCT_LENGTH)),
        news=[Said(_window(line, line.promise, today, locale=locale))] if line.promise else [],
        asks=[silence_sentence(notice, locale=locale, today=today, reserved=line.reserved_beside)]
        if notice and asked_before(notice, today=today)
        else [],
    )
