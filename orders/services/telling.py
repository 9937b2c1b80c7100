"""What the mails report back: who was told what, and who could not be."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from orders.models import Event, Order, Promise


@transaction.atomic
def mark_told(event_ids: Collection[int], *, at: datetime) -> None:
    """The mail server took the message with these events at `at`: their promises count as told from then."""
    events = Event.objects.filter(pk__in=event_ids, told_at__isnull=True)
    Promise.objects.filter(
        pk__in=list(events.filter(promise__isnull=False).values_list("promise", flat=True)), told_at__isnull=True
    ).update(told_at=at)
    events.update(told_at=at)


@transaction.atomic
def mark_not_told(order: Order, attention: str) -> None:
    """A message could not be handed over: the order is on staff's list until somebody has reached the customer."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if attention not in order.attention:
        order.attention.append(attention)
        order.save(update_fields=["attention"])
