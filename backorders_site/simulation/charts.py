"""Two charts as SVG: the windows told against the days goods shipped, and how often windows held by
what they promised."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

from backorders_site.simulation.checks import LineStory, PromiseTold
from backorders_site.simulation.report import SimulationReport
from orders.services import today_of

WIDTH, HEIGHT = 760, 460
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 76, 72
PAPER, INK, FAINT, HELD, MISSED = "#ffffff", "#1f2933", "#d3dae1", "#1d6f72", "#b5442e"
BY_NIGHT = {PAPER: "#14191f", INK: "#e3e8ed", FAINT: "#3a4550", HELD: "#4fb8ba", MISSED: "#f0866e"}
SHOWN = 240  # windows in the first chart: more would be a blot
MIN_OUTCOMES = 20  # outcomes behind a point of the second


def windows_chart(report: SimulationReport) -> str:
    """First windows as bars, in days from the telling, and the day the goods left as a dot; widest
    last."""
    rows = sorted(_first_windows(report.stories), key=lambda row: (row[2], row[1], row[3]))
    rows = rows[:: max(len(rows) // SHOWN, 1)]
    furthest = max((max(late, left) for _, _, late, left in rows), default=1)
    step = (HEIGHT - TOP - BOTTOM) / max(len(rows), 1)
    marks = []
    for n, (_, early, late, left) in enumerate(rows):
        y = TOP + (n + 0.5) * step
        colour = HELD if early <= left <= late else MISSED
        marks.append(
            _line(_x(early, furthest), y, _x(late + 1, furthest), y, FAINT, max(step * 0.8, 0.8))
        )
        marks.append(_dot(_x(left + 0.5, furthest), y, 1.8, colour))
    axis = [_tick(_x(day, furthest), str(day)) for day in _round_steps(furthest)]
    axis += [
        _along_x("days after the window was told"),
        _along_y("orders, the latest last days at the bottom"),
    ]
    held = sum(early <= left <= late for _, early, late, left in rows)
    return _svg(
        "First windows told, and the day the goods shipped",
        [
            (_line(-9, 0, 9, 0, FAINT, 8), "early to late, as told"),
            (_dot(0, 0, 4, HELD), f"shipped within the window: {held:,}"),
            (_dot(0, 0, 4, MISSED), f"shipped outside it: {len(rows) - held:,}"),
        ],
        [*axis, *marks],
    )


def calibration_chart(report: SimulationReport) -> str:
    """By how far ahead the last day was told: the share gone by that day (0.9 is aimed for) and
    within the window (0.8)."""
    outcomes = [
        (max((told.last_day - today_of(told.at)).days, 0), told, story)
        for story in report.stories
        if story.shipped and not story.is_open
        for told in story.told
        if told.last_day
    ]
    edges = [0, 3, 7, 14, 21, 30, 45, 60, 90]
    groups: list[list[tuple[PromiseTold, LineStory]]] = [[] for _ in edges]
    for ahead, told, story in outcomes:
        groups[bisect_right(edges, ahead) - 1].append((told, story))
    parts = [_aim(0.9, HELD), _aim(0.8, INK)]
    places = [LEFT + (n + 0.5) * (WIDTH - LEFT - RIGHT) / len(edges) for n in range(len(edges))]
    for n, (x, group) in enumerate(zip(places, groups, strict=True)):
        label = f"{edges[n]}–{edges[n + 1] - 1}" if n + 1 < len(edges) else f"{edges[n]}+"
        parts.append(_text(x, HEIGHT - BOTTOM + 18, label))
        parts.append(_text(x, HEIGHT - BOTTOM + 32, f"{len(group):,} told", 9))
        if len(group) >= MIN_OUTCOMES:
            by_late = sum(_by(story.shipped_on, told.last_day) for told, story in group) / len(
                group
            )
            inside = sum(
                _by(told.early, story.shipped_on) and _by(story.shipped_on, told.last_day)
                for told, story in group
            )
            parts.append(_dot(x - 7, _y(by_late), 5, HELD))
            parts.append(_square(x + 7, _y(inside / len(group)), INK))
    parts += [
        _text(LEFT - 8, _y(share) + 4, f"{share:.0%}", anchor="end")
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    parts += [
        _along_x("days from when it was told to the last day told"),
        _along_y("share of what was told"),
    ]
    return _svg(
        "What we told, and how often it was kept",
        [
            (_dot(0, 0, 5, HELD), "shipped by the last day told (aim: 90%)"),
            (_square(0, 0, INK), "shipped within the window (aim: 80%)"),
            (_line(-9, 0, 9, 0, INK, 1, dashed=True), "the aims"),
        ],
        parts,
    )


def _first_windows(stories: Iterable[LineStory]) -> list[tuple[int, int, int, int]]:
    """Line, then early, late and ship day in days after the first window was told."""
    rows = []
    for story in stories:
        first = next((told for told in story.told if told.last_day and told.early), None)
        if first and first.early and first.last_day and story.shipped_on and not story.is_open:
            told_on = today_of(first.at)
            days = [(day - told_on).days for day in (first.early, first.last_day, story.shipped_on)]
            rows.append((story.line_id, *(max(day, 0) for day in days)))
    return rows  # type: ignore[return-value]


def _by(day: date | None, last: date | None) -> bool:
    return day is None or (last is not None and day <= last)


def _x(days: float, furthest: int) -> float:
    return LEFT + days / (furthest + 1) * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _round_steps(furthest: int) -> range:
    step = next((step for step in (1, 2, 5, 10, 20, 30, 60, 90, 180) if furthest / step <= 12), 365)
    return range(0, furthest + 1, step)


def _tick(x: float, label: str) -> str:
    return _line(x, TOP, x, HEIGHT - BOTTOM, FAINT, 0.5) + _text(x, HEIGHT - BOTTOM + 18, label)


def _aim(share: float, colour: str) -> str:
    return _line(LEFT, _y(share), WIDTH - RIGHT, _y(share), colour, 1, dashed=True)


def _along_x(what: str) -> str:
    return _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, what)


def _along_y(what: str) -> str:
    middle = (TOP + HEIGHT - BOTTOM) / 2
    return f'<g transform="translate(18 {middle:.1f}) rotate(-90)">{_text(0, 0, what)}</g>'


def _dot(x: float, y: float, radius: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'


def _square(x: float, y: float, colour: str) -> str:
    return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, width: float, *, dashed: bool = False
) -> str:
    dashes = ' stroke-dasharray="4 4"' if dashed else ""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width:.2f}"{dashes}/>'


def _text(
    x: float, y: float, text: str, size: int = 11, *, anchor: str = "middle", colour: str = INK
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


def _svg(title: str, legend: Sequence[tuple[str, str]], parts: Sequence[str]) -> str:
    """`legend`: a mark drawn around 0, 0 and its meaning. The colors change at night; a viewer that
    cannot do that keeps the day's."""
    apart = (WIDTH - LEFT - RIGHT) / len(legend)
    key = "".join(
        f'<g transform="translate({LEFT + 10 + n * apart:.1f} '
        f'48)">{mark}{_text(16, 4, meaning, anchor="start")}</g>'
        for n, (mark, meaning) in enumerate(legend)
    )
    turned = "".join(
        f'[fill="{day}"]{{fill:{night}}}[stroke="{day}"]{{stroke:{night}}}'
        for day, night in BY_NIGHT.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{escape(title)}</title>'
        f"<style>@media (prefers-color-scheme: dark){{{turned}}}</style>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" '
        f'fill="{PAPER}"/>{_text(LEFT, 26, title, 16, anchor="start")}'
        f"{key}{''.join(parts)}</svg>\n"
    )
