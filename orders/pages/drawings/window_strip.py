"""The window strip: the window as it is told now on an axis of days, and those told before under
it, so that a slip is seen at a glance. Geometry in percent of the picture's width, mirrored for
languages written from right to left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel import Locale
from babel.dates import format_interval, format_skeleton
from django.utils.translation import get_language_bidi, gettext

from orders.domain.supply import Window
from orders.pages.promised import WindowTold
from orders.words.days import day_words, in_language

FORMER_SHOWN = 4  # the newest three and the very first
ROW, AXIS = 36, 22  # heights in pixels
THINNEST = 2.0  # percent: a window of one day is seen
ROOM = 24.0  # percent between two words under the axis
EDGE = 5.0  # percent: half a month's name
THIN_SPACE = "\N{THIN SPACE}"  # about the dash of an interval, as in the CLDR
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """From `x`, `width` wide, in percent. `unbounded`: it has no last day that anybody could
    name."""

    x: float
    width: float
    unbounded: bool


@dataclass(frozen=True, slots=True)
class StripRow:
    label: str
    bar: Bar
    is_now: bool
    missed: bool
    top: int  # pixels

    @property
    def text_y(self) -> int:
        return self.top + 13

    @property
    def bar_y(self) -> int:
        return self.top + 19

    @property
    def next_y(self) -> int:
        """Where the row ends; the line of today is broken by the words above a bar."""
        return self.top + ROW - 3

    @property
    def bar_height(self) -> int:
        return 12 if self.is_now else 8


@dataclass(frozen=True, slots=True)
class Mark:
    """A word under the axis. `anchor`: how SVG aligns it there."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Strip:
    """`told`: all of it in words, for readers who cannot see it."""

    rows: tuple[StripRow, ...]
    today: Mark
    months: tuple[Mark, ...]
    told: str
    start: float  # where text begins

    @property
    def axis_y(self) -> int:
        return len(self.rows) * ROW

    @property
    def tick_y(self) -> int:
        return self.axis_y + 5

    @property
    def words_y(self) -> int:
        return self.axis_y + 18

    @property
    def height(self) -> int:
        return self.axis_y + AXIS


def window_strip(
    present: WindowTold, former: Sequence[WindowTold], *, today: date, locale: str
) -> Strip | None:
    """`former`: newest first. None where no day was ever told: there is nothing to draw."""
    shown = [*former[: FORMER_SHOWN - 1], *former[FORMER_SHOWN - 1 :][-1:]]
    if not any(_last_day(told.window) for told in (present, *shown)):
        return None
    with in_language(locale) as dates:
        axis = Axis.over([present, *shown], today=today, mirrored=get_language_bidi())
        rows = [
            StripRow(
                _label(told, today=today, is_now=told is present, dates=dates),
                axis.bar(told.window, today=today),
                told is present,
                told is present and (_last_day(told.window) or today) < today,
                top=n * ROW,
            )
            for n, told in enumerate([present, *shown])
        ]
        return Strip(
            tuple(rows),
            axis.mark(today, gettext("today")),
            tuple(axis.months(today, dates)),
            _in_words(present, shown, today=today, dates=dates),
            start=100.0 if axis.mirrored else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Axis:
    """The days from `first` to `last`, both inclusive, over the width of the picture."""

    first: date
    last: date
    mirrored: bool

    @classmethod
    def over(cls, told: Sequence[WindowTold], *, today: date, mirrored: bool) -> "Axis":
        days = [
            today,
            *(day for each in told for day in (each.window.early, _last_day(each.window)) if day),
        ]
        margin = max((max(days) - min(days)) / 25, DAY)
        return cls(min(days) - margin, max(days) + margin, mirrored)

    def share(self, day: date) -> float:
        """Where a day begins, in percent from the start of the axis."""
        return 100 * (day - self.first).days / ((self.last - self.first).days + 1)

    def x(self, share: float, width: float = 0.0) -> float:
        return 100 - share - width if self.mirrored else share

    def bar(self, window: Window, *, today: date) -> Bar:
        last = _last_day(window)
        begin = self.share(window.early or last or today)
        end = self.share(last + DAY) if last else 100.0
        width = max(end - begin, THINNEST)
        begin = min(begin, 100 - width)
        return Bar(self.x(begin, width), width, last is None)

    def mark(self, day: date, label: str) -> Mark:
        """The middle of a day; near an end its word keeps inside the picture."""
        share = self.share(day) + 50 / ((self.last - self.first).days + 1)
        anchor = "start" if share < ROOM / 2 else "end" if share > 100 - ROOM / 2 else "middle"
        return Mark(self.x(share), label, anchor)

    def months(self, today: date, dates: Locale) -> list[Mark]:
        """The first days of months, as far as their names have room beside the word for today."""
        taken = [self.share(today)]
        marks = []
        year = today.year
        day = (self.first.replace(day=1) + 31 * DAY).replace(day=1)
        while day <= self.last:
            share = self.share(day)
            edge, skeleton = (EDGE, "MMM") if day.year == year else (ROOM / 2, "yMMM")
            if edge <= share < 100 - ROOM / 2 and all(
                abs(share - other) >= ROOM for other in taken
            ):
                taken.append(share)
                marks.append(
                    Mark(self.x(share), format_skeleton(skeleton, day, locale=dates), "middle")
                )
                year = day.year
            day = (day + 31 * DAY).replace(day=1)
        return marks


def _last_day(window: Window) -> date | None:
    """None where no last day was named; days too far apart to be told are kept in `late`, and not
    shown."""
    return window.late if window.names_a_day else None


def _label(told: WindowTold, *, today: date, is_now: bool, dates: Locale) -> str:
    window = _short(told.window, today=today, dates=dates)
    if is_now:
        return gettext("Now: %(window)s") % {"window": window}
    day = format_skeleton("MMMd" if told.on.year == today.year else "yMMMd", told.on, locale=dates)
    return gettext("Told %(day)s: %(window)s") % {"day": day, "window": window}


def _short(window: Window, *, today: date, dates: Locale) -> str:
    """ "3–7 Dec", "28 Dec – 8 Jan 2027": the row has to fit a phone, so the present year is not
    named."""
    last = _last_day(window)
    if last is None:
        return gettext("no date") if window.kind == "none" else gettext("no latest date")
    skeleton = "MMMd" if {(window.early or last).year, last.year} == {today.year} else "yMMMd"
    if window.early is None or window.early == last:
        return gettext("by %(day)s") % {"day": format_skeleton(skeleton, last, locale=dates)}
    if window.early.year == today.year < last.year:
        days = (
            format_skeleton("MMMd", window.early, locale=dates),
            format_skeleton(skeleton, last, locale=dates),
        )
        return f"{days[0]}{THIN_SPACE}–{THIN_SPACE}{days[1]}"
    return format_interval(window.early, last, skeleton, locale=dates)


def _in_words(
    present: WindowTold, former: Sequence[WindowTold], *, today: date, dates: Locale
) -> str:
    said = [
        gettext("The window now: %(window)s.")
        % {"window": _long(present.window, today=today, dates=dates)}
    ]
    said += [
        gettext("Told on %(day)s: %(window)s.")
        % {
            "day": day_words(told.on, today=today, locale=dates),
            "window": _long(told.window, today=today, dates=dates),
        }
        for told in former
    ]
    return " ".join(said)


def _long(window: Window, *, today: date, dates: Locale) -> str:
    last = _last_day(window)
    if last is None:
        return gettext("no date") if window.kind == "none" else gettext("no latest date")
    day = day_words(last, today=today, locale=dates)
    if window.early is None or window.early == last:
        return gettext("by %(day)s") % {"day": day}
    return gettext("from %(early)s to %(late)s") % {
        "early": day_words(window.early, today=today, locale=dates),
        "late": day,
    }
