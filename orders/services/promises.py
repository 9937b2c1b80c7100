"""Publishing what customers are told: a review compares every line's newest promise with today's
forecast.

One statement does it for any number of lines. Its CASE is orders.domain.promises.change, and a
Hypothesis test holds the two together.
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
    SELECT k.id, k.order_id, k.product_id, k.promise_id, k.waiting, k.held, c.lines + 1 AS place, c.units + k.waiting AS needed
    FROM (SELECT *, queued_at AS at FROM orders_orderline WHERE id = ANY(%(lines)s) AND waiting > 0) k, LATERAL ({COUNTS}) c
"""

# orders.domain.promises.change, row by row of its table; the first row here is a line nobody has
# promised anything yet.
CHANGE = """
    CASE
        WHEN t.id IS NULL THEN 'joined'
        WHEN w.id = ANY(%(corrected)s) THEN 'corrected'
        WHEN b.kind = 'none' THEN CASE WHEN t.kind <> 'none' THEN 'no_date' END
        WHEN t.kind = 'none' THEN 'earlier'
        WHEN t.late IS NOT NULL AND (b.likely IS NULL OR b.likely > t.late) THEN 'later'
        WHEN b.kind IN ('dated', 'unrated')
            THEN CASE WHEN t.kind IN ('chances', 'open') OR b.late < t.early THEN 'earlier' END
        WHEN t.kind = 'chances' AND %(today)s >= t.published_on + 30 THEN 'later'
    END
"""

# Who comes with a day stated by the shop, older than the last of the queue, is that older order:
# not the reason for itself.
PUBLISH = """
    WITH band AS (
        SELECT f.product_id, f.id AS forecast_id, b.*
        FROM orders_forecast f, jsonb_to_recordset(f.bands) AS b (
            "over" bigint, up_to bigint, kind text, early date, likely date, late date, sure float8,
            within_14 float8, within_30 float8, reference text)
        WHERE f.id = ANY(%(forecasts)s)
    ),
    waiting AS ({waiting}),
    judged AS (
        SELECT w.id AS line_id, w.order_id, w.product_id, w.waiting, w.place, w.needed - w.waiting AS units_ahead,
               b.forecast_id, b.kind, b.early, b.likely, b.late, b.sure, b.within_14, b.within_30, b.reference,
               w.promise_id AS told_id, {change} AS change
        FROM waiting w
        JOIN band b ON b.product_id = w.product_id AND w.needed > b."over" AND (b.up_to IS NULL OR w.needed <= b.up_to)
        LEFT JOIN orders_promise t ON t.id = w.promise_id
        WHERE (NOT w.held OR w.promise_id IS NOT NULL) AND {which}
    ),
    still AS MATERIALIZED (
        SELECT l.id, nextval('orders_promise_id_seq') AS promise_id
        FROM (SELECT l.id FROM orders_orderline l
              WHERE l.id IN (SELECT line_id FROM judged WHERE change IS NOT NULL) AND l.waiting > 0
              ORDER BY l.product_id, l.queued_at, l.id FOR NO KEY UPDATE) l
    ),
    promised AS (
        INSERT INTO orders_promise (id, line_id, forecast_id, kind, early, likely, late, sure, within_14, within_30, place,
                                    units_ahead, reference, published_at, published_on)
        SELECT s.promise_id, j.line_id, j.forecast_id, j.kind, j.early, j.likely, j.late, j.sure, j.within_14, j.within_30,
               j.place, j.units_ahead, j.reference, %(now)s, %(today)s
        FROM judged j JOIN still s ON s.id = j.line_id
    ),
    pointed AS (
        UPDATE orders_orderline l SET promise_id = s.promise_id FROM still s WHERE l.id = s.id
    )
    INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
    SELECT j.order_id, j.line_id, s.promise_id, j.change,
           jsonb_build_object(
               'units', j.waiting, 'place', j.place, 'units_ahead', j.units_ahead,
               'reason', nullif(CASE WHEN j.change = 'earlier' THEN reason.earlier
                                     WHEN t.forecast_id IS NULL AND reason.later = 'late_join' THEN ''
                                     ELSE reason.later END, ''),
               'window', {window}, 'told', CASE WHEN t.id IS NOT NULL THEN {told} END,
               'told_on', t.published_on, 'mailed', t.told_at IS NOT NULL AND t.returned_at IS NULL, 'place_before', t.place),
           %(now)s, '', o.released_at IS NOT NULL
    FROM judged j
    JOIN still s ON s.id = j.line_id
    JOIN orders_order o ON o.id = j.order_id
    LEFT JOIN orders_promise t ON t.id = j.told_id
    LEFT JOIN unnest(%(why_products)s::bigint[], %(why_earlier)s::text[], %(why_later)s::text[])
        AS reason (product_id, earlier, later)
        ON reason.product_id = j.product_id AND t.id IS NOT NULL
    RETURNING kind, promise_id
"""

WINDOW_KEYS = [field.name for field in fields(Window)]


def window_json(row: str) -> str:
    """SQL for the window of a promise or band, as an event's facts hold it."""
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
    """The reason given to those of a product's queue for whom a review finds an earlier, or a
    later, day."""

    product_id: int
    earlier: Reason | Literal[""]
    later: Reason | Literal[""]


def mark_changed(product_ids: Collection[int], *, reason: Reason, now: datetime) -> None:
    """Let a change settle: each new one starts the settling time anew, at most MAX_SETTLINGS
    times over."""
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


# A change that was due long ago waits only because nobody reviewed it: it must not cut short the
# settling of this one. Goods that arrive while a delay settles do not become the reason for it.
SETTLING = "review_at > %(now)s - %(settle)s"
SINCE = f"CASE WHEN {SETTLING} THEN changed_at ELSE %(now)s END"
MARK_CHANGED = f"""
    UPDATE orders_product
    SET changed_at = {SINCE},
        review_at = least(%(now)s + %(settle)s, {SINCE} + %(longest)s * %(settle)s),
        change_reason = CASE WHEN {SETTLING} AND %(only_good)s AND change_reason = ANY(%(bad)s) THEN change_reason
                             ELSE %(reason)s END
    WHERE id = ANY(%(products)s)
"""


def mark_moved_up(product_ids: Collection[int], *, now: datetime) -> None:
    """The queue got shorter. Whoever cancels waits neither for others who do nor for an import,
    which may hold a product for minutes: a product that somebody holds is marked by the next
    review, from this moment."""
    Shortening.objects.bulk_create(Shortening(product_id=pk, at=now) for pk in product_ids)
    _mark_shortened(product_ids)


# What settles already goes on as it does.
MARK_SHORTENED = """
    WITH free AS MATERIALIZED (
        SELECT id FROM orders_product WHERE id = ANY(%(products)s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ),
    shortened AS (
        DELETE FROM orders_shortening s USING free WHERE s.product_id = free.id RETURNING s.product_id, s.at
    )
    UPDATE orders_product p
    SET changed_at = first.at, review_at = first.at + %(settle)s, change_reason = %(reason)s
    FROM (SELECT product_id, min(at) AS at FROM shortened GROUP BY 1) first
    WHERE p.id = first.product_id AND p.review_at IS NULL
"""


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
    """Review the products whose changes have settled; those that somebody holds stay due. Once the
    day's deliveries are recorded nothing more arrives today, for what settled meanwhile as for what
    was judged then (keeping.keep_deadlines)."""
    _mark_shortened(Shortening.objects.values_list("product", flat=True).distinct())
    settled = list(Product.objects.filter(review_at__lte=now).only("pk"))
    if not settled:
        return Counter()
    return review_at_rest(settled, now=now, day=arrived_until(now) + timedelta(days=1))


def review_all(*, now: datetime, since: datetime | None = None) -> Counter[str]:
    """Review every product with a queue, as on every morning. With `since` only those that were not
    reviewed from then on: what a review passed over, as somebody held it, the next one does."""
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
    """Review those that do not settle: these have their own time, and until then nobody hears of
    what changed. Passed over are those that somebody else holds, as an import does for nobody knows
    how long."""

    def act(batch: Sequence[int]) -> Counter[str]:
        return _review(batch, now=now, day=day, which=at_rest(now))

    return sum(passing_over(_batches(products), act, of="product"), Counter())


def review(products: Iterable[Product], *, now: datetime, day: date | None = None) -> Counter[str]:
    """Forecast each product anew, for `day` or today, and publish what customers would notice, as
    if all changes had settled. Returns how many events of each kind."""
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
    line_ids: Collection[int], forecasts: Collection[Forecast], *, reason: Reason, now: datetime
) -> Counter[str]:
    """A new promise, told as a correction, for lines from which units were taken back."""
    return _publish(
        SOME_LINES,
        forecasts,
        now=now,
        lines=line_ids,
        corrected=line_ids,
        reasons=[Why(forecast.product_id, earlier=reason, later=reason) for forecast in forecasts],
    )


def newest_forecasts(product_ids: Collection[int], *, now: datetime) -> list[Forecast]:
    """The forecast last published for each product; a product without one gets its first."""
    newest = list(
        Forecast.objects.filter(product__in=product_ids)
        .order_by("product_id", "-id")
        .distinct("product_id")
    )
    missing = set(product_ids) - {forecast.product_id for forecast in newest}
    return newest + (
        make_forecasts(Product.objects.filter(pk__in=missing), now=now) if missing else []
    )


def forecast_to_correct(product_id: int, *, now: datetime) -> Forecast:
    """What is promised to those from whom units are taken back: a fresh forecast, without what
    still settles."""
    product = Product.objects.select_for_update(no_key=True).get(pk=product_id)
    published = Forecast.objects.filter(product=product).order_by("-id").first()
    if published and product.review_at and product.review_at > now:
        published.product = product
        return forecast_of_published_dates(published, now=now)
    return make_forecasts([product], now=now)[0]


def lock_stock(product_ids: Collection[int]) -> dict[int, Stock]:
    """Whoever sets units aside or publishes for a product holds its stock row; products in key
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
    reasons: Collection["Why"] = (),
    joined_since: datetime | None = None,
) -> Counter[str]:
    which = "w.joined_at >= %(joined_since)s" if joined_since else "true"
    sql = PUBLISH.format(
        waiting=waiting, which=which, change=CHANGE, window=window_json("j"), told=window_json("t")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {
                "forecasts": [forecast.pk for forecast in forecasts],
                "products": list(products),
                "lines": list(lines),
                "corrected": list(corrected),
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
