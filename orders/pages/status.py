"""What the customer's pages read about an order, as frozen values. The number of queries does not
depend on how much there is."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone

from orders import queue, services
from orders.domain.facts import Joined, Reserved
from orders.domain.money import Money, money
from orders.domain.supply import NO_WINDOW
from orders.mail_port import mail_port
from orders.models import Event, Order, OrderLine, RestockNote
from orders.pages.choices import (
    asked,
    may_withdraw,
    newest_notice,
    put_back,
    with_choices,
)
from orders.pages.line_status import LineStatus, NoteShown
from orders.pages.parcels import Parcel, parcels_of
from orders.pages.promised import promised_of, told_before
from orders.pages.standing import standing_of
from orders.pages.timeline import (
    Happened,
    cancellation,
    change_told,
    crossed_parcel,
    timeline,
)
from orders.sql_files import sql
from orders.transit import arrives_by
from orders.words import agreed_sentence, note_words, passed_sentence, window_of

NEWEST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class Status:
    number: str
    placed_at: datetime
    as_of: datetime
    is_mailed: bool
    lines: tuple[LineStatus, ...]
    events: tuple[Happened, ...]
    total: Money | None = None

    @property
    def is_open(self) -> bool:
        return any(line.is_open for line in self.lines)

    @property
    def has_several_lines(self) -> bool:
        return len(self.lines) > 1

    @property
    def has_choices(self) -> bool:
        return any(line.open_units or line.put_back or line.undo_until for line in self.lines)

    @property
    def has_date(self) -> bool:
        """Whether there is something for a calendar: chances name no day, and a day that is over
        is of no use there."""
        today = timezone.localtime(self.as_of).date()
        return any(
            line.names_a_day and (line.promised.window.late or today) >= today
            for line in self.lines
            if line.is_open and line.promised
        )

    @property
    def next_update_by(self) -> date | None:
        """The one day by which the customer hears from us, about whichever line comes first."""
        return min((line.next_word_by for line in self.lines if line.next_word_by), default=None)

    @property
    def hears_by(self) -> date | None:
        """The same, unless the customer has to answer before it: one day at a time."""
        answers = [line.asked.answer_by for line in self.lines if line.asked]
        by, first = self.next_update_by, min((day for day in answers if day), default=None)
        return by if by and (first is None or by <= first) else None

    @property
    def told_events(self) -> tuple[Happened, ...]:
        """Without the notes that the lines show already."""
        shown = {line.note.id for line in self.lines if line.note}
        return tuple(event for event in self.events if event.note not in shown)

    @property
    def version(self) -> str:
        """Changes with everything a page shows, except the time of reading. Words about days change
        at midnight."""
        seen = replace(
            self, as_of=datetime.combine(timezone.localtime(self.as_of).date(), datetime.min.time())
        )
        return hashlib.blake2s(repr(seen).encode(), digest_size=12).hexdigest()


def order_status(order: Order, *, locale: str, now: datetime) -> Status:
    """All that the customer of an order may see: five queries, one more once it shipped, however
    many lines and events."""
    lines = _lines(order)
    events = _events(order, lines)
    positions = queue.positions(line.pk for line in lines)
    parcels = parcels_of(order, events) if any(line.shipped for line in lines) else {}
    reach = mail_port().reach_of(order)
    reader = _Reader(locale, now, may_withdraw(order), reach.hears_no_change)
    return Status(
        number=order.number,
        placed_at=order.placed_at,
        as_of=now,
        is_mailed=reach.is_reached,
        lines=tuple(
            _line_status(line, positions.get(line.pk), parcels.get(line.pk, []), events, reader)
            for line in lines
        ),
        events=timeline(order, lines, events, positions, locale=locale),
        total=money(order.total, order.currency),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    locale: str
    now: datetime
    may_withdraw: bool
    hears_no_change: bool

    @property
    def today(self) -> date:
        return timezone.localtime(self.now).date()


def _lines(order: Order) -> list[OrderLine]:
    lines = list(_rows_of_lines().filter(order=order))
    for line in lines:
        line.order = order
    return lines


def _events(order: Order, lines: Iterable[OrderLine]) -> list[Event]:
    """The newest, whose lines need not be read once more."""
    by_id = {line.pk: line for line in lines}
    events = list(order.events.select_related("restock_note")[:NEWEST_EVENTS])
    for event in events:
        event.line = by_id[event.line_id] if event.line_id else None
    return events


@cache
def _rows_of_lines() -> QuerySet[OrderLine]:
    lines = OrderLine.objects.select_related("product", "promise__forecast")
    has_notes = RawSQL(sql(__file__, "has_notes"), [], BooleanField())  # noqa: S611 - a text of ours
    return with_choices(lines.annotate(has_notes=has_notes))


def _line_status(
    line: OrderLine,
    position: queue.Position | None,
    parcels: Sequence[Parcel],
    events: Iterable[Event],
    reader: _Reader,
) -> LineStatus:
    own = [event for event in events if event.line_id == line.pk]
    # Told again to customers who never got the first email: the oldest is from when the line
    # joined.
    joined = [event.details.place for event in own if isinstance(event.details, Joined)]
    notice = newest_notice(line)
    undo = services.undo_of(line, own, now=reader.now)
    arrival = _arrives_by(line, parcels, reader.today)
    how, refund = cancellation(line, own, locale=reader.locale)
    here = [event.at for event in own if isinstance(event.details, Reserved)]
    return LineStatus(
        id=line.pk,
        sku=line.product.sku,
        name=line.product.name,
        variant=line.product.variant,
        image_url=line.product.image_url,
        unit_price=money(line.unit_price, line.order.currency),
        quantity=line.quantity,
        allocated=line.allocated,
        shipped=line.shipped,
        cancelled=line.cancelled,
        waiting=line.waiting,
        state=line.state,
        held=line.held,
        place=position.place if position else None,
        units_ahead=position.units_ahead if position else None,
        joined_place=joined[-1] if joined else None,
        agreed_by=None if line.open_wait else line.agreed_by,
        agreed=agreed_sentence(line, locale=reader.locale, today=reader.today)
        or passed_sentence(line, locale=reader.locale, today=reader.today),
        parcels=tuple(parcels),
        asked=asked(line, notice, locale=reader.locale, today=reader.today),
        put_back=put_back(line, notice, own, locale=reader.locale, today=reader.today),
        undo_until=undo.until if undo else None,
        may_withdraw=reader.may_withdraw,
        next_word_by=services.next_word_by(
            line, own, hears_no_change=reader.hears_no_change, today=reader.today
        ),
        promised=promised_of(line),
        former=told_before(own, line.promise),
        standing=standing_of(line, position, own),
        here_on=timezone.localtime(here[0]).date() if here else None,
        cancelled_how=how,
        cancellation=refund,
        change=change_told(own, locale=reader.locale),
        crossed=crossed_parcel(line, own, locale=reader.locale),
        note=_newest_note(line),
        arrives_by=arrival,
        should_have_arrived=bool(arrival and reader.today > arrival),
    )


def _newest_note(line: OrderLine) -> NoteShown | None:
    """A query only where there are any."""
    if not line.promise or not line.has_notes:  # type: ignore[attr-defined]  # annotated above
        return None
    notes = RestockNote.objects.filter(
        restock__reference=line.promise.reference,
        restock__product=line.product_id,
        hidden_at=None,
    )
    note = notes.first()
    if note is None:
        return None
    name = note.picture_name
    picture = reverse("note_picture", args=[name]) if name else ""
    return NoteShown(note.pk, note.at, note_words(note), picture, note.width, note.height)


def _arrives_by(line: OrderLine, parcels: Sequence[Parcel], today: date) -> date | None:
    """Of what has all shipped, since its last parcel did. Of what has not, by the day told, while
    that is to come: chances name none."""
    if line.state == "cancelled":
        return None
    if line.state == "shipped":
        days = [timezone.localtime(each.shipped_at).date() for each in parcels if each.shipped_at]
        ships_by = max(days) if days and len(days) == len(parcels) else None
    else:
        window = window_of(line.promise) if line.promise and not line.held else NO_WINDOW
        late = window.late if window.names_a_day else None
        ships_by = late if late and late >= today else None
    return arrives_by(ships_by, line.order.country) if ships_by else None
