"""Unreleased orders, those of a first import: nothing is emailed about them. Who would hear what if
they were released."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.formats import date_format

from orders.domain.delay_rules import Silence
from orders.models import DelayNotice, Event, EventKind, Order, OrderLine, Promise
from orders.services import today_of

TOTAL = "all"
# What the law asks about their news, as things are: decided with the promise, and again when the
# email is written.
UNTOLD = DelayNotice.objects.filter(
    line__order=OuterRef("pk"), promise=F("line__promise"), told_at=None, outcome=""
)


def unreleased_orders() -> QuerySet[Order]:
    return Order.objects.filter(released_at__isnull=True)


def who_would_hear_what(quiet: QuerySet[Order], *, now: datetime) -> dict[str, Counter[str]]:
    """Numbers by country and in total: orders, those who would hear each kind of news first, and
    those that a person has to look at."""
    news = news_of_unreleased()
    columns = {"orders": _by_country(quiet)}
    for kind in EventKind.values:
        hear = (
            news.filter(hears=kind)
            .order_by()
            .values_list("order__country")
            .annotate(n=Count("order", distinct=True))
        )
        if heard := _with_total(Counter(dict(hear))):
            columns[f"told: {kind}"] = heard
    for name, notices in {
        "told of a delay": UNTOLD,
        "must answer": UNTOLD.filter(silence=Silence.CANCEL),
    }.items():
        if asked := _by_country(quiet.exclude(email="").filter(Exists(notices))):
            columns[name] = asked
    return columns | {
        "past agreed date": _by_country(past_agreed(quiet, now=now)),
        "can't be reached": _by_country(quiet.filter(email="")),
        "need attention": _by_country(quiet.exclude(attention=[])),
    }


def news_of_unreleased() -> QuerySet[Any, Any]:
    """What they would hear of: `hears` is its kind. Customers who were never told anything hear
    where they are in line now (services.email_results)."""
    told = Exists(Promise.objects.filter(line=OuterRef("line"), told_at__isnull=False))
    return (
        Event.objects.filter(
            order__released_at__isnull=True, promise=F("line__promise"), told_at__isnull=True
        )
        .exclude(order__email="")
        .annotate(
            hears=Case(
                When(~told, line__waiting__gt=0, then=Value(EventKind.JOINED)),
                default=F("kind"),
                output_field=CharField(),
            )
        )
    )


def past_agreed(quiet: QuerySet[Order], *, now: datetime) -> QuerySet[Order]:
    open_lines = OrderLine.objects.filter(
        Q(waiting__gt=0) | Q(allocated__gt=F("shipped")), agreed_by__lt=today_of(now)
    )
    return quiet.filter(pk__in=open_lines.values("order"))


def with_agreed_date(quiet: QuerySet[Order], *, now: datetime, most: int) -> list[tuple[str, str]]:
    """The first of those past the agreed date, each with that date in words."""
    first = past_agreed(quiet, now=now).annotate(agreed_by=Min("lines__agreed_by"))
    return [
        (number, date_format(day))
        for number, day in first.order_by("pk").values_list("number", "agreed_by")[:most]
    ]


def _by_country(orders: QuerySet[Order]) -> Counter[str]:
    return _with_total(
        Counter(dict(orders.order_by().values_list("country").annotate(n=Count("pk"))))
    )


def _with_total(by_country: Counter[str]) -> Counter[str]:
    if by_country:
        by_country[TOTAL] = by_country.total()
    return by_country
