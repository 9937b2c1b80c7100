"""What an email tells of each line of an order, asks about it and offers."""

from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime

from orders import services
from orders.domain import facts
from orders.domain.delay_rules import Sentence, Silence
from orders.domain.supply import NAMES_A_DAY
from orders.models import Choice, DelayNotice, Event, EventKind, OrderLine, Promise
from orders.words import window_of

WORSE = (EventKind.LATER, EventKind.NO_DATE)
CHOICES = {
    Choice.KEEP: Sentence.CHOICE,
    Choice.CANCEL: Sentence.CHOICE,
    Choice.WITHDRAW: Sentence.WITHDRAW,
}


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


def line_told(
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
        tells=tells(happened, notice),
        overtaken=notice.promise_id != line.promise_id,
        asked_before=notice.is_told and not any(_asks(event, notice) for event in happened),
        reminds=bool(happened) and all(reminds(event) for event in happened),
        moot=is_moot(notice, line, happened),
    )


def _asks(event: Event, notice: DelayNotice) -> bool:
    """Whether the event leads to the question: by the date it is about, by calling for an answer,
    or by worse news than the question came with. Nobody is left with fewer options by that."""
    worse = event.kind in WORSE or isinstance(event.details, facts.ReceiptCorrected)
    if event.says_day_passed or reminds(event) or worse:
        return True
    return event.promise_id == notice.promise_id and event.kind != EventKind.ON_TRACK


def _names_no_day(event: Event) -> bool:
    """Nor does it change any, so that the one that stands is said beside it."""
    from_shop = isinstance(event.details, facts.FromShop)
    return event.says_day_passed or reminds(event) or from_shop


def reminds(event: Event) -> bool:
    return isinstance(event.details, facts.Reminded)


def is_moot(notice: DelayNotice, line: OrderLine, told: Iterable[Event]) -> bool:
    """Whether an earlier question needs no answer for now, since what is promised meanwhile ships
    before the day on which silence would cancel. If that promise breaks, its news asks again."""
    reminded = any(reminds(event) for event in told if event.line_id == line.pk)
    return notice.is_told and not reminded and ships_before(notice, line)


def ships_before(notice: DelayNotice, line: OrderLine) -> bool:
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


def due_before(notice: DelayNotice | None, line: OrderLine, today: date) -> DelayNotice | None:
    """What an earlier email, which did not come back, asked and must still be answered."""
    if notice is None or not notice.is_told or not notice.must_be_answered:
        return None
    in_time = notice.answer_by is None or notice.answer_by >= today
    return notice if in_time and not ships_before(notice, line) else None


def tells(told: Iterable[Event], notice: DelayNotice) -> bool:
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
