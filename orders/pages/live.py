"""Whether anything may have changed on a page since it was shown. Most polls ask in vain, so one
query tells."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from django.core.cache import cache
from django.db import connection
from redis import RedisError

from orders.access import OrderKey
from orders.queue import COUNTS
from orders.sql_files import sql

# What no row of the order tells, a preference for instance, is seen this much later at most.
KEPT_SECONDS = 300

ROWS = sql(__file__, "rows", counts=COUNTS)


@dataclass(frozen=True, slots=True)
class Look:
    """The order's own locale, and a name for all the rows that its page is made of."""

    locale: str
    rows: str

    def state(self, *, locale: str, today: date) -> str:
        """A name for the page that a reader with this locale sees today."""
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
