from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from orders.imports.columnmap import read_map
from orders.imports.dialects import Dialect, dialect_of
from orders.imports.orders import Selection, import_orders
from orders.imports.running import Run
from orders.imports.table import Table
from orders.management.importing import ImportCommand, counted

DONE = {"joined": "joined", "changed": "changed", "unchanged": "were known and are unchanged"}
LEFT_OUT = {
    "left_out_unpaid": "not paid yet",
    "left_out_closed": "cancelled or refunded",
    "left_out_shipped": "shipped",
    "left_out_not_on_backorder": "without a product on backorder",
}
CLOSED = {
    "units_shipped": "shipped",
    "units_cancelled": "cancelled",
}
SHOWN = 20


class Command(ImportCommand):
    help = (
        "Import orders: our own CSV, Shopify's orders export as it is, or any export by a column map. New orders join "
        "the queues of products on backorder, known ones are closed as far as the file says so; nothing is reopened, "
        "and the same file twice changes nothing. Columns and rules: docs/importing.md."
    )
    examples = (
        "import_orders orders.csv",
        "import_orders orders_export.csv --backorder LAMP-01 --backorder VASE",
        "import_orders woocommerce.csv --map docs/importing/woocommerce.toml --all-products",
        "import_orders orders_export.csv --remaining remaining.csv",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--map", metavar="FILE", type=Path, help="a column map in TOML, for another shop's export")
        parser.add_argument(
            "--backorder",
            metavar="SKU",
            action="append",
            default=[],
            help="this product is on backorder: its orders join its queue, now and later; may be repeated",
        )
        parser.add_argument("--all-products", action="store_true", help="all products of the file are on backorder")
        parser.add_argument(
            "--remaining",
            metavar="FILE",
            type=Path,
            help="CSV of order_number, sku, units: how many are still to come of lines that need a person",
        )

    def table(self, options: dict[str, Any]) -> Table:
        self.map = read_map(options["map"]) if options["map"] else None
        return Table(options["file"], delimiter=self.map.delimiter if self.map else ",")

    def read(self, run: Run, options: dict[str, Any]) -> dict[str, Any]:
        dialect: Dialect = self.map or dialect_of(run.table)
        if self.map:
            self.map.check(run.table.header, run.table.name)
        selection = Selection(frozenset(options["backorder"]), options["all_products"])
        remaining = Table(options["remaining"]) if options["remaining"] else None
        return import_orders(run, dialect, selection, remaining=remaining)

    def summary(self, counts: dict[str, Any]) -> list[str]:
        lines = [f"Orders: {counted(counts, DONE) or 'none of them joined or changed'}."]
        if left_out := counted(counts, LEFT_OUT):
            lines.append(f"Orders left out: {left_out}.")
        if units := counted(counts, CLOSED):
            lines.append(f"Units closed, as the shop says: {units}.")
        if counts.get("lines_settled"):
            lines.append(f"Lines settled: {counts['lines_settled']:,}.")
        if products := counts["not_on_backorder"]:
            shown = ", ".join(f"{sku} ({number:,})" for sku, number in list(products.items())[:SHOWN])
            more = f" and {len(products) - SHOWN:,} more products" if len(products) > SHOWN else ""
            lines.append(
                f"Lines left out, product not on backorder: {shown}{more}. They join with --backorder SKU or --all-products."
            )
        if counts.get("lines_without_sku"):
            lines.append(f"Lines without a SKU, left out: {counts['lines_without_sku']:,}.")
        if missing := counts["not_in_file"]:
            lines.append(f"Not in the file: {', '.join(missing)}.")
        if people := counts["needs_a_person"]:
            shown = ", ".join(list(people)[:SHOWN]) + (" …" if len(people) > SHOWN else "")
            lines.append(f"On the list of what needs a person: {_orders(counts['orders_for_a_person'])} ({shown}).")
        if counts["quiet"] and counts.get("joined"):
            lines.append("These orders are quiet: nothing is mailed about them before manage.py go_live releases them.")
        return lines


def _orders(number: int) -> str:
    return "1 order" if number == 1 else f"{number:,} orders"
