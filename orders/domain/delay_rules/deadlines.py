"""When a day ends. We know a customer's country, but not their zone. So our duties end with the day
in the country's easternmost zone, and the customers' deadlines with the day in its westernmost."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

from orders.domain.delay_rules.jurisdictions import Jurisdiction

REMIND_BEFORE = (7, 2)  # days before silence cancels: the customer
REMIND_OF_CONSENT = 2  # days before silence agrees
REMIND_AFTER = 7  # days after a question that silence does not end
# staff are warned so many days before a delay that nobody was told of breaks the agreed date
WARN_BEFORE = (7, 3, 1, 0)
_DAY = timedelta(days=1)
_ANYWHERE = (timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)))


@lru_cache(maxsize=512)
def _zones(country: str) -> Sequence[tzinfo]:
    """The zones of a country (ISO 3166 alpha-2); of an unknown one, the first and the last zone on
    earth."""
    return (
        tuple(ZoneInfo(name) for name in get_global("territory_zones").get(country, ()))
        or _ANYWHERE
    )


def _ends(day: date, country: str) -> list[datetime]:
    """The midnight after `day` in every zone of the country: the first moment that is too late."""
    return [
        datetime.combine(day + _DAY, time.min, zone).astimezone(UTC) for zone in _zones(country)
    ]


@lru_cache(maxsize=65536)
def duty_ends(day: date, country: str) -> datetime:
    """The moment, in UTC, before which we must have done what is due on `day`."""
    return min(_ends(day, country))


@lru_cache(maxsize=65536)
def deadline_ends(day: date, country: str) -> datetime:
    """The moment, in UTC, before which a customer's answer is in time when it is asked for by
    `day`."""
    return max(_ends(day, country))


@lru_cache(maxsize=65536)
def latest_day(at: datetime, country: str) -> date:
    """The day it is in the country's easternmost zone: today, for our duties."""
    return max(at.astimezone(zone).date() for zone in _zones(country))


@lru_cache(maxsize=65536)
def earliest_day(at: datetime, country: str) -> date:
    """The day it is in the country's westernmost zone: the day of an order, from which our duties
    are counted."""
    return min(at.astimezone(zone).date() for zone in _zones(country))


def adequate(
    told_at: datetime, notice_by: date, *, jurisdiction: Jurisdiction, country: str
) -> bool:
    """Whether a notice handed over at `told_at` counts. Under the US rule a late one does not."""
    return jurisdiction.rules.missed_day_frees or told_at < duty_ends(notice_by, country)


def reminders(answer_by: date) -> list[date]:
    """The days to remind a customer whose silence would cancel."""
    return [answer_by - timedelta(days=days) for days in REMIND_BEFORE]


def reminder_of_consent(answer_by: date) -> date:
    """The day to remind a customer whose silence would agree: some believe they have answered."""
    return answer_by - timedelta(days=REMIND_OF_CONSENT)


def reminder_without_end(asked_on: date) -> date:
    """The day to remind a customer who is asked something that silence does not end."""
    return asked_on + timedelta(days=REMIND_AFTER)


def staff_warnings(notice_by: date) -> list[date]:
    """The days to warn staff of a delay whose notice was not handed over."""
    return [notice_by - timedelta(days=days) for days in WARN_BEFORE]
