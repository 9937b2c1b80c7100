"""By when it is with the customer, said beside when it ships."""

from datetime import date

from django.utils.translation import gettext

from orders.words.days import day_words, in_language


def arrival_sentence(arrives_by: date, *, today: date, locale: str) -> str:
    """An estimate, and said as one. Once it has passed, nothing is asked of the customer."""
    with in_language(locale) as dates:
        if arrives_by < today:
            return gettext("It should be with you by now.")
        return gettext("With you by about %(day)s.") % {
            "day": day_words(arrives_by, today=today, locale=dates)
        }
