"""How good the promises of a simulated shop were."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from statistics import fmean, median
from typing import Any

from backorders_site.simulation import checks
from backorders_site.simulation.checks import Inversion, LineStory, PromiseTold, SilentBreak, end_of
from backorders_site.simulation.run import Shop
from orders import services
from orders.domain.facts import Changed
from orders.models import Event, Order, Refund

NOTICES = ("later", "earlier", "no_date", "corrected")


@dataclass(frozen=True, slots=True)
class NoticesPerLine:
    mean: float
    p90: float
    max: int


@dataclass(frozen=True, slots=True)
class WarningDays:
    """From the telling of bad news to the last day of the promise it replaces."""

    median: float | None
    p10: float | None


@dataclass(frozen=True, slots=True)
class Refunds:
    due: int
    in_time: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The report; the shares are None where there is nothing to take a share of."""

    orders: int
    lines_shipped: int
    silent_breaks: int
    unexplained_rises: int
    fifo_inversions: int
    units_conserved: bool
    first_window_kept: float | None
    told_window_coverage: float | None
    last_window_kept: float | None
    notices_per_line: NoticesPerLine
    mails_per_order: float
    warning_days: WarningDays
    refunds: Refunds


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """The figures, what they count one by one, and what the table and the charts show beside
    them."""

    figures: Figures
    stories: Sequence[LineStory]
    breaks: Sequence[SilentBreak]
    inversions: Sequence[Inversion]
    median_notices: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self.figures)


def report_on(shop: Shop) -> SimulationReport:
    stories = checks.line_stories()
    breaks = checks.silent_breaks(stories, until=shop.now)
    inversions = checks.fifo_inversions()
    notices = _notices_of_lines(stories)
    shipped = [story for story in stories if story.shipped and not story.is_open]
    orders = Order.objects.count()
    figures = Figures(
        orders=orders,
        lines_shipped=len(shipped),
        silent_breaks=len(breaks),
        unexplained_rises=len(shop.rises),
        fifo_inversions=sum(inversion.units for inversion in inversions),
        units_conserved=checks.units_conserved(),
        first_window_kept=kept(shipped, 0),
        told_window_coverage=coverage(stories, today=shop.day),
        last_window_kept=kept(shipped, -1),
        notices_per_line=NoticesPerLine(
            mean=round(fmean(notices), 3) if notices else 0.0,
            p90=quantile(notices, 0.9) or 0,
            max=max(notices, default=0),
        ),
        mails_per_order=round(shop.mails / max(orders, 1), 3),
        warning_days=_warning_days(),
        refunds=_refunds(shop.day),
    )
    return SimulationReport(figures, stories, breaks, inversions, median(notices) if notices else 0)


def kept(shipped: Iterable[LineStory], which: int) -> float | None:
    """Share of shipped lines that shipped within the window told first (0) or last (-1), among
    those that were told one."""
    return _share(
        within(windows[which], story.shipped_on)
        for story in shipped
        if (windows := [told for told in story.told if told.last_day])
    )


def coverage(stories: Iterable[LineStory], *, today: date) -> float | None:
    """The same over all windows told. A line still open after the window's end is a miss. A
    canceled line is left out, and so is a window whose outcome is not known yet."""
    return _share(
        found
        for story in stories
        for told in story.told
        if (found := outcome(story, told, today)) is not None
    )


def outcome(story: LineStory, told: PromiseTold, today: date) -> bool | None:
    """Whether a told window held. None: it says nothing, or is not over."""
    if told.last_day is None:
        return None
    if story.is_open:
        return False if told.last_day < today else None
    return within(told, story.shipped_on) if story.shipped else None


def within(told: PromiseTold, day: date | None) -> bool:
    """A window without an early day (stated when ordering) begins when it was told."""
    return bool(day and told.last_day and (told.early or date.min) <= day <= told.last_day)


def quantile(values: Iterable[float], level: float) -> float | None:
    """The smallest value that at least `level` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(level * len(ordered)), len(ordered) - 1)] if ordered else None


def _share(outcomes: Iterable[bool]) -> float | None:
    found = list(outcomes)
    return round(fmean(found), 4) if found else None


def _notices_of_lines(stories: Iterable[LineStory]) -> list[int]:
    told = Event.objects.filter(kind__in=NOTICES, promise__isnull=False, told_at__isnull=False)
    counts = Counter(told.values_list("line", flat=True))
    return [counts[story.line_id] for story in stories]


def _warning_days() -> WarningDays:
    bad_news = Event.objects.filter(kind__in=("later", "no_date"), told_at__isnull=False)
    days = [
        (told.late - services.today_of(event.told_at)).days
        for event in bad_news
        if event.told_at and isinstance(event.details, Changed)
        if (told := event.details.told).late and told.kind in ("dated", "unrated")
    ]
    return WarningDays(median(days) if days else None, quantile(days, 0.1))


def _refunds(today: date) -> Refunds:
    due = Refund.objects.filter(due_on__lte=today).values_list("due_on", "sent_at")
    in_time = sum(bool(sent_at and sent_at < end_of(due_on)) for due_on, sent_at in due)
    return Refunds(due=len(due), in_time=in_time)


_LABELS = {
    "orders": "orders",
    "lines_shipped": "lines shipped",
    "silent_breaks": "promises broken without notice",
    "unexplained_rises": "places that rose without a reason",
    "fifo_inversions": "units given out of turn",
    "units_conserved": "every unit accounted for",
    "first_window_kept": "first window kept",
    "told_window_coverage": "all windows told, kept",
    "last_window_kept": "last window kept",
}


def table(report: SimulationReport) -> str:
    figures = report.figures
    notices, warning, refunds = figures.notices_per_line, figures.warning_days, figures.refunds
    rows = [(label, _shown(getattr(figures, name))) for name, label in _LABELS.items()]
    rows += [
        (
            "notices per line: median, mean, 90 in 100, most",
            f"{report.median_notices:g}, {notices.mean:.2f}, {notices.p90:g}, {notices.max}",
        ),
        ("emails per order", f"{figures.mails_per_order:.2f}"),
        (
            "days of warning: median, 10 in 100 have less",
            f"{_shown(warning.median)}, {_shown(warning.p10)}",
        ),
        ("refunds due, sent in time", f"{refunds.due:,}, {refunds.in_time:,}"),
    ]
    return "\n".join(f"{label:48}{shown:>24}" for label, shown in rows)


def _shown(value: float | bool | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _spread(report: SimulationReport) -> str:
    notices = report.figures.notices_per_line
    return f"{report.median_notices:g}, {notices.mean:.2f}, {notices.p90:g}, {notices.max}"
