"""The link that may act, for customers who have a view-only one. It goes to the customer's address
and nowhere else."""

from datetime import datetime, timedelta

from django.db import transaction

from orders.domain.facts import LinkAsked
from orders.models import Event, EventKind, Order
from orders.services.refusal import Refused

PAUSE = timedelta(minutes=10)  # between two of them
MAX_A_DAY = 5


@transaction.atomic
def ask_for_link(
    order: Order, *, now: datetime, line: int | None = None, choice: str | None = None
) -> bool:
    """Have the link emailed; it opens the question of `choice` for a `line`, by its id. False: that
    was asked for a moment ago, or too often today, and nothing more is emailed.

    Refused: an order without an address, or one that is quiet."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    _refuse_without_emails(order)
    asked = Event.objects.filter(
        order=order, kind=EventKind.LINK, facts__code__isnull=True
    )  # not the one to all orders
    if (
        asked.filter(at__gt=now - PAUSE).exists()
        or asked.filter(at__gt=now - timedelta(days=1)).count() >= MAX_A_DAY
    ):
        return False
    Event.of(LinkAsked(line=line, choice=choice), order=order, at=now, message_due=True).save()
    return True


@transaction.atomic
def replace_links(order: Order, *, now: datetime) -> None:
    """Those sent before were revoked: have a new one emailed, whatever was asked for before.

    Refused: as by `ask_for_link`."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    _refuse_without_emails(order)
    Event.of(LinkAsked(replaces=True), order=order, at=now, message_due=True).save()


def _refuse_without_emails(order: Order) -> None:
    if not order.email:
        raise Refused(f"order {order.number} has no email address to send a link to")
    if order.released_at is None:
        raise Refused(f"order {order.number} is unreleased, so no emails go out yet")
