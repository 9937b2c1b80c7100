"""This machine's clock against the database's. Work done by a clock that is ahead would cancel too
early and skip a day."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

NONE = timedelta()
UNITS = ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute"))


class WrongClock(Exception):
    """The message says by how much. Nothing was done."""


def ahead() -> timedelta:
    """How far this clock is ahead of the database's; less than nothing where it is behind. Waiting
    for the answer does not count as a difference."""
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        there: datetime = cursor.fetchone()[0]
    return max(before - there, NONE) + min(timezone.now() - there, NONE)


def fault() -> str:
    """What is wrong with this clock, in words; empty: nothing."""
    by = ahead()
    if abs(by) <= settings.CLOCK_MAY_DIFFER:
        return ""
    unit, name = next((unit, name) for unit, name in UNITS if abs(by) >= unit)
    number = round(abs(by) / unit)
    side = "ahead of" if by > NONE else "behind"
    return f"{number} {name}{'' if number == 1 else 's'} {side} the database's"


def refuse_wrong_clock() -> None:
    if wrong := fault():
        raise WrongClock(
            f"This machine's clock is {wrong}. Nothing was done: set the clock, with NTP."
        )


def now() -> datetime:
    """The time to write down where a customer must not be refused: the database's, if this clock is
    wrong."""
    by = ahead()
    return timezone.now() - (by if abs(by) > settings.CLOCK_MAY_DIFFER else NONE)
