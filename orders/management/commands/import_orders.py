from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from orders.imports import summaries
from orders.imports.csv.order_rows import Dialect
from orders.imports.csv.orders import import_orders
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.statuses import GROUPS
from orders.imports.csv.table import CsvTable
from orders.imports.products import ProductSelection
from orders.imports.run import ImportRun
from orders.imports.sources import HEADERS, dialect_of
from orders.imports.sources.mapped_columns import read_map
from orders.imports.sources.shopify_export import MAX_WORD
from orders.management.importing import ImportCommand, add_map
from orders.models import Upload


class Command(ImportCommand):
    kind = Upload.Kind.ORDERS
    help = (
        "Import orders from our own CSV, Shopify's orders export, or any export with a column "
        "map. New orders join the queues of products on backorder. Orders already here are closed "
        "as far as the file says so. Nothing is reopened, and importing the same file twice "
        "changes nothing. Columns and rules: docs/importing.md."
    )
    examples = (
        "import_orders orders.csv",
        "import_orders orders_export.csv --backorder LAMP-01 --backorder VASE",
        'import_orders orders_export.csv --by-name --word "Cash on Delivery=waiting"',
        "import_orders woocommerce.csv --map docs/importing/woocommerce.toml --all-products",
        "import_orders orders_export.csv --remaining remaining.csv",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_map(parser)
        parser.add_argument(
            "--backorder",
            metavar="SKU",
            action="append",
            default=[],
            help="mark this product as on backorder, so that its orders join its queue now and "
            "later; may be repeated",
        )
        parser.add_argument(
            "--all-products",
            action="store_true",
            help="treat all products in the file as on backorder",
        )
        parser.add_argument(
            "--by-name",
            action="store_true",
            help="lines without a SKU go by the product's name, now and later",
        )
        parser.add_argument(
            "--word",
            metavar="WORD=MEANING",
            type=_said,
            action="append",
            default=[],
            help="say what a payment method or status in Shopify's export means, now and later: "
            f"{', '.join(GROUPS)}. “Cash on Delivery=waiting” lets such orders join before they "
            "are paid; may be repeated",
        )
        parser.add_argument(
            "--remaining",
            metavar="FILE",
            type=Path,
            help="CSV of order_number, sku, units: how many units are still to come, for lines "
            "that need attention",
        )

    def table(self, options: dict[str, Any]) -> CsvTable:
        self.sayings = Sayings(options["by_name"], dict(options["word"]))
        self.map = read_map(options["map"], self.sayings) if options["map"] else None
        return self.open(options, self.map)

    def read(self, run: ImportRun, table: CsvTable, options: dict[str, Any]) -> dict[str, Any]:
        dialect: Dialect = self.map or dialect_of(table, self.sayings)
        if self.map:
            self.map.check(table.header, table.name)
        selection = ProductSelection(frozenset(options["backorder"]), options["all_products"])
        remaining = CsvTable(options["remaining"], known=HEADERS) if options["remaining"] else None
        return import_orders(run, table, dialect, selection, remaining=remaining)

    def selected(self, options: dict[str, Any]) -> dict[str, Any]:
        return {
            "column_map": self.map.settings if self.map else None,
            "all_products": options["all_products"],
            "by_name": options["by_name"],
            "words": dict(options["word"]),
            "skus": options["backorder"],
            "remaining": options["remaining"].read_bytes() if options["remaining"] else b"",
        }

    def summary(self, counts: dict[str, Any]) -> list[str]:
        map_says = f"[status] in {self.map.name}" if self.map else ""
        return summaries.of_orders(
            counts,
            summaries.Ways(
                to_join="--backorder SKU or --all-products",
                to_name="--by-name",
                to_say=map_says or '--word "{word}"',
                to_release="manage.py go_live",
            ),
        )


def _said(text: str) -> tuple[str, str]:
    """`Cash on Delivery=waiting`."""
    word, _, means = (part.strip() for part in text.rpartition("="))
    if not word or len(word) > MAX_WORD or means not in GROUPS:
        raise ArgumentTypeError(f"is {text!r}; expected WORD=MEANING, {', '.join(GROUPS)}")
    return word, means
