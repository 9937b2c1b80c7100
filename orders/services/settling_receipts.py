"""Units that have just arrived are reserved at once, so that they can be packed. Emails about them
wait until the count has settled: what was typed wrong and is corrected by then tells nobody
(docs/decisions/0013)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from orders.domain.facts import Reserved
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
    if not by_line:
        return
    lines = OrderLine.objects.select_for_update(no_key=True).filter(pk__in=by_line)
    since = _happened_since(by_line)
    back = [line for line in lines.order_by("queued_at", "pk") if line.pk not in since]
    units = _give_back(back, by_line, now=now)
    Stock.objects.filter(pk=product.pk).update(allocated=F("allocated") - units)
    _forget([event for line in back for event in by_line[line.pk]], product)


def _happened_since(unheard: Mapping[int, Sequence[Event]]) -> set[int]:
    """The lines that something else has happened to, or to their order."""
    first = {line: events[0] for line, events in unheard.items()}
    known = [event.pk for events in unheard.values() for event in events]
    other = Event.objects.filter(
        order__in={event.order_id for event in first.values()},
        at__gte=min(event.at for event in first.values()),
    ).exclude(pk__in=known)
    happened = list(other.values_list("order_id", "line_id", "at"))
    return {
        line
        for line, event in first.items()
        for order, of_line, at in happened
        if order == event.order_id and of_line in (line, None) and at >= event.at
    }


def _give_back(
    lines: Sequence[OrderLine], unheard: Mapping[int, Sequence[Event]], *, now: datetime
) -> int:
    """Returns how many units."""
    promises: defaultdict[int, list[int]] = defaultdict(list)
    for line_id, pk in Promise.objects.filter(line__in=lines).values_list("line", "pk"):
        promises[line_id].append(pk)
    rows = []
    for line in lines:
        events = unheard[line.pk]
        units = sum(event.details.units for event in events if isinstance(event.details, Reserved))
        forgotten = {event.promise_id for event in events}
        if line.promise_id in forgotten:
            line.promise_id = max(set(promises[line.pk]) - forgotten, default=None)
        line.allocated -= units
        rows.append(Allocation(line=line, quantity=-units, at=now, reason=Reason.RECEIPT_CORRECTED))
    OrderLine.objects.bulk_update(lines, ["allocated", "promise"], batch_size=5000)
    Allocation.objects.bulk_create(rows)
    return -sum(row.quantity for row in rows)


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
