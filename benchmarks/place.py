"""Place and units ahead in a long queue: ours, beside COUNT and beside reading one row by its
primary key, while 50 times a second somebody joins or cancels.

    python -m benchmarks.place [--lines 1000000]

Starts its own PostgreSQL in a temporary directory. A tenth of the queue joins within one hour, on
the day of its launch. One client, ways in turn at each rank, times as the client sees them.
"""

import argparse
import multiprocessing
from datetime import datetime
from functools import partial

from benchmarks.servers import own_servers
from benchmarks.timing import Report, Times, in_turn
from benchmarks.trading import Trade, trade

COUNT = """
    SELECT count(*) + 1, coalesce(sum(waiting), 0) FROM orders_orderline
    WHERE product_id = %s AND waiting > 0 AND (queued_at, id) < (%s, %s)"""
PRIMARY_KEY = "SELECT id, waiting FROM orders_orderline WHERE id = %s"
ROUNDS = 400
SLOW_ROUNDS = 15
ACTS_A_SECOND = 50


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    lines = parser.parse_args().lines
    with own_servers():
        measure(lines)


def measure(lines: int) -> None:
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from benchmarks import filling
    from orders import queue

    report = Report("place", f"{lines:,} lines of one product")
    now = timezone.now()
    launch, (lamp,) = lines // 10, filling.products("LAMP")
    filling.queues(
        [lamp], launch, until=now - timedelta(days=filling.DAYS), span=timedelta(hours=1)
    )
    filling.queues([lamp], lines - launch, until=now)
    sizes = [size for size in (1_000, 10_000, 100_000) if size < lines]
    shorter = {size: filling.products(f"LAMP-OF-{size}")[0] for size in sizes}
    for size, row in shorter.items():
        filling.queues([row], size, until=now)
    filling.settle_down()

    def at(product_id: int, rank: int) -> tuple[int, datetime, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT product_id, queued_at, id FROM orders_orderline WHERE product_id = %s AND "
                "waiting > 0 "
                "ORDER BY queued_at, id OFFSET %s LIMIT 1",
                [product_id, rank - 1],
            )
            key: tuple[int, datetime, int] = cursor.fetchone()
            return key

    def times_at(key: tuple[int, datetime, int]) -> dict[str, Times]:
        with connection.cursor() as cursor:
            quick = in_turn(
                {
                    "ours": partial(queue.position, *key),
                    "key": partial(cursor.execute, PRIMARY_KEY, [key[2]]),
                },
                ROUNDS,
            )
            return quick | in_turn({"COUNT": partial(cursor.execute, COUNT, key)}, SLOW_ROUNDS)

    ranks = {"rank 10": 10, "within the launch hour": launch // 2, "rank 10,000": 10_000}
    ranks |= {"the middle": lines // 2, "the last thousand": lines - 1_000}
    keys = {name: at(lamp.pk, min(rank, lines)) for name, rank in ranks.items()}
    short_keys = {size: at(row.pk, size - 1) for size, row in shorter.items()}
    with trade(Trade(lamp.sku, ACTS_A_SECOND)) as traded:
        for name, key in keys.items():
            times = times_at(key)
            ours, by_key = times["ours"], times["key"]
            ratio = ours.median / by_key.median
            report.add(
                f"place at {name}",
                f"median {ours.median:.2f} ms, p99 {ours.p99:.2f}; primary key "
                f"{by_key.median:.2f} and {by_key.p99:.2f} "
                f"({ratio:.1f} x); COUNT {times['COUNT'].median:.2f}",
                "p99 under 1 ms, median at most 2 x the key",
                ours.p99 < 1 and ratio <= 2,
            )
        by_size = {size: times_at(key) for size, key in short_keys.items()} | {
            lines: times_at(keys["the last thousand"])
        }
    report.add("joins and cancellations meanwhile", f"{traded.rate:.0f} a second")
    medians = [times["ours"].median for times in by_size.values()]
    report.add(
        f"the end of queues of {', '.join(f'{size:,}' for size in by_size)} lines",
        "median " + ", ".join(f"{median:.2f}" for median in medians) + " ms",
        "flat: within 1.5 x",
        max(medians) / min(medians) < 1.5,
    )
    wrong = [
        name for name in keys if queue.position(*at(lamp.pk, ranks[name])).place != ranks[name]
    ]
    differences = list(queue.differences())
    report.add(
        "after all of it, differences from COUNT",
        str(len(differences) + len(wrong)),
        "none",
        not differences,
    )
    report.plot(
        "place",
        "Finding a place at the end of a queue",
        "lines in the queue",
        "milliseconds, median",
        {
            "COUNT": [(size, times["COUNT"].median) for size, times in by_size.items()],
            "place and units ahead": [
                (size, times["ours"].median) for size, times in by_size.items()
            ],
            "one row by primary key": [
                (size, times["key"].median) for size, times in by_size.items()
            ],
        },
    )
    report.end()


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
