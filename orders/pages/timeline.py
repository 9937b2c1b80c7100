"""What happened to an order, in words: its events, and what else changed its place in line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from orders import queue
from orders.domain.facts import Answered, Cancelled, Changed, Counted, Earlier, Joined, Shipped
from orders.models import Choice, Event, EventKind, Order, OrderLine, Reason
from orders.words import (
    crossed_sentence,
    queue_change_sentence,
    sentence,
    sentences,
    told_sentence,
    why_sentence,
)

NEWEST_CHANGES = 100  # read for a line, before those of one day are merged
SHOWN_CHANGES = 20
CLEARER = "clearer"  # the kind, on a page, of better news that is no earlier day
# Both ends are exclusive. A line that staff moved back is at the upper end now, and did not move
# up.
QUEUE_CHANGES = """
    SELECT l.id, c.at, c.reason, c.step, c.lines, c.units, c.after_id, c.why
    FROM orders_orderline l
    CROSS JOIN LATERAL (
        SELECT * FROM orders_queuechange
        WHERE product_id = l.product_id AND at > l.joined_at
            AND (after_at IS NULL OR (after_at, after_id) < (l.queued_at, l.id))
            AND (upto_at IS NULL OR (l.queued_at, l.id) < (upto_at, upto_id))
        ORDER BY at DESC, id DESC
        LIMIT %s
    ) c
    WHERE l.order_id = %s
    ORDER BY c.at DESC, c.id DESC
"""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in words. `line` and `product` are None and empty if it is about the whole order;
    `told_at`: when an email with it was handed over, None if that came back; `note`: the id of the
    shop's note that it tells."""

    at: datetime
    kind: str
    text: str
    line: int | None
    product: str
    told_at: datetime | None = None
    note: int | None = None


def timeline(
    order: Order,
    lines: Iterable[OrderLine],
    events: Sequence[Event],
    positions: Mapping[int, queue.Position],
    *,
    locale: str,
) -> tuple[Happened, ...]:
    """Newest first."""
    happened = [
        Happened(
            event.at,
            _kind(event),
            sentence(event, locale=locale),
            event.line_id,
            _product_name(event.line),
            None if event.returned_at else event.told_at,
            event.restock_note_id,
        )
        for event in events
    ]
    changes = _queue_changes(order, lines, events, positions, locale=locale)
    return tuple(sorted(happened + changes, key=lambda each: each.at, reverse=True))


def _kind(event: Event) -> str:
    is_clearer = isinstance(event.details, Earlier) and event.details.is_clearer
    return CLEARER if is_clearer else event.kind


def cancellation(line: OrderLine, newest_first: Iterable[Event], *, locale: str) -> tuple[str, str]:
    """How all of it was canceled at once, else nothing; and what else was told of it, but for the
    refund that was sent since. Nothing, once all of it is back in line."""
    for event in newest_first if line.cancelled else ():
        facts = event.details
        if isinstance(facts, Cancelled):
            if not line.refunds_to_send:
                facts = replace(facts, refund_sent=True)
                event = Event.of(facts, order=line.order, at=event.at, message_due=False)
            how, *rest = sentences(event, locale=locale)
            at_once = facts.units == facts.of and facts.by != Choice.WITHDRAW
            return (how.rstrip("."), " ".join(rest)) if at_once else ("", " ".join([how, *rest]))
    return "", ""


@dataclass(frozen=True, slots=True)
class Change:
    """What was told before, and why that changed, each in a sentence."""

    told: str
    why: str


def change_told(newest_first: Iterable[Event], *, locale: str) -> Change | None:
    """Of the newest change of a promise; none once the customer has agreed to it."""
    for event in newest_first:
        if isinstance(event.details, Answered) and event.details.choice == Choice.KEEP:
            return None
        if isinstance(event.details, Changed):
            return Change(told_sentence(event, locale=locale), why_sentence(event, locale=locale))
    return None


def crossed_parcel(line: OrderLine, newest_first: Iterable[Event], *, locale: str) -> str:
    """As it was told, until the parcel is taken back, but for the refund that was sent since."""
    for event in newest_first if line.shipped else ():
        if isinstance(event.details, Shipped) and event.details.crossed:
            crossed = event.details.crossed
            if crossed.kept and not line.refunds_to_send:
                crossed = replace(crossed, refund_sent=True)
            return crossed_sentence(event, crossed, locale=locale)
    return ""


def _queue_changes(
    order: Order,
    lines: Iterable[OrderLine],
    events: Sequence[Event],
    positions: Mapping[int, queue.Position],
    *,
    locale: str,
) -> list[Happened]:
    """Why a line's place changed without an event of its own: those of one day, direction and
    reason as one."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE_CHANGES, [NEWEST_CHANGES, order.pk])
        rows = cursor.fetchall()
    by_id = {line.pk: line for line in lines}
    left = _left_queue_at(by_id.values(), events)
    own = {(event.line_id, event.at) for event in events if event.kind == EventKind.CORRECTED}
    places = _places(rows, events, positions)
    merged: dict[tuple[Any, ...], tuple[datetime, int, int, tuple[int, int] | None, set[int]]] = {}
    for (line_id, at, reason, step, count, units, of_line, why), place in zip(
        rows, places, strict=True
    ):
        if (line_id in left and at >= left[line_id]) or (line_id, at) in own:
            continue
        kind = EventKind.MOVED_UP if step < 0 else EventKind.PASSED_BY
        # Only what nothing else came between is one: a number of people is of its own time.
        since = sum(1 for event in events if event.line_id == line_id and event.at > at)
        alone = at if reason in (Reason.MOVED, Reason.RESTORED) else None
        day = timezone.localtime(at).date()
        key = (line_id, kind.value, reason, why, count > 0, day, since, alone)
        newest, lines_before, units_before, newer, people = merged.get(
            key, (at, 0, 0, place, set())
        )
        from_to = (place[0], newer[1]) if place and newer else None
        merged[key] = (
            newest,
            lines_before + count,
            units_before + units,
            from_to,
            people | {of_line},
        )
    return [
        Happened(
            at,
            kind,
            queue_change_sentence(
                kind,
                reason,
                why=why,
                lines=count,
                units=units,
                locale=locale,
                places=from_to,
                people=len(people),
            ),
            line_id,
            _product_name(by_id[line_id]),
        )
        for (line_id, kind, reason, why, *_), (at, count, units, from_to, people) in list(
            merged.items()
        )[:SHOWN_CHANGES]
    ]


def _places(
    newest_first: Sequence[tuple[Any, ...]],
    events: Iterable[Event],
    positions: Mapping[int, queue.Position],
) -> list[tuple[int, int] | None]:
    """Of each change the place before and after it, counted back from the present one. None unless
    that leads to the place the line joined at: a change may count lines that came in behind this
    one, and then no number would be true."""
    now = {line_id: position.place for line_id, position in positions.items()}
    found: list[tuple[int, int | None, int | None]] = []
    for line_id, _, _, step, count, *_ in newest_first:
        after = now.get(line_id)
        if after is not None:
            now[line_id] = after - step * count
        found.append((line_id, now.get(line_id), after))
    joined = {
        event.line_id: event.details.place for event in events if isinstance(event.details, Joined)
    }
    return [
        (before, after) if before and after and joined.get(line_id) == now[line_id] else None
        for line_id, before, after in found
    ]


def _left_queue_at(lines: Iterable[OrderLine], events: Sequence[Event]) -> dict[int, datetime]:
    """Since when a line has not waited any more: later changes of the queue are no news to it."""
    gone = {line.pk for line in lines if line.waiting == 0}
    left: dict[int, datetime] = {}
    for event in reversed(events):  # oldest first
        if event.line_id not in gone:
            continue
        if event.kind == EventKind.CORRECTED:
            left.pop(event.line_id, None)
        elif isinstance(event.details, Counted) and not event.details.still:
            left.setdefault(event.line_id, event.at)
    return left


def _product_name(line: OrderLine | None) -> str:
    return line.product.name if line else ""
