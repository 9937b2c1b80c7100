from typing import Any

from orders.imports import summaries
from orders.imports.csv.restocks import import_restocks
from orders.imports.csv.table import CsvTable
from orders.imports.run import ImportRun
from orders.management.importing import ImportCommand
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

    def read(self, run: ImportRun, table: CsvTable, options: dict[str, Any]) -> dict[str, Any]:
        return import_restocks(run, table)

    def summary(self, counts: dict[str, Any]) -> list[str]:
        return summaries.of_restocks(counts)
