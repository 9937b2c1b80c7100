"""The words before buying: how many units are already ordered."""

from django.utils.translation import gettext, ngettext

from orders.words.days import in_language, number_words


def spoken_for_sentence(lines: int, units: int, *, exact: bool, locale: str) -> str:
    """ "About 230 units are spoken for. 200 people are in line." """
    with in_language(locale) as dates:
        if not lines:
            return gettext("Nobody is in line.")
        spoken_for = (
            ngettext("%(units)s unit is spoken for.", "%(units)s units are spoken for.", units)
            if exact
            else ngettext(
                "About %(units)s unit is spoken for.",
                "About %(units)s units are spoken for.",
                units,
            )
        )
        people = ngettext("%(lines)s person is in line.", "%(lines)s people are in line.", lines)
        words = {
            "units": number_words(units, locale=dates),
            "lines": number_words(lines, locale=dates),
        }
        return f"{spoken_for % words} {people % words}"
