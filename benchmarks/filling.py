"""Long queues, written by SQL through the same tables and triggers as ever. Django is set up
(benchmarks.servers)."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from django.db import connection
from django.utils import timezone

from orders import queue, services
from orders.models import Product, Supplier

if TYPE_CHECKING:
    from orders.models import Restock

DAYS = 300  # the oldest line has waited for

ORDERS = """
    INSERT INTO orders_order (
        number, email, customer_name, country, region, locale, placed_at, created_at, released_at,
        link_version, attention, flagged)
    SELECT %(prefix)s || n, 'ada' || n || '@example.com', 'Ada Lovelace ' || n,
           (ARRAY['US', 'US', 'CA', 'DE'])[1 + n %% 4], '',
           (ARRAY['en', 'en', 'en', 'de'])[1 + n %% 4], t, t, CASE WHEN %(mailed)s THEN t END, 1,
           '{}', '{}'
    FROM generate_series(1, %(lines)s) n,
         LATERAL (
             SELECT %(until)s::timestamptz
                    - %(span)s::interval * (1 - n::float / (%(lines)s + 1))
         ) x (t)
    ORDER BY n RETURNING id
"""
LINES = """
    INSERT INTO orders_orderline (
        order_id, product_id, quantity, allocated, shipped, cancelled, queued_at, joined_at, held,
        open_wait, agreed_by)
    SELECT o.id, (%(products)s::bigint[])[1 + o.id %% %(many)s], 1 + o.id %% 3, 0, 0, 0,
           o.placed_at, o.placed_at, false, false, o.placed_at::date + 30
    FROM orders_order o WHERE o.id BETWEEN %(first)s AND %(last)s
    ORDER BY o.id
"""
PIECE = 100_000  # a trigger keeps the rows of a statement in memory
_fills = count(1)


def products(sku: str, many: int = 1) -> list[Product]:
    return Product.objects.bulk_create(
        Product(sku=f"{sku}-{n}" if many > 1 else sku, name=f"Harbour lamp {n}")
        for n in range(1, many + 1)
    )


def queues(
    rows: Sequence[Product],
    lines: int,
    *,
    until: datetime,
    span: timedelta = timedelta(days=DAYS),
    mailed: bool = False,
) -> None:
    """An order with one line each, in turn for the products, evenly over `span`. `mailed`: the
    customers hear of news."""
    fill = next(_fills)
    with connection.cursor() as cursor:
        for start in range(0, lines, PIECE):
            piece = min(PIECE, lines - start)
            cursor.execute(
                ORDERS,
                {
                    "prefix": f"F{fill}-{start}-",
                    "lines": piece,
                    "until": until - span * (1 - (start + piece) / lines),
                    "span": f"{(span * (piece / lines)).total_seconds()} seconds",
                    "mailed": mailed,
                },
            )
            numbers = [number for (number,) in cursor.fetchall()]
            cursor.execute(
                LINES,
                {
                    "products": [row.pk for row in rows],
                    "many": len(rows),
                    "first": min(numbers),
                    "last": max(numbers),
                },
            )


def settle_down() -> None:
    """As autovacuum would have done by itself in the months it took to fill such tables."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def expect(
    row: Product, units: int, on: date, *, now: datetime, supplier: Supplier | None = None
) -> "Restock":
    """The last of as many deliveries as so many units need."""
    supplier = supplier or Supplier.objects.get_or_create(name="Fjord Works")[0]
    for start in range(0, units, services.MAX_UNITS):
        restock = services.expect_restock(
            reference=f"PO-{row.sku}-{on}-{start}",
            product=row,
            supplier=supplier,
            quantity=min(units - start, services.MAX_UNITS),
            expected_on=on,
            now=now,
        )
    return restock


def promise(lines: int) -> Callable[[datetime], None]:
    """Everybody in a queue of the lamp was told a day. Returns what moves the delivery by weeks and
    reviews it."""
    now = timezone.now()
    (lamp,) = products("LAMP")
    queues([lamp], lines, until=now - timedelta(days=1), span=timedelta(days=20), mailed=True)
    day = (now + timedelta(days=5)).date()
    restock = expect(lamp, queue.length(lamp.pk).units, day, now=now - timedelta(days=2))
    services.review([lamp], now=now - timedelta(days=1))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_event SET message_due = false, told_at = at")
        cursor.execute("UPDATE orders_promise SET told_at = published_at")
    settle_down()

    def slip(at: datetime) -> None:
        services.move_restock_date(
            restock, day + timedelta(days=55), posted_on=at.date(), now=at, meant=True
        )
        services.review([lamp], now=at)

    return slip


def record(suppliers: Sequence[str], sku: str, versions: int, *, now: datetime) -> None:
    """Past deliveries with two dates each, a few days late or early, spread evenly over the
    suppliers."""
    many = max(versions // 2, 1)
    deliveries = []
    for n in range(many):
        promised = (now - timedelta(days=20 + 700 * (many - n) // many)).date()
        posted, arrived = promised - timedelta(days=40), promised + timedelta(days=n * 7 % 23 - 4)
        deliveries.append(
            services.RestockRecord(
                reference=f"OLD-{n}",
                sku=sku,
                supplier=suppliers[n % len(suppliers)],
                quantity=10,
                dates=[
                    services.PostedDate(promised - timedelta(days=n % 9), posted),
                    services.PostedDate(promised, posted + timedelta(days=14)),
                ],
                arrivals=[services.ReceivedUnits(10, arrived, arrived)],
            )
        )
    services.record_restocks(deliveries, now=now)
