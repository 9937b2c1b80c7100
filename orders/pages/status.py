"""What the customer's pages read, as frozen values; the number of queries does not depend on how
much there is."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.module_loading import import_string

from orders import queue
from orders.domain.delay_rules import Jurisdiction, Sentence, Silence, refund_due_on
from orders.domain.promises import CHANCES_HOLD
from orders.domain.supply import Window
from orders.domain.working_days import add_working_days
from orders.law import law_of
from orders.models import (
    DelayNotice,
    Event,
    EventKind,
    Forecast,
    Order,
    OrderLine,
    Outcome,
    Product,
    Promise,
    Reason,
    Refund,
    ShipmentLine,
    Stock,
    WindowKind,
)
from orders.pages.drawings.queue_bar import Standing, deliveries_of_mine, standing
from orders.pages.drawings.window_strip import Told
from orders.words import (
    consent_sentence,
    crossed_sentence,
    keep_question,
    notice_sentences,
    queue_change_sentence,
    sentence,
    silence_sentence,
    window_in,
    window_of,
)

NEWEST_EVENTS = 200
NAMES_A_DAY = (WindowKind.DATED, WindowKind.UNRATED)  # of the windows: a chance is no day
FEWEST_DATES = 5  # dates given for such goods; fewer are no record to speak of
NEWEST_CHANGES = 100  # read for a line, before those of one day are merged
SHOWN_CHANGES = 20
# The rules ask for a withdrawal function in the EU only; customers in the UK have the same right
# and find the same link.
MAY_WITHDRAW = (Jurisdiction.EU, Jurisdiction.UK)

# Both ends are exclusive: a line that staff moved back stands at the upper one now, and did not
# move up.
QUEUE_CHANGES = """
    SELECT l.id, c.at, c.reason, c.step, c.lines, c.units, c.after_id
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
class Parcel:
    """`shipped_at` is None where nobody knows when it left."""

    units: int
    shipped_at: datetime | None
    carrier: str
    tracking_number: str


@dataclass(frozen=True, slots=True)
class DatesHeld:
    """Of the last `dates` given for goods like this, how many were kept to the day or early."""

    dates: int
    held: int


@dataclass(frozen=True, slots=True)
class Promised:
    """The promise last published for a line; `due`: the day its delivery was expected on when it
    was published; `record`: how the dates given for such goods had held until then."""

    window: Window
    on: date
    told_at: datetime | None
    due: date | None
    record: DatesHeld | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in words. `line` and `product` are None and empty where it is about the whole order;
    `told_at`: when a mail with it was handed over; None where that came back."""

    at: datetime
    kind: str
    text: str
    line: int | None
    product: str
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an open delay notice asks, in words: beside its buttons the first of its sentences is
    enough, the others say it in full. `answer_by` where silence cancels: the last day; `question`
    is what the page before the button asks, `kept` what keeping will agree to, `silence` what no
    answer means. `overtaken`: a newer promise stands, whose date is read beside it."""

    sentences: tuple[str, ...]
    answer_by: date | None
    question: str
    kept: str
    silence: str
    overtaken: bool = False

    @property
    def briefly(self) -> str:
        return self.sentences[0]

    @property
    def in_full(self) -> tuple[str, ...]:
        return self.sentences[1:]


@dataclass(frozen=True, slots=True)
class LineStatus:
    """`place` and `units_ahead` are None unless units wait; `joined_place`: the place when the line
    joined, if known; `cancellation`: what was said of it last, and of its refund since; `crossed`:
    the same of one that a parcel crossed; `asked`: an open notice that wants an answer; `put_back`:
    what putting back agrees to, where silence cancelled the line and its refund was not sent;
    `may_withdraw`: from the contract, by the law of the country; `former`: the windows told before,
    newest first; `standing`: who is ahead in units and which deliveries serve them, unless nothing
    waits."""

    id: int
    sku: str
    name: str
    quantity: int
    allocated: int
    shipped: int
    cancelled: int
    waiting: int
    state: str
    held: bool
    place: int | None
    units_ahead: int | None
    joined_place: int | None
    promised: Promised | None
    agreed_by: date | None
    parcels: tuple[Parcel, ...]
    cancellation: str
    asked: Asked | None
    put_back: str
    may_withdraw: bool
    reassured_by: date | None
    crossed: str = ""
    former: tuple[Told, ...] = ()
    standing: Standing | None = None

    @property
    def open_units(self) -> int:
        """Units that have not left us and were not cancelled."""
        return self.waiting + self.reserved

    @property
    def reserved(self) -> int:
        return self.allocated - self.shipped

    @property
    def is_here(self) -> bool:
        """Whether all that is still to leave is set aside."""
        return self.reserved > 0 and not self.waiting

    @property
    def is_open(self) -> bool:
        return self.state not in ("shipped", "cancelled")

    @property
    def is_split(self) -> bool:
        """Whether its units have come to different ends so far."""
        return (
            sum(units > 0 for units in (self.shipped, self.reserved, self.waiting, self.cancelled))
            > 1
        )

    @property
    def may_be_parted(self) -> bool:
        """Whether what is still to leave may do so in several parcels: each part can go once it is
        here. What one delivery brings leaves together."""
        if self.open_units < 2 or not self.waiting or self.held:
            return False
        return self.reserved > 0 or self.standing is None or deliveries_of_mine(self.standing) != 1

    @property
    def names_a_day(self) -> bool:
        """A last day: chances name none."""
        window = self.promised.window if self.promised else None
        return window is not None and window.late is not None and window.kind in NAMES_A_DAY

    @property
    def withdrawn(self) -> date | None:
        """The day told before, where there is none any more."""
        if self.promised is None or self.promised.window.kind != "none":
            return None
        return next(
            (told.window.late for told in self.former if told.window.kind in NAMES_A_DAY), None
        )

    @property
    def shipped_on(self) -> date | None:
        """The day on which all that has left did, if known."""
        days = {
            timezone.localtime(each.shipped_at).date() if each.shipped_at else None
            for each in self.parcels
        }
        return days.pop() if len(days) == 1 else None


@dataclass(frozen=True, slots=True)
class Status:
    number: str
    placed_at: datetime
    as_of: datetime
    is_mailed: bool
    lines: tuple[LineStatus, ...]
    events: tuple[Happened, ...]

    @property
    def is_open(self) -> bool:
        return any(line.is_open for line in self.lines)

    @property
    def has_several_lines(self) -> bool:
        return len(self.lines) > 1

    @property
    def has_choices(self) -> bool:
        return any(line.open_units or line.put_back for line in self.lines)

    @property
    def has_date(self) -> bool:
        """Whether a calendar has something to hold: chances name no day."""
        return any(line.names_a_day for line in self.lines if line.is_open)

    @property
    def next_update_by(self) -> date | None:
        """The earliest day by which a customer with open lines hears from us: that what we said is
        not true any more, or, after long silence, that nothing changed."""
        days = [
            day
            for line in self.lines
            if line.is_open
            for day in (_holds_until(line), line.reassured_by)
            if day
        ]
        return min(days, default=None)

    @property
    def version(self) -> str:
        """Changes with whatever a page shows, but for the time of reading; words about days change
        at midnight."""
        seen = replace(
            self, as_of=datetime.combine(timezone.localtime(self.as_of).date(), datetime.min.time())
        )
        return hashlib.blake2s(repr(seen).encode(), digest_size=12).hexdigest()


def order_status(order: Order, *, locale: str, now: datetime) -> Status:
    """All that the customer of an order may see: five queries, one more once it shipped, however
    many lines and events."""
    lines = _lines(order)
    events = list(order.events.select_related("line__product")[:NEWEST_EVENTS])
    positions = queue.positions(line.pk for line in lines)
    parcels = _parcels(order, events) if any(line.shipped for line in lines) else {}
    happened = [
        Happened(
            event.at,
            event.kind,
            sentence(event, locale=locale),
            event.line_id,
            _product_name(event.line),
            None if event.returned_at else event.told_at,
        )
        for event in events
    ]
    changes = _queue_changes(order, lines, events, positions, locale=locale)
    law = law_of(order.country, order.region)
    reach = _reach_of(order)
    reader = _Reader(
        locale, timezone.localtime(now).date(), law in MAY_WITHDRAW, reach.hears_no_change
    )
    return Status(
        number=order.number,
        placed_at=order.placed_at,
        as_of=now,
        is_mailed=reach.is_reached,
        lines=tuple(
            _line_status(line, positions.get(line.pk), parcels.get(line.pk, []), events, reader)
            for line in lines
        ),
        events=tuple(sorted(happened + changes, key=lambda each: each.at, reverse=True)),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    locale: str
    today: date
    may_withdraw: bool
    hears_no_change: bool


class Reach(Protocol):
    """What a page may promise of mails (notifications.reach)."""

    @property
    def is_reached(self) -> bool: ...

    @property
    def hears_no_change(self) -> bool: ...


def _reach_of(order: Order) -> Reach:
    """The mails know, and this room does not know them."""
    reach: Reach = import_string(settings.REACH_OF)(order)
    return reach


def is_mailed(order: Order) -> bool:
    """Whether a mail to its customer goes out now."""
    return _reach_of(order).is_reached


def _lines(order: Order) -> list[OrderLine]:
    lines = list(_rows_of_lines().filter(order=order))
    for line in lines:
        line.order = order
    return lines


@cache
def _rows_of_lines() -> QuerySet[OrderLine]:
    """With the newest notice that no newer one replaced, as `notice_row`, the one by which silence
    cancels, as `cancelling_row`, and the units whose refund is still to be sent. They differ while
    the newest has not been told."""
    notices = (
        DelayNotice.objects.filter(line=OuterRef("pk"))
        .exclude(outcome=Outcome.SUPERSEDED)
        .order_by("-pk")
    )
    cancelling = notices.filter(
        outcome="", silence=Silence.CANCEL, told_at__isnull=False, adequate=True, not_told_at=None
    )
    row = JSONObject(**{name: name for name in NOTICE_FIELDS})
    return OrderLine.objects.select_related("product", "promise__forecast").annotate(
        notice_row=notices.values(row=row)[:1],
        cancelling_row=cancelling.values(row=row)[:1],
        unrefunded=Subquery(
            Refund.objects.filter(line=OuterRef("pk"), sent_at=None)
            .order_by()
            .values("line")
            .values(units=Sum("units"))[:1]
        ),
    )


NOTICE_FIELDS = (
    "promise_id",
    "jurisdiction",
    "late",
    "silence",
    "answer_by",
    "consent_to",
    "delay_days",
    "cancels_now",
    "sentences",
    "adequate",
    "not_told_at",
    "outcome",
)


def _notice(line: OrderLine, name: str = "notice_row") -> DelayNotice | None:
    row: dict[str, Any] | None = getattr(line, name, None)
    if row is None:
        return None
    days = {
        name: date.fromisoformat(row[name])
        for name in ("late", "answer_by", "consent_to")
        if row[name]
    }
    return DelayNotice(**row | days)


def _asked(line: OrderLine, newest: DelayNotice | None, reader: _Reader) -> Asked | None:
    """What silence does is said by the notice that was told; keeping agrees to the newest."""
    rows = (_notice(line, "cancelling_row"), newest)
    notice = next((row for row in rows if row and row.still_asks(line)), None)
    asks = notice is not None and Sentence.CHOICE in notice.sentences
    if newest is None or notice is None or not asks or not line.waiting + line.reserved:
        return None
    words: dict[str, Any] = {"locale": reader.locale, "today": reader.today}
    overtaken = newest.promise_id != line.promise_id
    return Asked(
        sentences=tuple(
            notice_sentences(
                notice,
                agreed_by=line.agreed_by,
                overtaken=notice.promise_id != line.promise_id,
                reserved=line.reserved_beside,
                **words,
            )
        ),
        answer_by=notice.answer_by if notice.silence == Silence.CANCEL and notice.binds else None,
        question=keep_question(newest, overtaken=overtaken, **words),
        kept=consent_sentence(newest, overtaken=overtaken, dated=_names_a_day(line), **words),
        silence=silence_sentence(notice, reserved=line.reserved_beside, **words),
        overtaken=overtaken,
    )


def _names_a_day(line: OrderLine) -> bool:
    return line.promise is not None and line.promise.late is not None


def _put_back(
    line: OrderLine, notice: DelayNotice | None, own: Iterable[Event], reader: _Reader
) -> str:
    """Empty where nothing can be put back, by the rule of services.way_back, from what the page has
    read already."""
    silenced = notice is not None and notice.outcome == Outcome.SILENCE_CANCELLED and line.cancelled
    if notice is None or not silenced or line.product.is_discontinued:
        return ""
    silent = next(
        (
            each
            for each in own
            if each.kind == EventKind.CANCELLED and each.facts.get("by") == "silence"
        ),
        None,
    )
    if (getattr(line, "unrefunded", 0) or 0) < min(
        silent.facts["units"] if silent else 1, line.cancelled
    ):
        return ""
    return consent_sentence(notice, locale=reader.locale, today=reader.today)


def _cancellation(line: OrderLine, newest_first: Iterable[Event], reader: _Reader) -> str:
    """As it was told, but for the refund that was sent since."""
    event = next((event for event in newest_first if event.kind == EventKind.CANCELLED), None)
    if event is None:
        return ""
    if line.cancelled and not getattr(line, "unrefunded", 0):
        event = Event(kind=event.kind, at=event.at, facts=event.facts | {"refund_sent": True})
    return sentence(event, locale=reader.locale)


def _crossed(line: OrderLine, newest_first: Iterable[Event], reader: _Reader) -> str:
    """As it was told, but for the refund that was sent since, and until the parcel was taken back."""
    event = next((event for event in newest_first if event.facts.get("crossed")), None)
    if event is None or not line.shipped:
        return ""
    crossed = event.facts["crossed"]
    if crossed["kept"] and not getattr(line, "unrefunded", 0):
        crossed |= {"refund_sent": True}
    return crossed_sentence(event, locale=reader.locale)


def _line_status(
    line: OrderLine,
    position: queue.Position | None,
    parcels: Sequence[Parcel],
    events: Iterable[Event],
    reader: _Reader,
) -> LineStatus:
    notice = _notice(line)
    own = [event for event in events if event.line_id == line.pk]
    # Said anew to whoever never got the first mail: the oldest is from when the line joined.
    joined = [event.facts.get("place") for event in own if event.kind == EventKind.JOINED]
    return LineStatus(
        id=line.pk,
        sku=line.product.sku,
        name=line.product.name,
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
        promised=_promised(line),
        agreed_by=None if line.open_wait else line.agreed_by,
        parcels=tuple(parcels),
        cancellation=_cancellation(line, own, reader),
        crossed=_crossed(line, own, reader),
        asked=_asked(line, notice, reader),
        put_back=_put_back(line, notice, own, reader),
        may_withdraw=reader.may_withdraw,
        reassured_by=_reassured_by(line, own) if reader.hears_no_change else None,
        former=_former(own, line.promise),
        standing=_standing(line, position, own),
    )


def _former(newest_first: Iterable[Event], promise: Promise | None) -> tuple[Told, ...]:
    """Every change keeps what was told before it; a window told twice in a row is one, and so is
    one that still holds."""
    told: list[Told] = []
    for event in newest_first:
        if event.facts.get("told"):
            on = event.facts.get("told_on")
            window = window_in(event.facts["told"])
            if told and told[-1].window == window:
                told.pop()
            told.append(
                Told(window, date.fromisoformat(on) if on else timezone.localtime(event.at).date())
            )
    if told and promise and told[0].window == window_of(promise):
        del told[0]
    return tuple(told)


def _standing(
    line: OrderLine, position: queue.Position | None, own: Iterable[Event]
) -> Standing | None:
    if position is None:
        return None
    promise = line.promise
    forecast = promise.forecast if promise else None
    arrived = (
        event
        for event in own
        if event.kind == EventKind.RESERVED and promise and event.at > promise.published_at
    )
    return standing(
        bands=forecast.bands if forecast else (),
        due=_due_days(promise),
        reference=promise.reference if promise else "",
        promised_ahead=promise.units_ahead if promise else None,
        ahead=position.units_ahead,
        mine=line.waiting,
        served=sum(event.facts["units"] for event in arrived),
    )


def _reassured_by(line: OrderLine, newest_first: Sequence[Event]) -> date | None:
    """The day by which services.reassure writes that nothing changed, where it does; the review
    runs in the morning."""
    if (
        not newest_first
        or not line.waiting
        or line.held
        or line.promise is None
        or line.order.released_at is None
    ):
        return None
    often_said = [event.kind for event in newest_first[:2]] == [
        EventKind.ON_TRACK,
        EventKind.ON_TRACK,
    ]
    days = settings.LONG_QUIET_DAYS if often_said else settings.QUIET_DAYS
    return timezone.localtime(newest_first[0].at).date() + timedelta(days=days + 1)


def refund_by(order: Order, *, now: datetime) -> date:
    """The last day to send the money for what is cancelled now."""
    law = law_of(order.country, order.region)
    return refund_due_on(law, timezone.localtime(now).date())


def _promised(line: OrderLine) -> Promised | None:
    promise = line.promise
    if promise is None:
        return None
    return Promised(
        window_of(promise),
        promise.published_on,
        None if promise.returned_at else promise.told_at,
        _due_days(promise).get(promise.reference),
        _dates_held(promise),
    )


def _deliveries(promise: Promise | None) -> list[dict[str, Any]]:
    forecast = promise.forecast if promise else None
    return forecast.evidence.get("deliveries", []) if forecast else []


def _due_days(promise: Promise | None) -> dict[str, date]:
    """By delivery: the day it was expected on when the promise was published."""
    return {
        each["reference"]: date.fromisoformat(each["promised_on"]) for each in _deliveries(promise)
    }


def _dates_held(promise: Promise) -> DatesHeld | None:
    """None where there are too few to say, or where the window does not rest on them."""
    supplier = next(
        (e["supplier"] for e in _deliveries(promise) if e["reference"] == promise.reference), None
    )
    record = (
        promise.forecast.evidence["suppliers"].get(supplier)
        if promise.forecast and supplier
        else None
    )
    if promise.kind != "dated" or record is None or record["dates"] < FEWEST_DATES:
        return None
    return DatesHeld(record["dates"], record["held"])


def _holds_until(line: LineStatus) -> date | None:
    """Of what is here it may be known the next morning only that it has not shipped
    (services.reporting)."""
    promised = line.promised
    if promised is None:
        return None
    if promised.window.kind == "chances":
        return promised.on + CHANCES_HOLD
    late = promised.window.late
    return late + timedelta(days=1) if late and line.is_here else late


def _parcels(order: Order, events: Iterable[Event]) -> dict[int, list[Parcel]]:
    """By line, newest first; what was recorded by mistake, or has gone over to a row with its
    tracking number, is left out. Whether the day is known stands in the event."""
    dayless = {
        (e.line_id, e.at)
        for e in events
        if e.kind == EventKind.SHIPPED and not e.facts["shipped_on"]
    }
    rows = ShipmentLine.objects.filter(line__order=order).select_related("shipment")
    corrected: Counter[tuple[int, int]] = Counter()
    left = []
    for row in rows.order_by("-shipment__shipped_at", "-pk"):
        if row.shipment.corrects_id:
            corrected[row.shipment.corrects_id, row.line_id] += row.quantity
        else:
            left.append(row)
    parcels: dict[int, list[Parcel]] = {}
    for row in left:
        shipment = row.shipment
        units = row.quantity + corrected[shipment.pk, row.line_id]
        shipped_at = None if (row.line_id, shipment.recorded_at) in dayless else shipment.shipped_at
        if units:
            parcel = Parcel(units, shipped_at, shipment.carrier, shipment.tracking_number)
            parcels.setdefault(row.line_id, []).append(parcel)
    return parcels


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
    for (line_id, at, reason, step, count, units, of_line), place in zip(rows, places, strict=True):
        if (line_id in left and at >= left[line_id]) or (line_id, at) in own:
            continue
        kind = EventKind.MOVED_UP if step < 0 else EventKind.PASSED_BY
        # Only what nothing else came between is one: a number of people is of its own time.
        since = sum(1 for event in events if event.line_id == line_id and event.at > at)
        alone = at if reason in (Reason.MOVED, Reason.RESTORED) else None
        key = (line_id, kind.value, reason, count > 0, timezone.localtime(at).date(), since, alone)
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
                lines=count,
                units=units,
                locale=locale,
                places=from_to,
                people=len(people),
            ),
            line_id,
            _product_name(by_id[line_id]),
        )
        for (line_id, kind, reason, *_), (at, count, units, from_to, people) in list(
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
        event.line_id: event.facts.get("place")
        for event in events
        if event.kind == EventKind.JOINED
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
        elif event.kind in (
            EventKind.RESERVED,
            EventKind.CANCELLED,
            EventKind.SHIPPED,
        ) and not event.facts.get("still"):
            left.setdefault(event.line_id, event.at)
    return left


def _product_name(line: OrderLine | None) -> str:
    return line.product.name if line else ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What somebody would be promised who ordered `quantity` now. `window` is None before a first
    forecast."""

    sku: str
    name: str
    quantity: int
    lines: int
    units: int
    window: Window | None
    on: date
    as_of: datetime


def offer(sku: str, quantity: int, *, now: datetime) -> Offer | None:
    """None: no product with this SKU is on backorder."""
    if "\0" in sku:  # PostgreSQL refuses it in any text
        return None
    product = Product.objects.filter(sku=sku, on_backorder=True).first()
    if product is None:
        return None
    length = queue.length(product.pk)
    today = timezone.localtime(now).date()
    stock = Stock.objects.filter(pk=product.pk).first()
    needed = length.units + quantity - (stock.arrived - stock.allocated if stock else 0)
    forecast = Forecast.objects.filter(product=product).order_by("-id").first()
    window = _from_stock(product, today) if needed <= 0 else _forecast_for(forecast, needed)
    on = forecast.made_on if forecast and needed > 0 else today
    return Offer(sku, product.name, quantity, length.lines, length.units, window, on, now)


def _from_stock(product: Product, today: date) -> Window:
    late = add_working_days(
        today, product.handling_days or settings.HANDLING_DAYS, settings.SHOP_COUNTRY
    )
    return Window("dated", today, late, late)


def _forecast_for(forecast: Forecast | None, units_needed: int) -> Window | None:
    if forecast is None:
        return None
    return window_in(
        next(
            band
            for band in forecast.bands
            if band["up_to"] is None or units_needed <= band["up_to"]
        )
    )


def about(number: int) -> int:
    """Two significant digits, below a hundred the nearest ten, for strangers; the exact number with
    EXACT_LINE."""
    if settings.EXACT_LINE or number == 0:
        return number
    step: int = 10 ** max(len(str(number)) - 2, 1)
    return max(round(number / step), 1) * step


def about_units(offer: Offer) -> int:
    """Units spoken for as strangers read them: rounded, yet not fewer than those who wait for them."""
    return max(about(offer.units), offer.lines)
