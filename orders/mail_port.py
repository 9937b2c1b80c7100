"""What orders ask of email, which they do not know: `notifications` fills the port at start."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.core.exceptions import ImproperlyConfigured

from orders.models import Order


@dataclass(frozen=True, slots=True)
class Reach:
    """`is_reached`: an email to the customer of an order would go out now, to an address that none
    came back from. `hears_no_change`: they want an email when nothing changed; an order without an
    address counts as if they did, because the page says it anyway."""

    is_reached: bool
    hears_no_change: bool


class MailPort(Protocol):
    def reach_of(self, order: Order) -> Reach: ...

    def goes_out_to(self, address: str | None) -> bool:
        """Whether email goes out now to an address, whoever owns it (None: to any at all)."""

    def goes_to_all(self) -> bool: ...

    def address_changed(self, order: Order, *, now: datetime) -> bool:
        """The order has another address now, and its links were revoked. What did not arrive at the
        old one is told there, or a new link is sent. Returns whether anything will be."""


_port: MailPort | None = None


def fill(port: MailPort) -> None:
    global _port
    _port = port


def mail_port() -> MailPort:
    if _port is None:
        raise ImproperlyConfigured(
            "orders.mail_port is empty: is notifications among the INSTALLED_APPS?"
        )
    return _port
