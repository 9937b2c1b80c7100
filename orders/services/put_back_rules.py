"""What a customer may put back, unless the product is discontinued: what silence canceled, until
its refund is sent, and for a few minutes what they canceled themselves. A withdrawal from the
contract is final. Staff may put back all that was not refunded (OrderLine.may_be_put_back)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from orders.domain.delay_rules import deadline_ends
from orders.domain.facts import CancellationUndone, Cancelled
from orders.models import Choice, Event, EventKind, OrderLine, Outcome, ShopTask


@dataclass(frozen=True, slots=True)
class MayPutBack:
    """What putting back would undo: `units` that silence cancelled; `others` were cancelled too,
    and their refund is still to be sent."""

    units: int
    others: int


def what_may_be_put_back(line: OrderLine, newest_first: Iterable[Event] = ()) -> MayPutBack | None:
    """Of a line that silence cancelled; None where its customer can put nothing back. Its events
    are read unless they are given."""
    units = _silent_units(line, newest_first)
    if not line.cancelled or line.product.is_discontinued or line.may_be_put_back < units:
        return None
    return MayPutBack(units, line.refunds_to_send - units)


def units_to_put_back(line: OrderLine, *, by_customer: bool) -> int | None:
    """Of a line that silence canceled. None: its customer may not, as the product is
    discontinued."""
    return None if by_customer and line.product.is_discontinued else _silent_units(line)


def _silent_units(line: OrderLine, newest_first: Iterable[Event] = ()) -> int:
    """What silence cancelled, and not what the customer did."""
    of_line = Event.objects.filter(order=line.order_id, line=line, kind=EventKind.CANCELLED)
    silent = _by_silence(newest_first) or _by_silence(of_line.filter(facts__by="silence")[:1])
    return min(silent.units, line.cancelled) if silent else line.cancelled


def _by_silence(newest_first: Iterable[Event]) -> Cancelled | None:
    told = (event.details for event in newest_first)
    return next(
        (each for each in told if isinstance(each, Cancelled) and each.by == "silence"), None
    )


@dataclass(frozen=True, slots=True)
class Undo:
    """A cancellation that its customer may undo: so many units, made at a moment, before another
    one."""

    units: int
    made_at: datetime
    until: datetime


def undo_ends(by: str, actor: str, at: datetime) -> datetime | None:
    """None: whoever canceled cannot undo it."""
    if by != Choice.CANCEL or actor or not settings.CANCEL_UNDO_SECONDS:
        return None
    return at + timedelta(seconds=settings.CANCEL_UNDO_SECONDS)


def undo_of(line: OrderLine, newest_first: Iterable[Event] = (), *, now: datetime) -> Undo | None:
    """The line's last cancellation, while its customer may undo it: the shop has not done it yet,
    no refund was sent, and there is still time to answer what it answered. Its events are read
    unless they are given."""
    if not line.cancelled or line.product.is_discontinued:
        return None
    event = _last_cancellation(newest_first or _of_line(line))
    if event is None or not isinstance(event.details, Cancelled):
        return None
    until = undo_ends(event.details.by, event.actor, event.at)
    units = event.details.units
    if until is None or now >= until or line.may_be_put_back < units:
        return None
    answered = line.notices.filter(outcome=Outcome.LEFT, ended_at=event.at, answer_by__isnull=False)
    where = line.order.country or settings.SHOP_COUNTRY
    for day in answered.values_list("answer_by", flat=True):
        until = min(until, deadline_ends(day, where))
    done = ShopTask.objects.filter(line=line, confirmed_at__gte=event.at)
    if now >= until or done.exists():
        return None
    return Undo(units, event.at, until)


def _of_line(line: OrderLine) -> Iterable[Event]:
    kinds = (EventKind.CANCELLED, EventKind.CORRECTED)
    return Event.objects.filter(order=line.order_id, line=line, kind__in=kinds).order_by(
        "-at", "-pk"
    )


def _last_cancellation(newest_first: Iterable[Event]) -> Event | None:
    """Or that it was undone."""
    return next(
        (e for e in newest_first if isinstance(e.details, Cancelled | CancellationUndone)), None
    )
