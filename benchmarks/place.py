"""Place and units ahead in a long queue: ours, beside COUNT and beside reading one row by its primary key.

    python -m benchmarks.place [--lines 1000000]

Starts its own PostgreSQL in a temporary directory. One client, ways in turn at each rank, times as the client sees them.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

from benchmarks.servers import own_servers

COUNT = """
    SELECT count(*) + 1, coalesce(sum(waiting), 0) FROM orders_orderline
    WHERE product_id = %s AND waiting > 0 AND (queued_at, id) < (%s, %s)"""
PRIMARY_KEY = "SELECT id, waiting FROM orders_orderline WHERE id = %s"
ROUNDS = 400
SLOW_ROUNDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    lines = parser.parse_args().lines
    with own_servers():
        measure(lines)


def measure(lines: int) -> None:
    from django.db import connection

    from orders import queue

    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO orders_product (sku, name, on_backorder, change_reason) VALUES ('LAMP', 'Lamp', true, '')"
        )
        cursor.execute(
            """
            INSERT INTO orders_order (number, email, customer_name, country, region, locale, placed_at, created_at,
                                      link_version, attention, noticed)
            SELECT n, '', '', 'US', '', 'en', t, t, 1, '{}', '{}'
            FROM generate_series(1, %s) n, LATERAL (SELECT now() - interval '300 days' * (1 - n::float / %s)) x (t)
            """,
            [lines, lines],
        )
        cursor.execute(
            """
            INSERT INTO orders_orderline (order_id, product_id, quantity, allocated, shipped, cancelled, queued_at,
                                          joined_at, held, open_wait)
            SELECT o.id, p.id, 1 + o.id % 3, 0, 0, 0, o.placed_at, o.placed_at, false, false FROM orders_order o, orders_product p
            """
        )
        connection.commit()
        cursor.execute("VACUUM ANALYZE")
        print(f"{lines:,} lines of one product over 300 days, made in {time.perf_counter() - started:.0f} s")
        print(f"{'rank':>10} {'way':<12} {'median ms':>10} {'p99 ms':>8} {'worst':>8}")
        for rank in (10, 10_000, lines // 2, lines - 1_000):
            cursor.execute(
                "SELECT product_id, queued_at, id FROM orders_orderline ORDER BY queued_at, id OFFSET %s LIMIT 1",
                [rank - 1],
            )
            key = cursor.fetchone()
            ways: dict[str, tuple[Callable[[], object], int]] = {
                "ours": (partial(queue.position, *key), ROUNDS),
                "primary key": (partial(cursor.execute, PRIMARY_KEY, [key[2]]), ROUNDS),
                "COUNT": (partial(cursor.execute, COUNT, key), SLOW_ROUNDS),
            }
            assert queue.position(*key).place == rank
            for name, (way, rounds) in ways.items():
                times = [timed(way) for _ in range(rounds)]
                times.sort()
                print(
                    f"{rank:>10,} {name:<12} {statistics.median(times):>10.3f} "
                    f"{times[int(len(times) * 0.99)]:>8.3f} {times[-1]:>8.3f}"
                )


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
