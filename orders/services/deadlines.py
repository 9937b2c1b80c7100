"""What happens because a day has passed: the last day told, and the day agreed to."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from orders.domain.delay_rules import latest_day
from orders.domain.working_days import add_working_days
from orders.law import law_of
from orders.models import DAY_PASSED, Forecast, Order, OrderLine, Product, Reason
from orders.services.delay_notices import UNREAD, notice_new_promises
from orders.services.forecasts import today_of
from orders.services.locks import AdvisoryLock
from orders.services.promises import at_rest, review_at_rest, window_json
from orders.sql_files import sql

OVERDUE = """
    FROM orders_orderline l JOIN orders_promise t ON t.id = l.promise_id
    WHERE l.allocated > l.shipped AND l.waiting = 0 AND t.late <= %(day)s
"""
NOT_PACKED = sql(__file__, "not_packed", overdue=OVERDUE, told=window_json("t"))
# working days given to what was not packed in time: rather kept than moved each day
PACKING_AGAIN = 2

PASSED = sql(__file__, "passed", unread=UNREAD)

# With the promise whose question is asked by the same email, if one is.
SAY_PASSED = """
    INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
    SELECT l.order_id, l.id, n.promise_id, 'note',
           jsonb_build_object('code', %(code)s::text, 'agreed_by', l.agreed_by,
                              'units', l.waiting + l.allocated - l.shipped),
           %(now)s, '', true
    FROM orders_orderline l
    LEFT JOIN orders_delaynotice n
        ON n.promise_id = l.promise_id AND n.outcome = '' AND n.told_at IS NULL
    WHERE l.id = ANY(%(lines)s)
"""


@transaction.atomic
def say_day_passed(*, now: datetime, orders: Collection[int] | None = None) -> int:
    """Where the law lets customers cancel once the agreed date has passed, they are told so the day
    after, whatever email they turned off; once for each day that was agreed. `orders`: only these.
    Returns how many lines."""
    places = _places_it_frees(now)
    values: dict[str, Any] = {
        "countries": [country for country, _region, _today in places],
        "regions": [region for _country, region, _today in places],
        "days": [today for _country, _region, today in places],
        "orders": None if orders is None else list(orders),
        "code": DAY_PASSED,
        "zone": settings.TIME_ZONE,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.PASSED_DAYS])
        cursor.execute(PASSED, values)
        found = cursor.fetchall()
        notice_new_promises([promise_id for _, promise_id in found if promise_id], now=now)
        cursor.execute(SAY_PASSED, values | {"lines": [line_id for line_id, _ in found]})
    return len(found)


def _places_it_frees(now: datetime) -> list[tuple[str, str, date]]:
    """Countries and regions of orders whose law it is, with the day that it is there."""
    places = Order.objects.order_by().values_list("country", "region").distinct()
    return [
        (country, region, latest_day(now, country or settings.SHOP_COUNTRY))
        for country, region in places
        if law_of(country, region).rules.missed_day_frees
    ]


def keep_deadlines(
    *, now: datetime, shipped: date | None = None, arrived: date | None = None
) -> int:
    """Tell everyone whose units will not ship on the last promised day. Reserved units are judged
    once that day's parcels are recorded. Waiting units are judged once the deliveries are recorded
    of the last day on which they could have arrived. `shipped` and `arrived` are the newest days
    that are recorded (recorded_days), else today. If a change still settles, that is judged once it
    has (promises.review_settled). Returns how many reserved lines were told."""
    today = today_of(now)
    shipped, arrived = shipped or today, arrived or today
    review_at_rest(_late_unless_arrived_by(arrived), now=now, day=arrived + timedelta(days=1))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            NOT_PACKED,
            {
                "today": today,
                "day": shipped,
                "next_day": add_working_days(shipped, 1, settings.SHOP_COUNTRY),
                "leaves_by": add_working_days(shipped, PACKING_AGAIN, settings.SHOP_COUNTRY),
                "now": now,
                "reason": Reason.PACKING,
            },
        )
        promises = [promise_id for (promise_id,) in cursor.fetchall()]
        notice_new_promises(promises, now=now)
    return len(promises)


def deadlines_left(
    *, now: datetime, shipped: date | None = None, arrived: date | None = None
) -> bool:
    """Whether keep_deadlines had to pass anybody over."""
    today = today_of(now)
    shipped, arrived = shipped or today, arrived or today
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT {OVERDUE})", {"day": shipped})
        (overdue,) = cursor.fetchone()
    return overdue or _late_unless_arrived_by(arrived).filter(at_rest(now)).exists()


def _late_unless_arrived_by(day: date) -> QuerySet[Product]:
    """Products with a waiting line that was promised an earlier day than goods ship that arrive the
    day after `day`, and that were not reviewed for that day."""
    waiting = OrderLine.objects.filter(waiting__gt=0)
    late = OrderLine.objects.none()
    for handling in waiting.order_by().values_list("product__handling_days", flat=True).distinct():
        leaves = add_working_days(
            day + timedelta(days=1), handling or settings.HANDLING_DAYS, settings.SHOP_COUNTRY
        )
        late |= waiting.filter(product__handling_days=handling, promise__late__lt=leaves)
    newest = Forecast.objects.filter(product=OuterRef("pk")).order_by("-pk").values("made_on")[:1]
    not_yet = Q(made_for=None) | ~Q(made_for=day + timedelta(days=1))
    return (
        Product.objects.filter(pk__in=late.values("product"))
        .annotate(made_for=Subquery(newest))
        .filter(not_yet)
        .only("pk")
    )
