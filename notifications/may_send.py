"""Which mails a customer may turn off, and who has. All others are due to them, whatever they
chose."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.db.models.functions import Upper

from notifications.compose.selection import asks
from notifications.models import Preference
from orders.domain.delay_rules import Silence
from orders.models import DelayNotice, Event, EventKind, Promise, WindowKind
from orders.words import window_in


class Topic(StrEnum):
    """What may be turned off. The values are the columns of Preference."""

    GOOD_NEWS = "good_news"
    NO_CHANGE = "no_change"


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
    told = notice.told_at is not None and notice.not_told_at is None
    return notice.silence == Silence.CANCEL if told else asks(event, notice)


def is_unwanted(email: str, about: Iterable[Topic]) -> bool:
    """Whether all that a mail to this address is about was turned off."""
    about = set(about)
    if not about:
        return False
    kept = of_address(email)
    return not any(getattr(kept, topic) for topic in about)


def of_address(email: str) -> Preference:
    """What the owner of an address chose; unsaved, with everything on, where nobody ever did."""
    found = Preference.objects.alias(upper=Upper("address")).filter(upper=email.upper()).first()
    return found or Preference(address=email)


def _topic(event: Event) -> Topic | None:
    if event.kind == EventKind.ON_TRACK:
        return Topic.NO_CHANGE
    if event.kind == EventKind.EARLIER and _still_holds(event):
        return Topic.GOOD_NEWS
    return None


def _still_holds(event: Event) -> bool:
    """Whether the last day that a mail named to this customer is no earlier than the one they would
    read of now: who was told of no day is due to hear of the first."""
    told = (
        Promise.objects.filter(line=event.line_id, told_at__isnull=False, returned_at=None)
        .order_by("-pk")
        .first()
    )
    now = window_in(event.facts["window"]).late
    named = told is not None and told.kind in (WindowKind.DATED, WindowKind.UNRATED)
    return bool(named and told and told.late and now and told.late >= now)
