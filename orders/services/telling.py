"""What the mails report back: who was told what, and who could not be."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from orders.models import DelayNotice, Event, Order, Promise
from orders.services.noticing import count_as_told


@transaction.atomic(savepoint=False)
def mark_told(event_ids: Collection[int], *, at: datetime) -> None:
    """The mail server took the message with these events at `at`: their promises count as told from then."""
    events = Event.objects.filter(pk__in=event_ids, told_at__isnull=True)
    promises = list(events.filter(promise__isnull=False).values_list("promise", flat=True))
    if promises:
        Promise.objects.filter(pk__in=promises, told_at__isnull=True).update(told_at=at)
        count_as_told(promises, at=at)
    events.update(told_at=at)


def make_news_due(order_ids: Collection[int]) -> None:
    """What the pages of these released orders say now, and nobody was told, is due to be mailed."""
    still_open = Q(line__waiting__gt=0) | Q(line__allocated__gt=F("line__shipped"))
    current = Promise.objects.filter(
        still_open, line__order__in=order_ids, line__order__released_at__isnull=False, pk=F("line__promise")
    )
    Event.objects.filter(promise__in=current, told_at__isnull=True).update(message_due=True)


@transaction.atomic
def mark_not_told(order: Order, attention: str) -> None:
    """A message could not be handed over: the order is on staff's list until somebody has reached the customer."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if attention not in order.attention:
        order.attention.append(attention)
        order.save(update_fields=["attention"])
    untold = DelayNotice.objects.filter(line__order=order, told_at=None, outcome="")
    untold.filter(not_told_at=None).update(not_told_at=Now())
