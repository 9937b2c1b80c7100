"""What an email tells, asks and offers, decided once. All else in compose only words it.

Events wait for their email while newer ones overtake them. An email says what is true now, and each
thing once. What it leaves out stays on the page, where all that happened can be read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from notifications.compose.headline import headline_of
from notifications.compose.known import Known
from notifications.compose.left_out import LeftOut, left_out
from notifications.compose.lines import LineBeside, LineTold, due_before, line_told
from notifications.compose.news import CHIEF_FIRST, News, news_of, rank
from notifications.compose.opening import Opening, opening_of
from notifications.compose.subjects import ASKING, Headline, Subject
from notifications.may_send import Topic, still_holds
from orders import services
from orders.domain import facts
from orders.domain.delay_rules import Silence
from orders.models import DelayNotice, Event, EventKind, Order, OrderLine

MAX_CHOICES = 8  # lines with links of their own: email programs cut off an email beyond 100 kB
LAST = (True, len(CHIEF_FIRST), True)


@dataclass(frozen=True, slots=True)
class Selection:
    """`chief`: the event that leads; `told`: oldest first; `left_out`: why the others are not
    told, by id; `of_order`: those of no line. `lines`: the one that the headline is about first.
    `next_word_by`: the day by which the customer hears from us again, as the page has it.
    `asked_for_all`: somebody asked for the link to all orders; `nothing_else`: that alone. `about`:
    what the customer may have turned off; empty where the email is due."""

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
    asked_for_all: Event | None
    nothing_else: bool
    is_first: bool
    about: frozenset[Topic]

    @property
    def hears_by(self) -> date | None:
        """The same, unless the customer has to answer before it: one day at a time, as on the
        page."""
        notices = [told.asked.notice for told in self.lines if told.asked and told.asked.is_due]
        notices += [line.asked for line in self.beside if line.asked]
        first = min((each.answer_by for each in notices if each.answer_by), default=None)
        by = self.next_word_by
        return by if by and (first is None or by <= first) else None

    @property
    def is_welcome(self) -> bool:
        """Several lines have joined, and nothing else has happened."""
        return len(self.lines) > 1 and all(event.kind == EventKind.JOINED for event in self.told)


def selection_of(
    order: Order, events: Sequence[Event], known: Known, *, now: datetime
) -> Selection | None:
    """None: the order has moved on, and nothing of it is left to say."""
    lines = known.lines.get(order.pk, ())
    for line in lines:
        line.order = order
    asked = _still_asked(lines, known.notices)
    by_id = {line.pk: line for line in lines}
    oldest_first = _read_once(events, order, by_id)
    is_first = any(_is_welcome(event) for event in oldest_first)
    not_told = left_out(oldest_first, by_id, asked, now)
    told = [event for event in oldest_first if event.pk not in not_told]
    if not told:
        return None
    news = news_of(told, lines, asked, timezone.localtime(now).date())
    asked_for_all = [event for event in told if event.asks_for_all]
    nothing_else = len(asked_for_all) == len(told)
    headline = Headline(Subject.ALL_ORDERS) if nothing_else else headline_of(news)
    with_news = _with_news(news, headline)
    return Selection(
        order=order,
        today=news.today,
        told=told,
        left_out=not_told,
        chief=news.chief,
        headline=headline,
        opening=opening_of(news, is_first=is_first),
        lines=[
            line_told(line, told, asked.get(line.pk), now, many=len(with_news) > MAX_CHOICES)
            for line in with_news
        ],
        beside=[] if nothing_else else _beside(news, with_news),
        next_word_by=None if nothing_else else _next_word_by(order, lines, known, news.today),
        of_order=[event for event in told if event.line_id is None and not event.asks_for_all],
        asked_for_all=asked_for_all[-1] if asked_for_all else None,
        nothing_else=nothing_else,
        is_first=is_first,
        about=_about(told, asked),
    )


def _read_once(
    events: Sequence[Event], order: Order, lines: Mapping[int, OrderLine]
) -> list[Event]:
    """Oldest first, with the rows that are here already."""
    for event in events:
        event.order, event.line = order, lines[event.line_id] if event.line_id else None
    return sorted(events, key=lambda event: (event.at, event.pk))


def _still_asked(
    lines: Iterable[OrderLine], notices: Mapping[int, DelayNotice]
) -> dict[int, DelayNotice]:
    return {
        line.pk: notice
        for line in lines
        if (notice := notices.get(line.pk)) and line.open_units and notice.still_asks(line)
    }


def _with_news(news: News, headline: Headline) -> list[OrderLine]:
    """What the headline is about comes first, then what must be answered. A line without news of
    its own is among them where the headline names the day to answer by, and means its."""
    asks = headline.subject in ASKING
    due = news.due.line_id if news.due and (asks or headline.answer_by) else None
    ranks = {
        line.pk: min(rank(event) for event in news.told if event.line_id == line.pk)
        for line in news.lines
        if line.pk in news.changed
    }

    def place(line: OrderLine) -> tuple[bool, bool, tuple[bool, int, bool]]:
        own = ranks.get(line.pk, LAST)
        leads = line.pk == due if asks else own == rank(news.chief)
        notice = news.asked.get(line.pk)
        return not leads, not (notice and notice.must_be_answered), own

    return sorted((line for line in news.lines if line.pk in {due, *ranks}), key=place)


def _beside(news: News, with_news: Sequence[OrderLine]) -> list[LineBeside]:
    return [
        LineBeside(line, due_before(news.asked.get(line.pk), line, news.today))
        for line in news.lines
        if line not in with_news and line.open_units
    ]


def _is_welcome(event: Event) -> bool:
    """The first word to a customer to whom the shop had named no day."""
    return isinstance(event.details, facts.Joined) and not event.details.stated


def _next_word_by(
    order: Order, lines: Iterable[OrderLine], known: Known, today: date
) -> date | None:
    days = [
        services.next_word_by(
            line,
            known.newest.get(line.pk, ()),
            hears_no_change=order.pk not in known.no_change_off,
            today=today,
        )
        for line in lines
    ]
    return min((day for day in days if day), default=None)


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
