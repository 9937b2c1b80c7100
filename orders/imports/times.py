"""Dates and times as shops, suppliers and spreadsheets write them, from one text.

What a text alone cannot say is left to whoever knows the whole column: which of two numbers between
slashes is the day (`readings`).
"""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, time, tzinfo
from functools import cache, lru_cache
from typing import Literal

from babel import Locale
from django.conf import settings

Order = Literal["day first", "month first"]

EXPECTED = "2026-03-31"
ZONES = {"UTC", "GMT", "UT", "Z"}

_SPACE_BEFORE_OFFSET = re.compile(r" (?=[+-]\d\d:?\d\d$)")
_WEEK = re.compile(
    r"\d{4}-?W\d\d(-?\d)?|(\d{4}[ /-])?(W|KW|CW|week|woche|semaine|semana)\W?\d+.*", re.I
)
_YEAR_FIRST = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})(?!\d)(.*)", re.S)
_YEAR_LAST = re.compile(r"(\d{1,2})([./-]) ?(\d{1,2})\2 ?(\d{4}|\d\d)(?!\d)(.*)", re.S)
_DAY_AND_NAME = re.compile(
    r"(?:[^\W\d]{2,}\.?,? )?(\d{1,2})(?:st|nd|rd|th|er|º)?\.?[ /-](?:de )?([^\W\d]+)\.?,?"
    r"[ /-](?:de )?(\d{4}|\d\d)(?!\d)(.*)",
    re.S,
)
_NAME_AND_DAY = re.compile(
    r"(?:[^\W\d]{2,}, )?([^\W\d]+)\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4}|\d\d)(?!\d)(.*)",
    re.S,
)
_TIME = re.compile(
    r"[ T,]+(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:\.\d{1,9})?)?(?: ?([ap])\.?m\.?| ?Uhr)?(.*)",
    re.I | re.S,
)
_ZONE_WORD = re.compile(
    r"(.*\d(?: ?[ap]\.?m\.?)?) ?(?:([a-z]{1,5})|\(([a-z ]{1,40})\))", re.I | re.S
)
_OFFSET = re.compile(r" ?(?:UTC|GMT)?([+-]\d\d):?(\d\d)(?: \([^()]*\))?", re.I)
_ZONE_OF_FORMAT = re.compile(r"%Z|\b(?:UTC|GMT)\b|(?<!%)Z$")
_OTHER_ZONE = re.compile(r"\b(?!GMT\b)[A-Z]{2,4}T\b")


class BadTime(ValueError):
    """What is wrong and what was expected: the rest of a sentence that begins with what was
    written."""


def read(text: str) -> datetime | None:
    """None: it is none that can be read. Without an offset it has no zone. BadTime: it looks like
    one, and says something else or two things."""
    with suppress(ValueError):
        if "W" not in text:  # Python takes a week for its Monday
            return datetime.fromisoformat(_SPACE_BEFORE_OFFSET.sub("", text))
    if _WEEK.fullmatch(text):
        raise BadTime(f", a week and not a day; expected a date such as {EXPECTED}")
    return _written(text)


def readings(text: str) -> dict[Order, datetime]:
    """What a date with its year last may mean; empty: it is none."""
    found = _YEAR_LAST.fullmatch(text)
    if not found or (found[2] == "-" and len(found[4]) == 2):  # 26-11-14 may begin with its year
        return {}
    first, second, year, rest = int(found[1]), int(found[3]), _year(found[4]), found[5]
    possible: dict[Order, datetime | None] = {
        "day first": _at(year, second, first, rest),
        "month first": _at(year, first, second, rest),
    }
    return {order: at for order, at in possible.items() if at is not None}


def separator(text: str) -> str:
    """What stands between the numbers of a date with its year last."""
    found = _YEAR_LAST.fullmatch(text)
    return found[2] if found else ""


@lru_cache(maxsize=10_000)
def formatted(text: str, format: str) -> datetime | None:
    """By a strptime format. None: it is not written so, or in a zone whose word is not known."""
    zoned = _ZONE_OF_FORMAT.search(format)
    if _OTHER_ZONE.search(format):
        return None
    if zoned and zoned[0] == "%Z":
        word = _ZONE_WORD.fullmatch(text)
        if not word or (word[2] or "").upper() not in ZONES:
            return None
        text, format = word[1].rstrip(), _ZONE_OF_FORMAT.sub("", format).rstrip()
    try:
        at = datetime.strptime(text, format)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if zoned and at.tzinfo is None else at


def as_iso(at: datetime) -> str:
    """As `read` reads it again. A midnight that stands beside a day is no time."""
    return at.date().isoformat() if at.tzinfo is None and at.time() == time() else at.isoformat()


def refuse_ambiguous(text: str) -> None:
    """BadTime where only the rest of its column could say what a date means."""
    meant = readings(text)
    if len(set(meant.values())) > 1 and separator(text) != ".":
        one, other = (f"{at:%B} {at.day}, {at.year}" for at in meant.values())
        raise BadTime(
            f", which may be {one} or {other}, and no other row of the column shows which; "
            f"expected dates such as {EXPECTED}"
        )
    if meant:
        raise BadTime(
            f"; expected one way of writing dates in the whole column, such as {EXPECTED}"
        )


def _written(text: str) -> datetime | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _at(int(found[1]), int(found[3]), int(found[4]), found[5])
    if found := _DAY_AND_NAME.fullmatch(text):
        return _at(_year(found[3]), _month(found[2]), int(found[1]), found[4])
    if found := _NAME_AND_DAY.fullmatch(text):
        return _at(_year(found[3]), _month(found[1]), int(found[2]), found[4])
    return None


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _at(year: int, month: int, day: int, rest: str) -> datetime | None:
    """None: there is no such day or time. `rest`: its time and zone, as written."""
    try:
        on = date(year, month, day)
    except ValueError:
        return None
    if not rest.strip():
        return datetime.combine(on, time())
    found = _TIME.fullmatch(rest)
    if not found:
        return None
    hour = int(found[1])
    if half := (found[4] or "").lower():
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        at = time(hour, int(found[2]), int(found[3] or 0))
    except ValueError:
        return None
    return datetime.combine(on, at, _zone(found[5]))


def _zone(words: str) -> tzinfo | None:
    words = words.strip()
    if not words:
        return None
    if found := _OFFSET.fullmatch(words):
        with suppress(ValueError):  # an offset of a day or more
            return datetime.fromisoformat(f"2000-01-01T00:00{found[1]}:{found[2]}").tzinfo
    if words.upper() in ZONES:
        return UTC
    raise BadTime(
        f", whose zone {words[:40]} is not known; expected UTC, an offset such as +01:00 or no zone"
    )


@cache
def _months() -> dict[str, int]:
    """Their names in all languages of the site, in full and cut short."""
    names: dict[str, int] = {}
    for language in dict(settings.LANGUAGES):
        months = Locale.parse(language.replace("-", "_")).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[form][width].items():
                    names.setdefault(name.casefold().strip("."), number)
    return names


def _month(word: str) -> int:
    """0: it is none."""
    return _months().get(word.casefold(), 0)
