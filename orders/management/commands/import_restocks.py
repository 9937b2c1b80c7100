from typing import Any

from django.core.management.base import CommandParser

from orders.imports import summaries
from orders.imports.csv.restocks import import_restocks
from orders.imports.csv.table import CsvTable
from orders.imports.run import ImportRun
from orders.imports.sources.column_map import settings_at
from orders.imports.sources.named_columns import RestockColumns, named
from orders.management.importing import ImportCommand, add_map
from orders.models import Upload


class Command(ImportCommand):
    kind = Upload.Kind.RESTOCKS
    help = (
        "Import restocks: what you expect from suppliers, the dates they gave, and what arrived. "
        "Rows with the same reference and SKU are versions of one date. Customers are notified "
        "once a change has settled; units that arrived are reserved at once. Importing the same "
        "file twice changes nothing. Columns and rules: docs/importing.md."
    )
    examples = ("import_restocks restocks.csv", "import_restocks restocks.csv --skip-bad")

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_map(parser)

    def table(self, options: dict[str, Any]) -> CsvTable:
        path = options["map"]
        self.map = RestockColumns(str(path), settings_at(path)) if path else None
        return self.open(options, self.map)

    def read(self, run: ImportRun, table: CsvTable, options: dict[str, Any]) -> dict[str, Any]:
        return import_restocks(run, named(run, self.kind, table, self.map))

    def selected(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"column_map": self.map.settings if self.map else None}

    def summary(self, counts: dict[str, Any]) -> list[str]:
        return summaries.of_restocks(counts)
