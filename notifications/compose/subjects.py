"""One plain line that says the news, for each kind of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext

from notifications.compose.one_line import MAX_NUMBER_LENGTH, plain
from notifications.compose.selection import asked_before, late_from_the_start, tells
from orders.domain.delay_rules import Silence
from orders.models import (
    Choice,
    DelayNotice,
    Event,
    EventKind,
    Order,
    OrderLine,
    Reason,
    WindowKind,
)
from orders.words import day_words, in_language, isolated, ordinal, window_in, window_of


def subject(
    main: Event,
    news: Sequence[Event],
    asked: Mapping[int, DelayNotice],
    order: Order,
    *,
    today: date,
    locale: str,
) -> str:
    """What must be answered comes before what is new: without an answer something ends."""
    words = {"number": isolated(plain(order.number, MAX_NUMBER_LENGTH))}
    if main.says_day_passed:
        return (
            gettext("The agreed date for part of order %(number)s has passed: you can cancel it")
            if passed_in_part(news, order)
            else gettext("The agreed date has passed: you can cancel order %(number)s")
        ) % words
    by = _answer_by(main, news, asked, today=today)
    if by is not None:
        return gettext("Please answer by %(day)s: order %(number)s") % (
            words | {"day": _day(by, today, locale=locale)}
        )
    late = late_from_the_start(news, asked)
    if main in late:
        return _of_late_start(late, words, today=today, locale=locale)
    lines = list(order.lines.all())
    same = [event for event in news if event.kind == main.kind]
    match main.kind:
        case EventKind.LATER | EventKind.EARLIER:
            return _of_change(main, same, lines, words, locale=locale)
        case EventKind.ON_TRACK:
            return _of_no_change(main, same, words, locale=locale)
        case EventKind.JOINED:
            return _of_joining(main, same, words, locale=locale)
        case EventKind.CANCELLED:
            return _of_cancelling(main, lines) % words
        case EventKind.NO_DATE if main.facts.get("reason") == Reason.PACKING:
            return gettext("Order %(number)s: we're checking with our warehouse") % words
        case EventKind.NO_DATE if others_keep_a_date(news, order):
            return gettext("Part of order %(number)s has no date at the moment") % words
        case EventKind.SHIPPED if main.facts.get("crossed"):
            return _of_crossing(main, lines) % words
        case EventKind.CORRECTED:
            return _of_correcting(main, lines) % words
        case EventKind.NOTE if main.facts.get("code") == "tracking":
            return gettext("Tracking for order %(number)s") % words
    return _of_kind(main.kind, lines) % words


def others_keep_a_date(news: Iterable[Event], order: Order) -> bool:
    """Whether units of other lines than those that lost theirs are still to come, by a day that was
    told."""
    lost = {event.line_id for event in news if event.kind == EventKind.NO_DATE}
    lines = [line for line in order.lines.all() if line.pk not in lost and line.open_units]
    return any(line.promise and window_of(line.promise).names_a_day for line in lines)


def passed_in_part(news: Iterable[Event], order: Order) -> bool:
    """Whether more of an order is to come than what the mail says the day agreed has passed for."""
    passed = {event.line_id for event in news if event.says_day_passed}
    return any(line.pk not in passed and line.open_units for line in order.lines.all())


def _of_kind(kind: str, lines: Iterable[OrderLine]) -> str:
    """Subjects that name the order and no day or place."""
    match kind:
        case EventKind.NO_DATE:
            return gettext("Order %(number)s has no date at the moment")
        case EventKind.LINK:
            return gettext("The link to your order %(number)s")
        case EventKind.ANSWERED:
            return gettext("You keep your place: order %(number)s")
        case EventKind.SHIPPED if any(line.waiting or line.reserved for line in lines):
            return gettext("Part of order %(number)s is on its way")
        case EventKind.SHIPPED:
            return gettext("Order %(number)s is on its way")
        case EventKind.RESERVED if any(line.waiting for line in lines):
            return gettext("Part of order %(number)s has arrived and is set aside")
        case EventKind.RESERVED:
            return gettext("Arrived and set aside for you: order %(number)s")
    return gettext("News of order %(number)s")


def _answer_by(
    main: Event, news: Sequence[Event], asked: Mapping[int, DelayNotice], *, today: date
) -> date | None:
    """Where silence would cancel any line of the order: the first day by which to answer. Neither
    better news nor news of another line ends the question. Who asked for a link finds the mail by
    it."""
    if main.kind == EventKind.LINK:
        return None
    of_line = {event.line_id for event in news}
    days = [
        notice.answer_by
        for line_id, notice in asked.items()
        if notice.answer_by
        and notice.silence == Silence.CANCEL
        and (notice.binds or tells(news, notice))
        if line_id in of_line or asked_before(notice, today=today)
    ]
    return min(days, default=None)


def _of_late_start(
    late: Iterable[Event], words: dict[str, str], *, today: date, locale: str
) -> str:
    days = {window_in(event.facts["window"]).late for event in late}
    if len(days) == 1 and (day := days.pop()):
        return gettext("Order %(number)s will be late: by %(day)s") % (
            words | {"day": _day(day, today, locale=locale)}
        )
    return gettext("Order %(number)s will be late") % words


def _of_change(
    main: Event,
    same: Sequence[Event],
    lines: Sequence[OrderLine],
    words: dict[str, str],
    *,
    locale: str,
) -> str:
    windows = [window_in(event.facts["window"]) for event in same]
    days = {
        None if window.kind in (WindowKind.OPEN, WindowKind.CHANCES) else window.late
        for window in windows
    }
    if len(days) > 1:
        return gettext("New dates for order %(number)s") % words
    (late,) = days
    if late is None and main.kind == EventKind.LATER:
        return gettext("Order %(number)s will be later") % words
    if late is None:
        return gettext("Order %(number)s: we can say more now") % words
    words["day"] = _day(late, _day_of(main), locale=locale)
    changed = {event.line_id for event in same}
    part = any(line.pk not in changed and line.open_units for line in lines)
    told = (
        window_in(main.facts["told"])
        if main.facts.get("told") and main.facts.get("mailed")
        else None
    )
    # earlier than a page they never read may be later than their mail
    if main.kind == EventKind.LATER or told is None:
        return (
            gettext("New date for part of order %(number)s: by %(day)s")
            if part
            else gettext("New date for order %(number)s: by %(day)s")
        ) % words
    if told.late is None:
        return (
            gettext("A date for part of order %(number)s: by %(day)s")
            if part
            else gettext("A date for order %(number)s: by %(day)s")
        ) % words
    return (
        gettext("Earlier date for part of order %(number)s: by %(day)s")
        if part
        else gettext("Earlier date for order %(number)s: by %(day)s")
    ) % words


def _of_no_change(main: Event, same: Sequence[Event], words: dict[str, str], *, locale: str) -> str:
    days = {window_in(event.facts["window"]).late for event in same}
    late = next(iter(days)) if len(days) == 1 else None
    if late is None or main.facts["window"]["kind"] in (WindowKind.OPEN, WindowKind.CHANCES):
        return gettext("No change: order %(number)s") % words
    words["day"] = _day(late, _day_of(main), locale=locale)
    return gettext("No change: order %(number)s, by %(day)s") % words


def _of_joining(main: Event, same: Sequence[Event], words: dict[str, str], *, locale: str) -> str:
    if len(same) > 1 or not main.facts.get("place"):
        return gettext("Order %(number)s is in line") % words
    words["place"] = _place(main, locale=locale)
    return gettext("Order %(number)s: you are %(place)s in line") % words


def _of_cancelling(main: Event, lines: Iterable[OrderLine]) -> str:
    if main.facts.get("by") == Choice.WITHDRAW:
        return gettext("We confirm your withdrawal: order %(number)s")
    if all(line.cancelled == line.quantity for line in lines):
        return gettext("Order %(number)s is cancelled")
    return gettext("Part of order %(number)s is cancelled")


def _of_crossing(main: Event, lines: Sequence[OrderLine]) -> str:
    """Who cancelled must read first that it shipped all the same."""
    part = len(lines) > 1 or main.facts["units"] < main.facts["of"]
    if main.facts["crossed"]["kept"]:
        return (
            gettext("Part of order %(number)s was canceled, but has shipped")
            if part
            else gettext("Order %(number)s was canceled, but has shipped")
        )
    return (
        gettext("Part of order %(number)s had already shipped when it was canceled")
        if part
        else gettext("Order %(number)s had already shipped when it was canceled")
    )


def _of_correcting(main: Event, lines: Iterable[OrderLine]) -> str:
    match main.facts.get("what"):
        case "cancellation":
            return gettext("Back in line: order %(number)s")
        case "shipment" if any(line.shipped for line in lines):
            return gettext("We are sorry: part of order %(number)s has not left yet")
        case "shipment":
            return gettext("We are sorry: order %(number)s has not left yet")
    return gettext("We are sorry: a correction to order %(number)s")


def _place(event: Event, *, locale: str) -> str:
    with in_language(locale) as numbers:
        return ordinal(event.facts["place"], locale=numbers)


def _day(day: date, today: date, *, locale: str) -> str:
    with in_language(locale) as dates:
        return day_words(day, today=today, locale=dates)


def _day_of(event: Event) -> date:
    return timezone.localtime(event.at).date()
