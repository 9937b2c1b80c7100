"""Orders placed on one product by many connections at once.

    python -m benchmarks.join [--lines 200000] [--seconds 8]

Starts its own PostgreSQL in a temporary directory. Each connection is a process that places one
order after another: order, line, first promise, event.
"""

import argparse

from benchmarks.servers import own_servers
from benchmarks.timing import Report, Times
from benchmarks.trading import place_at_once

AIM_RATE, AIM_P99 = 400, 50
CONNECTIONS = (1, 2, 4, 8, 16)
AT = 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=200_000, help="that wait already")
    parser.add_argument("--seconds", type=float, default=8)
    options = parser.parse_args()
    with own_servers():
        measure(options.lines, options.seconds)


def measure(lines: int, seconds: float) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from benchmarks import filling
    from orders import services

    report = Report("join", f"a queue of {lines:,} lines")
    now = timezone.now()
    (lamp,) = filling.products("LAMP")
    filling.queues([lamp], lines, until=now - timedelta(days=1))
    filling.expect(lamp, 3 * lines, (now + timedelta(days=20)).date(), now=now - timedelta(days=2))
    filling.settle_down()
    services.place_order(
        services.NewOrder(
            number="FIRST", placed_at=now, lines=[services.NewLine(lamp, 1)], country="US"
        ),
        now=now,
    )
    rates, worst = [], []
    for connections in CONNECTIONS:
        placed = place_at_once(lamp.sku, connections, seconds)
        times = Times(sorted(placed.ms))
        rates.append((float(connections), placed.rate))
        worst.append((float(connections), times.p99))
        if connections == AT:
            report.add(
                f"{connections} connections",
                f"{placed.rate:.0f} a second, median {times.median:.1f} ms, p99 {times.p99:.1f}",
                f"{AIM_RATE} a second, p99 under {AIM_P99} ms",
                placed.rate >= AIM_RATE and times.p99 < AIM_P99,
            )
        else:
            report.add(
                f"{connections} connection{'s' * (connections > 1)}",
                f"{placed.rate:.0f} a second, median {times.median:.1f} ms, p99 {times.p99:.1f}",
            )
    peak = max(rate for _, rate in rates)
    report.add(
        "the most connections against the best number of them",
        f"{rates[-1][1] / peak:.2f} x the rate",
        "no convoy: 0.7 x or more",
        rates[-1][1] / peak >= 0.7,
    )
    report.plot(
        "join", "Orders placed on one product", "connections", "a second", {"orders": rates}
    )
    report.plot(
        "join-p99", "How long one takes, 99 in 100", "connections", "milliseconds", {"p99": worst}
    )
    report.end()


if __name__ == "__main__":
    main()
