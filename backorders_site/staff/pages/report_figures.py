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
from orders.sql_files import sql

Row = Sequence[object]
Figures = Callable[[datetime], Iterator[Row]]

RECENT = 180  # days; a supplier's record of these is set against what was before
DEMAND_WEEKS = 4
DELAY_DAYS = 90

SUPPLIERS = sql(__file__, "suppliers")


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


AGES = sql(__file__, "ages")


def ages(now: datetime) -> Iterator[Row]:
    for sku, name, *numbers in _rows(AGES, today=today_of(now)):
        yield [sku or _("All products"), name or "", *numbers]


REORDER = sql(__file__, "reorder")


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
    """The day by which everything on order is taken, if people go on ordering as they have. None:
    not within a year."""
    if free <= 0:
        return _("now")
    days = free * DEMAND_WEEKS * 7 // demand if demand else 366
    return today + timedelta(days=days) if days <= 365 else None


DELAYS = sql(__file__, "delays")


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
