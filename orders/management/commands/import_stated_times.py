from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from orders.imports.csv.stated_times import REQUIRED, import_stated_times
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.run import ImportRun, NothingWritten
from orders.management.importing import with_example


class Command(BaseCommand):
    help = (
        "Import what customers read about a product when they ordered: the ship date they were "
        "told, by period. Orders imported afterwards keep to it. Columns: docs/importing.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "import_stated_times stated_times.csv")
        parser.add_argument(
            "file", metavar="FILE", type=Path, help="CSV in UTF-8 with a header row"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            table = CsvTable(options["file"], known=[REQUIRED])
            run = ImportRun(table.name, timezone.now())
            counts = import_stated_times(run, table)
        except Unreadable as error:
            raise CommandError(str(error)) from None
        except NothingWritten:
            raise CommandError("\n".join([*run.faults.kept, "Nothing was imported."])) from None
        self.stdout.write("Stated times: {changed:,} new or changed.".format(**counts))
        for line in table.remarks.words():
            self.stdout.write(line)
