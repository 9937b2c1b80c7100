"""What a customer may put back: what silence canceled, until its refund is sent, unless the product
is discontinued. Staff may put back all that was not refunded (OrderLine.may_be_put_back)."""

from collections.abc import Iterable
from dataclasses import dataclass

from orders.domain.facts import Cancelled
from orders.models import Event, EventKind, OrderLine


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
