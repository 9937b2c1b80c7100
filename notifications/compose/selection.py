"""What an email tells, asks and offers, decided once. All else in compose only words it.

Events wait for their email while newer ones overtake them. An email says what is true now, and each
thing once. What it leaves out stays on the page, where all that happened can be read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from django.db.models import F
from django.utils import timezone

from notifications.compose.subjects import Headline, Subject
from notifications.may_send import Topic, still_holds
from orders import services
from orders.domain import facts
from orders.domain.delay_rules import REMIND_BEFORE, Sentence, Silence
from orders.domain.supply import NAMES_A_DAY, Window
from orders.mail_port import mail_port
from orders.models import (
    Choice,
    DelayNotice,
    Event,
    EventKind,
    Order,
    OrderLine,
    Promise,
    Reason,
)
from orders.transit import arrives_by
from orders.words import window_of

# Which news of an email is its chief: what breaks a promise first, a mere beginning last.
REMINDED = "reminded"
CHIEF_FIRST = (
    EventKind.NO_DATE,
    EventKind.LATER,
    EventKind.CORRECTED,
    REMINDED,
    EventKind.CANCELLED,
    EventKind.SHIPPED,
    EventKind.RESERVED,
    EventKind.EARLIER,
    EventKind.ANSWERED,
    EventKind.ON_TRACK,
    EventKind.JOINED,
    EventKind.NOTE,
    EventKind.LINK,
)
# A late link only puzzles people: what was asked for longer ago is asked for again.
REQUEST_GOOD_FOR = timedelta(hours=1)
# A reminder this near to the day is the last one.
LAST_CALL = timedelta(days=min(REMIND_BEFORE))
WORSE = (EventKind.LATER, EventKind.NO_DATE)
MAX_CHOICES = 8  # lines with links of their own: email programs cut off an email beyond 100 kB
CHOICES = {
    Choice.KEEP: Sentence.CHOICE,
    Choice.CANCEL: Sentence.CHOICE,
    Choice.WITHDRAW: Sentence.WITHDRAW,
}

# Why an event is not told: something took it back; something newer says what is true; no unit that
# it is about is still to come; a link that was asked for too long ago.
LeftOut = Literal["undone", "overtaken", "over", "stale"]
# What the first sentence says; empty where the news itself comes first.
Opening = Literal[
    "",
    "first",
    "first_undated",
    "first_changed",
    "thanks",
    "reminder",
    "reminder_open",
    "last_reminder",
    "shipped",
    "shipped_in_part",
    "link",
]


@dataclass(frozen=True, slots=True)
class EventTold:
    """`event`: as measured against what emails told. `says_still`: how many are still to come is
    not left to a later event. `bad`: it breaks what was told before."""

    event: Event
    says_still: bool
    bad: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What an open delay notice asks. `tells`: it binds from this email on. `overtaken`: there is a
    newer promise. `asked_before`: an earlier email asked it, and this one has other news.
    `reminds`: this one is about the missing answer. `moot`: it ships before the day on which
    silence would cancel."""

    notice: DelayNotice
    tells: bool
    overtaken: bool
    asked_before: bool
    reminds: bool
    moot: bool

    @property
    def is_due(self) -> bool:
        """Whether silence would cancel, as things stand."""
        return self.notice.must_be_answered and not self.moot


@dataclass(frozen=True, slots=True)
class LineTold:
    """A line with news. `passed`: the agreed date has passed; `calls`: nothing is told that names a
    day, but that it has, that an answer is missing, or what the shop wrote. `undo_until`: until
    when the customer may undo the cancellation that is told. `of_units`: the news is about some of
    the units ordered. `ships_by`: the promise that is added if the news names no day for what is
    still to come. `tells`: the promise that this email tells, for the sentence on what we do while
    it names no day."""

    line: OrderLine
    told: Sequence[EventTold]
    asked: Question | None
    choices: Collection[Choice]
    can_come_back: bool
    undo_until: datetime | None
    passed: bool
    calls: bool
    of_units: bool
    ships_by: Promise | None
    tells: Promise | None


@dataclass(frozen=True, slots=True)
class LineBeside:
    """A line without news, of which units are still to come. `asked`: what an earlier email asked
    and can still be answered."""

    line: OrderLine
    asked: DelayNotice | None


@dataclass(frozen=True, slots=True)
class Selection:
    """`told`: oldest first; `chief`: the one that leads; `of_order`: those of no line; `left_out`:
    why the others are not told, by id. `next_word_by`: the day by which the customer hears from us
    again, as the page has it. `asked_for_all`: somebody asked for the link to all orders;
    `nothing_else`: that alone. `about`: what the customer may have turned off; empty where the
    email is due."""

    order: Order
    today: date
    told: Sequence[Event]
    left_out: Mapping[int, LeftOut]
    chief: Event
    headline: Headline
    opening: Opening
    lines: Sequence[LineTold]
    beside: Sequence[LineBeside]
    next_word_by: date | None
    of_order: Sequence[Event]
    parcels: Sequence[facts.Shipped | facts.ParcelNumbered]
    asked_for_all: Event | None
    nothing_else: bool
    is_first: bool
    about: frozenset[Topic]

    @property
    def is_welcome(self) -> bool:
        """Several lines have joined, and nothing else has happened."""
        return len(self.lines) > 1 and all(event.kind == EventKind.JOINED for event in self.told)


def selection_of(
    order: Order, events: Iterable[Event], notices: Mapping[int, DelayNotice], *, now: datetime
) -> Selection | None:
    """`notices`: the open ones by line. None: the order has moved on, and nothing of it is left to
    say."""
    lines = list(order.lines.all())
    asked = {
        line.pk: notice
        for line in lines
        if (notice := notices.get(line.pk)) and line.open_units and notice.still_asks(line)
    }
    by_id = {line.pk: line for line in lines}
    oldest_first = sorted(events, key=lambda event: (event.at, event.pk))
    for event in oldest_first:  # none of them is read once more
        event.order, event.line = order, by_id[event.line_id] if event.line_id else None
    is_first = any(_is_welcome(event) for event in oldest_first)
    left_out = _left_out(oldest_first, by_id, asked, now)
    told = [event for event in oldest_first if event.pk not in left_out]
    if not told:
        return None
    today, chief = timezone.localtime(now).date(), min(reversed(told), key=_rank)
    asked_for_all = [event for event in told if event.asks_for_all]
    nothing_else = len(asked_for_all) == len(told)
    with_news = {event.line_id for event in told}
    told_lines = [line for line in lines if line.pk in with_news]
    return Selection(
        order=order,
        today=today,
        told=told,
        left_out=left_out,
        chief=chief,
        headline=Headline(Subject.ALL_ORDERS)
        if nothing_else
        else _headline(chief, told, lines, asked, today),
        opening=_opening(chief, told, lines, today, is_first=is_first),
        lines=[
            _line_told(line, told, asked.get(line.pk), now, many=len(told_lines) > MAX_CHOICES)
            for line in told_lines
        ],
        beside=[
            LineBeside(line, _due_before(asked.get(line.pk), line, today))
            for line in lines
            if line.pk not in with_news and line.open_units and not nothing_else
        ],
        next_word_by=None if nothing_else else _next_word_by(order, lines, today),
        of_order=[event for event in told if event.line_id is None and not event.asks_for_all],
        parcels=[
            event.details
            for event in told
            if isinstance(event.details, facts.Shipped | facts.ParcelNumbered)
        ],
        asked_for_all=asked_for_all[-1] if asked_for_all else None,
        nothing_else=nothing_else,
        is_first=is_first,
        about=_about(told, asked),
    )


def _next_word_by(order: Order, lines: Iterable[OrderLine], today: date) -> date | None:
    to_come = [line for line in lines if line.open_units]
    if not to_come:
        return None
    hears_no_change = mail_port().reach_of(order).hears_no_change
    newest_first = list(order.events.all())
    days = [
        services.next_word_by(
            line,
            [event for event in newest_first if event.line_id == line.pk],
            hears_no_change=hears_no_change,
            today=today,
        )
        for line in to_come
    ]
    return min((day for day in days if day), default=None)


def open_notices(order_ids: Iterable[int]) -> dict[int, DelayNotice]:
    """The newest open notice of each line of the orders, by line; one that could not be told only
    where it is alone."""
    notices = DelayNotice.objects.filter(line__order__in=set(order_ids), outcome="")
    return {
        notice.line_id: notice
        for notice in notices.order_by(F("not_told_at").asc(nulls_last=True), "pk")
    }


# What is told


def _left_out(
    oldest_first: Sequence[Event],
    lines: Mapping[int, OrderLine],
    asked: Mapping[int, DelayNotice],
    now: datetime,
) -> dict[int, LeftOut]:
    left_out: dict[int, LeftOut] = {}
    for n, event in enumerate(oldest_first):
        why: LeftOut | None = None
        if event.line_id is None:
            is_late = event.kind == EventKind.LINK and event.at <= now - REQUEST_GOOD_FOR
            why = "stale" if is_late else None
        else:
            later = [other for other in oldest_first[n + 1 :] if other.line_id == event.line_id]
            why = _why_left_out(event, later, lines[event.line_id], asked.get(event.line_id))
        if why:
            left_out[event.pk] = why
    return left_out


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
            return "overtaken" if earlier and _ships_before(notice, line) else None
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


# What leads


def _rank(event: Event) -> tuple[bool, int, bool]:
    """Of one kind the newest leads. A right that starts comes before all that is new, a parcel that
    crossed a cancellation before what it crossed."""
    crossed = isinstance(event.details, facts.Shipped) and event.details.crossed is not None
    kind = EventKind.CANCELLED if crossed else EventKind(event.kind)
    reminded = isinstance(event.details, facts.Reminded)
    return (
        not event.says_day_passed,
        CHIEF_FIRST.index(REMINDED if reminded else kind),
        not crossed,
    )


def _headline(
    chief: Event,
    told: Sequence[Event],
    lines: Sequence[OrderLine],
    asked: Mapping[int, DelayNotice],
    today: date,
) -> Headline:
    if chief.says_day_passed:
        return Headline(Subject.DAY_PASSED, part=_passed_in_part(told, lines))
    same = [event for event in told if event.kind == chief.kind]
    answer_by = _answer_by(told, lines, asked, today)
    match chief.details:
        case facts.Reminded(answer_by=None) if not answer_by:
            return Headline(Subject.REMINDER_OPEN)
        case facts.Reminded(answer_by=day):
            return Headline(Subject.REMINDER, day=answer_by or day, on=today)
        case facts.Joined():
            return _of_welcome(same, answer_by, today)
        case facts.OnTrack() if answer_by:
            return Headline(Subject.STILL_ASKS, day=answer_by, on=today)
        case facts.Changed() if answer_by and chief.kind != EventKind.EARLIER:
            return Headline(Subject.ANSWER_BY, day=answer_by, on=today)
        case facts.NoDate(reason=Reason.PACKING):
            return Headline(Subject.CHECKING)
        case facts.ReceiptCorrected(told=before, window=window) if before.late == window.late:
            return Headline(Subject.CORRECTED)
        case facts.Changed():
            return _of_change(chief, chief.details, same, told, lines)
        case facts.OnTrack(window=window):
            days = {other.late for other in _windows(same)}
            if len(days) > 1 or not window.late or not window.names_a_day:
                return Headline(Subject.NO_CHANGE)
            return Headline(Subject.SAME_DATE, day=window.late, on=_day_of(chief))
    return _of_units(chief, same, lines, today)


def _of_welcome(same: Sequence[Event], answer_by: date | None, today: date) -> Headline:
    if answer_by:
        return Headline(Subject.WELCOME_ANSWER, day=answer_by, on=today)
    days = {_named_day(window) for window in _windows(same)}
    if len(days) > 1:
        return Headline(Subject.WELCOME_DATES)
    (day,) = days
    return Headline(Subject.WELCOME_DATE if day else Subject.WELCOME, day=day, on=today)


def _of_units(
    chief: Event, same: Sequence[Event], lines: Sequence[OrderLine], today: date
) -> Headline:
    """Headlines of goods and money on their way."""
    details = chief.details
    match details:
        case facts.Cancelled(by=Choice.WITHDRAW):
            return Headline(Subject.WITHDRAWN)
        case facts.Cancelled():
            part = any(line.cancelled != line.quantity for line in lines)
            day = _one_day(
                event.details.refund_due_on
                for event in same
                if isinstance(event.details, facts.Cancelled)
            )
            return Headline(
                Subject.REFUND_BY if day else Subject.CANCELLED, part=part, day=day, on=today
            )
        case facts.Shipped(crossed=crossed) if crossed:
            part = len(lines) > 1 or details.units < details.of
            kept, withdrawn = Subject.SHIPPED_THOUGH_CANCELLED, Subject.SHIPPED_BEFORE_CANCELLED
            return Headline(kept if crossed.kept else withdrawn, part=part)
        case facts.Shipped():
            day = _arrival(same)
            return Headline(
                Subject.SHIPPED_WITH_YOU if day and day >= today else Subject.SHIPPED,
                part=any(line.open_units for line in lines),
                day=day,
                on=today,
            )
        case facts.Reserved():
            part = any(line.waiting for line in lines)
            day = _one_day(
                event.details.window.late if event.details.window else None
                for event in same
                if isinstance(event.details, facts.Reserved)
            )
            if part or day is None or day < today:
                return Headline(Subject.RESERVED, part=part)
            return Headline(Subject.SHIPS_BY, day=day, on=today)
        case facts.CancellationUndone():
            return Headline(Subject.BACK_IN_LINE)
        case facts.ShipmentUndone():
            return Headline(Subject.NOT_SHIPPED, part=any(line.shipped for line in lines))
        case facts.Answered():
            return Headline(Subject.KEEPS_PLACE)
        case facts.ParcelNumbered():
            return Headline(Subject.TRACKING)
        case facts.FromShop():
            return Headline(Subject.FROM_SHOP)
    return Headline(Subject.LINK if chief.kind == EventKind.LINK else Subject.NEWS)


def _of_change(
    chief: Event,
    details: facts.Changed,
    same: Sequence[Event],
    told: Sequence[Event],
    lines: Sequence[OrderLine],
) -> Headline:
    later = chief.kind != EventKind.EARLIER
    days = {_named_day(window) for window in _windows(same)}
    if len(days) > 1:
        return Headline(Subject.LATER_DATES if later else Subject.EARLIER_DATES)
    (day,) = days
    if day is None:
        return (
            Headline(Subject.NO_DATE, part=_others_keep_a_date(told, lines))
            if later
            else Headline(Subject.CLEARER)
        )
    if later:
        subject = Subject.LATER_DATE
    elif not details.mailed:
        # earlier than a page they never read may be later than their email
        subject = Subject.NEW_DATE
    else:
        subject = Subject.EARLIER_DATE if details.told.late else Subject.FIRST_DATE
    changed = {event.line_id for event in same}
    part = any(line.pk not in changed and line.open_units for line in lines)
    return Headline(subject, part=part, day=day, on=_day_of(chief))


def _answer_by(
    told: Sequence[Event],
    lines: Sequence[OrderLine],
    asked: Mapping[int, DelayNotice],
    today: date,
) -> date | None:
    """If silence would cancel any line of the order: the first day by which to answer. News of
    another line does not end the question."""
    of_line = {event.line_id for event in told}
    days = [
        notice.answer_by
        for line in lines
        if (notice := asked.get(line.pk)) and notice.answer_by
        if notice.silence == Silence.CANCEL and (notice.binds or _tells(told, notice))
        if not _is_moot(notice, line, told)
        if line.pk in of_line or _due_before(notice, line, today)
    ]
    return min(days, default=None)


def _opening(
    chief: Event,
    told: Sequence[Event],
    lines: Sequence[OrderLine],
    today: date,
    *,
    is_first: bool,
) -> Opening:
    match chief.details:
        case facts.Joined():
            named = [window.names_a_day for window in _windows(told)]
            return "first" if any(named) else "first_undated"
        case facts.Changed() if is_first:
            return "first_changed"
        case _ if is_first:
            return "thanks"
        case facts.Reminded(answer_by=None):
            return "reminder_open"
        case facts.Reminded(answer_by=date() as day):
            return "last_reminder" if day - today <= LAST_CALL else "reminder"
        case facts.Shipped(crossed=None):
            part = any(line.open_units for line in lines)
            return "shipped_in_part" if part else "shipped"
        case facts.LinkAsked():
            return "link"
    return ""


def _is_welcome(event: Event) -> bool:
    """The first word to a customer to whom the shop had named no day."""
    return isinstance(event.details, facts.Joined) and not event.details.stated


def _named_day(window: Window) -> date | None:
    return window.late if window.names_a_day else None


def _one_day(days: Iterable[date | None]) -> date | None:
    """The day, if it is the same one everywhere."""
    found = set(days)
    return found.pop() if len(found) == 1 else None


def _arrival(shipped: Iterable[Event]) -> date | None:
    """By when the last of these parcels should be with the customer."""
    days = [
        arrives_by(event.details.shipped_on, event.order.country)
        if event.details.shipped_on
        else None
        for event in shipped
        if isinstance(event.details, facts.Shipped)
    ]
    known = [day for day in days if day]
    return max(known) if known and len(known) == len(days) else None


def _others_keep_a_date(told: Iterable[Event], lines: Iterable[OrderLine]) -> bool:
    """Whether units of other lines than those that lost theirs are still to come, by a day that was
    told."""
    lost = {
        event.line_id
        for event in told
        if isinstance(event.details, facts.Changed) and not event.details.window.names_a_day
    }
    return any(
        line.promise.kind in NAMES_A_DAY
        for line in lines
        if line.pk not in lost and line.open_units and line.promise
    )


def _passed_in_part(told: Iterable[Event], lines: Iterable[OrderLine]) -> bool:
    """Whether more of an order is to come than what the email says the day agreed has passed
    for."""
    passed = {event.line_id for event in told if event.says_day_passed}
    return any(line.pk not in passed and line.open_units for line in lines)


def _windows(events: Iterable[Event]) -> list[Window]:
    return [event.details.window for event in events if isinstance(event.details, facts.Promised)]


def _day_of(event: Event) -> date:
    return timezone.localtime(event.at).date()


def _about(told: Iterable[Event], asked: Mapping[int, DelayNotice]) -> frozenset[Topic]:
    """Empty if any of it is always sent. What asks for an answer for the first time is never
    optional, and nothing is while silence would cancel."""
    found = set()
    for event in told:
        notice = asked.get(event.line_id or 0)
        topic = None if notice and _is_due(notice) else _topic(event)
        if topic is None:
            return frozenset()
        found.add(topic)
    return frozenset(found)


def _is_due(notice: DelayNotice) -> bool:
    return notice.silence == Silence.CANCEL or not notice.is_told


def _topic(event: Event) -> Topic | None:
    if event.kind == EventKind.ON_TRACK:
        return Topic.NO_CHANGE
    if isinstance(event.details, facts.FromShop):
        return Topic.DELIVERY_NOTES
    return Topic.GOOD_NEWS if event.kind == EventKind.EARLIER and still_holds(event) else None


# What is asked and offered, line by line


def _line_told(
    line: OrderLine,
    events: Iterable[Event],
    notice: DelayNotice | None,
    now: datetime,
    *,
    many: bool,
) -> LineTold:
    """`many`: so many lines have news that their choices are on the page only."""
    happened = [event for event in events if event.line_id == line.pk]
    passed = [event.says_day_passed for event in happened]
    promised = line.promise_id in {event.promise_id for event in happened if event.promise_id}
    calls = all(_names_no_day(event) for event in happened)
    asked = _asked(line, notice, happened) if notice else None
    return LineTold(
        line=line,
        told=[_told(event, happened[n + 1 :]) for n, event in enumerate(happened)],
        asked=asked,
        choices=[] if many else _choices(asked, passed=any(passed)),
        can_come_back=_can_come_back(line, happened),
        undo_until=_undo_until(line, happened, now),
        passed=any(passed),
        calls=calls,
        of_units=any(
            isinstance(
                event.details,
                facts.Shipped | facts.Cancelled | facts.ShipmentUndone | facts.CancellationUndone,
            )
            for event in happened
        ),
        ships_by=line.promise if calls or (not promised and _leaves_some(line, happened)) else None,
        tells=line.promise if promised else None,
    )


def _choices(asked: Question | None, *, passed: bool) -> list[Choice]:
    if asked is None:
        return [Choice.CANCEL] if passed else []
    if asked.asked_before and not asked.is_due:
        return []
    return [choice for choice, code in CHOICES.items() if code in asked.notice.sentences]


def _told(event: Event, later: Iterable[Event]) -> EventTold:
    said_later = any(isinstance(other.details, facts.Counted) for other in later)
    bad = event.kind in WORSE
    return EventTold(_as_emailed(event), not said_later, bad)


def _as_emailed(event: Event) -> Event:
    """Measured against the last word that an email told, where the page has changed since. So
    customers who read only emails are told of one change, not of two."""
    details = event.details
    if not isinstance(details, facts.ToldBefore) or details.mailed or not event.promise_id:
        return event
    promises = Promise.objects.filter(
        line=event.line_id, pk__lt=event.promise_id, told_at__isnull=False, returned_at=None
    )
    if details.told is None or not (last := promises.order_by("-pk").first()):
        return event
    told = replace(details, told=window_of(last), told_on=last.published_on, mailed=True)
    measured = copy(event)
    measured.__dict__.pop("details", None)
    measured.facts = facts.to_json(told)
    return measured


def _asked(line: OrderLine, notice: DelayNotice, happened: Sequence[Event]) -> Question:
    return Question(
        notice,
        tells=_tells(happened, notice),
        overtaken=notice.promise_id != line.promise_id,
        asked_before=notice.is_told and not any(_asks(event, notice) for event in happened),
        reminds=bool(happened) and all(_reminds(event) for event in happened),
        moot=_is_moot(notice, line, happened),
    )


def _asks(event: Event, notice: DelayNotice) -> bool:
    """Whether the event leads to the question: by the date it is about, by calling for an answer,
    or by worse news than the question came with. Nobody is left with fewer options by that."""
    if event.says_day_passed or _reminds(event) or event.kind in WORSE:
        return True
    return event.promise_id == notice.promise_id and event.kind != EventKind.ON_TRACK


def _names_no_day(event: Event) -> bool:
    """Nor does it change any, so that the one that stands is said beside it."""
    from_shop = isinstance(event.details, facts.FromShop)
    return event.says_day_passed or _reminds(event) or from_shop


def _reminds(event: Event) -> bool:
    return isinstance(event.details, facts.Reminded)


def _is_moot(notice: DelayNotice, line: OrderLine, told: Iterable[Event]) -> bool:
    """Whether an earlier question needs no answer for now, since what is promised meanwhile ships
    before the day on which silence would cancel. If that promise breaks, its news asks again."""
    reminded = any(_reminds(event) for event in told if event.line_id == line.pk)
    return notice.is_told and not reminded and _ships_before(notice, line)


def _ships_before(notice: DelayNotice, line: OrderLine) -> bool:
    promise = line.promise
    return (
        notice.silence == Silence.CANCEL
        and notice.answer_by is not None
        and promise is not None
        and promise.pk != notice.promise_id
        and promise.kind in NAMES_A_DAY
        and promise.late is not None
        and promise.late < notice.answer_by
    )


def _due_before(notice: DelayNotice | None, line: OrderLine, today: date) -> DelayNotice | None:
    """What an earlier email, which did not come back, asked and must still be answered."""
    if notice is None or not notice.is_told or not notice.must_be_answered:
        return None
    in_time = notice.answer_by is None or notice.answer_by >= today
    return notice if in_time and not _ships_before(notice, line) else None


def _tells(told: Iterable[Event], notice: DelayNotice) -> bool:
    """Whether an email with this news tells the notice, so that it binds from then on."""
    told_in_vain = notice.told_at is None and notice.not_told_at is not None
    return told_in_vain and any(event.promise_id == notice.promise_id for event in told)


def _can_come_back(line: OrderLine, happened: Sequence[Event]) -> bool:
    """A customer whose units silence canceled may come back until the refund is sent."""
    silent = any(
        isinstance(event.details, facts.Cancelled) and event.details.by == "silence"
        for event in happened
    )
    return silent and services.what_may_be_put_back(line, reversed(happened)) is not None


def _undo_until(line: OrderLine, happened: Sequence[Event], now: datetime) -> datetime | None:
    """Of what the customer has just canceled."""
    if not any(isinstance(event.details, facts.Cancelled) for event in happened):
        return None
    undo = services.undo_of(line, list(reversed(happened)), now=now)
    return undo.until if undo else None


def _leaves_some(line: OrderLine, happened: Iterable[Event]) -> bool:
    """Whether the news is about other units of a line of which some wait, or says that they wait
    on."""
    return line.waiting > 0 and any(
        event.details.still > 0
        if isinstance(event.details, facts.Counted)
        else _waits_on(event.details)
        for event in happened
    )


def _waits_on(details: facts.AnyFacts) -> bool:
    if isinstance(details, facts.Answered):
        return details.agreed_by is not None
    return isinstance(details, facts.CancellationUndone)
