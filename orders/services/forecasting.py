"""From what suppliers said and did to a product's forecast."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import starmap
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from orders.domain.supply import Band, OpenDelivery, forecast
from orders.domain.windows import DateVersion, Record, SupplierHistory
from orders.models import Forecast, Product


def today_of(now: datetime) -> date:
    """The shop's calendar day at `now`."""
    return timezone.localtime(now).date()


def handling_days(product: Product) -> int:
    return product.handling_days or settings.HANDLING_DAYS


def make_forecasts(products: Iterable[Product], *, now: datetime) -> list[Forecast]:
    """A new Forecast for each product from all its open restocks and every supplier's record as known today."""
    products = list(products)
    today = today_of(now)
    record = supplier_record(today)
    deliveries = open_deliveries([p.pk for p in products])
    return Forecast.objects.bulk_create(
        Forecast(
            product=product,
            made_at=now,
            made_on=today,
            bands=bands_as_json(
                forecast(
                    deliveries[product.pk],
                    record,
                    handling_days=handling_days(product),
                    country=settings.SHOP_COUNTRY,
                )
            ),
            evidence={"deliveries": [_evidence(delivery, record) for delivery in deliveries[product.pk]]},
        )
        for product in products
    )


# All that the suppliers' record is read from: rows are added to these tables, or change one of the sums.
STATE_OF_RECORD = """
    SELECT current_database(), (SELECT (count(*), max(id))::text FROM orders_restockdate),
           (SELECT (count(*), max(id))::text FROM orders_receipt),
           (SELECT (count(*), max(id), count(cancelled_at), sum(quantity), sum(arrived), sum(supplier_id))::text
            FROM orders_restock),
           (SELECT sum(hashtext(name)) FROM orders_supplier)
"""
_newest: tuple[tuple[object, ...], SupplierHistory, Record] | None = None


def supplier_record(today: date) -> Record:
    """The suppliers' record as known on `today`. The history last read serves until one of its rows changes, and the
    record drawn from it until the day does: a day's reviews share it."""
    global _newest
    with connection.cursor() as cursor:
        cursor.execute(STATE_OF_RECORD)
        state = (*cursor.fetchone(), settings.SETTLE_SECONDS, settings.TIME_ZONE)
    kept = _newest if _newest and _newest[0] == state else None
    if kept and kept[2].today == today:
        return kept[2]
    history = kept[1] if kept else supplier_history()
    record = history.as_of(today)
    _newest = (state, history, record)
    return record


def supplier_history() -> SupplierHistory:
    """Every version of every supplier's promise, as posted, with the day the delivery came.

    A version that was corrected by hand on the day it was typed, within the settling time, was a slip of the finger and
    not the supplier's word. A delivery has come when all of its expected units have.
    """
    sql = """
        WITH versions AS (
            SELECT d.*, lead(d.recorded_at) OVER later AS replaced_at, lead(d.posted_on) OVER later AS replaced_on
            FROM orders_restockdate d WINDOW later AS (PARTITION BY d.restock_id ORDER BY d.posted_on, d.id)
        )
        SELECT s.name, r.reference, v.posted_on, v.expected_on, r.quantity, came.arrived_on, came.known_on
        FROM versions v
        JOIN orders_restock r ON r.id = v.restock_id AND r.cancelled_at IS NULL
        JOIN orders_supplier s ON s.id = r.supplier_id
        LEFT JOIN LATERAL (
            SELECT max(c.arrived_on) AS arrived_on, (max(c.recorded_at) AT TIME ZONE %s)::date AS known_on
            FROM orders_receipt c WHERE c.restock_id = r.id AND c.quantity > 0
        ) came ON r.arrived >= r.quantity
        WHERE v.replaced_on IS DISTINCT FROM v.posted_on OR v.replaced_at > v.recorded_at + make_interval(secs => %s)
        ORDER BY v.posted_on, v.id"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [settings.TIME_ZONE, settings.SETTLE_SECONDS])
        return SupplierHistory(starmap(DateVersion, cursor.fetchall()))


@dataclass(frozen=True, slots=True)
class ExpectedRestock:
    restock_id: int
    product_id: int
    delivery: OpenDelivery


def expected_restocks(product_ids: Collection[int]) -> list[ExpectedRestock]:
    """Open restocks of the products with the units still to come and the date in force, earliest first."""
    sql = """
        SELECT r.id, r.product_id, r.reference, s.name, newest.expected_on, r.quantity - r.arrived
        FROM orders_restock r
        JOIN orders_supplier s ON s.id = r.supplier_id
        JOIN LATERAL (
            SELECT expected_on FROM orders_restockdate d WHERE d.restock_id = r.id
            ORDER BY posted_on DESC, id DESC LIMIT 1
        ) newest ON true
        WHERE r.product_id = ANY(%s) AND r.cancelled_at IS NULL AND r.arrived < r.quantity
        ORDER BY r.product_id, newest.expected_on, r.id"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(product_ids)])
        return [
            ExpectedRestock(restock_id, product_id, OpenDelivery(*delivery))
            for restock_id, product_id, *delivery in cursor.fetchall()
        ]


def open_deliveries(product_ids: Collection[int]) -> dict[int, list[OpenDelivery]]:
    by_product: dict[int, list[OpenDelivery]] = defaultdict(list)
    for expected in expected_restocks(product_ids):
        by_product[expected.product_id].append(expected.delivery)
    return by_product


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


def _evidence(delivery: OpenDelivery, record: Record) -> dict[str, Any]:
    arrival = record.arrival(delivery.supplier, delivery.promised_on)
    return {
        "reference": delivery.reference,
        "supplier": delivery.supplier,
        "promised_on": delivery.promised_on.isoformat(),
        "units": delivery.quantity,
        "record": dict(arrival.evidence),
    }
