"""Whether anything may have changed on a page since it was shown. Most polls ask in vain, so one
query tells."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from threading import Semaphore

from django.core.cache import cache
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from redis import RedisError

from orders import access
from orders.access import OrderKey
from orders.pages.language import read_as
from orders.pages.order import order_page
from orders.queue import COUNTS
from orders.sql_files import sql

# What no row of the order tells, a preference for instance, is seen this much later at most.
CACHED_SECONDS = 300

ROWS = sql(__file__, "rows", counts=COUNTS)

_making_page = Semaphore()


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
        cache.set(state, version, CACHED_SECONDS)


@require_safe
def live(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the page that changes; 204 while it is what the page shows (?seen=HASH)."""
    key, _ = access.order_named(token)
    found = look(key)
    if found is None:
        raise Http404("no such link")
    locale, seen = read_as(request, found.locale), request.GET.get("seen", "")
    state = found.state(locale=locale, today=timezone.localdate())
    if seen and version_shown(state) == seen:
        return HttpResponse(status=204)
    # When many customers look at their pages while they are told of a delay, one poll at a time
    # makes a page. The others keep what they have until they ask again, rather than wait for each
    # other.
    if not _making_page.acquire(blocking=not seen):
        return HttpResponse(status=204)
    try:
        page = order_page(request, token)
        version = page["status"].version
        keep_version(state, version)
        return (
            HttpResponse(status=204)
            if seen == version
            else render(request, "orders/order.html#live", page)
        )
    finally:
        _making_page.release()
