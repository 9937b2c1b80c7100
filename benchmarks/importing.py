"""A file of orders read, and the forecasts of many products.

    python -m benchmarks.importing [--orders 100000] [--products 1000] [--versions 10000]

Starts its own PostgreSQL in a temporary directory.
"""

import argparse
import csv
import tempfile
from pathlib import Path

from benchmarks.servers import own_servers
from benchmarks.timing import Report, spent

AIM_ORDERS, AIM_FORECASTS = 2_000, 5
SUPPLIERS = 100
IMPORTED_PRODUCTS = 50
COLUMNS = [
    "order_number",
    "placed_at",
    "customer_email",
    "customer_name",
    "country",
    "locale",
    "sku",
    "quantity",
    "product_name",
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--products", type=int, default=1_000, help="to forecast")
    parser.add_argument(
        "--versions", type=int, default=10_000, help="of dates that suppliers gave before"
    )
    options = parser.parse_args()
    with own_servers(LOG_LEVEL="WARNING"):
        report = Report(
            "importing", f"{options.orders:,} orders, {options.products:,} products to forecast"
        )
        measure_forecasts(report, options.products, options.versions)
        measure_orders(report, options.orders)
        report.end()


def measure_forecasts(report: Report, products: int, versions: int) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from benchmarks import filling
    from orders import services
    from orders.models import Product, RestockDate
    from orders.services.forecasts import make_forecasts

    now = timezone.now()
    makers = [f"Maker {n}" for n in range(SUPPLIERS)]
    filling.products("PAST")
    filling.record(makers, "PAST", versions, now=now)
    rows = filling.products("LAMP", products)
    services.record_restocks(
        [
            services.RestockRecord(
                reference="PO",
                sku=row.sku,
                supplier=makers[n % SUPPLIERS],
                quantity=100,
                dates=[services.PostedDate((now + timedelta(days=30 + n % 60)).date(), now.date())],
            )
            for n, row in enumerate(rows)
        ],
        now=now,
    )
    filling.settle_down()
    posted = RestockDate.objects.exclude(restock__product__in=rows).count()
    lamps = list(Product.objects.filter(sku__startswith="LAMP"))
    with spent() as cold:
        make_forecasts(lamps, now=now)
    with spent() as warm:
        make_forecasts(lamps, now=now)
    report.add(
        f"forecasts of {products:,} products, {SUPPLIERS} suppliers, {posted:,} versions of dates",
        f"{cold}; again with nothing new {warm.wall:.1f} s",
        f"under {AIM_FORECASTS} s",
        cold.wall < AIM_FORECASTS,
    )


def measure_orders(report: Report, orders: int) -> None:
    from datetime import timedelta

    from django.core.management import call_command
    from django.utils import timezone

    from orders.models import Order

    start = timezone.now().replace(microsecond=0) - timedelta(days=200)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "orders.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            for n in range(orders):
                placed = start + timedelta(seconds=n * 200 * 86_400 // orders)
                sku = f"SKU-{n * 7919 % IMPORTED_PRODUCTS}"
                rows.writerow(
                    [
                        f"I{n}",
                        placed.isoformat(),
                        f"ada{n}@example.com",
                        "Ada Lovelace",
                        "US",
                        "en",
                        sku,
                        1 + n % 3,
                        sku,
                    ]
                )
        for what in ("read for the first time", "the same file again"):
            with spent() as took, Path("/dev/null").open("w") as nowhere:
                call_command("import_orders", str(path), stdout=nowhere, stderr=nowhere)
            first = what.startswith("read")
            report.add(
                f"a file of {orders:,} orders, {what}",
                f"{took}: {orders / took.wall:,.0f} a second",
                f"{AIM_ORDERS:,} a second" if first else "",
                orders / took.wall >= AIM_ORDERS if first else None,
            )
    assert Order.objects.filter(number__startswith="I").count() == orders


if __name__ == "__main__":
    main()
