"""What a customer has agreed to, and would agree to by keeping the order, in words."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext

from orders.domain.supply import NAMES_A_DAY
from orders.law import law_of
from orders.models import DelayNotice, OrderLine
from orders.transit import arrives_by
from orders.words.days import day_words, in_language


def agreed_sentence(line: OrderLine, *, locale: str, today: date) -> str:
    """The agreed date, before anything is ever counted from it; nothing where the promise comes to
    that very day, where it has passed, and where no day is agreed."""
    agreed_by, promise = line.agreed_by, line.promise
    if line.open_wait or not line.open_units or promise is None:
        return ""
    if agreed_by is None or agreed_by < today:
        return ""
    country = line.order.country
    of_delivery = law_of(country, line.order.region).rules.counts == "delivery"
    told = promise.late if promise.kind in NAMES_A_DAY else None
    if told and agreed_by in (told, arrives_by(told, country) if of_delivery else told):
        return ""
    with in_language(locale) as dates:
        words = (
            gettext(
                "We agreed to deliver it by %(day)s, and that holds until you accept a new date."
            )
            if of_delivery
            else gettext(
                "We agreed to ship it by %(day)s, and that holds until you accept a new date."
            )
        )
        return words % {"day": day_words(agreed_by, today=today, locale=dates)}


def passed_sentence(line: OrderLine, *, locale: str, today: date) -> str:
    """That the agreed date has passed; nothing of a day that the law alone named, and that had
    passed before anybody could read it. Sorry is said once, of the delay."""
    day = line.agreed_by
    if line.open_wait or not line.open_units or day is None or day >= today:
        return ""
    known_since = max(line.joined_at, line.order.released_at or line.joined_at)
    if line.stated_by is None and day < timezone.localtime(known_since).date():
        return ""
    with in_language(locale) as dates:
        return gettext("The agreed date, %(day)s, has passed, and it hasn't shipped.") % {
            "day": day_words(day, today=today, locale=dates)
        }


def keep_question(notice: DelayNotice, *, locale: str, today: date, overtaken: bool = False) -> str:
    """What the button that keeps the order asks, for a heading: it is read before anything is done.
    `overtaken`: there is a newer promise, so its day is not the new one."""
    with in_language(locale) as dates:
        if notice.consent_to is None:
            return gettext("Keep your order and wait without a fixed date?")
        words = (
            gettext("Keep your order and wait until %(day)s at the latest?")
            if overtaken
            else gettext("Keep your order and accept the new date, %(day)s?")
        )
        return words % {"day": day_words(notice.consent_to, today=today, locale=dates)}


def beside_keep_question(
    notice: DelayNotice, *, locale: str, today: date, shows_day: bool = False
) -> str:
    """What that does not say yet. `shows_day`: the page shows the day of a newer promise."""
    if notice.consent_to:
        return ""
    with in_language(locale):
        estimate = gettext("The date shown is our current estimate, not a commitment.")
        return f"{estimate} {any_time()}" if shows_day else any_time()


def consent_sentence(notice: DelayNotice, *, locale: str, today: date) -> str:
    """What putting back agrees to."""
    with in_language(locale) as dates:
        if notice.consent_to is None:
            said = gettext("You'll agree to wait without a fixed date.")
            return f"{said} {any_time()}"
        words = gettext("You'll agree to the new date, %(day)s.")
        return words % {"day": day_words(notice.consent_to, today=today, locale=dates)}


def any_time() -> str:
    return gettext("You can still cancel at any time before it ships.")
