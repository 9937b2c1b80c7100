"""What customers who wait hear after a quiet time, "no change", and by when they hear anything."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from orders.domain.promises import holds_until
from orders.domain.supply import NO_WINDOW
from orders.models import Event, EventKind, OrderLine
from orders.queue import COUNTS
from orders.services.forecasts import today_of
from orders.services.promises import window_json
from orders.sql_files import sql
from orders.words import window_of

NONE = json.dumps(asdict(NO_WINDOW))
REASSURE = sql(__file__, "reassure", counts=COUNTS, told=window_json("t"), none=f"'{NONE}'::jsonb")


@transaction.atomic
def reassure(*, now: datetime) -> int:
    """Customers who wait hear "no change" after QUIET_DAYS without news, and after two of these in
    a row every LONG_QUIET_DAYS. Returns how many lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            REASSURE,
            {
                "now": now,
                "short": settings.QUIET_DAYS,
                "long": settings.LONG_QUIET_DAYS,
                "zone": settings.TIME_ZONE,
            },
        )
        return len(cursor.fetchall())


def next_word_by(
    line: OrderLine, newest_first: Sequence[Event], *, hears_no_change: bool, today: date
) -> date | None:
    """The day by which the customer of an open line hears from us: that what we said is no longer
    true or, after a quiet time, that nothing changed. Page, email, status.json and staff have this
    one day. None where no day can be promised.

    Of what is here it may be known the next morning only that it has not shipped (recorded_days).
    What was missed is caught up in the morning."""
    if not line.open_units:
        return None
    promise, holds = line.promise, None
    if promise and not line.held:
        holds = holds_until(window_of(promise), promise.published_on)
        if holds and not line.waiting and promise.kind != "chances":
            holds += timedelta(days=1)
    quiet = quiet_until(line, newest_first) if hears_no_change else None
    day = min((day for day in (holds, quiet) if day), default=None)
    return day and (day if day >= today else today + timedelta(days=1))


def quiet_until(line: OrderLine, newest_first: Sequence[Event]) -> date | None:
    """The day by which `reassure` says of a line that nothing changed: its reviews run in the
    morning. None where it says nothing. Of its events the newest two are enough."""
    promised = line.promise is not None or line.held
    if not line.waiting or not promised or line.order.released_at is None:
        return None
    said_often = [event.kind for event in newest_first[:2]] == [EventKind.ON_TRACK] * 2
    days = settings.LONG_QUIET_DAYS if said_often else settings.QUIET_DAYS
    heard_at = newest_first[0].at if newest_first else line.joined_at
    return today_of(heard_at) + timedelta(days=days + 1)
