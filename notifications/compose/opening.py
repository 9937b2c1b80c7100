"""Which sentence opens an email."""

from datetime import date, timedelta
from typing import Literal

from notifications.compose.news import News
from orders.domain import facts
from orders.domain.delay_rules import REMIND_BEFORE

# A reminder this near to the day is the last one.
LAST_CALL = timedelta(days=min(REMIND_BEFORE))
# Empty where the news itself comes first.
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
    "new_link",
]


def opening_of(news: News, *, is_first: bool) -> Opening:
    match news.chief.details:
        case facts.Joined():
            named = [
                event.details.window.names_a_day
                for event in news.told
                if isinstance(event.details, facts.Promised)
            ]
            return "first" if any(named) else "first_undated"
        case facts.Changed() if is_first:
            return "first_changed"
        case _ if is_first:
            return "thanks"
        case facts.Reminded(answer_by=None):
            return "reminder_open"
        case facts.Reminded(answer_by=date() as day):
            return "last_reminder" if day - news.today <= LAST_CALL else "reminder"
        case facts.Shipped(crossed=None):
            part = any(line.open_units for line in news.lines)
            return "shipped_in_part" if part else "shipped"
        case facts.LinkAsked(replaces=replaces):
            return "new_link" if replaces else "link"
    return ""
