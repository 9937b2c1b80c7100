"""How fast email goes out: all of it to the mail server, and that of each recipient domain. A
domain that is at its rate, or is slow, waits alone, and email to others continues.

A row for each limit says when the next email may go, by the database's clock. So it holds for all
senders together, and survives their restarts. After a quiet time, up to BURST_SECONDS may be caught
up at once.
"""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection

GRAMMAR = (
    "expected NAME=NUMBER/UNIT[,...] with s, min or h, for example "
    "all=50/s,gmail.com=20/s,*=300/min"
)
UNITS = {"s": 1, "min": 60, "h": 3600}
ALL, OTHERS = "all", "*"
BURST_SECONDS = 1.0
SLOW_SECONDS = 5.0  # an answer that takes longer makes its domain wait
MAX_PAUSE_SECONDS = 600.0

# From when the next may go is at most a burst ago: what was not used is lost.
TAKE = """
    INSERT INTO notifications_pace AS pace (name, free_at)
    VALUES (%(name)s, clock_timestamp() + make_interval(secs => %(interval)s - %(burst)s))
    ON CONFLICT (name) DO UPDATE
    SET free_at = greatest(pace.free_at, clock_timestamp() - make_interval(secs => %(burst)s))
                  + make_interval(secs => %(interval)s)
    WHERE pace.free_at <= clock_timestamp()
    RETURNING 1
"""
PAUSE = """
    INSERT INTO notifications_pace AS pace (name, free_at)
    VALUES (%(name)s, clock_timestamp() + make_interval(secs => %(seconds)s))
    ON CONFLICT (name) DO UPDATE SET free_at = greatest(pace.free_at, excluded.free_at)
"""
# Seconds until each may go; below zero: since when it might have.
BUSY = """
    SELECT name, extract(epoch FROM free_at - clock_timestamp())::float FROM notifications_pace
    WHERE free_at > clock_timestamp() - make_interval(secs => %(burst)s)
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """Seconds from one email to the next: of all email, of a domain that is named, of each that is
    not. None: no limit."""

    all: float | None = None
    others: float | None = None
    named: Mapping[str, float] = field(default_factory=dict)

    def of(self, domain: str) -> float | None:
        return self.named.get(domain, self.others)


def parse_rates(setting: str) -> Rates:
    """ValueError says what was expected."""
    named: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in setting.split(","))):
        found = re.fullmatch(
            r"(all|\*|[a-z0-9.-]+\.[a-z0-9-]+)=([1-9][0-9]{0,8})/(s|min|h)", part.lower()
        )
        if not found:
            raise ValueError(f"{part!r} is not a rate; {GRAMMAR}")
        name, number, unit = found.groups()
        if name in named:
            raise ValueError(f"{name} has two rates; {GRAMMAR}")
        named[name] = UNITS[unit] / int(number)
    return Rates(named.pop(ALL, None), named.pop(OTHERS, None), named)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


class Pacer:
    """What one sender asks before each email."""

    def __init__(self) -> None:
        self.rates = parse_rates(settings.MAIL_RATES)

    def waiting(self) -> list[str]:
        """Domains whose email should not be claimed now. One that has just gone waits until several
        may go together, so that its emails are not claimed and given back one by one."""
        return [
            name
            for name, seconds in _busy().items()
            if name != ALL and seconds > -self._together(name)
        ]

    def may_go(self, domain: str) -> bool:
        interval = self.rates.of(domain)
        return interval is None or _take(domain, interval)

    def wait_for_turn(self, ends: float) -> bool:
        """Wait until the mail server's own rate allows one more. False: not before `ends`
        (time.monotonic)."""
        while self.rates.all is not None and not _take(ALL, self.rates.all):
            turn = max(_busy().get(ALL, 0.0), 0.001)
            if time.monotonic() + turn >= ends:
                return False
            time.sleep(turn)
        return True

    def was_slow(self, domain: str, seconds: float) -> bool:
        """Whether an email that took this long makes its domain wait now: a slow domain slows only
        itself."""
        slow = seconds > SLOW_SECONDS
        if slow:
            _run(PAUSE, name=domain, seconds=min(2 * seconds, MAX_PAUSE_SECONDS))
        return slow

    def _together(self, domain: str) -> float:
        interval = self.rates.of(domain)
        return BURST_SECONDS / 2 if interval is not None and interval < BURST_SECONDS / 2 else 0.0


def _take(name: str, interval: float) -> bool:
    return bool(_run(TAKE, name=name, interval=interval, burst=BURST_SECONDS))


def _busy() -> dict[str, float]:
    return dict(_run(BUSY, burst=BURST_SECONDS))


def _run(sql: str, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []
