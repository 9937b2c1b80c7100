"""Units that are canceled, and putting them back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext

from orders.domain.delay_rules import refund_due_on
from orders.domain.facts import CancellationUndone, Cancelled, Shipped, Unsaid
from orders.law import law_of
from orders.models import (
    Allocation,
    Discontinuation,
    Event,
    EventKind,
    Order,
    OrderLine,
    Promise,
    QueueChange,
    Reason,
    Refund,
    Shipment,
    Stock,
)
from orders.services.allocation import allocate, promise_to_leave
from orders.services.flags import clear_flags, sent_back
from orders.services.forecasts import today_of
from orders.services.promises import lock_stock, mark_changed, mark_moved_up
from orders.services.put_back_rules import undo_ends
from orders.services.refusal import Refused
from orders.services.shipments import lock_lines, unship
from orders.services.shop_changes import put_back_as_listed
from orders.services.shop_tasks import cancelled_here, cancelled_there, put_back_here
from orders.words import window_of


class Changed(Refused):
    """A line is no longer as it was when the person who cancels a part of it saw it."""


class _NeedsStock(Exception):
    """Reserved units are to be freed: their stock rows have to be locked before the lines."""


def cancel(
    order: Order,
    *,
    now: datetime,
    units: Mapping[int, int] | None = None,
    by: str = "staff",
    actor: str = "",
    reason: str = "",
    refunded: bool | None = None,
    in_shop: bool = False,
    seen: Mapping[int, int] | None = None,
) -> list[Refund]:
    """Cancel units of lines ({line id: units}; None: all that has not shipped), waiting ones before
    reserved ones.

    Freed units go to the front of the queue. The refunds returned are due to the customer; no money
    is moved. `by` is cancel, withdraw, silence, customer, staff, shop or discontinued. `reason`:
    staff's own words. `refunded`: the shop has sent the money already; None: it has where staff
    cancel, and an export said that money was sent back for units it did not name. `in_shop`: the
    shop has canceled them itself, so nobody has to do it there. `seen` ({line id: units that had
    not shipped}): what the decision is based on; Changed if that is no longer so. Canceling what is
    canceled changes nothing.
    """
    known = sent_back(order) if by == "staff" or actor else []
    if refunded is None:
        refunded = bool(known)
    how = _How(
        by=by,
        actor=actor,
        note=reason,
        refunded=refunded,
        in_shop=in_shop or (refunded and bool(known)),
        settles=known if refunded else (),
        seen=seen or {},
        undo_until=undo_ends(by, actor, now),
    )
    try:
        return _cancel(order, units, how, now=now, stock_locked=False)
    except _NeedsStock:
        return _cancel(order, units, how, now=now, stock_locked=True)


@dataclass(frozen=True, slots=True)
class _How:
    by: str
    actor: str
    note: str
    refunded: bool
    in_shop: bool
    settles: Collection[str]
    seen: Mapping[int, int]
    undo_until: datetime | None


@transaction.atomic
def _cancel(
    order: Order, units: Mapping[int, int] | None, how: _How, *, now: datetime, stock_locked: bool
) -> list[Refund]:
    if units is None:
        units = {
            line.pk: line.quantity - line.cancelled - line.shipped for line in order.lines.all()
        }
        units = {pk: number for pk, number in units.items() if number}
    if stock_locked:
        lock_stock(list(OrderLine.objects.filter(pk__in=units).values_list("product", flat=True)))
    refunds = []
    freed: list[int] = []
    shorter: list[int] = []
    for line in lock_lines(order, units):
        number = units[line.pk]
        open_units = line.open_units
        if how.seen.get(line.pk, open_units) != open_units:
            raise Changed(
                f"order {order.number} has changed in the meantime: {open_units} of "
                f"{line.product.sku} are still to come"
            )
        if not 1 <= number <= open_units:
            words = gettext(
                "order %(number)s: %(units)s of %(sku)s can't be canceled; %(open)s haven't shipped"
            )
            raise Refused(
                words
                % {
                    "number": order.number,
                    "units": number,
                    "sku": line.product.sku,
                    "open": open_units,
                }
            )
        from_reserved = max(number - line.waiting, 0)
        if from_reserved and not stock_locked:
            raise _NeedsStock
        if from_reserved:
            Stock.objects.filter(pk=line.product_id).update(
                allocated=F("allocated") - from_reserved
            )
            Allocation.objects.create(
                line=line, quantity=-from_reserved, at=now, reason=Reason.CANCELLATION
            )
            freed.append(line.product_id)
        OrderLine.objects.filter(pk=line.pk).update(
            cancelled=F("cancelled") + number, allocated=F("allocated") - from_reserved, held=False
        )
        if how.in_shop:
            cancelled_there(line, number)
        else:
            cancelled_here(
                line, number, set_aside=from_reserved, now=now, undo_until=how.undo_until
            )
        refunds.append(_owe(line, number, now=now, sent=how.refunded, undo_until=how.undo_until))
        rest_is_ready = 0 < line.waiting <= number < open_units
        promise = promise_to_leave(line, now=now) if rest_is_ready else None
        _tell(
            line, number, refunds[-1], promise, now=now, by=how.by, actor=how.actor, note=how.note
        )
        if number > from_reserved:
            _note_gap(line, number - from_reserved, gone=line.waiting <= number, now=now)
            shorter.append(line.product_id)
    for product_id in freed:
        allocate(product_id, now=now, reason=Reason.CANCELLATION)
    mark_moved_up(shorter, now=now)
    if how.settles:
        clear_flags(order, *how.settles)
    return refunds


@transaction.atomic
def return_to_queue(
    line: OrderLine,
    units: int,
    *,
    now: datetime,
    actor: str = "",
    reason: str = "",
    agreed_by: date | Unsaid | None = Unsaid.UNSAID,
) -> None:
    """Cancelled units whose refund was not sent wait again at the line's old place; else Refused.
    `agreed_by`: what the customer agrees to by that, as in an answer."""
    lock_stock([line.product_id])
    if Discontinuation.objects.filter(product=line.product_id, finished_at=None).exists():
        words = gettext("%(sku)s is being discontinued: units can be reinstated once that is done")
        raise Refused(words % {"sku": line.product.sku})
    (line,) = lock_lines(line.order, {line.pk: units})
    if not 1 <= units <= line.cancelled:
        raise Refused(
            f"{units} of {line.product.sku} can't be reinstated: {line.cancelled} are canceled"
        )
    if units > line.may_be_put_back:
        words = gettext("order %(number)s: the refund was sent, so the units can't be reinstated")
        raise Refused(words % {"number": line.order.number})
    listed = put_back_as_listed(line, units, now=now, actor=actor)
    OrderLine.objects.filter(pk=line.pk).update(cancelled=F("cancelled") - units)
    _reduce_refunds(line, units)
    put_back_here(line, units - listed, now=now)
    QueueChange.objects.create(
        product_id=line.product_id,
        at=now,
        reason=Reason.RESTORED,
        step=1,
        lines=0 if line.waiting else 1,
        units=units,
        after_at=line.queued_at,
        after_id=line.pk,
        actor=actor,
    )
    Event.of(
        CancellationUndone(units=units, reason=Reason.RESTORED, agreed_by=agreed_by),
        order=line.order,
        line=line,
        at=now,
        actor=actor,
        note=reason,
        message_due=line.order.released_at is not None,
    ).save()
    mark_changed([line.product_id], reason=Reason.RESTORED, now=now)
    allocate(line.product_id, now=now)


@transaction.atomic
def correct_shipment(
    shipment: Shipment, *, now: datetime, actor: str = "", reason: str = ""
) -> Shipment:
    """This shipment did not leave: its units are reserved again and the customer is told. What had
    been canceled before the parcel crossed it (services.crossed_shipments) is canceled again."""
    told = Event.objects.filter(
        order=shipment.order, kind=EventKind.SHIPPED, at=shipment.recorded_at
    )
    told = told.filter(facts__has_key="crossed", line__in=shipment.lines.values("line"))
    lock_stock(list(told.values_list("line__product", flat=True)))
    correction = unship(shipment, now=now, actor=actor, reason=reason)
    for event in told.select_related("line"):
        crossed = event.details.crossed if isinstance(event.details, Shipped) else None
        if event.line is None or crossed is None:
            continue
        if not crossed.refund_sent:
            _reduce_refunds(event.line, crossed.kept)
        cancel(
            shipment.order,
            units={event.line.pk: crossed.withdrawn + crossed.kept},
            by=crossed.by or "shop",
            actor=actor,
            reason=reason,
            refunded=crossed.refund_sent,
            now=now,
        )
    return correction


def mark_refund_sent(refund: Refund, *, now: datetime, actor: str = "") -> bool:
    """The shop has sent the money. False: it was marked before. From then on its units cannot be
    put back."""
    return (
        Refund.objects.filter(pk=refund.pk, sent_at__isnull=True).update(sent_at=now, sent_by=actor)
        == 1
    )


def _owe(
    line: OrderLine, units: int, *, now: datetime, sent: bool, undo_until: datetime | None
) -> Refund:
    order = line.order
    law = law_of(order.country, order.region)
    due_on = refund_due_on(law, today_of(now))
    return Refund.objects.create(
        line=line,
        units=units,
        unit_price=line.unit_price,
        currency=order.currency,
        due_on=due_on,
        created_at=now,
        undo_until=undo_until,
        sent_at=now if sent else None,
    )


def _reduce_refunds(line: OrderLine, units: int) -> None:
    for refund in line.refunds.filter(sent_at=None).order_by("-id"):
        taken = min(refund.units, units)
        units -= taken
        if taken == refund.units:
            refund.delete()
        elif taken:
            refund.units -= taken
            refund.save(update_fields=["units"])


def _tell(
    line: OrderLine,
    units: int,
    refund: Refund,
    promise: Promise | None,
    *,
    now: datetime,
    by: str,
    actor: str,
    note: str,
) -> None:
    asked = line.notices.filter(outcome="").first() if by == "silence" else None
    Event.of(
        Cancelled(
            units=units,
            of=line.quantity,
            still=line.quantity - line.cancelled - line.shipped - units,
            by=by,
            refund_sent=refund.sent_at is not None,
            refund_due_on=None if refund.sent_at else refund.due_on,
            refund=refund.amount,
            answer_by=asked.answer_by if asked else None,
            window=window_of(promise) if promise else None,
        ),
        order=line.order,
        line=line,
        promise=promise,
        at=now,
        actor=actor,
        note=note,
        message_due=line.order.released_at is not None,
    ).save()


def _note_gap(line: OrderLine, units: int, *, gone: bool, now: datetime) -> None:
    QueueChange.objects.create(
        product_id=line.product_id,
        at=now,
        reason=Reason.CANCELLATION,
        step=-1,
        lines=1 if gone else 0,
        units=units,
        after_at=line.queued_at,
        after_id=line.pk,
    )
