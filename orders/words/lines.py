"""A line of an order in one or two short sentences, for lists of many."""

from datetime import date

from babel import Locale
from django.utils.translation import gettext, ngettext

from orders.models import OrderLine
from orders.words.days import day_words, in_language, number_words, ordinal
from orders.words.windows import window_of, window_parts


def line_briefly(
    line: OrderLine,
    *,
    place: int | None,
    today: date,
    locale: str,
    answer_by: date | None = None,
) -> str:
    """ "37th in line. Ships by December 18." `place` is None unless units wait; `answer_by`: the
    day by which it needs an answer, if it does."""
    with in_language(locale) as dates:
        if line.state in ("shipped", "cancelled"):
            return gettext("Shipped.") if line.shipped else gettext("Canceled.")
        parts = [
            words % {"units": number_words(units, locale=dates)}
            for units, words in (
                (
                    line.shipped,
                    ngettext(
                        "%(units)s item has shipped.", "%(units)s items have shipped.", line.shipped
                    ),
                ),
                (
                    line.reserved,
                    ngettext(
                        "%(units)s item is reserved for you.",
                        "%(units)s items are reserved for you.",
                        line.reserved,
                    ),
                ),
                (
                    line.cancelled,
                    ngettext(
                        "%(units)s item was canceled.",
                        "%(units)s items were canceled.",
                        line.cancelled,
                    ),
                ),
            )
            if units
        ]
        if place:
            parts.append(gettext("%(place)s in line.") % {"place": ordinal(place, locale=dates)})
        dated = line.promise and not line.held and line.promise.kind != "none"
        if dated and _is_split(line):
            parts.append(still_to_come(line.open_units, line.quantity, dates))
        parts.append(_by_when(line, today=today, locale=locale))
        if answer_by:
            by = day_words(answer_by, today=today, locale=dates)
            parts.append(gettext("Please answer by %(by)s.") % {"by": by})
        return " ".join(parts)


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
    """What has shipped of a line and what is still to come, before the sentence on when its last
    unit ships. `shipped_on`: the day they all shipped, if known."""
    with in_language(locale) as dates:
        words = {
            "units": number_words(shipped, locale=dates),
            "of": number_words(quantity, locale=dates),
        }
        rest = still_to_come(still, quantity, dates)
        if not shipped:
            return rest
        if shipped_on is None:
            left = ngettext(
                "%(units)s of your %(of)s items has shipped.",
                "%(units)s of your %(of)s items have shipped.",
                shipped,
            )
        else:
            words["day"] = day_words(shipped_on, today=today, locale=dates)
            left = ngettext(
                "%(units)s of your %(of)s items shipped on %(day)s.",
                "%(units)s of your %(of)s items shipped on %(day)s.",
                shipped,
            )
        return f"{left % words} {rest}"


def still_to_come(still: int, quantity: int, dates: Locale) -> str:
    words = {"units": number_words(still, locale=dates)}
    if still == quantity > 1:
        return (
            ngettext(
                "All %(units)s items are still to come.",
                "All %(units)s items are still to come.",
                still,
            )
            % words
        )
    return (
        ngettext("%(units)s item is still to come.", "%(units)s items are still to come.", still)
        % words
    )


def owed_sentence() -> str:
    """Of a held line, in the language that is active."""
    return gettext("We're checking how many you're still owed.")


def _by_when(line: OrderLine, *, today: date, locale: str) -> str:
    if line.held:
        return owed_sentence()
    if line.promise is None:
        return gettext("We're working out when it will ship.")
    if line.promise.kind == "none":
        return gettext("There's no ship date at the moment.")
    return window_parts(
        window_of(line.promise),
        since=line.promise.published_on,
        today=today,
        reserved=line.is_here,
        last=_is_split(line) and line.open_units > 1,
        locale=locale,
    ).lead


def _is_split(line: OrderLine) -> bool:
    units = (line.shipped, line.reserved, line.waiting, line.cancelled)
    return len([of for of in units if of]) > 1
