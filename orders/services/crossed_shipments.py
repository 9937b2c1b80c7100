"""A shipment and a cancellation that crossed: the same units were canceled here and shipped by the
shop.

What came first wins. Units that left before they were canceled are shipped, and their refund is not
owed. For units that left afterwards the refund stays due, and also where nobody knows which came
first.
"""

from dataclasses import dataclass
from datetime import datetime, time

from django.db.models import F
from django.utils import timezone

from orders.domain.facts import Cancelled, Crossed
from orders.domain.money import money
from orders.models import Choice, Event, EventKind, OrderLine, Outcome, Refund
from orders.services.forecasts import today_of
from orders.services.shop_tasks import sent_by_shop


@dataclass(slots=True)
class _Crossed:
    """`withdrawn`: units whose refund is not owed any more; `kept`: units whose refund is, or was
    sent."""

    withdrawn: int = 0
    kept: int = 0
    by: str = ""
    refund: Refund | None = None
    left_first: bool | None = None  # None: nobody knows
    cancelled_at: datetime | None = None

    def facts(self) -> Crossed:
        return Crossed(
            withdrawn=self.withdrawn,
            kept=self.kept,
            by=self.by,
            left_first=self.left_first,
            cancelled_on=self.cancelled_at and today_of(self.cancelled_at),
            refund_sent=self.refund is not None and self.refund.sent_at is not None,
            refund_due_on=self.refund.due_on if self.refund else None,
            refund=money(self.refund.unit_price, self.refund.currency, units=self.kept)
            if self.refund
            else None,
        )


def ship_cancelled(line: OrderLine, units: int, *, left_at: datetime | None) -> Crossed:
    """`units` of a locked line that were canceled have left, the last canceled first. They count as
    shipped from now on, and the caller ships them. `left_at` None: nobody knows when. Returns the
    facts of it."""
    crossed = _Crossed()
    still = units
    for refund in line.refunds.order_by("-created_at", "-pk"):
        taken = min(still, refund.units)
        still -= taken
        if taken:
            _cross(crossed, line, refund, taken, left_at)
    crossed.kept += still
    OrderLine.objects.filter(pk=line.pk).update(cancelled=F("cancelled") - units)
    line.cancelled -= units
    line.waiting += units
    sent_by_shop(line, units)
    if crossed.withdrawn and not line.cancelled:
        ended = line.notices.filter(outcome__in=[Outcome.LEFT, Outcome.SILENCE_CANCELLED])
        ended.update(outcome=Outcome.SHIPPED)
    return crossed.facts()


def _cross(
    crossed: _Crossed, line: OrderLine, refund: Refund, units: int, left_at: datetime | None
) -> None:
    told = Event.objects.filter(
        order=line.order_id, line=line, kind=EventKind.CANCELLED, at=refund.created_at
    ).first()
    crossed.by = told.details.by if told and isinstance(told.details, Cancelled) else ""
    crossed.cancelled_at = refund.created_at
    crossed.left_first = _left_first(left_at, refund.created_at)
    # A withdrawal from the contract holds for goods on their way, too.
    if crossed.left_first and refund.sent_at is None and crossed.by != Choice.WITHDRAW:
        crossed.withdrawn += units
        if units == refund.units:
            refund.delete()
        else:
            refund.units -= units
            refund.save(update_fields=["units"])
    else:
        crossed.kept += units
        crossed.refund = refund


def _left_first(left_at: datetime | None, cancelled_at: datetime) -> bool | None:
    """A day without a time can be the day of the cancellation itself: then it does not say which
    came first."""
    if left_at is None:
        return None
    left, cancelled = timezone.localtime(left_at), timezone.localtime(cancelled_at)
    if left.time() == time() and left.date() == cancelled.date():
        return None
    return left < cancelled
