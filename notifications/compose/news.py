"""What an email tells of an order, and which of it leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from notifications.compose.lines import due_before, is_moot, tells
from orders.domain import facts
from orders.domain.delay_rules import Silence
from orders.models import DelayNotice, Event, EventKind, OrderLine

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


@dataclass(frozen=True, slots=True)
class News:
    """`told`: oldest first; `chief`: the one that leads; `lines`: all of the order; `asked`: their
    open notices; `due`: the one that must be answered first, if silence would cancel any line."""

    told: Sequence[Event]
    chief: Event
    lines: Sequence[OrderLine]
    asked: Mapping[int, DelayNotice]
    due: DelayNotice | None
    today: date

    @property
    def alike(self) -> list[Event]:
        """All that is told of the kind that leads."""
        return [event for event in self.told if event.kind == self.chief.kind]

    @property
    def answer_by(self) -> date | None:
        return self.due.answer_by if self.due else None

    @property
    def changed(self) -> set[int | None]:
        """The lines that anything is told of, by id."""
        return {event.line_id for event in self.told}


def news_of(
    told: Sequence[Event],
    lines: Sequence[OrderLine],
    asked: Mapping[int, DelayNotice],
    today: date,
) -> News:
    """Of one kind the newest leads."""
    chief = min(reversed(told), key=rank)
    return News(told, chief, lines, asked, _due(told, lines, asked, today), today)


def rank(event: Event) -> tuple[bool, int, bool]:
    """A right that starts comes before all that is new, a parcel that crossed a cancellation before
    what it crossed."""
    crossed = isinstance(event.details, facts.Shipped) and event.details.crossed is not None
    kind = EventKind.CANCELLED if crossed else EventKind(event.kind)
    reminded = isinstance(event.details, facts.Reminded)
    return (
        not event.says_day_passed,
        CHIEF_FIRST.index(REMINDED if reminded else kind),
        not crossed,
    )


def _due(
    told: Sequence[Event],
    lines: Sequence[OrderLine],
    asked: Mapping[int, DelayNotice],
    today: date,
) -> DelayNotice | None:
    """News of another line does not end a question."""
    of_line = {event.line_id for event in told}
    due = [
        notice
        for line in lines
        if (notice := asked.get(line.pk)) and notice.answer_by
        if notice.silence == Silence.CANCEL and (notice.binds or tells(told, notice))
        if not is_moot(notice, line, told)
        if line.pk in of_line or due_before(notice, line, today)
    ]
    return min(due, key=lambda notice: notice.answer_by or today, default=None)
