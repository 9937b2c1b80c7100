"""How good the windows would have been: every past delivery, forecast on the day it was first
promised.

Walk-forward: on that day only what had been posted and known by then is used, with the code that
serves customers.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import groupby
from statistics import fmean
from typing import Any

from orders.domain.windows import DateVersion, SupplierHistory

LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
FEW = 10  # own promises on record; below it the window rests mostly on other suppliers

_DELIVERIES = (
    "reference",
    "supplier",
    "posted_on",
    "promised_on",
    "arrived_on",
    "known_on",
    "quantity",
)
_RESTOCKS = ("reference", "sku", "supplier", "quantity", "expected_on", "posted_on")


class BadFile(ValueError):
    """The message has a line `file:row: what is wrong and what was expected` for each fault."""


@dataclass(frozen=True, slots=True)
class WindowScore:
    """`coverage`: share of arrivals within the window; `late`: share after it; a window without a
    last day has no late.

    `mean_width`: late minus early, days, over windows with a last day. All None where nothing could
    be scored.
    """

    coverage: float | None
    mean_width: float | None
    late: float | None


@dataclass(frozen=True, slots=True)
class FewScore:
    """The 80% window of the `n` deliveries whose supplier had fewer than FEW promises on record."""

    n: int
    coverage80: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """In days: `pinball`: mean pinball loss per level; `median_absolute_error`: mean distance from
    the likely day."""

    window80: WindowScore
    window90: WindowScore
    pinball: dict[str, float | None]
    median_absolute_error: float | None
    few: FewScore


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """`rows` of the file; `scored`: arrived deliveries that had a window; `open_ended`: windows
    without a late day."""

    rows: int
    scored: int
    open_ended: int
    windows: Score
    face_value: Score

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            **asdict(self.windows),
            "face_value": {"rows": self.rows, **asdict(self.face_value)},
        }


@dataclass(frozen=True, slots=True)
class _Outcome:
    promised_on: date
    arrived_on: date
    days: dict[float, date | None]  # level -> day of the window
    own: int


def read_versions(lines: Iterable[str], name: str) -> list[DateVersion]:
    """One DateVersion per row of a CSV text with the columns of deliveries or of restocks; `name`
    goes into errors.

    The arrival of a line (supplier, reference and sku) may be on any of its rows. BadFile if rows
    cannot be read.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        header = reader.fieldnames or []
        restocks = "expected_on" in header
        if missing := [
            column for column in (_RESTOCKS if restocks else _DELIVERIES) if column not in header
        ]:
            optional = "reason, arrived_on, known_on"
            expected = f"{', '.join(_DELIVERIES)} or {', '.join(_RESTOCKS)} [, {optional}]"
            raise BadFile(f"{name}:1: no column {', '.join(missing)}; expected {expected}")
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise BadFile(
            f"{name}:{reader.line_num}: {error}; expected a CSV text with a header row"
        ) from None
    faults: list[str] = []
    lines_of: dict[tuple[str, str, str], list[DateVersion]] = {}
    for number, row in rows:
        try:
            version = _version(row, "expected_on" if restocks else "promised_on")
        except ValueError as error:
            faults.append(f"{name}:{number}: {error}")
        else:
            lines_of.setdefault(
                (version.supplier, version.reference, row.get("sku") or ""), []
            ).append(version)
    if faults:
        raise BadFile("\n".join(faults))
    return [version for line in lines_of.values() for version in _with_arrival(line)]


def backtest(versions: Sequence[DateVersion]) -> BacktestReport:
    """Scores the windows of arrived deliveries and, beside them, the supplier's own date taken at
    face value."""
    outcomes = list(_outcomes(versions))
    return BacktestReport(
        rows=len(versions),
        scored=len(outcomes),
        open_ended=sum(outcome.days[0.9] is None for outcome in outcomes),
        windows=_score(outcomes, lambda outcome, level: outcome.days[level]),
        face_value=_score(outcomes, lambda outcome, _: outcome.promised_on),
    )


def _version(row: dict[str, str], promised: str) -> DateVersion:
    if None in row or None in row.values():
        raise ValueError("the number of fields differs from the header's; expected one per column")
    for column in ("supplier", "reference"):
        if not row[column].strip():
            raise ValueError(f"{column} is empty; expected a name")
    quantity = row["quantity"].strip()
    if not (quantity.isascii() and quantity.isdigit() and int(quantity) > 0):
        raise ValueError(f"quantity is {quantity!r}; expected a whole number above 0")
    arrived_on = _day(row, "arrived_on") if row.get("arrived_on") else None
    known_on = _day(row, "known_on") if row.get("known_on") else arrived_on
    if known_on and (arrived_on is None or known_on < arrived_on):
        raise ValueError(
            f"known_on is {known_on}; expected the arrived_on it records, that day or before"
        )
    return DateVersion(
        supplier=row["supplier"].strip(),
        reference=row["reference"].strip(),
        posted_on=_day(row, "posted_on"),
        promised_on=_day(row, promised),
        quantity=int(quantity),
        arrived_on=arrived_on,
        known_on=known_on,
    )


def _day(row: dict[str, str], column: str) -> date:
    try:
        return date.fromisoformat(row[column].strip())
    except ValueError:
        raise ValueError(
            f"{column} is {row[column]!r}; expected a date such as 2026-03-31"
        ) from None


def _with_arrival(line: Sequence[DateVersion]) -> Iterable[DateVersion]:
    arrived_on = max((version.arrived_on for version in line if version.arrived_on), default=None)
    known_on = max((version.known_on for version in line if version.known_on), default=None)
    return (replace(version, arrived_on=arrived_on, known_on=known_on) for version in line)


def _outcomes(versions: Sequence[DateVersion]) -> Iterable[_Outcome]:
    first: dict[tuple[str, str], DateVersion] = {}
    for version in sorted(versions, key=lambda version: version.posted_on):
        first.setdefault((version.supplier, version.reference), version)
    history = SupplierHistory(versions)
    for posted_on, promised in groupby(first.values(), key=lambda version: version.posted_on):
        record = history.as_of(posted_on)
        for version in promised:
            arrival = record.arrival(version.supplier, version.promised_on)
            days = {level: arrival.day(level) for level in LEVELS}
            if version.arrived_on and arrival.rated and days[0.05] and days[0.1]:
                yield _Outcome(
                    version.promised_on, version.arrived_on, days, arrival.evidence["own"]
                )


def _score(outcomes: Sequence[_Outcome], day: Callable[[_Outcome, float], date | None]) -> Score:
    few = [outcome for outcome in outcomes if outcome.own < FEW]
    errors = {
        level: [
            (outcome.arrived_on - at).days for outcome in outcomes if (at := day(outcome, level))
        ]
        for level in (0.1, 0.5, 0.9)
    }
    return Score(
        window80=_window_score(outcomes, day, 0.1, 0.9),
        window90=_window_score(outcomes, day, 0.05, 0.95),
        pinball={
            str(level): _mean(max(level * error, (level - 1) * error) for error in errors[level])
            for level in errors
        },
        median_absolute_error=_mean(map(abs, errors[0.5])),
        few=FewScore(len(few), _window_score(few, day, 0.1, 0.9).coverage),
    )


def _window_score(
    outcomes: Sequence[_Outcome],
    day: Callable[[_Outcome, float], date | None],
    low: float,
    high: float,
) -> WindowScore:
    windows = [
        (outcome.arrived_on, day(outcome, low) or date.max, day(outcome, high))
        for outcome in outcomes
    ]
    return WindowScore(
        coverage=_mean(early <= arrived <= (late or date.max) for arrived, early, late in windows),
        mean_width=_mean((late - early).days for _, early, late in windows if late),
        late=_mean(late is not None and arrived > late for arrived, _, late in windows),
    )


def _mean(values: Iterable[float]) -> float | None:
    numbers = list(values)
    return fmean(numbers) if numbers else None
