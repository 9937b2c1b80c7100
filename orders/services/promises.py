"""Publishing what customers are told: a review compares every line's newest promise with today's
forecast.

One statement does it for any number of lines (sql/publish.sql). Its CASE is
orders.domain.promises.change, and a Hypothesis test holds the two together.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from orders.domain.supply import Window
from orders.models import Forecast, OrderLine, Product, Reason, Shortening, Stock
from orders.queue import COUNTS
from orders.services.delay_notices import notice_new_promises
from orders.services.forecasts import forecast_of_published_dates, make_forecasts, today_of
from orders.services.locks import passing_over
from orders.services.recorded_days import arrived_until
from orders.sql_files import sql

# A product whose dates never rest is published at the latest after so many settling times.
MAX_SETTLINGS = 3
PRODUCTS_PER_REVIEW = 50

WHOLE_QUEUES = """
    SELECT l.id, l.order_id, l.product_id, l.promise_id, l.waiting, l.held, l.joined_at,
           row_number() OVER line AS place, sum(l.waiting) OVER line AS needed
    FROM orders_orderline l
    WHERE l.product_id = ANY(%(products)s) AND l.waiting > 0
    WINDOW line AS (PARTITION BY l.product_id ORDER BY l.queued_at, l.id ROWS UNBOUNDED PRECEDING)
"""

SOME_LINES = f"""
    SELECT k.id, k.order_id, k.product_id, k.promise_id, k.waiting, k.held, c.lines + 1 AS place,
           c.units + k.waiting AS needed
    FROM (
        SELECT *, queued_at AS at FROM orders_orderline WHERE id = ANY(%(lines)s) AND waiting > 0
    ) k, LATERAL ({COUNTS}) c
"""


WINDOW_KEYS = [field.name for field in fields(Window)]


def window_json(row: str) -> str:
    """SQL for the window of a promise or band, in the form of an event's facts."""
    return "jsonb_build_object(" + ", ".join(f"'{key}', {row}.{key}" for key in WINDOW_KEYS) + ")"


GOOD_NEWS = {
    Reason.SUPPLIER_EARLY,
    Reason.NEW_DELIVERY,
    Reason.ARRIVED,
    Reason.CANCELLATION,
    Reason.MOVED,
    Reason.CLERICAL,
}
BAD_NEWS = set(Reason) - {
    Reason.SUPPLIER_EARLY,
    Reason.NEW_DELIVERY,
    Reason.ARRIVED,
    Reason.CANCELLATION,
    Reason.PACKING,
}


@dataclass(frozen=True, slots=True)
class Why:
    """The reason given to lines in a product's queue for which a review finds an earlier, or a
    later, day."""

    product_id: int
    earlier: Reason | Literal[""]
    later: Reason | Literal[""]


def mark_changed(product_ids: Collection[int], *, reason: Reason, now: datetime) -> None:
    """Let a change settle: each new one starts the settling time again, at most MAX_SETTLINGS
    times."""
    values: dict[str, Any] = {
        "products": list(product_ids),
        "now": now,
        "settle": timedelta(seconds=settings.SETTLE_SECONDS),
        "longest": MAX_SETTLINGS,
        "reason": reason,
        "only_good": reason in GOOD_NEWS - BAD_NEWS,
        "bad": [str(bad) for bad in BAD_NEWS],
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK_CHANGED, values)


# A change that was due long ago waits only because nobody reviewed it. It must not cut short the
# settling of this one. Goods that arrive while a delay settles do not become its reason.
SETTLING = "review_at > %(now)s - %(settle)s"
SINCE = f"CASE WHEN {SETTLING} THEN changed_at ELSE %(now)s END"
MARK_CHANGED = f"""
    UPDATE orders_product
    SET changed_at = {SINCE},
        review_at = least(%(now)s + %(settle)s, {SINCE} + %(longest)s * %(settle)s),
        change_reason = CASE
            WHEN {SETTLING} AND %(only_good)s AND change_reason = ANY(%(bad)s) THEN change_reason
            ELSE %(reason)s END
    WHERE id = ANY(%(products)s)
"""


def mark_moved_up(product_ids: Collection[int], *, now: datetime) -> None:
    """The queue got shorter. A cancellation waits neither for other cancellations nor for an
    import, which may lock a product for minutes. A product that somebody has locked is marked by
    the next review, as of this moment."""
    Shortening.objects.bulk_create(Shortening(product_id=pk, at=now) for pk in product_ids)
    _mark_shortened(product_ids)


MARK_SHORTENED = sql(__file__, "mark_shortened")


def _mark_shortened(product_ids: Iterable[int]) -> None:
    settle = timedelta(seconds=settings.SETTLE_SECONDS)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "products": list(product_ids),
            "settle": settle,
            "reason": Reason.CANCELLATION,
        }
        cursor.execute(MARK_SHORTENED, values)


def review_settled(*, now: datetime) -> Counter[str]:
    """Review the products whose changes have settled. Those that somebody has locked stay due. Once
    the day's deliveries are recorded, nothing more arrives today. That holds for what settled
    meanwhile as for what was judged then (deadlines.keep_deadlines)."""
    _mark_shortened(Shortening.objects.values_list("product", flat=True).distinct())
    settled = list(Product.objects.filter(review_at__lte=now).only("pk"))
    if not settled:
        return Counter()
    return review_at_rest(settled, now=now, day=arrived_until(now) + timedelta(days=1))


def review_all(*, now: datetime, since: datetime | None = None) -> Counter[str]:
    """Review every product with a queue, as on every morning. With `since`, only those not reviewed
    from then on: what a review skipped because it was locked, the next one does."""
    return review_at_rest(unreviewed(now=now, since=since) if since else _with_a_queue(), now=now)


def unreviewed(*, now: datetime, since: datetime) -> QuerySet[Product]:
    """Products with a queue at rest that no review has looked at from `since` on."""
    newest = Forecast.objects.filter(product=OuterRef("pk")).order_by("-pk").values("made_at")[:1]
    before = Q(newest=None) | Q(newest__lt=since) | Q(newest__gt=now)
    return _with_a_queue().filter(at_rest(now)).annotate(newest=Subquery(newest)).filter(before)


def _with_a_queue() -> QuerySet[Product]:
    return Product.objects.filter(
        Exists(OrderLine.objects.filter(product=OuterRef("pk"), waiting__gt=0))
    ).only("pk")


def review_at_rest(
    products: Iterable[Product], *, now: datetime, day: date | None = None
) -> Counter[str]:
    """Review those that do not settle. Those that do have their own time, and until then nobody
    hears of what changed. Products that somebody else has locked are skipped: an import may keep
    them for a long time."""

    def act(batch: Sequence[int]) -> Counter[str]:
        return _review(batch, now=now, day=day, which=at_rest(now))

    return sum(passing_over(_batches(products), act, of="product"), Counter())


def review(products: Iterable[Product], *, now: datetime, day: date | None = None) -> Counter[str]:
    """Make a new forecast for each product, for `day` or today, and publish what customers would
    notice, as if all changes had settled. Returns how many events of each kind."""
    return sum(
        (_review(batch, now=now, day=day, which=Q()) for batch in _batches(products)), Counter()
    )


def _batches(products: Iterable[Product]) -> list[list[int]]:
    ids = sorted(product.pk for product in products)
    return [
        ids[start : start + PRODUCTS_PER_REVIEW]
        for start in range(0, len(ids), PRODUCTS_PER_REVIEW)
    ]


def at_rest(now: datetime) -> Q:
    """Of products: no change of them is still settling."""
    return Q(review_at__isnull=True) | Q(review_at__lte=now)


@transaction.atomic
def _review(
    product_ids: Sequence[int], *, now: datetime, day: date | None, which: Q
) -> Counter[str]:
    lock_stock(product_ids)
    rows = Product.objects.select_for_update(no_key=True).filter(which, pk__in=product_ids)
    products = list(rows.order_by("pk"))
    if not products:
        return Counter()
    product_ids = [product.pk for product in products]
    Shortening.objects.filter(product__in=product_ids).delete()  # seen by what follows
    forecasts = make_forecasts(products, now=now, day=day)
    reasons = [_why(forecast) for forecast in forecasts]
    published = _publish(WHOLE_QUEUES, forecasts, now=now, products=product_ids, reasons=reasons)
    Product.objects.filter(pk__in=product_ids, review_at__isnull=False).update(
        changed_at=None, review_at=None, change_reason=""
    )
    return published


def publish_first(
    line_ids: Collection[int], forecasts: Collection[Forecast], *, now: datetime
) -> Counter[str]:
    """The first promise of lines that just joined, from forecasts already published."""
    return _publish(SOME_LINES, forecasts, now=now, lines=line_ids)


@transaction.atomic
def publish_joined(product_ids: Collection[int], *, since: datetime, now: datetime) -> Counter[str]:
    """The first promise of many lines that joined `since`, from the forecasts last published: what
    is still settling stays unseen. For a few lines publish_first costs less."""
    lock_stock(product_ids)
    forecasts = newest_forecasts(product_ids, now=now)
    return _publish(WHOLE_QUEUES, forecasts, now=now, products=product_ids, joined_since=since)


def publish_corrected(
    line_ids: Collection[int],
    forecasts: Collection[Forecast],
    *,
    overtaken: Collection[int] = (),
    now: datetime,
) -> Counter[str]:
    """A new promise, told as a correction, for lines from which units were taken back. `overtaken`:
    those behind which a line kept its units, as it had shipped."""
    reason = Reason.RECEIPT_CORRECTED
    return _publish(
        SOME_LINES,
        forecasts,
        now=now,
        lines=line_ids,
        corrected=line_ids,
        overtaken=overtaken,
        reasons=[Why(forecast.product_id, earlier=reason, later=reason) for forecast in forecasts],
    )


def newest_forecasts(product_ids: Collection[int], *, now: datetime) -> list[Forecast]:
    """The forecast last published for each product. A product without one gets its first. One that
    names a day gone by, since nobody has reviewed it, is made anew: nobody's first promise is in
    the past."""
    found = Forecast.objects.filter(product__in=product_ids).order_by("product_id", "-id")
    newest = {forecast.product_id: forecast for forecast in found.distinct("product_id")}
    missing = set(product_ids) - set(newest)
    first = make_forecasts(Product.objects.filter(pk__in=missing), now=now) if missing else []
    passed = [pk for pk, forecast in newest.items() if _names_a_day_before(today_of(now), forecast)]
    anew = {pk: forecast_without_what_settles(pk, now=now) for pk in sorted(passed)}
    Product.objects.filter(pk__in=anew, review_at=None).update(review_at=now)  # for the others
    return [*(newest | anew).values(), *first]


def _names_a_day_before(today: date, forecast: Forecast) -> bool:
    return any(band["late"] and band["late"] < today.isoformat() for band in forecast.bands)


def forecast_without_what_settles(product_id: int, *, now: datetime) -> Forecast:
    """A fresh forecast for promises that cannot wait until a change has settled."""
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    published = Forecast.objects.filter(product=product).order_by("-id").first()
    if published and product.review_at and product.review_at > now:
        published.product = product
        return forecast_of_published_dates(published, now=now)
    return make_forecasts([product], now=now)[0]


def lock_stock(product_ids: Collection[int]) -> dict[int, Stock]:
    """A writer that reserves units or publishes for a product locks its stock row; products in key
    order."""
    rows = Stock.objects.select_for_update(no_key=True).filter(pk__in=product_ids).order_by("pk")
    return {row.pk: row for row in rows}


def _publish(
    waiting: str,
    forecasts: Collection[Forecast],
    *,
    now: datetime,
    products: Collection[int] = (),
    lines: Collection[int] = (),
    corrected: Collection[int] = (),
    overtaken: Collection[int] = (),
    reasons: Collection["Why"] = (),
    joined_since: datetime | None = None,
) -> Counter[str]:
    which = "w.joined_at >= %(joined_since)s" if joined_since else "true"
    statement = sql(
        __file__,
        "publish",
        waiting=waiting,
        which=which,
        window=window_json("j"),
        told=window_json("t"),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "forecasts": [forecast.pk for forecast in forecasts],
                "products": list(products),
                "lines": list(lines),
                "corrected": list(corrected),
                "overtaken": list(overtaken),
                "why_products": [why.product_id for why in reasons],
                "why_earlier": [str(why.earlier) for why in reasons],
                "why_later": [str(why.later) for why in reasons],
                "now": now,
                "today": today_of(now),
                "joined_since": joined_since,
            },
        )
        published = cursor.fetchall()
    if published:
        notice_new_promises([promise_id for _, promise_id in published], now=now)
    return Counter(kind for kind, _ in published)


def _why(forecast: Forecast) -> Why:
    """What was changed where that explains it; else a delivery that has not come, else the
    supplier's record where nothing but time went by. No reason is better than one that is not true.
    """
    changed = Reason(forecast.product.change_reason) if forecast.product.change_reason else None
    deliveries, today = forecast.evidence["deliveries"], forecast.made_on.isoformat()
    learnt: Reason | Literal[""] = Reason.SUPPLIER_RECORD if deliveries and not changed else ""
    overdue = any(delivery["promised_on"] < today for delivery in deliveries)
    return Why(
        forecast.product_id,
        earlier=changed if changed and changed in GOOD_NEWS else learnt,
        later=changed
        if changed and changed in BAD_NEWS
        else Reason.NOT_ARRIVED
        if overdue
        else learnt,
    )
