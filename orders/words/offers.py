"""The words before buying: how many units are already ordered."""

from django.utils.translation import gettext, ngettext

from orders.words.days import in_language, number_words


def spoken_for_sentence(lines: int, units: int, *, exact: bool, locale: str) -> str:
    """ "About 230 items are already ordered." """
    with in_language(locale) as dates:
        if not lines:
            return gettext("Nobody is in line yet.")
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
        return spoken_for % {"units": number_words(units, locale=dates)}
