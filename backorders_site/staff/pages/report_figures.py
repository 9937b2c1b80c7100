"""What the reports count. Each asks the database once."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from orders.models import Reason
from orders.pages.public_record import BY_LAST_DAY, WITHIN, Kept, recent_record
from orders.services import today_of
from orders.services.forecasts import shipped_ahead

Row = Sequence[object]
Figures = Callable[[datetime], Iterator[Row]]

RECENT = 180  # days; a supplier's record of these is set against what was before
DEMAND_WEEKS = 4
DELAY_DAYS = 90

# A delivery counts from the first day its supplier gave (the last version of that day: the others
# were slips of the finger) to the day all of it had come.
SUPPLIERS = """
    WITH came AS (
        SELECT r.supplier_id, c.arrived_on, c.arrived_on - f.expected_on AS late
        FROM orders_restock r
        JOIN LATERAL (
            SELECT expected_on FROM orders_restockdate d WHERE d.restock_id = r.id ORDER BY posted_on, id DESC LIMIT 1
        ) f ON true
        JOIN LATERAL (
            SELECT max(arrived_on) AS arrived_on FROM orders_receipt c WHERE c.restock_id = r.id AND c.quantity > 0
        ) c ON c.arrived_on IS NOT NULL
        WHERE r.cancelled_at IS NULL AND r.arrived >= r.quantity
    ),
    record AS (
        SELECT supplier_id, count(*) AS came, count(*) FILTER (WHERE late <= 0) AS on_time,
               percentile_disc(0.5) WITHIN GROUP (ORDER BY late) AS median,
               percentile_disc(0.9) WITHIN GROUP (ORDER BY late) AS p90,
               count(*) FILTER (WHERE late BETWEEN 1 AND 3) AS to_3, count(*) FILTER (WHERE late BETWEEN 4 AND 7) AS to_7,
               count(*) FILTER (WHERE late BETWEEN 8 AND 14) AS to_14, count(*) FILTER (WHERE late BETWEEN 15 AND 30) AS to_30,
               count(*) FILTER (WHERE late > 30) AS over_30,
               count(*) FILTER (WHERE arrived_on > %(since)s) AS recent,
               count(*) FILTER (WHERE arrived_on > %(since)s AND late <= 0) AS recent_on_time
        FROM came GROUP BY supplier_id
    ),
    pending AS (
        SELECT r.supplier_id, count(*) AS open, count(*) FILTER (WHERE n.expected_on < %(today)s) AS overdue
        FROM orders_restock r
        JOIN LATERAL (
            SELECT expected_on FROM orders_restockdate d WHERE d.restock_id = r.id ORDER BY posted_on DESC, id DESC LIMIT 1
        ) n ON true
        WHERE r.cancelled_at IS NULL AND r.arrived < r.quantity GROUP BY r.supplier_id
    )
    SELECT s.name, coalesce(came, 0), on_time, median, p90, to_3, to_7, to_14, to_30, over_30, coalesce(recent, 0),
           recent_on_time, coalesce(open, 0), coalesce(overdue, 0)
    FROM orders_supplier s
    LEFT JOIN record ON record.supplier_id = s.id LEFT JOIN pending ON pending.supplier_id = s.id
    WHERE came > 0 OR open > 0 ORDER BY came DESC NULLS LAST, s.name
"""


def suppliers(now: datetime) -> Iterator[Row]:
    today = today_of(now)
    for name, came, on_time, median, p90, *late, recent, recent_on_time, pending, overdue in _rows(
        SUPPLIERS, today=today, since=today - timedelta(days=RECENT)
    ):
        before = _share(on_time and on_time - recent_on_time, came - recent)
        lately = _share(recent_on_time, recent)
        trend = None if lately is None or before is None else lately - before
        yield [
            name,
            came,
            _share(on_time, came),
            median,
            p90,
            on_time,
            *late,
            lately,
            trend,
            pending,
            overdue,
        ]


def windows(now: datetime) -> Iterator[Row]:
    record = recent_record(now=now)
    aims = [round(100 * BY_LAST_DAY), round(100 * WITHIN)]
    for kept in record.kept:
        yield [_("All products"), "", *_kept(kept), *aims]
    for product in record.products:
        for kept in product.kept:
            if kept.outcomes:
                yield [product.sku, product.name, *_kept(kept), *aims]


def _kept(kept: Kept) -> list[object]:
    shares = [
        None if share is None else round(100 * share) for share in (kept.by_last_day, kept.within)
    ]
    return [kept.days, kept.outcomes, *shares]


AGES = """
    WITH aged AS (
        SELECT product_id, lines, units, %(today)s - (start AT TIME ZONE 'UTC')::date AS age
        FROM (
            SELECT product_id, start, sum(lines) AS lines, sum(units) AS units FROM orders_queuecount WHERE width = 'd'
            GROUP BY 1, 2 HAVING sum(lines) > 0
        ) days
    )
    SELECT p.sku, p.name, sum(lines)::bigint, sum(units)::bigint, max(age),
           coalesce(sum(lines) FILTER (WHERE age <= 7), 0)::bigint,
           coalesce(sum(lines) FILTER (WHERE age BETWEEN 8 AND 30), 0)::bigint,
           coalesce(sum(lines) FILTER (WHERE age BETWEEN 31 AND 90), 0)::bigint,
           coalesce(sum(lines) FILTER (WHERE age BETWEEN 91 AND 180), 0)::bigint,
           coalesce(sum(lines) FILTER (WHERE age > 180), 0)::bigint
    FROM aged JOIN orders_product p ON p.id = product_id
    GROUP BY GROUPING SETS ((p.id, p.sku, p.name), ()) HAVING sum(lines) > 0
    ORDER BY p.sku IS NOT NULL, max(age) DESC, p.sku
"""


def ages(now: datetime) -> Iterator[Row]:
    for sku, name, *numbers in _rows(AGES, today=today_of(now)):
        yield [sku or _("All products"), name or "", *numbers]


# Free: units that have arrived or are on order and nobody waits for yet. Fewer than none: people
# wait for units that nobody has ordered.
REORDER = """
    SELECT *, spare + expected - waiting AS free FROM (
        SELECT p.sku, p.name, coalesce(q.units, 0) AS waiting, s.arrived - s.allocated AS spare,
               coalesce(r.units, 0) - coalesce((%(ahead)s::jsonb ->> p.id::text)::bigint, 0) AS expected,
               coalesce(d.units, 0) AS demand
        FROM orders_product p
        JOIN orders_stock s ON s.product_id = p.id
        LEFT JOIN (
            SELECT product_id, sum(units)::bigint AS units FROM orders_queuecount WHERE width = 'd' GROUP BY product_id
        ) q ON q.product_id = p.id
        LEFT JOIN (
            SELECT product_id, sum(quantity - arrived)::bigint AS units FROM orders_restock
            WHERE cancelled_at IS NULL AND arrived < quantity GROUP BY product_id
        ) r ON r.product_id = p.id
        LEFT JOIN (
            SELECT product_id, sum(quantity - cancelled)::bigint AS units FROM orders_orderline
            WHERE queued_at > %(since)s GROUP BY product_id
        ) d ON d.product_id = p.id
        WHERE p.on_backorder AND (q.units > 0 OR d.units > 0)
    ) balance
    ORDER BY spare + expected >= waiting,
             CASE WHEN spare + expected < waiting THEN spare + expected - waiting
                  ELSE (spare + expected - waiting)::numeric / nullif(demand, 0) END NULLS LAST, sku
"""


def reorder(now: datetime) -> Iterator[Row]:
    today = today_of(now)
    values = {
        "since": now - timedelta(weeks=DEMAND_WEEKS),
        "ahead": json.dumps(shipped_ahead(day=today)),
    }
    for sku, name, waiting, spare, expected, demand, free in _rows(REORDER, **values):
        yield [
            sku,
            name,
            waiting,
            spare,
            expected,
            max(-free, 0),
            round(demand / DEMAND_WEEKS, 1),
            _runs_out(free, demand, today),
        ]


def _runs_out(free: int, demand: int, today: date) -> date | str | None:
    """The day on which all that is on order is spoken for, if people go on ordering as they have;
    None: not in a year."""
    if free <= 0:
        return _("now")
    days = free * DEMAND_WEEKS * 7 // demand if demand else 366
    return today + timedelta(days=days) if days <= 365 else None


DELAYS = """
    WITH moved AS (
        SELECT reason, expected_on - before AS days
        FROM (
            SELECT reason, expected_on, posted_on,
                   lag(expected_on) OVER (PARTITION BY restock_id ORDER BY posted_on, id) AS before
            FROM orders_restockdate
        ) v
        WHERE posted_on > %(since)s AND expected_on > before
    ),
    dates AS (
        SELECT coalesce(nullif(reason, ''), 'supplier_late') AS reason, count(*) AS moves, avg(days) AS days FROM moved GROUP BY 1
    ),
    told AS (
        SELECT coalesce(nullif(facts ->> 'reason', ''), 'not_arrived') AS reason, count(*) AS promises,
               count(DISTINCT order_id) AS orders
        FROM orders_event WHERE kind IN ('later', 'no_date') AND at > %(since_at)s GROUP BY 1
    )
    SELECT reason, coalesce(moves, 0), round(days)::int, coalesce(promises, 0), coalesce(orders, 0)
    FROM dates FULL JOIN told USING (reason) ORDER BY promises DESC NULLS LAST, moves DESC NULLS LAST, reason
"""


def delays(now: datetime) -> Iterator[Row]:
    since = timedelta(days=DELAY_DAYS)
    labels = dict(Reason.choices)
    for reason, *numbers in _rows(DELAYS, since=today_of(now) - since, since_at=now - since):
        yield [str(labels.get(reason, reason)), *numbers]


def _share(part: int | None, whole: int | None) -> int | None:
    """In per cent."""
    return round(100 * part / whole) if whole and part is not None else None


def _rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
