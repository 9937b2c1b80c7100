"""From what suppliers said and did to a product's forecast."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import starmap
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone

from orders.domain.supply import Band, OpenRestock, forecast
from orders.domain.windows import DateVersion, SupplierHistory, SupplierRecord
from orders.models import Forecast, Product, Receipt
from orders.sql_files import sql

# How long before a delivery comes, or is written down, a parcel can have left that its units are
# in.
NEAR = timedelta(days=30)


def today_of(now: datetime) -> date:
    """The shop's calendar day at `now`."""
    return timezone.localtime(now).date()


def cutoff(now: datetime) -> datetime:
    """Today's SHIP_CUTOFF in the shop's zone: by then the day's deliveries are in."""
    return timezone.make_aware(
        datetime.combine(today_of(now), time.fromisoformat(settings.SHIP_CUTOFF))
    )


def handling_days(product: Product) -> int:
    return product.handling_days or settings.HANDLING_DAYS


def make_forecasts(
    products: Iterable[Product], *, now: datetime, day: date | None = None
) -> list[Forecast]:
    """A new Forecast for each product from all its open restocks and every supplier's record as
    known on `day`, or today. With tomorrow for `day` nothing more arrives today."""
    products = list(products)
    day = day or today_of(now)
    return _make(products, open_restocks([p.pk for p in products], day=day), now=now, day=day)


def forecast_of_published_dates(published: Forecast, *, now: datetime) -> Forecast:
    """A new Forecast for a product whose change still settles. It rests on what customers know: the
    deliveries of `published`, the forecast last published, as far as they are open, on the days
    known then."""
    product = published.product
    known = {product.pk: _known_restocks(product, published, day=today_of(now))}
    (made,) = _make([product], known, now=now, day=today_of(now))
    return made


def _make(
    products: Sequence[Product],
    restocks: Mapping[int, Sequence[OpenRestock]],
    *,
    now: datetime,
    day: date,
) -> list[Forecast]:
    record = supplier_record(day)
    forecasts = [
        Forecast(
            product=product,
            made_at=now,
            made_on=day,
            bands=bands_as_json(
                forecast(
                    restocks.get(product.pk, ()),
                    record,
                    handling_days=handling_days(product),
                    country=settings.SHOP_COUNTRY,
                )
            ),
            evidence=_evidence(restocks.get(product.pk, ()), record),
        )
        for product in products
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "made_at": now,
                "made_on": day,
                "forecasts": json.dumps([[f.product_id, f.bands, f.evidence] for f in forecasts]),
            },
        )
        keys = dict(cursor.fetchall())
    for made in forecasts:
        made.pk = keys[made.product_id]
    return forecasts


# All in one JSON: bulk_create would quote each as an element of an array, which takes longer than
# to make them.
INSERT = """
    INSERT INTO orders_forecast (product_id, made_at, made_on, bands, evidence)
    SELECT (f->>0)::bigint, %(made_at)s, %(made_on)s, f->1, f->2
    FROM jsonb_array_elements(%(forecasts)s::jsonb) f
    RETURNING product_id, id
"""

# Changes whenever a row does that STATES looks at, and costs a fifth of it.
FINGERPRINT = """
    SELECT current_database(),
           (SELECT sum(hashtextextended(name, id)) FROM orders_supplier),
           (SELECT sum(hash_record_extended(
                (id, supplier_id, quantity, arrived, cancelled_at IS NULL), 0))
            FROM orders_restock),
           (SELECT (count(*), max(id))::text FROM orders_restockdate),
           (SELECT (count(*), max(id))::text FROM orders_receipt)
"""

# All that a supplier's history is read from: rows are added to these tables, or change one of the
# sums.
STATES = """
    SELECT s.name, (s.id, count(*), sum(r.quantity), sum(r.arrived), count(r.cancelled_at),
                    sum(d.count), max(d.last), sum(c.count), max(c.last))::text
    FROM orders_supplier s
    JOIN orders_restock r ON r.supplier_id = s.id
    LEFT JOIN (SELECT restock_id, count(*), max(id) AS last FROM orders_restockdate GROUP BY 1) d
        ON d.restock_id = r.id
    LEFT JOIN (SELECT restock_id, count(*), max(id) AS last FROM orders_receipt GROUP BY 1) c
        ON c.restock_id = r.id
    GROUP BY s.id
"""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read last, and what it was read from."""

    source: tuple[object, ...]
    fingerprint: tuple[object, ...]
    states: dict[str, str]
    history: SupplierHistory
    record: SupplierRecord


NOTHING = SupplierHistory(())
_last: _Read | None = None


def supplier_record(today: date) -> SupplierRecord:
    """The suppliers' record as known on `today`. A supplier's history is read again when one of its
    rows has changed. The record is built again when that or the day has changed, so a day's reviews
    share it."""
    global _last
    with connection.cursor() as cursor:
        cursor.execute(FINGERPRINT)
        database, *fingerprint = cursor.fetchone()
        source = (database, settings.SETTLE_SECONDS, settings.TIME_ZONE)
        kept = (
            _last
            if _last and _last.source == source
            else _Read(source, (), {}, NOTHING, NOTHING.as_of(today))
        )
        states = kept.states
        if kept.fingerprint != tuple(fingerprint):
            cursor.execute(STATES)
            states = dict(cursor.fetchall())
    changed = {name for name, _ in states.items() ^ kept.states.items()}
    history = (
        kept.history.with_news_of(changed, read_versions(changed)) if changed else kept.history
    )
    record = (
        kept.record
        if history is kept.history and kept.record.today == today
        else history.as_of(today)
    )
    _last = _Read(source, tuple(fingerprint), states, history, record)
    return record


DATE_VERSIONS = sql(__file__, "date_versions")


def read_versions(suppliers: Collection[str]) -> Iterator[DateVersion]:
    """Every version of the suppliers' promises, as posted, with the day the delivery came.

    A version that was corrected by hand on the day it was typed, within the settling time, was a
    slip of the finger and not the supplier's word, and neither is one of an import that was undone.
    A delivery has come when all of its expected units have.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            DATE_VERSIONS, [list(suppliers), settings.TIME_ZONE, settings.SETTLE_SECONDS]
        )
        return starmap(DateVersion, cursor.fetchall())


@dataclass(frozen=True, slots=True)
class ExpectedRestock:
    """`restock` brings the queue what is still to come but for `shipped_ahead`: those units have
    shipped already."""

    restock_id: int
    product_id: int
    restock: OpenRestock
    shipped_ahead: int


def expected_restocks(product_ids: Collection[int], *, day: date) -> list[ExpectedRestock]:
    """Open restocks of the products with the units still to come and the date in force, earliest
    first."""
    statement = """
        SELECT r.id, r.product_id, r.created_at, r.reference, s.name, newest.expected_on,
               r.quantity - r.arrived
        FROM orders_restock r
        JOIN orders_supplier s ON s.id = r.supplier_id
        JOIN LATERAL (
            SELECT expected_on FROM orders_restockdate d WHERE d.restock_id = r.id
            ORDER BY posted_on DESC, id DESC LIMIT 1
        ) newest ON true
        WHERE r.product_id = ANY(%s) AND r.cancelled_at IS NULL AND r.arrived < r.quantity
        ORDER BY r.product_id, newest.expected_on, r.id"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(product_ids)])
        rows = cursor.fetchall()
    parcels = _parcels_ahead({row[1] for row in rows}, since=day - NEAR)
    expected = []
    for restock_id, product_id, created_at, reference, supplier, expected_on, units in rows:
        ahead = _filled_from(
            parcels[product_id], units, expected_on=expected_on, known_since=created_at
        )
        restock = OpenRestock(reference, supplier, expected_on, units - ahead)
        expected.append(ExpectedRestock(restock_id, product_id, restock, ahead))
    return expected


def shipped_ahead(*, day: date) -> dict[int, int]:
    """Units of open deliveries, by product, that these bring the queue no more: they have shipped
    already."""
    ahead = Receipt.objects.filter(ahead=True, arrived_on__gte=day - NEAR)
    products = list(ahead.order_by().values_list("product_id", flat=True).distinct())
    units: defaultdict[int, int] = defaultdict(int)
    for expected in expected_restocks(products, day=day) if products else []:
        units[expected.product_id] += expected.shipped_ahead
    return {product_id: number for product_id, number in units.items() if number}


@dataclass(slots=True)
class _ParcelsAhead:
    """Units that shipped on a day and that no delivery has brought yet."""

    recorded_at: datetime
    shipped_on: date
    units: int


def _parcels_ahead(
    product_ids: Collection[int], *, since: date
) -> defaultdict[int, list[_ParcelsAhead]]:
    rows = (
        Receipt.objects.filter(product__in=product_ids, ahead=True, arrived_on__gte=since)
        .annotate(units=F("quantity") + Sum("corrections__quantity", default=0))
        .filter(units__gt=0)
        .order_by("arrived_on", "pk")
    )
    parcels: defaultdict[int, list[_ParcelsAhead]] = defaultdict(list)
    for product_id, *parcel in rows.values_list("product_id", "recorded_at", "arrived_on", "units"):
        parcels[product_id].append(_ParcelsAhead(*parcel))
    return parcels


def _filled_from(
    parcels: Iterable[_ParcelsAhead], units: int, *, expected_on: date, known_since: datetime
) -> int:
    """How many of a delivery's `units` are in parcels already; they are taken off the parcels."""
    filled = 0
    for parcel in parcels:
        if parcel.recorded_at >= known_since and expected_on <= parcel.shipped_on + NEAR:
            taken = min(parcel.units, units - filled)
            parcel.units -= taken
            filled += taken
    return filled


def open_restocks(product_ids: Collection[int], *, day: date) -> dict[int, list[OpenRestock]]:
    by_product: dict[int, list[OpenRestock]] = defaultdict(list)
    for expected in expected_restocks(product_ids, day=day):
        if expected.restock.quantity:
            by_product[expected.product_id].append(expected.restock)
    return by_product


KNOWN_RESTOCKS = sql(__file__, "known_restocks")


def _known_restocks(product: Product, published: Forecast, *, day: date) -> list[OpenRestock]:
    values = {
        "product": product.pk,
        "changed_at": product.changed_at,
        "restocks": json.dumps(published.evidence["deliveries"]),
    }
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_RESTOCKS, values)
        rows = cursor.fetchall()
    parcels = _parcels_ahead([product.pk], since=day - NEAR)[product.pk]
    known = []
    for created_at, reference, supplier, expected_on, units in rows:
        ahead = _filled_from(parcels, units, expected_on=expected_on, known_since=created_at)
        if ahead < units:
            known.append(OpenRestock(reference, supplier, expected_on, units - ahead))
    return known


def bands_as_json(bands: Iterable[Band]) -> list[dict[str, Any]]:
    """Bands as SQL reads them: `over` and `up_to` bound the units needed, dates as ISO strings."""
    rows = []
    over = 0
    for band in bands:
        window = band.window
        rows.append(
            {
                "over": over,
                "up_to": band.up_to,
                "kind": window.kind,
                "early": window.early and window.early.isoformat(),
                "likely": window.likely and window.likely.isoformat(),
                "late": window.late and window.late.isoformat(),
                "sure": window.sure,
                "within_14": window.within_14,
                "within_30": window.within_30,
                "reference": band.reference or "",
            }
        )
        over = band.up_to or over
    return rows


def _evidence(restocks: Sequence[OpenRestock], record: SupplierRecord) -> dict[str, Any]:
    """What a forecast rests on: each delivery with the number of promises compared, everyone's and
    its supplier's own; for each supplier the number of its last dates, and how many were met."""
    arrivals = [record.arrival(restock.supplier, restock.promised_on) for restock in restocks]
    return {
        "deliveries": [
            {
                "reference": restock.reference,
                "supplier": restock.supplier,
                "promised_on": restock.promised_on.isoformat(),
                "units": restock.quantity,
                "records": arrival.evidence["records"],
                "own": arrival.evidence["own"],
            }
            for restock, arrival in zip(restocks, arrivals, strict=True)
        ],
        "suppliers": {
            restock.supplier: {
                "dates": arrival.evidence["dates"],
                "held": arrival.evidence["held"],
            }
            for restock, arrival in zip(restocks, arrivals, strict=True)
        },
    }
