"""Where orders come from. A source is one file here that makes a ShopOrder of what it is given, and
is named below. reconcile takes the order from there.

A shop's export is a dialect of CSV (csv/order_rows.py says what it has to know), recognized by its
header. Exports without a file here are read by a column map (mapped_columns.py).
"""

from orders.imports.csv import remaining, restocks, shipments
from orders.imports.csv.order_rows import Dialect
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.table import CsvTable
from orders.imports.sources.our_columns import OurColumns
from orders.imports.sources.shopify_export import ShopifyExport

EXPORTS = (ShopifyExport,)
# what tells the header from the lines above it, and what separates its columns
HEADERS = (
    *(header for export in EXPORTS for header in export.headers),
    *(OurColumns.required, restocks.REQUIRED, shipments.COLUMNS, remaining.COLUMNS),
)


def dialect_of(table: CsvTable, sayings: Sayings | None = None) -> Dialect:
    """Our own columns are what is expected of anything that is not recognized."""
    recognized = (export(sayings) for export in EXPORTS if export.recognizes(table))
    return next(recognized, OurColumns(sayings))
