"""Whom mail reaches now: one rule for every page that promises a mail."""

from dataclasses import dataclass

from django.db import connection

from notifications.holding import NOT_HELD
from notifications.mode import mail_mode
from orders.models import Order

ASKED = f"""
    SELECT {NOT_HELD},
           EXISTS (SELECT FROM notifications_suppression WHERE upper(address) = upper(%(address)s)),
           coalesce((SELECT no_change FROM notifications_preference WHERE upper(address) = upper(%(address)s)), true)
"""


@dataclass(frozen=True, slots=True)
class Reach:
    """`is_reached`: a mail to the customer of an order would go out now, to an address that none came back from.
    `hears_no_change`: they want to be mailed that nothing changed; without an address the page says it all the same."""

    is_reached: bool
    hears_no_change: bool


def reach_of(order: Order) -> Reach:
    """In one query."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, {"address": order.email})
        goes_out, suppressed, no_change = cursor.fetchone()
    mode = mail_mode()
    may_hear = bool(order.email) and order.released_at is not None and order.unreachable_at is None
    allowed = mode.name == "send" or order.email.upper() in mode.addresses
    return Reach(may_hear and allowed and goes_out and not suppressed, hears_no_change=not order.email or no_change)
