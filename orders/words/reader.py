"""Whom an event is worded for, and when it happened."""

from datetime import date

from babel import Locale
from babel.dates import format_time
from django.utils import timezone
from django.utils.translation import ngettext

from orders.domain.supply import Window
from orders.models import Event
from orders.words.days import date_words, day_words, number_words, ordinal, zone_of, zone_words
from orders.words.windows import values, window_parts


class Reader:
    """The reader it is worded for, and the shop's day on which it happened."""

    def __init__(self, event: Event, locale: str, dates: Locale) -> None:
        self.event, self.on, self.locale, self.dates = (
            event,
            timezone.localtime(event.at).date(),
            locale,
            dates,
        )

    def day(self, day: date) -> str:
        return day_words(day, today=self.on, locale=self.dates)

    def date_and_time(self) -> dict[str, str]:
        """When it happened where its customer is: with year and zone, because it may be read at any
        time."""
        at = timezone.localtime(self.event.at, zone_of(self.event.order.country, self.event.at))
        return {
            "date": date_words(at.date(), with_year=True, locale=self.dates),
            "time": format_time(at, "short", locale=self.dates),
            "zone": zone_words(at.tzinfo, locale=self.dates),
        }

    def number(self, number: int) -> str:
        return number_words(number, locale=self.dates)

    def ordinal(self, number: int) -> str:
        return ordinal(number, locale=self.dates)

    def window(self, window: Window, *, since: date | None = None) -> list[str]:
        """The window without its certainty, which the page says once."""
        parts = window_parts(window, since=since or self.on, today=self.on, locale=self.locale)
        return [parts.lead, parts.range]

    def fill(self, words: str, window: Window, *, since: date) -> str:
        return words % values(window, since=since, today=self.on, dates=self.dates)

    def still_to_come(self, units: int) -> str:
        if not units:
            return ""
        return ngettext(
            "%(units)s item is still to come.", "%(units)s items are still to come.", units
        ) % {"units": self.number(units)}
