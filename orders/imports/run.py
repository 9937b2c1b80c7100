"""What every import shares: one transaction, one record of the file, bad rows named, and nothing
written if there are any."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from orders import services
from orders.imports.values import FAULTS_NAMED, BadValue
from orders.models import Import

FAULTS_KEPT = 1000

Progress = Callable[[int, int], None]  # rows done, rows there are


@dataclass(slots=True)
class Faults:
    """What was wrong with the rows of one run, of one file or more."""

    total: int = 0
    kept: list[str] = field(default_factory=list)

    def add(self, file: str, row: int, error: object) -> None:
        self.total += 1
        if len(self.kept) < FAULTS_KEPT:
            self.kept.append(f"{file}:{row}: {error}")


class NothingWritten(Exception):
    """Bad rows were found and not to be skipped."""


class TellsTooMany(Exception):
    """More customers would be told worse news than anybody has agreed to."""

    def __init__(self, worse: services.Worse) -> None:
        super().__init__(f"{worse.orders} customers would be told worse news")
        self.worse = worse


@dataclass(slots=True)
class ImportRun:
    """One import under way. `file`: what errors call the file; `skip_bad`: bad rows are left out
    instead of stopping everything; `tells_at_most`: how many customers it may tell worse news
    before a person has confirmed it, None: any number. `before`: how things were when it began;
    `written`: what about restocks can be undone."""

    file: str
    now: datetime
    skip_bad: bool = False
    tells_at_most: int | None = None
    progress: Progress = lambda done, total: None
    faults: Faults = field(default_factory=Faults)
    row: Import | None = None
    # what the file calls our columns, where that is something else
    called: Mapping[str, str] = field(default_factory=dict)
    # new texts on staff's list, by order number
    people: Counter[str] = field(default_factory=Counter)
    # written all the same, and for a person to look at
    conflicts: list[str] = field(default_factory=list)
    before: services.Before | None = None
    written: dict[str, Any] = field(default_factory=dict)

    def bad(self, row: int, error: object, *, file: str = "") -> None:
        if self.called and isinstance(error, BadValue):
            error = ". Also, ".join(map(self._as_called, error.faults[:FAULTS_NAMED]))
        self.faults.add(file or self.file, row, error)

    def _as_called(self, fault: str) -> str:
        column, space, problem = fault.partition(" ")
        return f"{self.called.get(column, column)}{space}{problem}"

    def stop_if_bad(self) -> None:
        if self.faults.total and not self.skip_bad:
            raise NothingWritten

    def perform(
        self, command: str, write: Callable[[], dict[str, Any]], *, sha256: str
    ) -> dict[str, Any]:
        """Run `write` between the first and the last word of the import's record; what it returns
        are the counts."""
        with transaction.atomic():
            self.before = services.stand_before()
            self.row = services.begin_import(
                command, file_name=Path(self.file).name, sha256=sha256, now=self.now
            )
            counts = write()
            self.stop_if_bad()
            self._stop_if_it_tells_too_many(self.before, self.row)
            counts["bad_rows"] = self.faults.total
            services.end_import(
                self.row,
                counts=counts,
                rejected=self.faults.kept,
                written=self.written,
                now=timezone.now(),
            )
        return counts

    def _stop_if_it_tells_too_many(self, before: services.Before, row: Import) -> None:
        if self.tells_at_most is not None:
            worse = services.worse_news(before, row, now=self.now)
            if worse.orders > self.tells_at_most:
                raise TellsTooMany(worse)
