"""Where a line is in its queue, and how the dates of such products were kept, in words."""

from datetime import date

from django.utils.translation import gettext, ngettext

from orders.words.days import day_words, in_language, number_words, ordinal


def dates_kept_sentence(dates: int, held: int, *, locale: str) -> str:
    """How the dates given for products like this were met. Nobody is named and nobody blamed."""
    with in_language(locale) as numbers:
        words = ngettext(
            "Our supplier met %(held)s of its last %(dates)s date for products like this. Our "
            "estimate allows for that.",
            "Our supplier met %(held)s of its last %(dates)s dates for products like this. Our "
            "estimate allows for that.",
            dates,
        )
        return words % {
            "dates": number_words(dates, locale=numbers),
            "held": number_words(held, locale=numbers),
        }


def place_sentence(
    place: int, *, locale: str, due: date | None = None, today: date | None = None
) -> str:
    """ "37th in line. 36 people are ahead of you. The delivery due December 2 should cover your
    order."

    `due` is the day that delivery was expected on when the promise was published."""
    with in_language(locale) as dates:
        words = {
            "place": ordinal(place, locale=dates),
            "ahead": number_words(place - 1, locale=dates),
        }
        said = _place(place) % words
        if due is None or today is None:
            return said
        delivery = (
            gettext("The delivery due %(due)s should cover your order.")
            if due >= today
            else gettext(
                "The delivery that should cover your order was due %(due)s and hasn't arrived yet."
            )
        )
        return f"{said} {delivery % {'due': day_words(due, today=today, locale=dates)}}"


def _place(place: int) -> str:
    if place == 1:
        return gettext("%(place)s in line. Nobody is ahead of you.")
    return ngettext(
        "%(place)s in line. %(ahead)s person is ahead of you.",
        "%(place)s in line. %(ahead)s people are ahead of you.",
        place - 1,
    )
