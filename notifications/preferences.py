"""The writer of preferences: what the owner of an address turned off."""

from datetime import datetime

from django.db import connection

CHOOSE = """
    INSERT INTO notifications_preference (
        address, good_news, no_change, delivery_notes, changed_at)
    VALUES (%(address)s, %(good_news)s, %(no_change)s, %(delivery_notes)s, %(now)s)
    ON CONFLICT (upper(address)) DO UPDATE
    SET good_news = excluded.good_news, no_change = excluded.no_change,
        delivery_notes = excluded.delivery_notes, changed_at = excluded.changed_at
"""


def choose(
    address: str, *, good_news: bool, no_change: bool, delivery_notes: bool = True, now: datetime
) -> None:
    """What the owner of an address wants beyond what is always sent, for all their orders. The last
    choice counts."""
    with connection.cursor() as cursor:
        cursor.execute(
            CHOOSE,
            {
                "address": address,
                "good_news": good_news,
                "no_change": no_change,
                "delivery_notes": delivery_notes,
                "now": now,
            },
        )
