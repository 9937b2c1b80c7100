"""What leads an email: one line for its subject and its heading."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.utils import timezone

from notifications.compose.news import News
from notifications.compose.subjects import ASKING, Headline, Subject
from orders.domain import facts
from orders.domain.supply import NAMES_A_DAY, Window
from orders.models import Choice, Event, EventKind, Reason
from orders.transit import arrives_by


def headline_of(news: News) -> Headline:
    """News that is not good names the day to answer by, too."""
    headline = _headline(news)
    if news.answer_by is None or headline.subject in ASKING or _is_good(news.chief):
        return headline
    return replace(headline, answer_by=news.answer_by, on=headline.on or news.today)


def _is_good(chief: Event) -> bool:
    match chief.details:
        case facts.Earlier(mailed=mailed):
            return mailed  # else it may be later than what their last email said
        case facts.Shipped(crossed=crossed):
            return crossed is None
        case facts.Reserved() | facts.ParcelNumbered() | facts.CancellationUndone():
            return True
    return chief.kind == EventKind.LINK


def _headline(news: News) -> Headline:
    chief, today = news.chief, news.today
    if chief.says_day_passed:
        return Headline(Subject.DAY_PASSED, part=_passed_in_part(news))
    match chief.details:
        case facts.Reminded(answer_by=None) if not news.answer_by:
            return Headline(Subject.REMINDER_OPEN)
        case facts.Reminded(answer_by=day):
            return Headline(Subject.REMINDER, day=news.answer_by or day, on=today)
        case facts.Joined():
            return _of_welcome(news)
        case facts.OnTrack() | facts.Answered() if news.answer_by:
            return Headline(Subject.STILL_ASKS, day=news.answer_by, on=today)
        case facts.Changed() if news.answer_by and chief.kind != EventKind.EARLIER:
            return Headline(Subject.ANSWER_BY, day=news.answer_by, on=today)
        case facts.NoDate(reason=Reason.PACKING):
            return Headline(Subject.CHECKING)
        case facts.ReceiptCorrected(told=before, window=window) if before.late == window.late:
            return Headline(Subject.CORRECTED)
        case facts.Changed():
            return _of_change(news, chief.details)
        case facts.OnTrack(window=window):
            days = {other.late for other in _windows(news.alike)}
            if len(days) > 1 or not window.late or not window.names_a_day:
                return Headline(Subject.NO_CHANGE)
            return Headline(Subject.SAME_DATE, day=window.late, on=_day_of(chief))
    return _of_units(news)


def _of_welcome(news: News) -> Headline:
    if news.answer_by:
        return Headline(Subject.WELCOME_ANSWER, day=news.answer_by, on=news.today)
    days = {_named_day(window) for window in _windows(news.alike)}
    if len(days) > 1:
        return Headline(Subject.WELCOME_DATES)
    (day,) = days
    return Headline(Subject.WELCOME_DATE if day else Subject.WELCOME, day=day, on=news.today)


def _of_change(news: News, details: facts.Changed) -> Headline:
    later = news.chief.kind != EventKind.EARLIER
    days = {_named_day(window) for window in _windows(news.alike)}
    if len(days) > 1:
        return Headline(Subject.LATER_DATES if later else Subject.EARLIER_DATES)
    (day,) = days
    if day is None:
        return (
            Headline(Subject.NO_DATE, part=_others_keep_a_date(news))
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
    changed = {event.line_id for event in news.alike}
    part = any(line.pk not in changed and line.open_units for line in news.lines)
    return Headline(subject, part=part, day=day, on=_day_of(news.chief))


def _of_units(news: News) -> Headline:
    """Headlines of goods and money on their way."""
    details, lines = news.chief.details, news.lines
    match details:
        case facts.Cancelled():
            return _of_cancelled(news, details)
        case facts.Shipped():
            return _of_shipped(news, details)
        case facts.Reserved():
            part = any(line.waiting for line in lines)
            day = _one_day(
                event.details.window.late if event.details.window else None
                for event in news.alike
                if isinstance(event.details, facts.Reserved)
            )
            if part or day is None or day < news.today:
                return Headline(Subject.RESERVED, part=part)
            return Headline(Subject.SHIPS_BY, day=day, on=news.today)
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
    return Headline(Subject.LINK if news.chief.kind == EventKind.LINK else Subject.NEWS)


def _of_cancelled(news: News, details: facts.Cancelled) -> Headline:
    """Where an answer is asked, that is the only day named."""
    if details.by == Choice.WITHDRAW:
        return Headline(Subject.WITHDRAWN)
    part = any(line.cancelled != line.quantity for line in news.lines)
    day = _one_day(
        event.details.refund_due_on
        for event in news.alike
        if isinstance(event.details, facts.Cancelled)
    )
    if day is None or news.answer_by:
        return Headline(Subject.CANCELLED, part=part)
    return Headline(Subject.REFUND_BY, part=part, day=day, on=news.today)


def _of_shipped(news: News, details: facts.Shipped) -> Headline:
    if details.crossed:
        part = len(news.lines) > 1 or details.units < details.of
        kept, withdrawn = Subject.SHIPPED_THOUGH_CANCELLED, Subject.SHIPPED_BEFORE_CANCELLED
        return Headline(kept if details.crossed.kept else withdrawn, part=part)
    part = any(line.open_units for line in news.lines)
    day = _arrival(news.alike)
    if day is None or day < news.today:
        return Headline(Subject.SHIPPED, part=part)
    return Headline(Subject.SHIPPED_WITH_YOU, part=part, day=day, on=news.today)


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


def _others_keep_a_date(news: News) -> bool:
    """Whether units of other lines than those that lost theirs are still to come, by a day that was
    told."""
    lost = {
        event.line_id
        for event in news.told
        if isinstance(event.details, facts.Changed) and not event.details.window.names_a_day
    }
    return any(
        line.promise.kind in NAMES_A_DAY
        for line in news.lines
        if line.pk not in lost and line.open_units and line.promise
    )


def _passed_in_part(news: News) -> bool:
    """Whether more of an order is to come than what the email says the agreed date has passed
    for."""
    passed = {event.line_id for event in news.told if event.says_day_passed}
    return any(line.pk not in passed and line.open_units for line in news.lines)


def _windows(events: Iterable[Event]) -> list[Window]:
    return [event.details.window for event in events if isinstance(event.details, facts.Promised)]


def _day_of(event: Event) -> date:
    return timezone.localtime(event.at).date()
