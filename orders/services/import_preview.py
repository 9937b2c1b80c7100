"""Who would be told worse news by an import, at once and when it has settled. This runs in the
import's own transaction, so that it can still be rolled back."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Model

from orders.domain.delay_rules import Sentence
from orders.models import Event, Forecast, Import, Order, Product, QueueChange, Receipt, RestockDate
from orders.services.promises import review
from orders.sql_files import sql


@dataclass(frozen=True, slots=True)
class Before:
    """How things stood: what comes later is the import's. `anybody`: orders that may hear from us
    at all."""

    event: int
    forecast: int
    version: int
    receipt: int
    settling: frozenset[tuple[int, datetime | None]]
    anybody: bool


@dataclass(frozen=True, slots=True)
class Worse:
    """Orders told worse news: `orders` in all, by what they are told, and `others` that the import
    did not bring."""

    orders: int = 0
    later: int = 0
    no_date: int = 0
    asked: int = 0
    others: int = 0

    def as_json(self) -> dict[str, int]:
        return asdict(self)


WORSE = sql(__file__, "told_worse")


def stand_before() -> Before:
    return Before(
        event=_last(Event),
        forecast=_last(Forecast),
        version=_last(RestockDate),
        receipt=_last(Receipt),
        settling=frozenset(_settling()),
        anybody=Order.objects.filter(released_at__isnull=False).exists(),
    )


def touched_since(before: Before, *, now: datetime) -> list[int]:
    """Products that a review has to look at because of what came at `now`."""
    products = {pk for pk, _ in set(_settling()) - before.settling}
    products.update(QueueChange.objects.filter(at=now).values_list("product", flat=True))
    products.update(Receipt.objects.filter(pk__gt=before.receipt).values_list("product", flat=True))
    products.update(
        RestockDate.objects.filter(pk__gt=before.version).values_list("restock__product", flat=True)
    )
    return sorted(products)


def worse_news(before: Before, record: Import, *, now: datetime) -> Worse:
    """What is told now, and would be when it has settled. Nothing of that is written."""
    if not before.anybody:
        return Worse()
    with transaction.atomic():
        review(Product.objects.filter(pk__in=touched_since(before, now=now)).only("pk"), now=now)
        worse = worse_told(before, record, now=now)
        transaction.set_rollback(True)
    return worse


def worse_told(before: Before, record: Import, *, now: datetime) -> Worse:
    """What was told at `now`."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "last": before.event,
            "now": now,
            "record": record.pk,
            "choice": f'"{Sentence.CHOICE}"',
        }
        cursor.execute(WORSE, values)
        return Worse(*cursor.fetchone())


def _last(model: type[Model]) -> int:
    return model._default_manager.aggregate(last=Max("pk"))["last"] or 0


def _settling() -> Collection[tuple[int, datetime | None]]:
    return list(Product.objects.filter(review_at__isnull=False).values_list("pk", "review_at"))
