"""From all open deliveries of one product to its forecast: units needed -> ship window, by the
"same luck" rule.

The rule: at each level q, every delivery arrives on its q-day. The day by which enough units have
arrived is the q-day of the line that needs the last of them. On past orders that covers as well as
independent draws do, needs no random numbers and can be explained.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Literal, NamedTuple, TypeVar

from orders.domain.windows import Arrival, SupplierRecord
from orders.domain.working_days import add_working_days, last_arrival_for

Kind = Literal["dated", "unrated", "chances", "open", "none"]
NAMES_A_DAY = ("dated", "unrated")

EARLY, LIKELY, LATE = 0.1, 0.5, 0.9
WIDEST_DATED = timedelta(days=60)
SOON, LATER_ON = timedelta(days=14), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenRestock:
    """A delivery not arrived in full: `quantity` units are still expected, for `promised_on` as
    posted last."""

    reference: str
    supplier: str
    promised_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Window:
    """When the goods ship: the arrival day, and then the shop's handling in working days.

    dated: early to late hold 8 in 10; by `late`, `sure` (0.9) of all have shipped.
    unrated: early = likely = late, the supplier's own date; how good it is, nobody knows yet.
    chances: early to late are too far apart to be shown, and are kept to compare; `within_14` and
        `within_30` are the chances, 0 to 1, of shipping within that many days of the day of the
        forecast.
    open: no latest day is known, perhaps no likely one; with chances as above.
    none: no delivery covers the units; all else is None.
    """

    kind: Kind
    early: date | None = None
    likely: date | None = None
    late: date | None = None
    sure: float | None = None
    within_14: float | None = None
    within_30: float | None = None

    @property
    def names_a_day(self) -> bool:
        """A last day; chances do not name a day."""
        return self.kind in NAMES_A_DAY


NO_WINDOW = Window("none")


@dataclass(frozen=True, slots=True)
class Band:
    """The window of every unit from the previous band's `up_to` (exclusive) to `up_to` (inclusive;
    None: all beyond).

    `reference` is the delivery that brings the last unit needed at the likely level (at the early
    one where no likely day is known); None where no delivery does.
    """

    up_to: int | None
    window: Window
    reference: str | None


T = TypeVar("T")
_Expected = tuple[OpenRestock, Arrival]
# over units needed: an outcome holds up to its number, from beyond the one before
_Steps = list[tuple[int, T]]


class _Brought(NamedTuple):
    on: date
    reference: str


def forecast(
    deliveries: Iterable[OpenRestock], record: SupplierRecord, *, handling_days: int, country: str
) -> tuple[Band, ...]:
    """The windows of one product as known on the record's day: one band per step, ending with the
    band nothing covers.

    `handling_days` are the working days of `country` (ISO 3166 alpha-2) from arrival to shipping.
    ValueError below 1: goods that leave the day they arrive would leave no time to tell that they
    have not come.
    """
    if handling_days < 1:
        raise ValueError(f"handling takes at least one working day, not {handling_days}")
    expected = [
        (delivery, record.arrival(delivery.supplier, delivery.promised_on))
        for delivery in deliveries
    ]
    early, likely, late = (_steps_at(level, expected) for level in (EARLY, LIKELY, LATE))
    soon, later_on = (
        _chances_by(last_arrival_for(record.today + horizon, handling_days, country), expected)
        for horizon in (SOON, LATER_ON)
    )
    rated = all(arrival.rated for _, arrival in expected)

    def ship_day(brought: _Brought | None) -> date | None:
        return add_working_days(brought.on, handling_days, country) if brought else None

    bands: list[Band] = []
    for up_to in sorted(
        {end for steps in (early, likely, late, soon, later_on) for end, _ in steps}
    ):
        first, middle, last = (_at(steps, up_to) for steps in (early, likely, late))
        if first is None:
            break
        window = _window(
            ship_day(first),
            ship_day(middle),
            ship_day(last),
            rated=rated,
            chances=(_at(soon, up_to), _at(later_on, up_to)),
        )
        band = Band(up_to, window, (middle or first).reference)
        if bands and (bands[-1].window, bands[-1].reference) == (band.window, band.reference):
            bands.pop()
        bands.append(band)
    return *bands, Band(None, NO_WINDOW, None)


def band_for(bands: Sequence[Band], units_needed: int) -> Band:
    """The band of a line that needs `units_needed` units: those ahead and its own. ValueError below
    1."""
    if units_needed < 1:
        raise ValueError(f"a window is for 1 unit or more, not {units_needed}")
    return next(band for band in bands if band.up_to is None or units_needed <= band.up_to)


def window_for(bands: Sequence[Band], units_needed: int) -> Window:
    """The window of a line that needs `units_needed` units: those ahead and its own. ValueError
    below 1."""
    return band_for(bands, units_needed).window


def _steps_at(level: float, expected: Iterable[_Expected]) -> _Steps[_Brought]:
    brought = sorted(
        (_Brought(day, delivery.reference), delivery.quantity)
        for delivery, arrival in expected
        if (day := arrival.day(level)) is not None
    )
    return _accumulated(brought)


def _chances_by(day: date, expected: Iterable[_Expected]) -> _Steps[float]:
    chances = ((arrival.chance_by(day), delivery.quantity) for delivery, arrival in expected)
    return _accumulated(sorted(chances, reverse=True))


def _accumulated(ordered: Sequence[tuple[T, int]]) -> _Steps[T]:
    ends = accumulate(quantity for _, quantity in ordered)
    return [
        (end, outcome)
        for end, (outcome, quantity) in zip(ends, ordered, strict=True)
        if quantity > 0
    ]


def _at(steps: _Steps[T], units_needed: int) -> T | None:
    step = bisect_left(steps, units_needed, key=lambda pair: pair[0])
    return steps[step][1] if step < len(steps) else None


def _window(
    early: date | None,
    likely: date | None,
    late: date | None,
    *,
    rated: bool,
    chances: tuple[float | None, float | None],
) -> Window:
    if not rated:
        return Window("unrated", early, likely, late)
    if early is None or late is None:
        return Window("open", early, likely, late, None, *chances)
    if late - early > WIDEST_DATED:
        return Window("chances", early, likely, late, None, *chances)
    return Window("dated", early, likely, late, sure=LATE)
