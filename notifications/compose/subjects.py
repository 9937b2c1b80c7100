"""One plain line that says the news, for each kind of news."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from notifications.compose.one_line import MAX_NUMBER_LENGTH, plain
from orders.models import Order
from orders.words import day_words, in_language, isolated, ordinal


class Subject(Enum):
    """The words of each subject. If it can be about a part of the order, the words for that come
    second."""

    DAY_PASSED = (
        _("The agreed date has passed: you can cancel order %(number)s"),
        _("The agreed date for part of order %(number)s has passed: you can cancel it"),
    )
    ANSWER_BY = _("Please answer by %(day)s: order %(number)s")
    LATE_BY = _("Order %(number)s will be late: by %(day)s")
    LATE = _("Order %(number)s will be late")
    CHECKING = _("Order %(number)s: we're checking with our warehouse")
    NO_DATE = (
        _("Order %(number)s has no date at the moment"),
        _("Part of order %(number)s has no date at the moment"),
    )
    NEW_DATES = _("New dates for order %(number)s")
    NEW_DATE = (
        _("New date for order %(number)s: by %(day)s"),
        _("New date for part of order %(number)s: by %(day)s"),
    )
    LATER = _("Order %(number)s will be later")
    FIRST_DATE = (
        _("A date for order %(number)s: by %(day)s"),
        _("A date for part of order %(number)s: by %(day)s"),
    )
    EARLIER_DATE = (
        _("Earlier date for order %(number)s: by %(day)s"),
        _("Earlier date for part of order %(number)s: by %(day)s"),
    )
    CLEARER = _("Order %(number)s: we can say more now")
    SAME_DATE = _("No change: order %(number)s, by %(day)s")
    NO_CHANGE = _("No change: order %(number)s")
    PLACE = _("Order %(number)s: you are %(place)s in line")
    IN_LINE = _("Order %(number)s is in line")
    SHIPPED = (
        _("Order %(number)s is on its way"),
        _("Part of order %(number)s is on its way"),
    )
    RESERVED = (
        _("Arrived and set aside for you: order %(number)s"),
        _("Part of order %(number)s has arrived and is set aside"),
    )
    WITHDRAWN = _("We confirm your withdrawal: order %(number)s")
    CANCELLED = (
        _("Order %(number)s is cancelled"),
        _("Part of order %(number)s is cancelled"),
    )
    # A customer who canceled must read first that it shipped all the same.
    SHIPPED_THOUGH_CANCELLED = (
        _("Order %(number)s was canceled, but has shipped"),
        _("Part of order %(number)s was canceled, but has shipped"),
    )
    SHIPPED_BEFORE_CANCELLED = (
        _("Order %(number)s had already shipped when it was canceled"),
        _("Part of order %(number)s had already shipped when it was canceled"),
    )
    BACK_IN_LINE = _("Back in line: order %(number)s")
    NOT_SHIPPED = (
        _("We are sorry: order %(number)s has not left yet"),
        _("We are sorry: part of order %(number)s has not left yet"),
    )
    CORRECTED = _("We are sorry: a correction to order %(number)s")
    KEEPS_PLACE = _("You keep your place: order %(number)s")
    TRACKING = _("Tracking for order %(number)s")
    FROM_SHOP = _("A message about your delivery: order %(number)s")
    LINK = _("The link to your order %(number)s")
    ALL_ORDERS = _("Your orders at %(shop)s")
    NEWS = _("News of order %(number)s")


@dataclass(frozen=True, slots=True)
class Headline:
    """`day` is worded as seen from the day `on`."""

    subject: Subject
    part: bool = False
    day: date | None = None
    on: date | None = None
    place: int | None = None


def subject_line(headline: Headline, order: Order, *, locale: str) -> str:
    words, day, on = headline.subject.value, headline.day, headline.on
    with in_language(locale) as dates:
        return gettext(words if isinstance(words, str) else words[headline.part]) % {
            "number": isolated(plain(order.number, MAX_NUMBER_LENGTH)),
            "shop": isolated(settings.SHOP_NAME),
            "day": day and on and day_words(day, today=on, locale=dates),
            "place": headline.place and ordinal(headline.place, locale=dates),
        }
