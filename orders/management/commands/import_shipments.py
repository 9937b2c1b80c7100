from typing import Any

from django.core.management.base import CommandParser

from orders.imports import summaries
from orders.imports.csv.shipments import import_shipments
from orders.imports.csv.table import CsvTable
from orders.imports.run import ImportRun
from orders.imports.sources.column_map import settings_at
from orders.imports.sources.named_columns import ShipmentColumns, named
from orders.management.importing import ImportCommand, add_map
from orders.models import Upload


class Command(ImportCommand):
    kind = Upload.Kind.SHIPMENTS
    help = (
        "Import shipments: parcels the shop has handed to a carrier. Rows with the same order, "
        "tracking number and time are one parcel. Units that had not been received here count as "
        "received. Importing the same file twice changes nothing. Columns and rules: "
        "docs/importing.md."
    )
    examples = ("import_shipments shipments.csv",)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_map(parser)

    def table(self, options: dict[str, Any]) -> CsvTable:
        path = options["map"]
        self.map = ShipmentColumns(str(path), settings_at(path)) if path else None
        return self.open(options, self.map)

    def read(self, run: ImportRun, table: CsvTable, options: dict[str, Any]) -> dict[str, Any]:
        return import_shipments(run, named(run, self.kind, table, self.map))

    def selected(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"column_map": self.map.settings if self.map else None}

    def summary(self, counts: dict[str, Any]) -> list[str]:
        return summaries.of_shipments(counts)
