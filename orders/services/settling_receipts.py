"""Units that have just arrived are reserved at once, so that they can be packed. Emails about them
wait until the count has settled: what was typed wrong and is corrected by then tells nobody
(docs/decisions/0013)."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from orders.models import (
    Allocation,
    DelayNotice,
    Event,
    EventKind,
    OrderLine,
    Outcome,
    Product,
    Promise,
    QueueChange,
    Reason,
    Receipt,
    Stock,
)


def settles_at(now: datetime) -> datetime | None:
    """When emails about units that arrive now are due; None: at once."""
    return now + timedelta(seconds=settings.SETTLE_SECONDS) if settings.SETTLE_SECONDS else None


def still_settles(receipt: Receipt, *, now: datetime) -> bool:
    until = settles_at(receipt.recorded_at)
    return until is not None and until > now


@transaction.atomic(savepoint=False)
def forget_unheard(product: Product, *, now: datetime) -> None:
    """Units reserved for lines whose customers have not been emailed of it yet go back into stock,
    and the lines are as if these had not arrived. The caller has locked the stock, and reserves
    what is there anew. A line stays as it is if something has happened to its order since."""
    by_line: defaultdict[int, list[Event]] = defaultdict(list)
    unheard = Event.objects.filter(
        kind=EventKind.RESERVED, due_at__gt=now, told_at=None, line__product=product
    )
    for event in unheard.order_by("pk"):
        by_line[event.line_id or 0].append(event)
    lines = OrderLine.objects.select_for_update(no_key=True).filter(pk__in=by_line)
    forgotten: list[Event] = []
    units = 0
    for line in lines.order_by("queued_at", "pk"):
        events = by_line[line.pk]
        known = {event.pk for event in events}
        since = line.order.events.filter(Q(line=line) | Q(line=None), at__gte=events[0].at)
        if since.exclude(pk__in=known).exists():
            continue
        number = sum(event.details.units for event in events)  # type: ignore[union-attr]
        _give_back(line, number, events, now=now)
        forgotten += events
        units += number
    Stock.objects.filter(pk=product.pk).update(allocated=F("allocated") - units)
    _forget(forgotten, product)


def _give_back(line: OrderLine, units: int, events: Collection[Event], *, now: datetime) -> None:
    first = min((event.promise_id for event in events if event.promise_id), default=None)
    before = line.promise_id
    if first is not None:
        earlier = Promise.objects.filter(line=line, pk__lt=first).order_by("-pk")
        before = earlier.values_list("pk", flat=True).first()
    OrderLine.objects.filter(pk=line.pk).update(allocated=F("allocated") - units, promise_id=before)
    Allocation.objects.create(line=line, quantity=-units, at=now, reason=Reason.RECEIPT_CORRECTED)


def _forget(events: Collection[Event], product: Product) -> None:
    """What nobody has heard is not history yet."""
    times = {event.at for event in events}
    promises = [event.promise_id for event in events if event.promise_id]
    lines = {event.line_id for event in events}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('backorders.erase', 'on', true)")
        Event.objects.filter(pk__in=[event.pk for event in events]).delete()
        DelayNotice.objects.filter(promise__in=promises).delete()
        Promise.objects.filter(pk__in=promises).delete()
        QueueChange.objects.filter(product=product, at__in=times, reason=Reason.ARRIVED).delete()
        cursor.execute("SELECT set_config('backorders.erase', 'off', true)")
    DelayNotice.objects.filter(
        line__in=lines, outcome=Outcome.SUPERSEDED, ended_at__in=times
    ).update(outcome="", ended_at=None)
