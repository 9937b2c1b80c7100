from typing import Any

from orders.imports import summaries
from orders.imports.csv.shipments import import_shipments
from orders.imports.csv.table import CsvTable
from orders.imports.run import ImportRun
from orders.management.importing import ImportCommand
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

    def read(self, run: ImportRun, table: CsvTable, options: dict[str, Any]) -> dict[str, Any]:
        return import_shipments(run, table)

    def summary(self, counts: dict[str, Any]) -> list[str]:
        return summaries.of_shipments(counts)
