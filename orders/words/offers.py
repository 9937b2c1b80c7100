"""The words before buying: how many units are already ordered."""

from django.utils.translation import gettext, ngettext

from orders.words.days import in_language, number_words


def spoken_for_sentence(lines: int, units: int, *, exact: bool, locale: str) -> str:
    """ "About 230 items are already ordered. 200 people are in line." """
    with in_language(locale) as dates:
        if not lines:
            return gettext("Nobody is in line.")
        spoken_for = (
            ngettext(
                "%(units)s item is already ordered.", "%(units)s items are already ordered.", units
            )
            if exact
            else ngettext(
                "About %(units)s item is already ordered.",
                "About %(units)s items are already ordered.",
                units,
            )
        )
        people = ngettext("%(lines)s person is in line.", "%(lines)s people are in line.", lines)
        words = {
            "units": number_words(units, locale=dates),
            "lines": number_words(lines, locale=dates),
        }
        return f"{spoken_for % words} {people % words}"
