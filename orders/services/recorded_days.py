"""Up to which day this shop's parcels and deliveries are recorded here. To judge a day before that
would tell customers that a parcel is late which has shipped."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from orders.services.forecasts import cutoff, today_of

DAY = timedelta(days=1)
NEWEST = 5000  # rows looked at, of the last HABIT
HABIT = timedelta(days=14)
# what is recorded later than that is not a habit: it was forgotten, or comes from before us
FORGOTTEN = timedelta(days=4)
MOST = 0.95  # the others may be later than what we wait for
SPARE = timedelta(minutes=30)
LAST_CALL = timedelta(hours=23)  # what is found late has to be mailed before the day is over
MORNING = time(8)  # before the shop opens, the day before is judged with what is known

# A parcel whose day nobody knows counts as shipped when it was recorded, so it says nothing about
# when shipments are recorded.
SHIPMENTS = """
    SELECT s.recorded_at, (s.shipped_at AT TIME ZONE %(zone)s)::date AS day
    FROM (SELECT * FROM orders_shipment ORDER BY id DESC LIMIT %(newest)s) s
    WHERE s.corrects_id IS NULL
      AND NOT EXISTS (SELECT FROM orders_shipment c WHERE c.corrects_id = s.id)
      AND (s.actor <> '' OR s.shipped_at <> s.recorded_at)
"""
RECEIPTS = """
    SELECT r.recorded_at, r.arrived_on AS day
    FROM (SELECT * FROM orders_receipt ORDER BY id DESC LIMIT %(newest)s) r
    WHERE r.corrects_id IS NULL AND r.reason = ''
"""
LAG = """
    SELECT percentile_disc(%(most)s) WITHIN GROUP (ORDER BY recorded.lag)
    FROM (
        SELECT recorded_at, recorded_at AT TIME ZONE %(zone)s - day AS lag FROM ({rows}) rows
    ) recorded
    WHERE recorded_at > %(now)s - %(habit)s AND recorded_at <= %(now)s AND lag < %(forgotten)s
"""
REPORT = """
    SELECT max(recorded_at) FROM ({rows}) rows
    WHERE day <= %(day)s AND recorded_at <= %(now)s
      AND (recorded_at AT TIME ZONE %(zone)s)::date > %(day)s
"""


def shipped_until(now: datetime) -> date:
    """The newest day whose parcels are recorded. Where they are overnight: as soon as the report of
    a day has come, or the next MORNING."""
    today, yesterday = today_of(now), today_of(now) - DAY
    known = _shipments_known_at(now)
    if known is not None:
        return today if now >= known else yesterday
    is_in = now >= timezone.make_aware(datetime.combine(today, MORNING)) or _has_come(
        yesterday, now=now
    )
    return yesterday if is_in else yesterday - DAY


def arrived_until(now: datetime) -> date:
    """The newest day whose deliveries are recorded; yesterday where that is known overnight, or not
    known."""
    known = _learned(RECEIPTS, now=now)
    return today_of(now) if known is not None and now >= known else today_of(now) - DAY


def _shipments_known_at(now: datetime) -> datetime | None:
    """When today's are, if they are today."""
    if settings.SHIPMENTS_RECORDED == "learned":
        return _learned(SHIPMENTS, now=now)
    return cutoff(now) if settings.SHIPMENTS_RECORDED == "live" else None


def _learned(rows: str, *, now: datetime) -> datetime | None:
    """The moment of today by which such rows of a day were recorded lately, the cut-off at the
    earliest. None: after the day, or none were."""
    midnight = timezone.make_aware(datetime.combine(today_of(now), time.min))
    with connection.cursor() as cursor:
        cursor.execute(
            LAG.format(rows=rows),
            _values(now) | {"most": MOST, "habit": HABIT, "forgotten": FORGOTTEN},
        )
        lag: timedelta | None = cursor.fetchone()[0]
    if lag is None or lag + SPARE > LAST_CALL:
        return None
    return max(cutoff(now), midnight + lag + SPARE)


def _has_come(day: date, *, now: datetime) -> bool:
    """Whether parcels of `day` were recorded after it, and no more for a while."""
    with connection.cursor() as cursor:
        cursor.execute(REPORT.format(rows=SHIPMENTS), _values(now) | {"day": day})
        (newest,) = cursor.fetchone()
    return newest is not None and newest <= now - SPARE


def _values(now: datetime) -> dict[str, Any]:
    return {"now": now, "zone": settings.TIME_ZONE, "newest": NEWEST}
