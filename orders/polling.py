"""Whether anything may have changed on a page since it was shown: most polls ask in vain, and one query tells."""

from contextlib import suppress
from datetime import date

from django.core.cache import cache
from django.db import connection
from redis import RedisError

from orders.models import Order
from orders.queue import COUNTS

# What no row of the order tells, a preference for instance, is seen this much later at most.
KEPT_SECONDS = 300

# xmin is another after every change of a row.
ROWS = f"""
    SELECT md5(concat_ws('/',
        (SELECT o.xmin::text FROM orders_order o WHERE o.id = %(order)s),
        (SELECT string_agg(concat_ws(',', k.id, k.changed, p.xmin, g.xmin, c.lines, c.units, notices.are, refunds.are,
                                     newest.id), ';' ORDER BY k.id)
         FROM (SELECT *, xmin AS changed, queued_at AS at FROM orders_orderline WHERE order_id = %(order)s) k
         JOIN orders_product g ON g.id = k.product_id
         LEFT JOIN orders_promise p ON p.id = k.promise_id
         LEFT JOIN LATERAL ({COUNTS}) c ON k.waiting > 0
         LEFT JOIN LATERAL (SELECT string_agg(n.xmin::text, ',' ORDER BY n.id) AS are
                            FROM orders_delaynotice n WHERE n.line_id = k.id) notices ON true
         LEFT JOIN LATERAL (SELECT string_agg(r.xmin::text, ',' ORDER BY r.id) AS are
                            FROM orders_refund r WHERE r.line_id = k.id) refunds ON true
         LEFT JOIN LATERAL (SELECT q.id FROM orders_queuechange q
                            WHERE q.product_id = k.product_id ORDER BY q.at DESC, q.id DESC LIMIT 1) newest ON true),
        (SELECT string_agg(e.xmin::text, ',' ORDER BY e.id) FROM orders_event e WHERE e.order_id = %(order)s)))
"""


def state_of(order: Order, *, locale: str, today: date) -> str:
    """A name for all that the page of the order is made from. Read it before the page is."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"order": order.pk})
        (rows,) = cursor.fetchone()
    return f"shown-{order.pk}-{rows}-{locale}-{today}"


def version_shown(state: str) -> str | None:
    """The version that a page showed in this state, if one did lately. Without the cache every poll reads the page."""
    with suppress(RedisError):
        version: str | None = cache.get(state)
        return version
    return None


def keep_version(state: str, version: str) -> None:
    with suppress(RedisError):
        cache.set(state, version, KEPT_SECONDS)
