"""A line of an order in one or two short sentences, for lists of many."""

from datetime import date

from babel import Locale
from django.utils.translation import gettext, ngettext

from orders.models import OrderLine
from orders.words.days import day_words, in_language, number_words, ordinal
from orders.words.windows import window_of, window_words


def line_briefly(line: OrderLine, *, place: int | None, today: date, locale: str) -> str:
    """ "37th in line. Leaves us by 18 December (9 times in 10)." `place` is None unless units
    wait."""
    with in_language(locale) as dates:
        if line.state in ("shipped", "cancelled"):
            return gettext("Shipped.") if line.shipped else gettext("Cancelled.")
        parts = [
            words % {"units": number_words(units, locale=dates)}
            for units, words in (
                (
                    line.shipped,
                    ngettext("%(units)s has shipped.", "%(units)s have shipped.", line.shipped),
                ),
                (
                    line.reserved,
                    ngettext(
                        "%(units)s is set aside for you.",
                        "%(units)s are set aside for you.",
                        line.reserved,
                    ),
                ),
                (
                    line.cancelled,
                    ngettext("%(units)s is cancelled.", "%(units)s are cancelled.", line.cancelled),
                ),
            )
            if units
        ]
        if place:
            parts.append(gettext("%(place)s in line.") % {"place": ordinal(place, locale=dates)})
        is_split = (
            sum(units > 0 for units in (line.shipped, line.reserved, line.waiting, line.cancelled))
            > 1
        )
        if is_split and line.promise and not line.held and line.promise.kind != "none":
            parts.append(of_which(line.open_units, line.quantity, dates))
        return " ".join([*parts, _by_when(line, today=today, locale=locale)])


def units_of(units: int, quantity: int, *, locale: str) -> str:
    """The number before a product: "2", or "1 of 2" if the words beside it are about a part of a
    line."""
    with in_language(locale) as dates:
        if units == quantity:
            return number_words(quantity, locale=dates)
        return gettext("%(units)s of %(of)s") % {
            "units": number_words(units, locale=dates),
            "of": number_words(quantity, locale=dates),
        }


def split_sentence(
    *, shipped: int, shipped_on: date | None, still: int, quantity: int, today: date, locale: str
) -> str:
    """What has left of a line and what is still to come, before the sentence on when its last unit
    leaves. `shipped_on`: the day they all left, if known."""
    with in_language(locale) as dates:
        words = {
            "units": number_words(shipped, locale=dates),
            "of": number_words(quantity, locale=dates),
        }
        rest = of_which(still, quantity, dates)
        if not shipped:
            return rest
        if shipped_on is None:
            left = ngettext(
                "%(units)s of your %(of)s has left us.",
                "%(units)s of your %(of)s have left us.",
                shipped,
            )
        else:
            words["day"] = day_words(shipped_on, today=today, locale=dates)
            left = ngettext(
                "%(units)s of your %(of)s left us on %(day)s.",
                "%(units)s of your %(of)s left us on %(day)s.",
                shipped,
            )
        return f"{left % words} {rest}"


def of_which(still: int, quantity: int, dates: Locale) -> str:
    """Leads to when the last one leaves: "3 are still to come, the last of them:" """
    if still == quantity:
        return gettext("The last of your %(units)s:") % {
            "units": number_words(quantity, locale=dates)
        }
    return ngettext(
        "%(units)s is still to come:", "%(units)s are still to come, the last of them:", still
    ) % {"units": number_words(still, locale=dates)}


def _by_when(line: OrderLine, *, today: date, locale: str) -> str:
    if line.held:
        return gettext("A person is checking how many are still to come.")
    if line.promise is None:
        return gettext("We are working out when it leaves us.")
    if line.promise.kind == "none":
        return gettext("It has no date at the moment.")
    return window_words(
        window_of(line.promise), since=line.promise.published_on, today=today, locale=locale
    )
