"""What the import commands share: how they speak on standard error and standard output."""

import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.utils import timezone

from orders import services
from orders.imports.running import NothingWritten, Run
from orders.imports.table import Table, Unreadable

FAULTS_SHOWN = 50
SECONDS_BETWEEN_PROGRESS = 2.0


def with_example(parser: CommandParser, *lines: str) -> None:
    """Examples under --help, as they are typed."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = "example:\n" + "\n".join(f"  manage.py {line}" for line in lines)


class ImportCommand(BaseCommand):
    """A command that reads one file. Subclasses say how in `read`, and what was done in `summary`."""

    examples: tuple[str, ...]

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, *self.examples)
        parser.add_argument("file", metavar="FILE", type=Path, help="CSV in UTF-8 with a header row")
        parser.add_argument(
            "--skip-bad",
            action="store_true",
            help="leave bad rows out and import the rest; without it nothing is written when a row is bad",
        )

    def read(self, run: Run, options: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def table(self, options: dict[str, Any]) -> Table:
        return Table(options["file"])

    def summary(self, counts: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            run = Run(self.table(options), timezone.now(), options["skip_bad"], progress=spoken_progress(self.stderr))
            counts = self.read(run, options)
        except (Unreadable, services.Refused) as error:
            raise CommandError(str(error)) from None
        except NothingWritten:
            self._list_faults(run)
            raise CommandError(
                f"{_bad_rows(run.faults.total)}: nothing was imported. Mend the file, or leave them out with --skip-bad."
            ) from None
        self._list_faults(run)
        for conflict in run.conflicts[:FAULTS_SHOWN]:
            self.stderr.write(conflict)
        for line in self.summary(counts):
            self.stdout.write(line)
        if run.faults.total:
            self.stdout.write(f"Left out: {_bad_rows(run.faults.total)}, kept in the record of this import.")
        self.stdout.write(f"{run.table.name}: read in {time.monotonic() - started:.1f} s.")

    def _list_faults(self, run: Run) -> None:
        for fault in run.faults.kept[:FAULTS_SHOWN]:
            self.stderr.write(fault)
        if run.faults.total > FAULTS_SHOWN:
            self.stderr.write(f"… and {run.faults.total - FAULTS_SHOWN:,} more")


def spoken_progress(stderr: OutputWrapper) -> Callable[[int, int], None]:
    """Says now and then how far it has come."""
    spoke = time.monotonic()

    def say(done: int, total: int) -> None:
        nonlocal spoke
        if time.monotonic() - spoke >= SECONDS_BETWEEN_PROGRESS:
            spoke = time.monotonic()
            stderr.write(f"{done:,} of {total:,} rows …")

    return say


def _bad_rows(total: int) -> str:
    return "1 bad row" if total == 1 else f"{total:,} bad rows"
