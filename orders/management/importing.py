"""What the import commands share: what they write to standard error and standard output."""

import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser, OutputWrapper
from django.urls import reverse
from django.utils import timezone

from orders import services
from orders.imports.csv.decoding import ENCODINGS
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.run import ImportRun, NothingWritten, TellsTooMany
from orders.imports.sources import HEADERS
from orders.imports.sources.column_map import ColumnMap
from orders.models import Upload

FAULTS_SHOWN = 50
SECONDS_BETWEEN_PROGRESS = 2.0


def with_example(parser: CommandParser, *lines: str) -> None:
    """Examples under --help, as they are typed."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = "example:\n" + "\n".join(f"  manage.py {line}" for line in lines)


def add_map(parser: CommandParser) -> None:
    parser.add_argument(
        "--map",
        metavar="FILE",
        type=Path,
        help="a column map in TOML, for a file whose columns are called something else",
    )


class ImportCommand(BaseCommand):
    """A command that reads one file. Subclasses say how in `read`, and what was done in
    `summary`."""

    examples: tuple[str, ...]
    kind: Upload.Kind

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, *self.examples)
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="CSV in UTF-8 or .xlsx, with a header row"
        )
        parser.add_argument(
            "--encoding",
            choices=ENCODINGS,
            default="",
            metavar="NAME",
            help=f"of a file that is not UTF-8: {', '.join(ENCODINGS)}",
        )
        parser.add_argument(
            "--skip-bad",
            action="store_true",
            help="leave out bad rows and import the rest; without this, one bad row stops the "
            "import",
        )

        parser.add_argument(
            "--yes",
            action="store_true",
            help="import it no matter how many customers it notifies; without this, a file that "
            "would tell more than IMPORT_TELLS_AT_MOST customers worse news waits on the "
            "desk",
        )

    def read(self, run: ImportRun, table: CsvTable, options: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def table(self, options: dict[str, Any]) -> CsvTable:
        return self.open(options, None)

    def open(self, options: dict[str, Any], said: ColumnMap | None) -> CsvTable:
        """`said`: the column map it came with."""
        return CsvTable(
            options["file"],
            delimiter=said.delimiter if said else "",
            encoding=options["encoding"],
            known=said.headers if said else HEADERS,
        )

    def selected(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options besides the file, for the person who imports it later."""
        return {}

    def summary(self, counts: dict[str, Any]) -> list[str]:
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            table = self.table(options)
            run = ImportRun(
                table.name,
                timezone.now(),
                options["skip_bad"],
                tells_at_most=None if options["yes"] else settings.IMPORT_TELLS_AT_MOST,
                progress=spoken_progress(self.stderr),
            )
            counts = self.read(run, table, options)
        except (Unreadable, services.Refused) as error:
            raise CommandError(str(error)) from None
        except TellsTooMany as error:
            self._list_faults(run)
            raise CommandError(self._held(run, table, error.worse, options)) from None
        except NothingWritten:
            self._list_faults(run)
            raise CommandError(
                f"{_bad_rows(run.faults.total)}: nothing was imported. Fix the file, or leave "
                "them out with --skip-bad."
            ) from None
        self._list_faults(run)
        for conflict in run.conflicts[:FAULTS_SHOWN]:
            self.stderr.write(conflict)
        for line in (*self.summary(counts), *table.remarks.words()):
            self.stdout.write(line)
        if run.faults.total:
            self.stdout.write(
                f"Left out: {_bad_rows(run.faults.total)}, listed in the record of this import."
            )
        self.stdout.write(f"{run.file}: read in {time.monotonic() - started:.1f} s.")

    def _held(
        self, run: ImportRun, table: CsvTable, worse: services.Worse, options: dict[str, Any]
    ) -> str:
        """Keeps the file for a person, and says where it waits."""
        row = services.await_approval(
            self.kind,
            table.path.name,
            table.path.read_bytes(),
            told_worse=worse.orders,
            skip_bad=options["skip_bad"],
            encoding=options["encoding"],
            now=run.now,
            actor=f"import_{self.kind}",
            **self.selected(options),
        )
        kinds = {
            "a later date": worse.later,
            "no date anymore": worse.no_date,
            "asked by law": worse.asked,
        }
        said = ", ".join(f"{count:,} {what}" for what, count in kinds.items() if count)
        customers = "1 customer" if worse.orders == 1 else f"{worse.orders:,} customers"
        return (
            f"{run.file}: this import would tell {customers} worse news ({said}), more than "
            f"IMPORT_TELLS_AT_MOST={settings.IMPORT_TELLS_AT_MOST}. Nothing was imported. "
            "Confirm or discard it at "
            f"{settings.SITE_URL}{reverse('desk:upload', args=[row.pk])}, or run the command "
            "again with --yes."
        )

    def _list_faults(self, run: ImportRun) -> None:
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
