"""Whom mail reaches now: one rule for every page that promises a mail."""

from django.db import connection

from notifications.outbox.mail_mode import mail_mode
from notifications.outbox.pause import NOT_HELD, present_hold
from orders.mail_port import Reach
from orders.models import Order

ASKED = f"""
    SELECT {NOT_HELD},
           EXISTS (SELECT FROM notifications_suppression WHERE upper(address) = upper(%(address)s)),
           coalesce((SELECT no_change FROM notifications_preference
                     WHERE upper(address) = upper(%(address)s)), true)
"""


def goes_out_to(address: str | None) -> bool:
    """Whether mail goes out now to an address, whoever has it (None: to any at all). It asks
    nothing about the address itself, so that a page which says so to strangers gives nobody away.
    """
    return _is_allowed(address) and present_hold() is None


def goes_to_all() -> bool:
    """Mail goes out, and to everybody."""
    return mail_mode().name == "send" and not present_hold()


def _is_allowed(address: str | None) -> bool:
    mode = mail_mode()
    if mode.name == "only":
        return address is None or address.strip().upper() in mode.addresses
    return mode.name == "send"


def reach_of(order: Order) -> Reach:
    """In one query."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, {"address": order.email})
        goes_out, suppressed, no_change = cursor.fetchone()
    may_hear = bool(order.email) and order.released_at is not None and order.unreachable_at is None
    is_reached = may_hear and _is_allowed(order.email) and goes_out and not suppressed
    return Reach(is_reached, hears_no_change=not order.email or no_change)
