"""Days and numbers as a reader's language writes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import (
    format_date,
    format_skeleton,
    format_time,
    get_datetime_format,
    get_day_names,
    get_timezone_location,
)
from babel.numbers import format_decimal, format_percent
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext, pgettext_lazy

from orders.words.bidi import isolated

NEAR = timedelta(days=6)  # a weekday names one day only
# A day within these of today is taken for no other, whatever its year.
RECENT, SOON_ENOUGH = timedelta(days=-183), timedelta(days=92)
NO_BREAK = "\N{NO-BREAK SPACE}"
# "18 December", as most of the world writes; Babel takes plain "en" for the United States
PLAIN_ENGLISH = "en_GB"
# "1er janvier": Babel has the bare number, which French does not write
FIRST = {"fr": "1er"}


def language_for(locale: str) -> str:
    """The best of settings.LANGUAGES for a locale as a shop wrote it ("de-DE", "pt_BR", ""), else
    the shop's own."""
    return _ours(locale) or str(settings.LANGUAGE_CODE)


def is_spoken(locale: str) -> bool:
    """Whether one of settings.LANGUAGES serves it."""
    return bool(_ours(locale))


@lru_cache(maxsize=256)
def locale_there(locale: str, country: str) -> str:
    """A locale that names no country, with the one its reader lives in, where that writes days in
    another way: "en" is "en-US" in the United States, and "de" stays "de" in Germany."""
    try:
        alone = Locale.parse(locale.replace("_", "-"), sep="-")
        there = Locale.parse(f"{alone}_{country}")
    except (ValueError, UnknownLocaleError):
        return locale
    named = str(there).replace("_", "-")
    same = _months(_dates_in(locale, alone.language)) == _months(_dates_in(named, alone.language))
    return locale if alone.territory or same else named


def _months(dates: Locale) -> list[str]:
    return [date_words(date(2026, n, 2), with_year=False, locale=dates) for n in range(1, 13)]


@lru_cache(maxsize=256)
def _ours(locale: str) -> str:
    try:
        return translation.get_supported_language_variant(locale.replace("_", "-").lower())
    except LookupError:
        return ""


@contextmanager
def in_language(locale: str) -> Iterator[Locale]:
    """Words in the reader's language, and the locale to write its dates and numbers in."""
    language = language_for(locale)
    if translation.get_language() == language:  # as inside a page or an email
        yield _dates_in(locale, language)
        return
    with translation.override(language):
        yield _dates_in(locale, language)


@lru_cache(maxsize=256)
def _dates_in(locale: str, language: str) -> Locale:
    """The reader's own region decides, unless the words around the date are in another language."""
    for wanted in (locale.replace("-", "_"), language.replace("-", "_")):
        try:
            parsed = Locale.parse(wanted)
        except (ValueError, TypeError, UnknownLocaleError):
            continue
        if parsed.language == language.split("-")[0]:
            return Locale.parse(PLAIN_ENGLISH) if str(parsed) == "en" else parsed
    return Locale.parse(PLAIN_ENGLISH)


def day_words(day: date, *, today: date, locale: Locale) -> str:
    """ "December 18"; with the weekday when it comes within a week, with the year where the reader
    could take it for another. It breaks between weekday and date at most."""
    words = date_words(day, with_year=_needs_year(day, today), locale=locale)
    if timedelta() <= day - today <= NEAR:
        weekday = get_day_names("wide", locale=locale)[day.weekday()]
        return gettext("%(weekday)s, %(day)s") % {"weekday": weekday, "day": words}
    return words


def _needs_year(day: date, today: date) -> bool:
    return day.year != today.year and not RECENT <= day - today <= SOON_ENOUGH


# A page writes a dozen days a dozen times over, and Babel takes long.
@lru_cache(maxsize=4096)
def date_words(day: date, *, with_year: bool, locale: Locale) -> str:
    words = (
        format_date(day, "long", locale=locale)
        if with_year
        else format_skeleton("MMMMd", day, locale=locale)
    )
    if day.day == 1 and locale.language in FIRST:
        words = words.replace("1", FIRST[locale.language], 1)
    return unbroken(words)


def unbroken(words: str) -> str:
    """In one line, wherever it is read: on a page, in the text of an email, in a subject."""
    return words.replace(" ", NO_BREAK)


def zone_of(country: str, at: datetime) -> tzinfo:
    """The zone of a reader of whom only the country is known: the country's, if all its clocks show
    the same, else the shop's."""
    zones = _zones_in(country)
    offsets = (at.astimezone(zone).utcoffset() for zone in zones)
    first = next(offsets, None)
    # Of a large country the second zone already tells.
    alike = bool(zones) and all(offset == first for offset in offsets)
    return zones[0] if alike else timezone.get_default_timezone()


# Python itself keeps no more than eight of them, and reads the others from their files each time.
@lru_cache(maxsize=256)
def _zones_in(country: str) -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in get_global("territory_zones").get(country, ()))


def moment_words(at: datetime, *, today: date, locale: str) -> str:
    """A time in the shop's zone, as all days are, so that nothing was told on two days: "23
    November, 09:15". Whose zone that is, a page says once (shop_days_sentence)."""
    with in_language(locale) as dates:
        local = timezone.localtime(at)
        words = (
            unbroken(format_time(local, "short", locale=dates)),
            date_words(local.date(), with_year=_needs_year(local.date(), today), locale=dates),
        )
        return str(get_datetime_format("medium", locale=dates)).replace("'", "").format(*words)


def clock_words(at: datetime, *, locale: str, named: bool = False) -> str:
    """Its time of day alone, in the shop's zone: "9:15 AM"; `named`: with the zone, for readers
    whose clock may show another time."""
    with in_language(locale) as dates:
        local = timezone.localtime(at)
        words = unbroken(format_time(local, "short", locale=dates))
        return f"{words} ({zone_words(local.tzinfo, locale=dates)})" if named else words


def zone_words(zone: tzinfo | None, *, locale: Locale) -> str:
    """By a city that people know, and not by letters: "New York time"."""
    city = _city_of(zone, locale)
    return city if city.isupper() else gettext("%(city)s time") % {"city": city}


def shop_days_sentence(*, locale: str) -> str:
    """Whose days and times a page shows."""
    with in_language(locale) as dates:
        city = _city_of(timezone.get_default_timezone(), dates)
        words = (
            gettext("Dates and times are in the time zone %(city)s.")
            if city.isupper()
            else gettext("Dates and times are in %(city)s time.")
        )
        return words % {"city": city}


def _city_of(zone: tzinfo | None, locale: Locale) -> str:
    """Upper case is no city, but UTC and its like."""
    city = get_timezone_location(zone, locale=locale, return_city=True)
    return isolated(city.rpartition("/")[2])


@lru_cache(maxsize=4096)
def number_words(number: int, *, locale: Locale) -> str:
    """In Latin digits everywhere: the numbers of orders and parcels and the days beside them are
    written so, and a sentence must not mix the two."""
    return format_decimal(number, locale=locale, numbering_system="latn")


def share_words(share: float, *, locale: str) -> str:
    """0 to 1, in percent. Only all of them are 100%: 2,370 of 2,376 are 99%."""
    if share < 1:
        share = min(share, 0.99)
    with in_language(locale) as numbers:
        return isolated(format_percent(share, locale=numbers, numbering_system="latn"))


PLACES = {
    "one": pgettext_lazy("place in line such as 21st", "%(number)sst"),
    "two": pgettext_lazy("place in line such as 22nd", "%(number)snd"),
    "few": pgettext_lazy("place in line such as 23rd", "%(number)srd"),
    "other": pgettext_lazy("place in line such as 24th", "%(number)sth"),
}


def ordinal(number: int, *, locale: Locale) -> str:
    """ "37th" """
    form = PLACES.get(locale.ordinal_form(number), PLACES["other"])
    return str(form) % {"number": number_words(number, locale=locale)}
