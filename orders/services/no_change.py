"""What customers who wait hear after a quiet time: "no change"."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from orders.models import Event, EventKind, OrderLine
from orders.queue import COUNTS
from orders.services.forecasts import today_of
from orders.services.promises import window_json
from orders.sql_files import sql

REASSURE = sql(__file__, "reassure", counts=COUNTS, told=window_json("t"))


@transaction.atomic
def reassure(*, now: datetime) -> int:
    """Customers who wait hear "no change" after QUIET_DAYS without news, and after two of these in
    a row every LONG_QUIET_DAYS. Returns how many lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            REASSURE, {"now": now, "short": settings.QUIET_DAYS, "long": settings.LONG_QUIET_DAYS}
        )
        return len(cursor.fetchall())


def quiet_until(line: OrderLine, newest_first: Sequence[Event]) -> date | None:
    """The day by which `reassure` says of a line that nothing changed: its reviews run in the
    morning. None where it says nothing. Of its events the newest two are enough."""
    released = line.order.released_at is not None
    if not newest_first or not line.waiting or line.held or line.promise is None or not released:
        return None
    said_often = [event.kind for event in newest_first[:2]] == [EventKind.ON_TRACK] * 2
    days = settings.LONG_QUIET_DAYS if said_often else settings.QUIET_DAYS
    return today_of(newest_first[0].at) + timedelta(days=days + 1)
