"""Which events an email leaves out. What it leaves out stays on the page, where all that happened
can be read."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from notifications.compose.lines import ships_before
from orders.domain import facts
from orders.models import DelayNotice, Event, EventKind, OrderLine

# A late link only puzzles people: what was asked for longer ago is asked for again.
REQUEST_GOOD_FOR = timedelta(hours=1)

# Why an event is not told: something took it back; something newer says what is true; no unit that
# it is about is still to come; a link that was asked for too long ago.
LeftOut = Literal["undone", "overtaken", "over", "stale"]


def left_out(
    oldest_first: Sequence[Event],
    lines: Mapping[int, OrderLine],
    asked: Mapping[int, DelayNotice],
    now: datetime,
) -> dict[int, LeftOut]:
    left_out: dict[int, LeftOut] = {}
    for n, event in enumerate(oldest_first):
        why: LeftOut | None = None
        if event.line_id is None:
            why = "stale" if _was_asked_for(event) and event.at <= now - REQUEST_GOOD_FOR else None
        else:
            later = [other for other in oldest_first[n + 1 :] if other.line_id == event.line_id]
            why = _why_left_out(event, later, lines[event.line_id], asked.get(event.line_id))
        if why:
            left_out[event.pk] = why
    return left_out


def _was_asked_for(event: Event) -> bool:
    """A link that somebody wanted just then."""
    what = event.details
    return event.kind == EventKind.LINK and not (
        isinstance(what, facts.LinkAsked) and what.replaces
    )


def _why_left_out(
    event: Event, later: Sequence[Event], line: OrderLine, notice: DelayNotice | None
) -> LeftOut | None:
    """The line as it is now, and its open notice."""
    over: LeftOut | None = None if line.open_units else "over"
    match event.details:
        case facts.Shipped() | facts.Cancelled():
            return "undone" if _is_undone(event.details, later) else None
        case facts.DayPassed(agreed_by=day):
            stands = day == line.agreed_by and not line.open_wait
            return over if stands else "overtaken"
        case _ if event.promise_id:
            return over if event.promise_id == line.promise_id else "overtaken"
        case facts.Reserved():
            if not line.reserved:
                return "over"
            return "overtaken" if any(map(_tells_of_units_set_aside, later)) else None
        case facts.FromShop():
            if event.restock_note is None or not event.restock_note.shown:
                return "undone"
            return None if line.waiting else "over"
        case facts.Reminded(answer_by=day):
            if notice is None or day not in (None, notice.answer_by):
                return "overtaken"
            earlier = any(other.kind == EventKind.EARLIER for other in later)
            return "overtaken" if earlier and ships_before(notice, line) else None
        case facts.Answered():
            return over
        case facts.ShipmentUndone():
            return None if line.reserved else "over"
        case facts.CancellationUndone():
            return None if line.cancelled < line.quantity else "undone"
    return None


def _tells_of_units_set_aside(event: Event) -> bool:
    return event.kind == EventKind.RESERVED or (
        event.kind == EventKind.CORRECTED and bool(event.promise_id)
    )


def _is_undone(what: facts.Shipped | facts.Cancelled, later: Iterable[Event]) -> bool:
    for event in later:
        match what, event.details:
            case (facts.Shipped(), facts.ShipmentUndone(units=units)) | (
                facts.Cancelled(),
                facts.CancellationUndone(units=units),
            ) if units == what.units:
                return True
            case facts.Cancelled(), facts.Shipped(crossed=crossed) if crossed:
                if crossed.withdrawn == what.units:
                    return True
    return False
