"""Whom mail reaches now. One rule for every page that promises a mail, and for whoever says that mails go out."""

from django.db.models.functions import Upper

from notifications.holding import present_hold
from notifications.mode import mail_mode
from notifications.models import Suppression
from orders.models import Order


def is_reached(order: Order) -> bool:
    """Whether a mail to the customer of an order would go out now, to an address that it did not come back from."""
    if not order.email or order.released_at is None or order.unreachable_at is not None:
        return False
    mode, address = mail_mode(), order.email.upper()
    allowed = mode.name == "send" or address in mode.addresses
    return allowed and not Suppression.objects.annotate(upper=Upper("address")).filter(upper=address).exists()
