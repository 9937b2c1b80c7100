"""Staff move someone in the line, with a reason."""

from datetime import datetime, timedelta

from django.db import transaction

from orders import queue
from orders.domain.facts import MovedInLine
from orders.models import Event, MoveReason, OrderLine, QueueChange, Reason
from orders.services.promises import mark_changed
from orders.services.refusal import Refused
from orders.services.shipments import lock_lines

NEXT_TO = timedelta(microseconds=1)


@transaction.atomic
def move_in_queue(
    line: OrderLine,
    place: int,
    *,
    now: datetime,
    reason: str,
    actor: str,
    why: MoveReason = MoveReason.OTHER,
) -> int:
    """Move a waiting line to `place` (1: first). Its customer and those it overtakes can read that
    staff moved someone, and why (a code); `reason` is staff's own note. Returns the place reached,
    which is slightly off if orders share one time to the microsecond."""
    if not reason.strip():
        raise Refused("enter a reason: people who are overtaken may ask")
    (line,) = lock_lines(line.order, {line.pk: 0})
    if line.waiting <= 0:
        raise Refused(f"no units of {line.product.sku} are waiting in order {line.order.number}")
    length = queue.length(line.product_id).lines
    if not 1 <= place <= length:
        raise Refused(
            f"there is no place {place} in the line for {line.product.sku}: expected 1 to {length}"
        )
    before = queue.position(line.product_id, line.queued_at, line.pk).place
    if place == before:
        return before
    waiting = OrderLine.objects.filter(product=line.product_id, waiting__gt=0).order_by(
        "queued_at", "pk"
    )
    stands_there = waiting[place - 1]
    queued_at = (
        stands_there.queued_at - NEXT_TO if place < before else stands_there.queued_at + NEXT_TO
    )
    old, new = (line.queued_at, line.pk), (queued_at, line.pk)
    OrderLine.objects.filter(pk=line.pk).update(queued_at=queued_at)
    reached = queue.position(line.product_id, queued_at, line.pk).place
    low, high = sorted((old, new))
    QueueChange.objects.create(
        product_id=line.product_id,
        at=now,
        reason=Reason.MOVED,
        step=1 if new < old else -1,
        lines=1,
        units=line.waiting,
        after_at=low[0],
        after_id=low[1],
        upto_at=high[0],
        upto_id=high[1],
        why=why,
        note=reason,
        actor=actor,
    )
    Event.of(
        MovedInLine(place=reached, place_before=before, why=MoveReason(why)),
        order=line.order,
        line=line,
        at=now,
        actor=actor,
        note=reason,
        message_due=False,
    ).save()
    mark_changed([line.product_id], reason=Reason.MOVED, now=now)
    return reached
