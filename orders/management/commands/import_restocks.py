from typing import Any

from orders.imports.restocks import import_restocks
from orders.imports.running import Run
from orders.management.importing import ImportCommand, counted

DONE = {
    "new": "new",
    "moved": "with new dates",
    "resized": "of another size",
    "unchanged": "unchanged",
    "cancelled_here": "cancelled here, and left so",
}


class Command(ImportCommand):
    help = (
        "Import restocks: deliveries expected from suppliers, the dates they gave for them, and what arrived. Rows with "
        "one reference and SKU are versions of one date. Changes settle before customers hear of them; units that "
        "arrived are set aside at once. The same file twice changes nothing. Columns and rules: docs/importing.md."
    )
    examples = ("import_restocks restocks.csv", "import_restocks restocks.csv --skip-bad")

    def read(self, run: Run, options: dict[str, Any]) -> dict[str, Any]:
        return import_restocks(run)

    def summary(self, counts: dict[str, Any]) -> list[str]:
        lines = [f"Restocks: {counted(counts, DONE) or 'none'}; {counts['dates']:,} dates added."]
        if counts["units_arrived"]:
            lines.append(
                f"Units that arrived: {counts['units_arrived']:,}; set aside for orders: {counts['units_set_aside']:,}."
            )
        if counts["history"]:
            lines.append(
                f"Arrivals from before the first order here: {counts['history']:,}. They count for the supplier's record "
                "and give nobody units."
            )
        return lines
