"""A supplier slips, and a long queue hears of it; and a morning on which nothing changed.

    python -m benchmarks.review [--moved 100000] [--quiet 1000000] [--products 1000]

Starts its own PostgreSQL in a temporary directory. First the naive way beside ours on a short
queue: one line after another, by the same rules in Python.
"""

import argparse
import time
from datetime import datetime

from benchmarks.servers import own_servers
from benchmarks.timing import Report, spent

AIM_MOVED, AIM_QUIET = 10, 30  # seconds
NAIVE_LINES = 300


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--moved", type=int, default=100_000, help="lines of the queue that a move changes"
    )
    parser.add_argument(
        "--quiet", type=int, default=200_000, help="lines for which nothing changes"
    )
    parser.add_argument("--products", type=int, default=1_000, help="over so many products")
    options = parser.parse_args()
    with own_servers():
        report = Report("review", f"{options.moved:,} moved lines, {options.quiet:,} quiet ones")
        measure_moved(report, options.moved)
        measure_quiet(report, options.quiet, options.products)
        report.end()


def measure_moved(report: Report, lines: int) -> None:
    from datetime import timedelta

    from django.db import connection
    from django.utils import timezone

    from benchmarks import filling
    from orders import queue, services
    from orders.models import DelayNotice, Event, Promise

    now = timezone.now()
    (lamp,) = filling.products("LAMP")
    filling.queues(
        [lamp], lines, until=now - timedelta(days=1), span=timedelta(days=20), mailed=True
    )
    units = queue.length(lamp.pk).units
    restock = filling.expect(
        lamp, units, (now + timedelta(days=5)).date(), now=now - timedelta(days=2)
    )
    services.review([lamp], now=now - timedelta(days=1))
    filling.settle_down()
    services.move_restock_date(
        restock,
        (now + timedelta(days=60)).date(),
        posted_on=now.date(),
        now=now,
        actor="",
        meant=True,
    )
    with spent() as took:
        published = services.review([lamp], now=now)
    seconds = took.wall
    counts = {
        "promises": Promise.objects.filter(published_at=now).count(),
        "events": Event.objects.filter(at=now).count(),
        "notices": DelayNotice.objects.filter(decided_at=now).count(),
    }
    assert published["later"] == lines == counts["promises"] == counts["events"], (
        published,
        counts,
    )
    report.add(
        f"a move that changes {lines:,} promises, to the last promise, event and notice",
        f"{took}: {', '.join(f'{many:,} {name}' for name, many in counts.items())}",
        f"{AIM_MOVED} s for 100,000",
        seconds * 100_000 / lines <= AIM_MOVED,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM orders_orderline WHERE product_id = %s ORDER BY id LIMIT %s",
            [lamp.pk, NAIVE_LINES],
        )
        some = [pk for (pk,) in cursor.fetchall()]
    started = time.perf_counter()
    for pk in some:
        one_by_one(pk, now)
    each = (time.perf_counter() - started) / len(some)
    report.add(
        "beside it, line after line through the ORM",
        f"{each * 1000:.1f} ms a line, {each * lines:,.0f} s for as many "
        f"({each * lines / seconds:.0f} x)",
    )


def one_by_one(pk: int, now: datetime) -> None:
    """What a loop does for each line: read it and its place, save promise, line, event and
    notice."""
    from django.db import transaction

    from orders.domain.facts import Later
    from orders.models import DelayNotice, Event, OrderLine, Promise
    from orders.words import window_of

    with transaction.atomic():
        line = (
            OrderLine.objects.select_related("promise", "order")
            .select_for_update(of=("self",))
            .get(pk=pk)
        )
        before = line.promise
        assert before is not None
        promise = Promise.objects.create(
            line=line,
            kind=before.kind,
            early=before.early,
            likely=before.likely,
            late=before.late,
            published_at=now,
            published_on=before.published_on,
        )
        line.promise = promise
        line.save(update_fields=["promise"])
        window = window_of(before)
        later = Later(
            units=line.waiting,
            window=window,
            told=window,
            told_on=before.published_on,
            mailed=False,
        )
        Event.of(
            later, order=line.order, line=line, promise=promise, at=now, message_due=False
        ).save()
        DelayNotice.objects.create(
            promise=promise,
            line=line,
            jurisdiction="US",
            case="A",
            notice_by=before.published_on,
            decided_at=now,
        )


def measure_quiet(report: Report, lines: int, products: int) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from benchmarks import filling
    from orders import services
    from orders.models import Supplier

    now = timezone.now()
    lamps = filling.products("QUIET", products)
    filling.queues(lamps, lines, until=now)
    maker = Supplier.objects.get_or_create(name="Fjord Works")[0]
    for lamp in lamps:
        filling.expect(
            lamp, 3 * lines // products, (now + timedelta(days=40)).date(), now=now, supplier=maker
        )
    with spent() as first:
        services.review(lamps, now=now)
    filling.settle_down()
    report.add(f"the first promise of {lines:,} lines of {products:,} products", str(first))
    with spent() as quiet:
        published = services.review(lamps, now=now + timedelta(minutes=1))
    assert not published
    report.add(
        "a review of them that changes nothing",
        str(quiet),
        f"under {AIM_QUIET} s for 1,000,000 lines",
        quiet.wall < AIM_QUIET,
    )


if __name__ == "__main__":
    main()
