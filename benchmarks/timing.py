"""Times of ways side by side, and what stands in the table: medians, spread, ratios."""

import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil  # type: ignore[import-untyped]


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds, sorted."""

    ms: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.ms)

    @property
    def p99(self) -> float:
        return self.ms[int(len(self.ms) * 0.99)]

    def __str__(self) -> str:
        """Median and spread: the quarters, and the worst in a hundred where there are so many."""
        low, high = self.ms[len(self.ms) // 4], self.ms[len(self.ms) * 3 // 4]
        return f"{self.median:.3g} ms ({low:.3g} to {high:.3g})"


def in_turn(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """A B A B: what else the machine does meanwhile hits all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(milliseconds(way))
    return {name: Times(sorted(ms)) for name, ms in times.items()}


def milliseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


@dataclass
class Spent:
    """Seconds on the clock, and of processor time by this process and by its database connection:
    of the latter another program on the machine takes nothing away."""

    wall: float = 0.0
    python: float = 0.0
    database: float = 0.0

    def __str__(self) -> str:
        processor = f"Python {self.python:.1f}, PostgreSQL {self.database:.1f}"
        return f"{self.wall:.1f} s (processor: {processor})"


@contextmanager
def spent() -> Iterator[Spent]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = psutil.Process(cursor.fetchone()[0])
    found = Spent()
    wall, python, database = time.perf_counter(), time.process_time(), sum(backend.cpu_times()[:2])
    try:
        yield found
    finally:
        found.wall = time.perf_counter() - wall
        found.python = time.process_time() - python
        found.database = sum(backend.cpu_times()[:2]) - database


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of the table. `met` is None where nothing was aimed at."""

    what: str
    measured: str
    aim: str = ""
    met: bool | None = None


@dataclass
class Report:
    """What a benchmark found: printed as a table, then as one line of JSON for `python -m
    benchmarks`."""

    name: str
    size: str
    findings: list[Finding] = field(default_factory=list)
    plots: list[dict[str, Any]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)
    load_before: float = field(default_factory=lambda: os.getloadavg()[0])

    def add(self, what: str, measured: str, aim: str = "", met: bool | None = None) -> None:
        self.findings.append(Finding(what, measured, aim, met))
        print(
            f"  {what}: {measured}" + (f"   [{aim}: {'met' if met else 'MISSED'}]" if aim else ""),
            flush=True,
        )

    def plot(
        self,
        name: str,
        title: str,
        x: str,
        y: str,
        lines: Mapping[str, Sequence[tuple[float, float]]],
    ) -> None:
        """`lines`: points by what they are of. Both axes are drawn as powers of ten where the
        values span that much."""
        self.plots.append({"name": name, "title": title, "x": x, "y": y, "lines": lines})

    def end(self) -> None:
        load = f"{self.load_before:.1f} to {os.getloadavg()[0]:.1f}"
        seconds = round(time.perf_counter() - self.started)
        width = max(len(row.what) for row in self.findings)
        print(f"\n{self.name}, {self.size}; load of the machine {load}; {seconds} s")
        for row in self.findings:
            verdict = "" if row.met is None else "  met" if row.met else "  MISSED"
            print(
                f"{row.what:<{width}}  {row.measured}"
                + (f"  (aim: {row.aim}){verdict}" if row.aim else "")
            )
        print(
            json.dumps(
                {
                    "benchmark": self.name,
                    "size": self.size,
                    "load": load,
                    "seconds": seconds,
                    "findings": [asdict(row) for row in self.findings],
                    "plots": self.plots,
                }
            ),
            flush=True,
        )
