"""What fills orders.mail_port. Whom email reaches now is one rule for every page that promises an
email."""

from django.db import connection

from notifications.may_send import CANNOT_BE_REACHED, Topic, has_turned_off
from notifications.outbox.mail_mode import mail_mode
from notifications.outbox.pause import NOT_PAUSED, current_pause
from notifications.outbox.staff_actions import address_changed
from orders.mail_port import Reach
from orders.models import Order

__all__ = ["address_changed", "goes_out_to", "goes_to_all", "reach_of"]

ASKED = f"""
    SELECT o.released_at IS NOT NULL AND NOT {CANNOT_BE_REACHED} AND {NOT_PAUSED},
           o.email <> '' AND {has_turned_off(Topic.NO_CHANGE)}
    FROM orders_order o WHERE o.id = %(order)s
"""


def goes_out_to(address: str | None) -> bool:
    """Whether email goes out now to an address, whoever owns it (None: to any at all). It looks up
    nothing about the address itself, so a page that says so to strangers reveals nothing."""
    return mail_mode().lets_out(address) and current_pause() is None


def goes_to_all() -> bool:
    """Email goes out, and to everybody."""
    return mail_mode().name == "send" and not current_pause()


def reach_of(order: Order) -> Reach:
    """In one query."""
    with connection.cursor() as cursor:
        cursor.execute(ASKED, {"order": order.pk})
        goes_out, no_change_off = cursor.fetchone()
    return Reach(goes_out and mail_mode().lets_out(order.email), hears_no_change=not no_change_off)
