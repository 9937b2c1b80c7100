"""Days on the way: from the day a parcel ships to the day it is with the customer.

Page and email estimate arrivals from them, and laws that count the day of delivery are kept by
them. So what we expect and what we owe cannot differ.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

GRAMMAR = "expected COUNTRY=DAYS[,...], and * for all others, for example US=5,DE=7,*=14"
ELSEWHERE = "*"

# Calendar days, an assumption until a shop sets what its carriers say.
_DOMESTIC, _FAR = 5, 14
_ABROAD = dict.fromkeys(
    "AT BE BG CA CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV NL PL PT RO SE SI SK".split(),  # noqa: SIM905
    7,
) | {"CY": 10, "MT": 10}


@lru_cache(maxsize=8)
def parse_transit_days(setting: str) -> Mapping[str, int]:
    """Days by country. ValueError says what was expected."""
    days: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in setting.split(","))):
        found = re.fullmatch(r"([A-Za-z]{2}|\*)\s*=\s*([1-9][0-9]?)", part, re.ASCII)
        if not found:
            raise ValueError(f"{part!r} is not a country and its days, {GRAMMAR}")
        country = found[1].upper()
        if country == "UK":
            raise ValueError(f"{part!r}: the United Kingdom is GB, {GRAMMAR}")
        if country in days:
            raise ValueError(f"{country} is there twice, {GRAMMAR}")
        days[country] = int(found[2])
    return days


def transit_days(country: str, *, home: str, own: Mapping[str, int]) -> int:
    """`own` are the shop's, and `home` is its country. Where it names any for all other countries,
    ours no longer count."""
    if country in own:
        return own[country]
    if ELSEWHERE in own:
        return own[ELSEWHERE]
    return _DOMESTIC if country == home else _ABROAD.get(country, _FAR)


def arrives_by(ships_by: date, days: int) -> date:
    return ships_by + timedelta(days=days)
