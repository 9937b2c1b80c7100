"""The window strip: the window as it is told now on an axis of days, and those told before under
it, each with its words above it, so that a slip is seen at a glance. Geometry in percent of the
picture's width, mirrored for languages written from right to left."""

from collections.abc import Iterable, Sequence
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
THINNEST = 1.5  # percent: a window of one day is seen
# Percent of the picture's width that the longest words above a bar may take on a phone, and those
# under the axis.
WORDS = 66.0
ROOM = 24.0
FAR = timedelta(days=300)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """A word in the picture. `anchor`: how SVG aligns it there."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    """From `x`, `width` wide, in percent."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class StripRow:
    words: Mark
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


@dataclass(frozen=True, slots=True)
class Strip:
    """`told`: all of it in words, for readers who cannot see it. `days`: today, and the first and
    the last day drawn where they have room beside it."""

    rows: tuple[StripRow, ...]
    today_x: float
    days: tuple[Mark, ...]
    told: str

    @property
    def top_y(self) -> int:
        return self.rows[0].bar_y

    @property
    def axis_y(self) -> int:
        return len(self.rows) * ROW

    @property
    def words_y(self) -> int:
        return self.axis_y + 18

    @property
    def height(self) -> int:
        return self.axis_y + AXIS


def window_strip(
    present: WindowTold, former: Sequence[WindowTold], *, today: date, locale: str
) -> Strip | None:
    """`former`: newest first. Only windows that name a day can be drawn, and only several can be
    compared: else there is no picture."""
    dated = [told for told in former if _last_day(told.window)]
    shown = [present, *dated[: FORMER_SHOWN - 1], *dated[FORMER_SHOWN - 1 :][-1:]]
    if not dated or not _last_day(present.window):
        return None
    with in_language(locale) as dates:
        axis = Axis.over(shown, today=today, mirrored=get_language_bidi())
        rows = []
        for n, told in enumerate(shown):
            bar = axis.bar(told.window)
            label = _label(told, today=today, is_now=told is present, dates=dates)
            missed = told is present and (_last_day(told.window) or today) < today
            words = axis.words_above(bar, label)
            rows.append(StripRow(words, bar, told is present, missed, top=n * ROW))
        return Strip(
            tuple(rows),
            axis.middle(today),
            tuple(axis.days(today, dates)),
            _in_words(present, shown[1:], today=today, dates=dates),
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
        return cls(min(days), max(days), mirrored)

    def share(self, day: date) -> float:
        """Where a day begins, in percent from the start of the axis."""
        return 100 * (day - self.first).days / ((self.last - self.first).days + 1)

    def x(self, share: float, width: float = 0.0) -> float:
        return 100 - share - width if self.mirrored else share

    def middle(self, day: date) -> float:
        return self.x(self.share(day) + 50 / ((self.last - self.first).days + 1))

    def bar(self, window: Window) -> Bar:
        last = _last_day(window) or self.last
        begin = self.share(window.early or last)
        width = max(self.share(last + DAY) - begin, THINNEST)
        begin = min(begin, 100 - width)
        return Bar(self.x(begin, width), width)

    def words_above(self, bar: Bar, label: str) -> Mark:
        """Over the middle of the bar, or else even with the side where there is room."""
        share = self.x(bar.x, bar.width)
        middle = share + bar.width / 2
        if middle - WORDS / 2 < 0:
            return Mark(self.x(min(share, 100 - WORDS)), label, "start")
        if middle + WORDS / 2 > 100:
            return Mark(self.x(max(share + bar.width, WORDS)), label, "end")
        return Mark(self.x(middle), label, "middle")

    def days(self, today: date, dates: Locale) -> Iterable[Mark]:
        at = self.x(self.middle(today))
        if at >= ROOM:
            yield Mark(self.x(0.0), format_skeleton("MMMd", self.first, locale=dates), "start")
        anchor = "start" if at < ROOM / 2 else "end" if at > 100 - ROOM / 2 else "middle"
        yield Mark(self.x(at), gettext("today"), anchor)
        if at <= 100 - ROOM:
            yield Mark(self.x(100.0), format_skeleton("MMMd", self.last, locale=dates), "end")


def _last_day(window: Window) -> date | None:
    """None where no last day was named; days too far apart to be told are kept in `late`, and not
    shown."""
    return window.late if window.names_a_day else None


def _label(told: WindowTold, *, today: date, is_now: bool, dates: Locale) -> str:
    window = _short(told.window, today=today, dates=dates)
    if is_now:
        return gettext("Now: %(window)s") % {"window": window}
    day = format_skeleton("MMMd", told.on, locale=dates)
    return gettext("Told %(day)s: %(window)s") % {"day": day, "window": window}


def _short(window: Window, *, today: date, dates: Locale) -> str:
    """ "3–7 Dec": the row has to fit a phone, so a year is named only where it is far off."""
    last = _last_day(window) or today
    skeleton = "MMMd" if abs(last - today) < FAR else "yMMMd"
    if window.early is None or window.early == last:
        return gettext("by %(day)s") % {"day": format_skeleton(skeleton, last, locale=dates)}
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
    last = _last_day(window) or today
    day = day_words(last, today=today, locale=dates)
    if window.early is None or window.early == last:
        return gettext("by %(day)s") % {"day": day}
    return gettext("from %(early)s to %(late)s") % {
        "early": day_words(window.early, today=today, locale=dates),
        "late": day,
    }
