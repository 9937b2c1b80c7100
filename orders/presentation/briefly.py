"""A line of an order in one or two short sentences, where many stand in a list."""

from datetime import date

from django.utils.translation import gettext, ngettext

from orders.models import OrderLine
from orders.presentation.days import in_language, number_words, ordinal
from orders.presentation.windows import window_of, window_words


def line_briefly(line: OrderLine, *, place: int | None, today: date, locale: str) -> str:
    """ "37th in line. Leaves us by 18 December (9 times in 10)." `place` is None unless units wait."""
    with in_language(locale) as dates:
        if line.state in ("shipped", "cancelled"):
            return gettext("Shipped.") if line.shipped else gettext("Cancelled.")
        parts = [
            words % {"units": number_words(units, locale=dates)}
            for units, words in (
                (line.shipped, ngettext("%(units)s has shipped.", "%(units)s have shipped.", line.shipped)),
                (
                    line.reserved,
                    ngettext("%(units)s is set aside for you.", "%(units)s are set aside for you.", line.reserved),
                ),
                (line.cancelled, ngettext("%(units)s is cancelled.", "%(units)s are cancelled.", line.cancelled)),
            )
            if units
        ]
        if place:
            parts.append(gettext("%(place)s in line.") % {"place": ordinal(place, locale=dates)})
        return " ".join([*parts, _by_when(line, today=today, locale=locale)])


def _by_when(line: OrderLine, *, today: date, locale: str) -> str:
    if line.held:
        return gettext("A person is checking how many are still to come.")
    if line.promise is None:
        return gettext("We are working out when it leaves us.")
    return window_words(window_of(line.promise), since=line.promise.published_on, today=today, locale=locale)
