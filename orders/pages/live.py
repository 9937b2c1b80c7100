"""Whether anything may have changed on a page since it was shown: most polls ask in vain, and one
query tells."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from django.core.cache import cache
from django.db import connection
from redis import RedisError

from orders.access import OrderKey
from orders.queue import COUNTS

# What no row of the order tells, a preference for instance, is seen this much later at most.
KEPT_SECONDS = 300

# xmin is another after every change of a row.
ROWS = f"""
    SELECT o.locale, md5(concat_ws('/', o.id, o.xmin,
        (SELECT string_agg(concat_ws(',', k.id, k.changed, p.xmin, g.xmin, c.lines, c.units, notices.are, refunds.are,
                                     newest.id), ';' ORDER BY k.id)
         FROM (SELECT *, xmin AS changed, queued_at AS at FROM orders_orderline WHERE order_id = o.id) k
         JOIN orders_product g ON g.id = k.product_id
         LEFT JOIN orders_promise p ON p.id = k.promise_id
         LEFT JOIN LATERAL ({COUNTS}) c ON k.waiting > 0
         LEFT JOIN LATERAL (SELECT string_agg(n.xmin::text, ',' ORDER BY n.id) AS are
                            FROM orders_delaynotice n WHERE n.line_id = k.id) notices ON true
         LEFT JOIN LATERAL (SELECT string_agg(r.xmin::text, ',' ORDER BY r.id) AS are
                            FROM orders_refund r WHERE r.line_id = k.id) refunds ON true
         LEFT JOIN LATERAL (SELECT q.id FROM orders_queuechange q
                            WHERE q.product_id = k.product_id ORDER BY q.at DESC, q.id DESC LIMIT 1) newest ON true),
        (SELECT string_agg(e.xmin::text, ',' ORDER BY e.id) FROM orders_event e WHERE e.order_id = o.id)))
    FROM orders_order o WHERE o.id = %(pk)s AND o.link_version = %(link_version)s
"""


@dataclass(frozen=True, slots=True)
class Look:
    """The order's own locale, and a name for all rows of which its page is made."""

    locale: str
    rows: str

    def state(self, *, locale: str, today: date) -> str:
        """A name for the page that somebody who reads this locale sees today."""
        return f"shown-{self.rows}-{locale}-{today}"


def look(key: OrderKey) -> Look | None:
    """Look before the page is made. None: there is no such order, or its link is revoked."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, key._asdict())
        found = cursor.fetchone()
    return Look(*found) if found else None


def version_shown(state: str) -> str | None:
    """The version that a page showed in this state, if one did lately. Without the cache every poll
    reads the page."""
    with suppress(RedisError):
        version: str | None = cache.get(state)
        return version
    return None


def keep_version(state: str, version: str) -> None:
    with suppress(RedisError):
        cache.set(state, version, KEPT_SECONDS)
