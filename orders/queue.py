"""Places and units ahead, from the counted index that the database keeps (QueueCount;
sql/queue_counts.sql).

A place is the sum of whole days before, whole hours of that day, whole minutes of that hour, and
the rows of one minute. So its cost does not depend on the length of the queue. Orders that have
only a date share one minute per day; there the last step is a COUNT of that day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

# Whole days before, hours of the day, minutes of the hour, rows of the minute:
# orders_waiting_before in sql/queue_places.sql.
COUNTS = "SELECT lines, units FROM orders_waiting_before(k.product_id, k.at, k.id)"


@dataclass(frozen=True, slots=True)
class Position:
    """place: lines ahead + 1. units_ahead: units that those lines wait for."""

    place: int
    units_ahead: int


@dataclass(frozen=True, slots=True)
class Length:
    lines: int
    units: int


def position(product_id: int, queued_at: datetime, line_id: int) -> Position:
    """Where a key is in a product's queue now, whether or not a line with that key exists."""
    sql = "SELECT lines + 1, units FROM orders_waiting_before(%s, %s, %s)"
    with connection.cursor() as cursor:
        cursor.execute(sql, [product_id, queued_at, line_id])
        place, units = cursor.fetchone()
    return Position(place, units)


def positions(line_ids: Iterable[int]) -> dict[int, Position]:
    """The positions of those of the lines that wait, in one query."""
    sql = f"""
        SELECT k.id, c.lines + 1, c.units
        FROM (
            SELECT id, product_id, queued_at AS at FROM orders_orderline
            WHERE id = ANY(%s) AND waiting > 0
        ) k, LATERAL ({COUNTS}) c"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(line_ids)])
        return {line_id: Position(place, units) for line_id, place, units in cursor.fetchall()}


def key_at(product_id: int, place: int) -> tuple[datetime, int] | None:
    """The lines at these places, as (queued_at, line id), found from the counts; None if there is
    none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT at, line_id FROM orders_key_at(%s, %s)", [product_id, place])
        at, line_id = cursor.fetchone()
    return None if at is None else (at, line_id)


def fronts(product_id: int, units: Sequence[int]) -> list[Length]:
    """For each number of units, the lines at the front that so many serve in full, and the units
    these wait for."""
    sql = """
        SELECT f.lines, f.units FROM unnest(%s::bigint[]) WITH ORDINALITY u (units, n),
               LATERAL orders_front_served(%s, u.units) f
        ORDER BY u.n"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(units), product_id])
        return [Length(lines, served) for lines, served in cursor.fetchall()]


def length(product_id: int) -> Length:
    sql = """
        SELECT coalesce(sum(lines), 0), coalesce(sum(units), 0) FROM orders_queuecount
        WHERE product_id = %s AND width = 'd'"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [product_id])
        lines, units = cursor.fetchone()
    return Length(int(lines), int(units))


@dataclass(frozen=True, slots=True)
class WrongCount:
    """A count that disagrees with the lines it counts; one without a row is 0."""

    sku: str
    width: str
    start: datetime
    counted: Length
    actual: Length


TRUE_COUNTS = """
    SELECT product_id, w.width, date_trunc(w.unit, queued_at, 'UTC') AS start,
           count(*) AS lines, sum(waiting) AS units
    FROM orders_orderline
    CROSS JOIN (VALUES ('d', 'day'), ('h', 'hour'), ('m', 'minute')) AS w (width, unit)
    WHERE waiting > 0 GROUP BY 1, 2, 3
"""
COUNTED = """
    SELECT product_id, width, start, sum(lines) AS lines, sum(units) AS units
    FROM orders_queuecount GROUP BY 1, 2, 3
"""


def differences() -> Iterator[WrongCount]:
    """Compare all counts with COUNT and SUM over the lines."""
    sql = f"""
        SELECT p.sku, width, start, coalesce(c.lines, 0), coalesce(c.units, 0),
               coalesce(t.lines, 0), coalesce(t.units, 0)
        FROM ({COUNTED}) c FULL JOIN ({TRUE_COUNTS}) t USING (product_id, width, start)
        JOIN orders_product p ON p.id = product_id
        WHERE (c.lines, c.units) IS DISTINCT FROM (t.lines, t.units)
        ORDER BY 1, 2, 3"""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        for sku, width, start, lines, units, true_lines, true_units in cursor.fetchall():
            yield WrongCount(
                sku, width, start, Length(lines, int(units)), Length(true_lines, int(true_units))
            )


@transaction.atomic
def rebuild() -> None:
    """Count all queues again. Writers of lines wait meanwhile; readers see the old counts until it
    commits."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE orders_orderline IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("DELETE FROM orders_queuecount")
        cursor.execute(
            f"INSERT INTO orders_queuecount (product_id, width, start, lines, units) {TRUE_COUNTS}"
        )
