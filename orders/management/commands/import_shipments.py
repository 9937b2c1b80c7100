from typing import Any

from orders.imports.running import Run
from orders.imports.shipments import import_shipments
from orders.management.importing import ImportCommand, counted

DONE = {
    "recorded": "recorded",
    "recorded_before": "recorded before",
    "not_here": "of orders or products that are not in line here",
}


class Command(ImportCommand):
    help = (
        "Import shipments: parcels the shop has handed to a carrier. Rows of one order, tracking number and time are one "
        "parcel. Units that had not been received here are received on the way. The same file twice changes nothing. "
        "Columns and rules: docs/importing.md."
    )
    examples = ("import_shipments shipments.csv",)

    def read(self, run: Run, options: dict[str, Any]) -> dict[str, Any]:
        return import_shipments(run)

    def summary(self, counts: dict[str, Any]) -> list[str]:
        lines = [f"Parcels: {counted(counts, DONE) or 'none'}."]
        if counts["shipped_before"]:
            lines.append(f"Lines an orders export had said to be shipped already: {counts['shipped_before']:,}.")
        return lines
