"""Working days of a country, nationwide holidays only. An unknown country works Monday to Friday,
without holidays."""

from datetime import date, timedelta
from functools import lru_cache

import holidays

_DAY = timedelta(days=1)


@lru_cache(maxsize=256)
def _calendar(country: str) -> holidays.HolidayBase | None:
    try:
        return holidays.country_holidays(country)
    except NotImplementedError:
        return None


@lru_cache(maxsize=65536)
def is_working_day(day: date, country: str) -> bool:
    """Whether `day` is neither weekend nor national holiday in `country` (ISO 3166 alpha-2)."""
    calendar = _calendar(country)
    return day.weekday() < 5 if calendar is None else calendar.is_working_day(day)


@lru_cache(maxsize=65536)
def add_working_days(day: date, n: int, country: str) -> date:
    """The `n`-th working day after `day`; `day` itself, working or not, for n = 0. ValueError for n
    < 0."""
    if n < 0:
        raise ValueError(f"working days to add must be 0 or more, not {n}")
    while n:
        day += _DAY
        n -= is_working_day(day, country)
    return day


@lru_cache(maxsize=65536)
def last_arrival_for(ship_by: date, handling_days: int, country: str) -> date:
    """The last day goods may arrive to ship by `ship_by`: the latest day d with add_working_days(d,
    n) <= ship_by.

    n is `handling_days`; ValueError below 0.
    """
    if handling_days < 0:
        raise ValueError(f"handling days must be 0 or more, not {handling_days}")
    day = ship_by
    while handling_days:
        handling_days -= is_working_day(day, country)
        day -= _DAY
    return day
