"""What the shop told when an order was placed: the promise that came before any of ours."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from orders.domain.delay_rules import DAYS_TO_SHIP, counted_day, earliest_day
from orders.domain.facts import Joined
from orders.domain.supply import Window
from orders.law import law_of
from orders.models import Event, Order, OrderLine, Product, Promise, StatedTime
from orders.services.forecasts import today_of
from orders.services.import_records import know_products
from orders.transit import days_on_the_way


@dataclass(frozen=True, slots=True)
class ToldInPeriod:
    """A StatedTime by its SKU."""

    sku: str
    ordered_from: date
    ordered_until: date | None = None
    days: int | None = None
    ships_by: date | None = None


@transaction.atomic
def record_stated_times(told: Iterable[ToldInPeriod]) -> int:
    """Each as it is given, instead of what was known from the same day on. Orders that are here
    keep what they were told. Returns how many were new or changed."""
    told = list(told)
    products = know_products({each.sku: "" for each in told}, on_backorder=False)
    changed = 0
    for each in told:
        values: dict[str, Any] = {
            "ordered_until": each.ordered_until,
            "days": each.days,
            "ships_by": each.ships_by,
        }
        of: dict[str, Any] = {"product": products[each.sku], "ordered_from": each.ordered_from}
        if not StatedTime.objects.filter(**of, **values).exists():
            StatedTime.objects.update_or_create(**of, defaults=values)
            changed += 1
    return changed


def stated_when_ordered(
    joining: Sequence[tuple[Order, Product, date | None]],
) -> list[date | None]:
    """The ship date that each of these read when ordering: the one their order came with, or else
    the one their product had in those days, by the newest of its periods."""
    newest_first: defaultdict[int, list[StatedTime]] = defaultdict(list)
    products = {product.pk for _, product, stated in joining if stated is None}
    for row in StatedTime.objects.filter(product__in=products).order_by("-ordered_from"):
        newest_first[row.product_id].append(row)
    return [
        stated
        or next(
            filter(
                None,
                (
                    row.ships_by_if_ordered(today_of(order.placed_at))
                    for row in newest_first[product.pk]
                ),
            ),
            None,
        )
        for order, product, stated in joining
    ]


def agreed_when_ordered(order: Order, ships_by: date | None) -> date:
    """The agreed date, as the law of the order's country counts it: of delivery, where it does."""
    if ships_by is None:
        return earliest_day(order.paid_at or order.placed_at, order.country) + DAYS_TO_SHIP
    law = law_of(order.country, order.region)
    way = days_on_the_way(order.country or settings.SHOP_COUNTRY)
    return counted_day(ships_by, law, days_on_the_way=way) or ships_by


def keep_stated_promises(stated: Collection[tuple[OrderLine, date]], *, now: datetime) -> None:
    """What the shop stated when ordering is a promise, told then. A review finds out whether it is
    still true."""
    if not stated:
        return
    promises = Promise.objects.bulk_create(
        Promise(
            line=line,
            kind="dated",
            late=day,
            published_at=now,
            published_on=today_of(line.order.placed_at),
            told_at=line.order.placed_at,
            inherited=day < today_of(now),
        )
        for line, day in stated
    )
    for promise in promises:
        promise.line.promise = promise
    OrderLine.objects.bulk_update([line for line, _ in stated], ["promise"], batch_size=5000)
    Event.objects.bulk_create(
        Event.of(
            Joined(units=line.quantity, window=Window("dated", late=day), stated=True),
            order=line.order,
            line=line,
            promise=line.promise,
            at=now,
            message_due=line.order.released_at is not None,
        )
        for line, day in stated
    )
