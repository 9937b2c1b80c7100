"""A small line chart as SVG, readable on light and dark ground."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 360, 70, 170, 44, 48
INK, GRID = "#767676", "#76767640"
COLOURS = ("#c2410c", "#0f766e", "#4f6bd8", "#a16207")
DECADES = 1.3  # an axis that spans as many is drawn as powers of ten


def chart(plot: Mapping[str, Any]) -> str:
    """`plot` as timing.Report.plot has it."""
    lines: Mapping[str, Sequence[Sequence[float]]] = plot["lines"]
    xs, ys = ([point[axis] for points in lines.values() for point in points] for axis in (0, 1))
    across, up = _Axis(xs, LEFT, WIDTH - RIGHT), _Axis(ys, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" '
        f'font-size="12" fill="{INK}"><title>{escape(plot["title"])}</title>',
        f'<text x="{LEFT}" y="20" font-size="15">{escape(plot["title"])}</text>',
        f'<text x="{LEFT}" y="{TOP - 8}">{escape(plot["y"])}</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" '
        f'text-anchor="middle">{escape(plot["x"])}</text>',
    ]
    for value in across.ticks:
        x = across.at(value)
        parts.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 16}" '
            f'text-anchor="middle">{_words(value)}</text>'
        )
    for value in up.ticks:
        y = up.at(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_words(value)}</text>'
        )
    for (name, points), colour in zip(lines.items(), COLOURS, strict=False):
        places = [(across.at(x), up.at(y)) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        parts.append(
            f'<text x="{places[-1][0] + 8:.1f}" y="{places[-1][1] + 4:.1f}" '
            f'fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


class _Axis:
    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.start, self.end = start, end
        low, high = min(values), max(values)
        self.by_powers = low > 0 and math.log10(high / low) > DECADES
        if self.by_powers:
            self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
            self.ticks = [10.0**power for power in range(self.low, self.high + 1)]
        else:
            step = 10 ** math.floor(math.log10(high / 2)) if high else 1
            step *= next(factor for factor in (1, 2, 5, 10) if high / (step * factor) <= 6)
            self.low, self.high = 0, math.ceil(high / step) * step
            self.ticks = [step * n for n in range(round(self.high / step) + 1)]

    def at(self, value: float) -> float:
        place = math.log10(value) if self.by_powers else value
        return self.start + (place - self.low) / (self.high - self.low) * (self.end - self.start)


def _words(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 or not value else f"{value:g}"
