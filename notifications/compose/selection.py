"""Which of the events that a mail covers are still news when it is written.

Events wait for their mail while newer ones overtake them: a mail says what is true now, each thing
once. What it leaves out stays on the page, where all that happened can be read.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.db.models import F

from notifications.may_send import Topic, still_holds
from orders.domain.delay_rules import Sentence, Silence
from orders.models import DelayNotice, Event, EventKind, OrderLine

# Which news of a mail is its chief: what breaks a promise first, a mere beginning last.
CHIEF_FIRST = (
    EventKind.NO_DATE,
    EventKind.LATER,
    EventKind.CORRECTED,
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


def open_notices(order_ids: Iterable[int]) -> dict[int, DelayNotice]:
    """The newest open notice of each line of the orders, by line; one that could not be told only
    where it is alone."""
    notices = DelayNotice.objects.filter(line__order__in=set(order_ids), outcome="")
    return {
        notice.line_id: notice
        for notice in notices.order_by(F("not_told_at").asc(nulls_last=True), "pk")
    }


def still_news(
    events: Iterable[Event], lines: Mapping[int, OrderLine], asked: Mapping[int, DelayNotice]
) -> list[Event]:
    """`lines` as they are now and the open notices of those that have one, by id. Oldest first;
    empty when the order has moved on past all of it."""
    oldest_first = sorted(events, key=lambda event: (event.at, event.pk))
    of_line: dict[int | None, list[Event]] = {}
    for event in oldest_first:
        of_line.setdefault(event.line_id, []).append(event)
    kept = set(of_line.pop(None, []))
    for line_id, happened in of_line.items():
        if line_id is not None:
            kept.update(_news_of_line(happened, lines[line_id], asked.get(line_id)))
    return [event for event in oldest_first if event in kept]


def chief(news: Sequence[Event]) -> Event:
    """The news that the subject says; of one kind the newest. A right that starts comes before all
    that is new."""
    return min(reversed(news), key=_rank)


def _rank(event: Event) -> tuple[bool, int, bool]:
    """A parcel that crossed a cancellation comes before what it crossed."""
    crossed = event.kind == EventKind.SHIPPED and bool(event.facts.get("crossed"))
    kind = EventKind.CANCELLED if crossed else EventKind(event.kind)
    return not event.says_day_passed, CHIEF_FIRST.index(kind), not crossed


def asks(event: Event, notice: DelayNotice) -> bool:
    """Whether it is the event that a notice follows, or a reminder of it."""
    return event.promise_id == notice.promise_id or event.kind == EventKind.NOTE


def topics(news: Iterable[Event], asked: Mapping[int, DelayNotice]) -> frozenset[Topic]:
    """What a mail with this news is about; empty when any of it is due whatever its customer chose.
    `asked`: the open notices by line: what asks for an answer for the first time is never optional,
    nor while silence would cancel."""
    found = set()
    for event in news:
        notice = asked.get(event.line_id or 0)
        topic = None if notice and _is_due(event, notice) else _topic(event)
        if topic is None:
            return frozenset()
        found.add(topic)
    return frozenset(found)


def _is_due(event: Event, notice: DelayNotice) -> bool:
    return notice.silence == Silence.CANCEL if notice.is_told else asks(event, notice)


def _topic(event: Event) -> Topic | None:
    if event.kind == EventKind.ON_TRACK:
        return Topic.NO_CHANGE
    return Topic.GOOD_NEWS if event.kind == EventKind.EARLIER and still_holds(event) else None


def asked_before(notice: DelayNotice, *, today: date) -> bool:
    """Whether an earlier mail, which did not come back, asked what can still be answered."""
    return (
        notice.is_told
        and Sentence.CHOICE in notice.sentences
        and (notice.answer_by is None or notice.answer_by >= today)
    )


def tells(news: Iterable[Event], notice: DelayNotice) -> bool:
    """Whether a mail with this news tells the notice, so that it binds from then on."""
    told_in_vain = notice.told_at is None and notice.not_told_at is not None
    return told_in_vain and any(event.promise_id == notice.promise_id for event in news)


def late_from_the_start(news: Iterable[Event], asked: Mapping[int, DelayNotice]) -> list[Event]:
    """First words about a line that are a delay already: it will not leave by the day agreed when
    it was ordered."""
    return [
        event
        for event in news
        if event.kind == EventKind.JOINED and event.line_id
        if (notice := asked.get(event.line_id)) and notice.promise_id == event.promise_id
    ]


def _news_of_line(
    happened: Sequence[Event], line: OrderLine, notice: DelayNotice | None
) -> list[Event]:
    news = []
    for n, event in enumerate(happened):
        later = happened[n + 1 :]
        if event.kind in (EventKind.SHIPPED, EventKind.CANCELLED):
            said = not _undone(event, later)
        elif event.says_day_passed:
            agreed = event.facts["agreed_by"] == str(line.agreed_by) and not line.open_wait
            said = agreed and line.open_units > 0
        elif event.promise_id:
            said = _promise_holds(event, line)
        elif event.kind == EventKind.RESERVED:
            said = line.reserved > 0 and not any(
                _tells_of_units_set_aside(other) for other in later
            )
        elif event.facts.get("code") == "reminder":
            said = notice is not None and event.facts["answer_by"] == str(notice.answer_by)
        elif event.kind == EventKind.ANSWERED:
            said = line.open_units > 0
        elif event.facts.get("what") == "shipment":
            said = line.reserved > 0
        elif event.facts.get("what") == "cancellation":
            said = line.cancelled < line.quantity
        else:
            said = True
        if said:
            news.append(event)
    return news


def _promise_holds(event: Event, line: OrderLine) -> bool:
    """It is the promise the page shows, and units of the line have yet to leave."""
    return event.promise_id == line.promise_id and line.open_units > 0


def _tells_of_units_set_aside(event: Event) -> bool:
    return event.kind == EventKind.RESERVED or (
        event.kind == EventKind.CORRECTED and bool(event.promise_id)
    )


def _undone(event: Event, later: Sequence[Event]) -> bool:
    what = "shipment" if event.kind == EventKind.SHIPPED else "cancellation"
    return any(
        (
            other.kind == EventKind.CORRECTED
            and other.facts.get("what") == what
            and other.facts["units"] == event.facts["units"]
        )
        or (
            what == "cancellation"
            and other.facts.get("crossed", {}).get("withdrawn") == event.facts["units"]
        )
        for other in later
    )
