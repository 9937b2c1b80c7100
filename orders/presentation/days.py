"""Days and numbers as a reader's language writes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_datetime_format, get_day_names
from babel.numbers import format_decimal
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext, pgettext

NEAR = timedelta(days=6)  # a weekday names one day only
SAME_YEAR = timedelta(days=300)  # further off, the year is not obvious
PLAIN_ENGLISH = "en_GB"  # "18 December", as most of the world writes; Babel takes plain "en" for the United States


@lru_cache(maxsize=256)
def language_for(locale: str) -> str:
    """The best of settings.LANGUAGES for a locale as a shop wrote it ("de-DE", "pt_BR", ""), else the shop's own."""
    try:
        return translation.get_supported_language_variant(locale.replace("_", "-").lower())
    except LookupError:
        return str(settings.LANGUAGE_CODE)


@contextmanager
def in_language(locale: str) -> Iterator[Locale]:
    """Words in the reader's language, and the locale to write its dates and numbers in."""
    language = language_for(locale)
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
    """ "18 December"; with the weekday when it comes within a week, with the year when it is far from `today`."""
    if abs(day - today) > SAME_YEAR:
        return format_date(day, "long", locale=locale)
    words = format_skeleton("MMMMd", day, locale=locale)
    if timedelta() <= day - today <= NEAR:
        weekday = get_day_names("wide", locale=locale)[day.weekday()]
        return gettext("%(weekday)s, %(day)s") % {"weekday": weekday, "day": words}
    return words


def day_of_month(day: date, *, locale: Locale) -> str:
    """ "18th", where the month is clear from what stands before."""
    return ordinal(day.day, locale=locale)


def moment_words(at: datetime, *, locale: str) -> str:
    """A time in the shop's zone: "23 Nov 2026, 09:15"."""
    with in_language(locale) as dates:
        local = timezone.localtime(at)
        words = (format_time(local, "short", locale=dates), format_date(local, "medium", locale=dates))
        return str(get_datetime_format("medium", locale=dates)).replace("'", "").format(*words)


def number_words(number: int, *, locale: Locale) -> str:
    return format_decimal(number, locale=locale)


def ordinal(number: int, *, locale: Locale) -> str:
    """ "37th" """
    form = {
        "one": pgettext("ordinal such as 21st", "%(number)sst"),
        "two": pgettext("ordinal such as 22nd", "%(number)snd"),
        "few": pgettext("ordinal such as 23rd", "%(number)srd"),
    }.get(locale.ordinal_form(number), pgettext("ordinal such as 24th", "%(number)sth"))
    return form % {"number": number_words(number, locale=locale)}
