"""Arrived units to the front of a long queue, events and promises written, beside the bare
set-based UPDATE and a row loop.

    python -m benchmarks.allocate [--units 100000] [--long 1000000]

Starts its own PostgreSQL in a temporary directory. Every way runs in a transaction that is rolled
back, in turn.
"""

import argparse
from collections.abc import Callable

from benchmarks.servers import own_servers
from benchmarks.timing import Report, Times, milliseconds

UPDATE = """
    UPDATE orders_orderline l SET allocated = l.allocated + r.units
    FROM (SELECT id, least(waiting, %(spare)s - before) AS units
          FROM (SELECT id, waiting,
                       sum(waiting) OVER (ORDER BY queued_at, id ROWS UNBOUNDED PRECEDING) - waiting
                           AS before
                FROM (SELECT * FROM orders_orderline
                      WHERE product_id = %(product)s AND waiting > 0 AND NOT held
                      ORDER BY queued_at, id LIMIT %(spare)s FOR NO KEY UPDATE) front) f
          WHERE before < %(spare)s) r
    WHERE l.id = r.id"""
LEDGER = """
    INSERT INTO orders_allocation (line_id, quantity, at, reason)
    SELECT id, allocated, now(), 'arrived' FROM orders_orderline
    WHERE product_id = %(product)s AND allocated > 0"""
ROUNDS = 3
LOOP_UNITS = 600


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument(
        "--long",
        type=int,
        default=400_000,
        help="lines of the longer queue; the shorter has 2 a unit",
    )
    options = parser.parse_args()
    with own_servers():
        measure(options.units, options.long)


def measure(units: int, long: int) -> None:

    from django.db import connection
    from django.utils import timezone

    from benchmarks import filling
    from orders import services
    from orders.models import Event, OrderLine, Product, Stock

    short = 2 * units
    report = Report("allocate", f"{units:,} units to queues of {short:,} and {long:,} lines")
    now = timezone.now()
    of_short, of_long = filling.products("SHORT")[0], filling.products("LONG")[0]
    for row, lines in ((of_short, short), (of_long, long)):
        filling.queues([row], lines, until=now)
        Stock.objects.filter(pk=row.pk).update(arrived=units)
    filling.settle_down()
    written: dict[str, int] = {}

    def ours(product: Product) -> None:
        assert services.allocate(product.pk, now=now) == units
        written["events"] = Event.objects.filter(line__product=product).count()

    def bare(product: Product, *, ledger: bool) -> None:
        with connection.cursor() as cursor:
            cursor.execute(UPDATE, {"product": product.pk, "spare": units})
            if ledger:
                cursor.execute(LEDGER, {"product": product.pk})

    def loop() -> None:
        left = LOOP_UNITS
        for line in (
            OrderLine.objects.filter(product=of_short, waiting__gt=0)
            .order_by("queued_at", "id")
            .iterator()
        ):
            give = min(line.waiting, left)
            line.allocated += give
            line.save(update_fields=["allocated"])
            line.allocations.create(quantity=give, at=now, reason="arrived")
            left -= give
            if not left:
                return

    ways: dict[str, Callable[[], None]] = {
        "ours": lambda: ours(of_short),
        "bare": lambda: bare(of_short, ledger=False),
        "with ledger": lambda: bare(of_short, ledger=True),
        "long": lambda: ours(of_long),
        "loop": loop,
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found[name].append(milliseconds(lambda way=way: undone(way)))  # type: ignore[misc]
    times = {name: Times(sorted(ms)) for name, ms in found.items()}
    loop_ms = times["loop"].median * units / LOOP_UNITS
    ratio, per_loop = times["ours"].median / times["bare"].median, loop_ms / times["ours"].median
    report.add(
        "allocate, with promises, events and ledger",
        f"{times['ours']}, {written['events']:,} events",
    )
    report.add(
        "the bare UPDATE of the lines",
        f"{times['bare']}: ours {ratio:.1f} x",
        "at most 2 x",
        ratio <= 2,
    )
    report.add("the UPDATE and its ledger", f"{times['with ledger']}")
    report.add(
        "a row loop",
        f"{loop_ms / 1000:.0f} s: {per_loop:.0f} x ours",
        "at least 30 x ours",
        per_loop >= 30,
    )
    longer = times["long"].median / times["ours"].median
    report.add(
        f"in a queue of {long:,} lines",
        f"{times['long']}: {longer:.2f} x",
        "no slower",
        longer < 1.5,
    )
    report.end()


def undone(way: Callable[[], None]) -> None:
    """What it costs without the commit, at which foreign keys are checked: that comes on top for
    ours and for others."""
    from django.db import connection, transaction

    with transaction.atomic():
        way()
        connection.check_constraints()
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
