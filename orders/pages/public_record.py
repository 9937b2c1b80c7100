"""The public record: how often the dates we told were met, against our aim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from redis import RedisError

from orders.pages.language import read_as
from orders.sql_files import sql

PERIODS = (100, 365)  # days
CACHED_SECONDS = 600
MIN_OUTCOMES = 50  # outcomes; fewer say nothing about us
BY_LAST_DAY, WITHIN = 0.9, 0.8  # what a window aims for: orders.domain.supply

OUTCOMES = sql(__file__, "outcomes")


@dataclass(frozen=True, slots=True)
class Kept:
    """Of the windows told that came to an end within `days`: how many there were, and the shares (0
    to 1) of lines that left by the last day told and of those that left within the window. Shares
    are None below MIN_OUTCOMES."""

    days: int
    outcomes: int
    by_last_day: float | None
    within: float | None


@dataclass(frozen=True, slots=True)
class ProductKept:
    sku: str
    name: str
    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """`kept`: of all products, a row per period. `products`: those with enough outcomes in any
    period, by name; `others`: how many had some, and too few."""

    as_of: datetime
    kept: Sequence[Kept]
    products: Sequence[ProductKept]
    others: int


def recent_record(*, now: datetime) -> PublicRecord:
    """Counted over all promises, so it is counted now and then and not for each visitor."""
    try:
        return cache.get_or_set("record", lambda: record_of_promises(now=now), CACHED_SECONDS)  # type: ignore[return-value]
    except RedisError:
        return record_of_promises(now=now)


def of_product(record: PublicRecord, sku: str) -> Sequence[Kept]:
    """Empty while too few windows of this product came to an end."""
    return next((product.kept for product in record.products if product.sku == sku), ())


def record_of_promises(*, now: datetime) -> PublicRecord:
    today = timezone.localtime(now).date()
    overall: dict[int, Kept] = {}
    names: dict[int, tuple[str, str]] = {}
    by_product: dict[int, dict[int, Kept]] = {}
    for product_id, sku, name, days, *counts in _counted(today):
        if product_id is None:
            overall[days] = _kept(days, *counts)
        else:
            names[product_id] = (sku, name)
            by_product.setdefault(product_id, {})[days] = _kept(days, *counts)
    told = [ProductKept(*names[pk], kept=_every_period(kept)) for pk, kept in by_product.items()]
    enough = [
        product for product in told if any(kept.outcomes >= MIN_OUTCOMES for kept in product.kept)
    ]
    return PublicRecord(
        as_of=now,
        kept=_every_period(overall),
        products=sorted(enough, key=lambda product: (product.name, product.sku)),
        others=len(told) - len(enough),
    )


def _counted(today: date) -> list[tuple[int | None, str, str, int, int, int, int, int]]:
    parameters: dict[str, Any] = {
        "zone": timezone.get_default_timezone_name(),
        "today": today,
        "since": today - timedelta(days=max(PERIODS)),
        "periods": list(PERIODS),
    }
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, parameters)
        return list(cursor.fetchall())


def _kept(days: int, outcomes: int, in_time: int, windows: int, within: int) -> Kept:
    return Kept(
        days,
        outcomes,
        by_last_day=in_time / outcomes if outcomes >= MIN_OUTCOMES else None,
        within=within / windows if windows >= MIN_OUTCOMES else None,
    )


def _every_period(kept: dict[int, Kept]) -> tuple[Kept, ...]:
    return tuple(kept.get(days, Kept(days, 0, None, None)) for days in PERIODS)


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def record(request: HttpRequest) -> HttpResponse:
    """How often the dates we told were met."""
    kept = recent_record(now=timezone.now())
    aims = {"by_last_day_aim": BY_LAST_DAY, "within_aim": WITHIN, "fewest": MIN_OUTCOMES}
    return render(
        request, "orders/public_record.html", aims | {"record": kept, "locale": read_as(request)}
    )
