"""The link to all orders of an email address. The page does not reveal whether there are any,
neither by its words nor by its time."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from orders.models import ALL_ORDERS, EventKind

PAUSE = timedelta(minutes=2)  # one email for a button pressed twice

# One statement for any address. Unreleased orders stay silent, whoever asks.
ASK = """
    INSERT INTO orders_event (order_id, kind, facts, at, actor, message_due)
    SELECT o.id, %(kind)s, jsonb_build_object('code', %(code)s::text), %(now)s, '', true
    FROM (
        SELECT id FROM orders_order
        WHERE upper(email) = upper(%(email)s) AND email <> '' AND released_at IS NOT NULL
        ORDER BY id DESC LIMIT 1
    ) o
    WHERE NOT EXISTS (
        SELECT FROM orders_event e
        WHERE e.order_id = o.id AND e.at > %(since)s AND e.kind = %(kind)s
          AND e.facts->>'code' = %(code)s)
"""


@transaction.atomic
def ask_for_orders(email: str, *, now: datetime) -> None:
    """The newest order of this address is due an email with a link to all of them; without one
    nothing happens.

    It is committed without waiting for the disk, because a wait would reveal that there was
    something to write. What a crash loses can be asked for again.
    """
    values: dict[str, Any] = {
        "email": email,
        "kind": EventKind.LINK,
        "code": ALL_ORDERS,
        "now": now,
        "since": now - PAUSE,
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(ASK, values)
