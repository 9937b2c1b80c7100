"""From a supplier's record to the arrival window of one open delivery: a cohort Kaplan-Meier with a
pooled prior.

The slip of a promise is arrival day minus promised day. What has not arrived is evidence too: its
slip is at least today minus the promised day (right-censored). Slips outside MIN_SLIP to MAX_SLIP
wait for a person and stay out. Formula: E. L. Kaplan, P. Meier, Nonparametric estimation from
incomplete observations, JASA 53 (1958).
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import NamedTuple, TypedDict

PRIOR_WEIGHT = 10  # everyone's record counts like this many deliveries of the supplier's own
EVERYONE_ROWS = 2000
OWN_ROWS = 200
MIN_RATED = 30  # promises on record, of all suppliers, before a window is shown at all
MIN_ARRIVED = 5  # arrivals later than the delivery already is, before it has a window
RECENT_DATES = 20
MIN_SLIP, MAX_SLIP = -365, 730
NO_CONDITION = MIN_SLIP - 1
_MIN_LEVEL = 1e-6
_ROUNDING = 1e-9  # 1 - S is a product of fractions: 0.5 may come out as 0.49999999999999994
_NEVER = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class DateVersion:
    """One version of a supplier's promise for the delivery `reference`, which is unique per
    supplier.

    `arrived_on` is None while the delivery is open; `known_on` is the day the arrival was recorded
    (None: that day). Cancelled deliveries are left out by the caller.
    """

    supplier: str
    reference: str
    posted_on: date
    promised_on: date
    quantity: int
    arrived_on: date | None
    known_on: date | None


class Evidence(TypedDict):
    """What an arrival rests on, ready for JSON.

    `records`: promises of all suppliers in the curve; `own`: this supplier's own; `own_share`:
    their weight, 0 to 1; `dates`: this supplier's most recent promises, 20 at most; `held`: how
    many of those were kept to the day or early.
    """

    records: int
    own: int
    own_share: float
    dates: int
    held: int


class _Row(NamedTuple):
    # ordinal of the first day it counts: the promised day has passed, the promise is posted
    joins: int
    promised: int
    slip: int  # meaningful from `known` on
    known: int  # ordinal; _NEVER while open


_Slips = list[tuple[int, bool]]  # days slipped so far, and whether the goods are here


@dataclass(frozen=True, slots=True)
class _Cohort:
    """Slips -> number of promises, of those that arrived and of those still open."""

    arrived: Counter[int]
    open: Counter[int]

    @property
    def size(self) -> int:
        return self.arrived.total() + self.open.total()


@dataclass(frozen=True, slots=True)
class _Curve:
    """The share arrived, 1 - S, after each slip at which something arrived; both ascending."""

    slips: Sequence[int]
    arrived: Sequence[float]
    n_eff: float

    def share_by(self, slip: int) -> float:
        reached = bisect_right(self.slips, slip)
        return self.arrived[reached - 1] if reached else 0.0

    def quantile(self, level: float) -> int | None:
        at = bisect_left(self.arrived, self._widened(level) - _ROUNDING)
        return self.slips[at] if at < len(self.slips) else None

    def _widened(self, level: float) -> float:
        """`level` moved outwards the further, the fewer records it rests on: 1 + 1/n_eff, as a rank
        among n + 1."""
        if level > 0.5:
            return min(1.0, level * (1 + 1 / self.n_eff))
        if level < 0.5:
            return max(_MIN_LEVEL, 1 - (1 - level) * (1 + 1 / self.n_eff))
        return level


@dataclass(frozen=True, slots=True)
class Arrival:
    """When one open delivery arrives, as known on `today`; unless `rated`, by nothing but the
    supplier's own date."""

    promised_on: date
    today: date
    rated: bool
    evidence: Evidence
    _curve: _Curve | None

    def day(self, level: float) -> date | None:
        """The day by which it has arrived with chance `level` (0 < level < 1), never before
        `today`; None: not known.

        An early day (level < 0.5) and a late day (> 0.5) lie a little further out than the plain
        curve, 0.5 lies on it.
        """
        if not self.rated:
            # A date that has passed without the goods is not a date.
            return self.promised_on if self.promised_on >= self.today else None
        slip = self._curve.quantile(level) if self._curve else None
        if slip is None:
            return None
        return date.fromordinal(max(self.promised_on.toordinal() + slip, self.today.toordinal()))

    def chance_by(self, day: date) -> float:
        """The chance, 0 to 1, that it has arrived by the end of `day`, from the plain curve; 0
        where there is none."""
        if self._curve is None or day < self.today:
            return 0.0
        return self._curve.share_by((day - self.promised_on).days)


class SupplierHistory:
    """Every promise of every supplier, as posted; what of it was known on a day costs little to
    get, for any day."""

    def __init__(self, versions: Iterable[DateVersion]) -> None:
        of_supplier: dict[str, list[DateVersion]] = {}
        for version in versions:
            of_supplier.setdefault(version.supplier, []).append(version)
        self._arrange({supplier: _rows(theirs) for supplier, theirs in of_supplier.items()})

    def with_news_of(
        self, suppliers: Collection[str], versions: Iterable[DateVersion]
    ) -> "SupplierHistory":
        """The same history if `versions` is everything that `suppliers` ever said; that of others
        stays as it is."""
        news = SupplierHistory(versions)
        kept = {supplier: rows for supplier, rows in self._own.items() if supplier not in suppliers}
        news._arrange({**kept, **news._own})
        return news

    def _arrange(self, own: dict[str, list["_Row"]]) -> None:
        self._own = own
        self._rows = sorted(
            (row for supplier in sorted(own) for row in own[supplier]), key=lambda row: row.joins
        )

    def as_of(self, today: date) -> "SupplierRecord":
        return SupplierRecord(self._rows, self._own, today)


def _rows(versions: Iterable[DateVersion]) -> list[_Row]:
    """One supplier's promises in the order they count from."""
    merged: dict[tuple[str, date], tuple[date, date, date]] = {}
    for version in versions:
        # Lines of one delivery are one delivery, here when the last one is; a date repeated is not
        # a new version.
        key = (version.reference, version.promised_on)
        arrived = version.arrived_on or date.max
        known = (version.known_on or arrived) if version.arrived_on else date.max
        before = merged.get(key)
        merged[key] = (
            (version.posted_on, arrived, known)
            if before is None
            else (min(before[0], version.posted_on), max(before[1], arrived), max(before[2], known))
        )
    ordered = sorted(
        (
            max(promised_on.toordinal() + 1, posted.toordinal()),
            reference,
            promised_on,
            arrived,
            known,
        )
        for (reference, promised_on), (posted, arrived, known) in merged.items()
    )
    return [
        _Row(joins, promised_on.toordinal(), (arrived - promised_on).days, known.toordinal())
        for joins, _, promised_on, arrived, known in ordered
    ]


class SupplierRecord:
    """The suppliers' record as known on `today`: promises whose day has passed, arrivals recorded
    by then."""

    def __init__(self, rows: Sequence[_Row], own: dict[str, list[_Row]], today: date) -> None:
        self.today = today
        self._today = today.toordinal()
        self._rows = rows
        self._own = own
        self._slips_of: dict[str, _Slips] = {}
        self._everyone: dict[int, _Cohort] = {}
        self._curves: dict[tuple[str, int], tuple[_Curve | None, Evidence]] = {}

    @classmethod
    def as_of(cls, versions: Iterable[DateVersion], today: date) -> "SupplierRecord":
        return SupplierHistory(versions).as_of(today)

    def arrival(self, supplier: str, promised_on: date) -> Arrival:
        """When a delivery of `supplier` that is open today and promised for `promised_on` (newest
        version) arrives."""
        overdue = self._today - promised_on.toordinal()
        # Not here yet: it arrives today at the earliest, so only promises that slipped further than
        # yesterday compare.
        above = overdue - 1 if overdue > 0 else NO_CONDITION
        key = (supplier, above)
        if key not in self._curves:
            self._curves[key] = self._compare(supplier, above)
        curve, evidence = self._curves[key]
        rated = self._cohort_of_everyone(NO_CONDITION).size >= MIN_RATED
        return Arrival(promised_on, self.today, rated, evidence, curve if rated else None)

    def _compare(self, supplier: str, above: int) -> tuple[_Curve | None, Evidence]:
        if supplier not in self._slips_of:
            self._slips_of[supplier] = self._slips(self._own.get(supplier, ()))
        own_slips = self._slips_of[supplier]
        everyone = self._cohort_of_everyone(above)
        own = _cohort(own_slips, above, OWN_ROWS)
        recent = _cohort(own_slips, NO_CONDITION, RECENT_DATES)
        evidence = Evidence(
            records=everyone.size,
            own=own.size,
            own_share=own.size / (own.size + PRIOR_WEIGHT),
            dates=recent.size,
            held=sum(count for slip, count in recent.arrived.items() if slip <= 0),
        )
        return (
            _curve(everyone, own) if everyone.arrived.total() >= MIN_ARRIVED else None
        ), evidence

    def _cohort_of_everyone(self, above: int) -> _Cohort:
        if above not in self._everyone:
            self._everyone[above] = _cohort(self._slips_of_all, above, EVERYONE_ROWS)
        return self._everyone[above]

    @cached_property
    def _slips_of_all(self) -> _Slips:
        return self._slips(self._rows)

    def _slips(self, rows: Sequence[_Row]) -> _Slips:
        """Of the promises that have joined by today, newest first: how far they slipped, and
        whether they are here."""
        today = self._today
        joined = bisect_right(rows, today, key=lambda row: row.joins)
        slips = [
            (slip, True) if known <= today else (today - promised, False)
            for _, promised, slip, known in reversed(rows[:joined])
        ]
        return [pair for pair in slips if MIN_SLIP <= pair[0] <= MAX_SLIP]


def _cohort(slips: _Slips, above: int, limit: int) -> _Cohort:
    """The last `limit` that slipped more than `above` days."""
    compared = list(islice((pair for pair in slips if pair[0] > above), limit))
    return _Cohort(
        Counter([slip for slip, here in compared if here]),
        Counter([slip for slip, here in compared if not here]),
    )


def _curve(everyone: _Cohort, own: _Cohort) -> _Curve:
    """The product-limit curve over both cohorts: own promises weigh 1 each, everyone's PRIOR_WEIGHT
    together.

    Rows of one slip are taken together, arrivals first: (R - a)/R * (R - a - b)/(R - a) * ... is (R
    - a - b - ...)/R. Weights are multiplied by everyone's number, so that the weight at risk is a
    whole number and ends at 0 exactly.
    """
    scale = everyone.size
    at_risk = scale * (PRIOR_WEIGHT + own.size)
    n_eff = (PRIOR_WEIGHT + own.size) ** 2 / (PRIOR_WEIGHT**2 / scale + own.size)
    slips: list[int] = []
    shares: list[float] = []
    survival = 1.0
    for slip in sorted({*everyone.arrived, *everyone.open, *own.arrived, *own.open}):
        arrived = PRIOR_WEIGHT * everyone.arrived[slip] + scale * own.arrived[slip]
        if arrived:
            survival *= (at_risk - arrived) / at_risk
            slips.append(slip)
            shares.append(1 - survival)
        at_risk -= arrived + PRIOR_WEIGHT * everyone.open[slip] + scale * own.open[slip]
    return _Curve(slips, shares, n_eff)
