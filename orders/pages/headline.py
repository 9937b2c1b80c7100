"""What a line leads with: the state it is in and the day to plan with, for the page's headline."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from orders.pages.line_status import LineStatus
from orders.words import day_words, in_language, number_words

# An answer that is not due sooner than that is asked for below the headline.
SOON = timedelta(days=14)


class Urgency(IntEnum):
    """The first of these is read first."""

    ASKS = 0
    LATE = 1
    HELD = 2
    HERE = 3
    WAITS = 4
    SHIPPED = 5
    OVER = 6


TONES = {
    Urgency.ASKS: "good",
    Urgency.LATE: "late",
    Urgency.HELD: "calm",
    Urgency.HERE: "good",
    Urgency.WAITS: "good",
    Urgency.SHIPPED: "good",
    Urgency.OVER: "over",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """`state` in one or two words, which may be empty, and what it `says` after that. `day` is the
    one in it. `names_ship_day`: whether that is the day the line ships; `is_past`: whether it has
    gone by."""

    urgency: Urgency
    state: str
    says: str
    day: date | None = None
    names_ship_day: bool = True
    is_late: bool = False
    is_past: bool = False

    @property
    def tone(self) -> str:
        """The name of its color."""
        if self.is_late or not self.names_ship_day:
            return "late"
        return "calm" if self.is_past else TONES[self.urgency]


@dataclass(frozen=True, slots=True)
class Card:
    """A line, and what it leads with."""

    line: LineStatus
    head: Headline
    html: SafeString


def cards(lines: Iterable[LineStatus], *, today: date, locale: str) -> list[Card]:
    """The line that needs an answer first, what is over last."""
    with in_language(locale) as dates:
        found = []
        for line in lines:
            head = headline(line, today=today)
            html = conditional_escape(head.says)
            if head.day:
                day = day_words(head.day, today=today, locale=dates)
                html = mark_safe(html % {"day": format_html("<strong>{}</strong>", day)})  # noqa: S308 - every part is escaped
            found.append(Card(line, head, html))
        return sorted(found, key=lambda card: card.head.urgency)


def summary(cards: Iterable[Card], *, today: date, locale: str) -> list[str]:
    """An order with several lines in a few words: "1 needs your answer", "2 shipped"."""
    counts = Counter(
        (
            card.head.urgency,
            card.head.urgency == Urgency.LATE and card.line.asked is not None,
            card.head.urgency == Urgency.HERE and card.head.day == today,
        )
        for card in cards
    )
    with in_language(locale) as dates:
        return [
            _counted(urgency, lines, asked=asked, today=ships_today)
            % {"lines": number_words(lines, locale=dates)}
            for (urgency, asked, ships_today), lines in counts.items()
        ]


def _counted(urgency: Urgency, lines: int, *, asked: bool, today: bool) -> str:
    match urgency:
        case Urgency.ASKS:
            return ngettext("%(lines)s needs your answer", "%(lines)s need your answer", lines)
        case Urgency.LATE if asked:
            return ngettext(
                "%(lines)s delayed: keep or cancel?", "%(lines)s delayed: keep or cancel?", lines
            )
        case Urgency.LATE:
            return ngettext("%(lines)s delayed", "%(lines)s delayed", lines)
        case Urgency.HELD:
            return ngettext("%(lines)s being checked", "%(lines)s being checked", lines)
        case Urgency.HERE if today:
            return ngettext("%(lines)s ships today", "%(lines)s ship today", lines)
        case Urgency.HERE:
            return ngettext("%(lines)s reserved for you", "%(lines)s reserved for you", lines)
        case Urgency.WAITS:
            return ngettext("%(lines)s in line", "%(lines)s in line", lines)
        case Urgency.SHIPPED:
            return ngettext("%(lines)s shipped", "%(lines)s shipped", lines)
    return ngettext("%(lines)s canceled", "%(lines)s canceled", lines)


def headline(line: LineStatus, *, today: date) -> Headline:
    """In the language that is active; "day" is to be filled in."""
    if line.state == "cancelled":
        return Headline(Urgency.OVER, "", line.cancelled_how or gettext("Canceled"))
    if line.state == "shipped":
        return _shipped(line)
    day = line.promised.window.late if line.promised and line.names_a_day else None
    is_past = day is not None and day < today
    late = _is_late(line, today)
    state = _state(line, is_late=late)
    answer_by = line.asked.answer_by if line.asked else None
    if answer_by and answer_by - today < SOON:
        return Headline(
            Urgency.ASKS,
            state,
            gettext("We need your answer by %(day)s"),
            answer_by,
            names_ship_day=False,
            is_late=late,
            is_past=is_past,
        )
    if line.held:
        return Headline(Urgency.HELD, gettext("On hold"), gettext("We're checking your order"))
    urgency = Urgency.LATE if late else Urgency.WAITS
    if answer_by:
        urgency = Urgency.ASKS
    elif line.is_here:
        urgency = Urgency.HERE
    if line.promised is None:
        return Headline(urgency, state, gettext("We're working out your ship date"))
    if not line.names_a_day:
        return Headline(urgency, state, _dayless(line, is_late=late), is_late=late)
    return Headline(urgency, state, _dated(line, today, day), day, is_late=late, is_past=is_past)


def _shipped(line: LineStatus) -> Headline:
    state = gettext("Shipped")
    if line.should_have_arrived:
        return Headline(Urgency.SHIPPED, state, gettext("It should be with you"))
    if line.arrives_by:
        return Headline(
            Urgency.SHIPPED, state, gettext("With you by about %(day)s"), line.arrives_by
        )
    return Headline(Urgency.SHIPPED, state, gettext("On its way to you"))


def _is_late(line: LineStatus, today: date) -> bool:
    """What is here may have shipped on its last day: that is known the next morning."""
    window = line.promised.window if line.promised else None
    if window is None or line.held:
        return False
    told = line.told_day if line.change else None
    late = window.late if window.names_a_day else None
    if late is None:
        return told is not None
    if late < today:
        return not line.is_here
    return told is not None and late > told


def _state(line: LineStatus, *, is_late: bool) -> str:
    if is_late:
        return gettext("Delayed")
    if line.is_here:
        return gettext("It's here")
    if line.shipped:
        return gettext("Partly shipped")
    if line.reserved:
        return gettext("Partly here")
    window = line.promised.window if line.promised else None
    if line.told_day and window and window.late and window.late < line.told_day:
        return gettext("Earlier")
    if window and window.kind == "dated" and window.late and not line.asked:
        return gettext("On time")
    return gettext("In line")


def _dayless(line: LineStatus, *, is_late: bool) -> str:
    if line.is_here:
        return gettext("We're checking when it ships")
    return gettext("No new ship date yet") if is_late else gettext("No ship date yet")


def _dated(line: LineStatus, today: date, day: date | None) -> str:
    if day and day < today:
        return gettext("It should have shipped by %(day)s")
    if line.is_here and day == today:
        return gettext("Ships today")
    if line.shipped:
        return gettext("The rest ships by %(day)s")
    if line.reserved and line.waiting:
        return gettext("The last one ships by %(day)s")
    if line.change and line.told_day and line.told_day != day:
        return gettext("Now ships by %(day)s")
    return gettext("Ships by %(day)s")
