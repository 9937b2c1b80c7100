"""The public record: how often the dates we told were met, against our aim."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
AHEAD = (
    14,
    42,
)  # days between telling a date and the date: where one kind ends and the next begins
CACHED_SECONDS = 600
MIN_OUTCOMES = 50  # outcomes; fewer say nothing about us
BY_LAST_DAY, WITHIN = 0.9, 0.8  # what a window aims for: orders.domain.supply
NEAR = 0.03  # as far from an aim a share meets it: neither boast nor complaint

OUTCOMES = sql(__file__, "outcomes")


@dataclass(frozen=True, slots=True)
class Kept:
    """Of the windows told that came to an end within `days`: how many there were, and the shares (0
    to 1) of lines that left by the last day told and of those that left within the window. Shares
    are None below MIN_OUTCOMES.

    A reader adds up what is shown. So the parts of the bar are whole percents that make 100, and
    only all in time are 100%."""

    days: int
    outcomes: int
    by_last_day: float | None
    within: float | None

    @property
    def in_time(self) -> int:
        share = self.by_last_day or 0
        return 100 if share == 1 else min(round(100 * share), 99)

    @property
    def earlier(self) -> int:
        """Shipped before the first day told."""
        return min(round(100 * ((self.by_last_day or 0) - (self.within or 0))), self.in_time)

    @property
    def between(self) -> int:
        return self.in_time - self.earlier

    @property
    def later(self) -> int:
        return 100 - self.in_time


@dataclass(frozen=True, slots=True)
class ProductKept:
    sku: str
    name: str
    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class AheadKept:
    """Windows told between `first` and `last` days before their last day; no `last`: or more."""

    first: int
    last: int | None
    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class PublicRecord:
    """`kept`: of all products, a row per period. `ahead`: the same by how long before. `products`:
    those with enough outcomes in any period, by name; `others`: how many had some, and too few."""

    as_of: datetime
    kept: Sequence[Kept]
    ahead: Sequence[AheadKept]
    products: Sequence[ProductKept]
    others: int


def recent_record(*, now: datetime) -> PublicRecord:
    """Counted over all promises, so it is counted now and then and not for each visitor."""
    try:
        at, counted = cache.get_or_set(  # type: ignore[misc]
            "record", lambda: (now.isoformat(), _counted(now)), CACHED_SECONDS
        )
    except RedisError:
        return record_of_promises(now=now)
    return _record(counted, as_of=datetime.fromisoformat(at))


def of_product(record: PublicRecord, sku: str) -> Sequence[Kept]:
    """Empty while too few windows of this product came to an end."""
    return next((product.kept for product in record.products if product.sku == sku), ())


def record_of_promises(*, now: datetime) -> PublicRecord:
    return _record(_counted(now), as_of=now)


Counted = tuple[int | None, str, str, int | None, int, int, int, int]


def _record(counted: Iterable[Counted], *, as_of: datetime) -> PublicRecord:
    overall: dict[int, Kept] = {}
    by_ahead: dict[int, dict[int, Kept]] = {}
    names: dict[int, tuple[str, str]] = {}
    by_product: dict[int, dict[int, Kept]] = {}
    for product_id, sku, name, ahead, days, *counts in counted:
        kept = _kept(days, *counts)
        if product_id is not None:
            names[product_id] = (sku, name)
            by_product.setdefault(product_id, {})[days] = kept
        elif ahead is not None:
            by_ahead.setdefault(ahead, {})[days] = kept
        else:
            overall[days] = kept
    told = [ProductKept(*names[pk], kept=_every_period(kept)) for pk, kept in by_product.items()]
    enough = [
        product for product in told if any(kept.outcomes >= MIN_OUTCOMES for kept in product.kept)
    ]
    return PublicRecord(
        as_of=as_of,
        kept=_every_period(overall),
        ahead=[
            AheadKept(first, last, _every_period(by_ahead.get(n, {})))
            for n, (first, last) in enumerate(zip((0, *AHEAD), (*AHEAD, None), strict=True))
        ],
        products=sorted(enough, key=lambda product: (product.name, product.sku)),
        others=len(told) - len(enough),
    )


def _counted(now: datetime) -> list[Counted]:
    today = timezone.localtime(now).date()
    parameters: dict[str, Any] = {
        "zone": timezone.get_default_timezone_name(),
        "today": today,
        "since": today - timedelta(days=max(PERIODS)),
        "periods": list(PERIODS),
        "ahead": list(AHEAD),
    }
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, parameters)
        return list(cursor.fetchall())


def _kept(days: int, outcomes: int, in_time: int, within: int) -> Kept:
    if outcomes < MIN_OUTCOMES:
        return Kept(days, outcomes, None, None)
    return Kept(days, outcomes, in_time / outcomes, within / outcomes)


def _every_period(kept: dict[int, Kept]) -> tuple[Kept, ...]:
    return tuple(kept.get(days, Kept(days, 0, None, None)) for days in PERIODS)


SORTS = {
    "name": lambda row: (row.name, row.sku),
    "met": lambda row: (row.kept.by_last_day, row.name),  # the worst first
    "dates": lambda row: (-row.kept.outcomes, row.name),
}


@dataclass(frozen=True, slots=True)
class Row:
    """`first` and `last`: of AheadKept."""

    kept: Kept
    sku: str = ""
    name: str = ""
    first: int = 0
    last: int | None = None


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def record(request: HttpRequest) -> HttpResponse:
    """How often the dates we told were met: one period at a time, since two tables of nearly the
    same numbers tell nobody more than one."""
    shown = recent_record(now=timezone.now())
    # a young shop's last year is its last hundred days
    periods = PERIODS if shown.kept[0].outcomes != shown.kept[-1].outcomes else PERIODS[-1:]
    asked, sort = request.GET.get("days", ""), request.GET.get("sort", "")
    days = next((days for days in periods if str(days) == asked), periods[-1])
    sort = sort if sort in SORTS else "name"
    period = PERIODS.index(days)
    products = [Row(each.kept[period], each.sku, each.name) for each in shown.products]
    ahead = [Row(each.kept[period], first=each.first, last=each.last) for each in shown.ahead]
    context = {
        "record": shown,
        "all": shown.kept[period],
        "verdict": _verdict(shown.kept[period]),
        "ahead": [row for row in ahead if row.kept.by_last_day is not None],
        "products": sorted(
            (row for row in products if row.kept.by_last_day is not None), key=SORTS[sort]
        ),
        "others": shown.others + sum(row.kept.by_last_day is None for row in products),
        "periods": periods,
        "days": days,
        "sort": sort,
        "by_last_day_aim": BY_LAST_DAY,
        "within_aim": WITHIN,
        "fewest": MIN_OUTCOMES,
        "today": timezone.localtime(shown.as_of).date(),
        "locale": read_as(request),
    }
    return render(request, "orders/public_record.html", context)


def _verdict(kept: Kept) -> str:
    """What the share in time says of our windows, as a name that the template words."""
    if kept.by_last_day is None:
        return "too_few"
    if kept.by_last_day > BY_LAST_DAY + NEAR:
        return "cautious"
    return "hopeful" if kept.by_last_day < BY_LAST_DAY - NEAR else "met"
