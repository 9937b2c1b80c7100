"""One plain line that says the news, for each kind of news: as the subject, which names the order,
and as the heading of the email, which need not."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from babel import Locale
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from notifications.compose.one_line import MAX_NUMBER_LENGTH, plain
from orders.models import Order
from orders.words import day_words, in_language, isolated


@dataclass(frozen=True, slots=True)
class _Words:
    """Where it can be about a part of the order, the words for that come after those for all."""

    subject: str
    heading: str
    part: str = ""
    part_heading: str = ""


class Subject(Enum):
    """What comes first is how the order stands now."""

    WELCOME_DATE = _Words(
        _("Thank you for your order %(number)s: ships by %(day)s"),
        _("You're in line: ships by %(day)s"),
    )
    WELCOME_DATES = _Words(
        _("Thank you for your order %(number)s: here are your ship dates"),
        _("You're in line: here are your ship dates"),
    )
    WELCOME = _Words(
        _("Thank you for your order %(number)s: no ship date yet"),
        _("You're in line: no ship date yet"),
    )
    WELCOME_ANSWER = _Words(
        _("Thank you for your order %(number)s: please answer by %(day)s"),
        _("You're in line, and we need your answer by %(day)s"),
    )
    DAY_PASSED = _Words(
        _("The agreed date has passed: you can cancel order %(number)s"),
        _("The agreed date has passed: you can cancel"),
        _("The agreed date for part of order %(number)s has passed: you can cancel it"),
        _("The agreed date for part of it has passed: you can cancel that part"),
    )
    REMINDER = _Words(
        _("Reminder: please answer by %(day)s (order %(number)s)"),
        _("Reminder: we need your answer by %(day)s"),
    )
    REMINDER_OPEN = _Words(
        _("Reminder: do you want to keep your order %(number)s?"),
        _("Reminder: do you want to keep your order?"),
    )
    ANSWER_BY = _Words(
        _("Your order %(number)s is delayed: please answer by %(day)s"),
        _("Delayed: we need your answer by %(day)s"),
    )
    STILL_ASKS = _Words(
        _("We still need your answer by %(day)s (order %(number)s)"),
        _("We still need your answer by %(day)s"),
    )
    CHECKING = _Words(
        _("Your order %(number)s is late: we're checking with our warehouse"),
        _("Late: we're checking with our warehouse"),
    )
    NO_DATE = _Words(
        _("Your order %(number)s is delayed: no ship date at the moment"),
        _("Delayed: no ship date at the moment"),
        _("Part of your order %(number)s is delayed: no ship date at the moment"),
        _("Delayed in part: no ship date at the moment"),
    )
    LATER_DATES = _Words(
        _("Your order %(number)s is delayed: new ship dates"), _("Delayed: new ship dates")
    )
    LATER_DATE = _Words(
        _("Your order %(number)s is delayed: new ship date %(day)s"),
        _("Delayed: now ships by %(day)s"),
        _("Part of your order %(number)s is delayed: new ship date %(day)s"),
        _("Delayed in part: that part now ships by %(day)s"),
    )
    NEW_DATE = _Words(
        _("New ship date for your order %(number)s: %(day)s"),
        _("New date: now ships by %(day)s"),
        _("New ship date for part of your order %(number)s: %(day)s"),
        _("New date for a part: now ships by %(day)s"),
    )
    FIRST_DATE = _Words(
        _("We have a date: your order %(number)s ships by %(day)s"),
        _("We have a date: ships by %(day)s"),
        _("We have a date: part of your order %(number)s ships by %(day)s"),
        _("We have a date for a part: ships by %(day)s"),
    )
    EARLIER_DATES = _Words(
        _("Good news: earlier ship dates for your order %(number)s"),
        _("Good news: earlier ship dates"),
    )
    EARLIER_DATE = _Words(
        _("Good news: your order %(number)s now ships by %(day)s"),
        _("Good news: now ships by %(day)s"),
        _("Good news: part of your order %(number)s now ships by %(day)s"),
        _("Good news: a part now ships by %(day)s"),
    )
    CLEARER = _Words(
        _("Good news: we can tell you more about your order %(number)s"),
        _("Good news: we can tell you more now"),
    )
    SAME_DATE = _Words(
        _("No change: your order %(number)s still ships by %(day)s"),
        _("No change: ships by %(day)s"),
    )
    NO_CHANGE = _Words(_("No change to your order %(number)s"), _("Nothing has changed"))
    SHIPPED = _Words(
        _("Shipped: your order %(number)s"),
        _("Shipped: it's on its way"),
        _("Shipped: part of your order %(number)s"),
        _("Shipped in part"),
    )
    SHIPPED_WITH_YOU = _Words(
        _("Shipped: order %(number)s, with you by about %(day)s"),
        _("Shipped: with you by about %(day)s"),
        _("Shipped: part of order %(number)s, with you by about %(day)s"),
        _("Shipped in part: with you by about %(day)s"),
    )
    RESERVED = _Words(
        _("It's here: order %(number)s is reserved for you"),
        _("It's here and reserved for you"),
        _("Part of order %(number)s is here and reserved for you"),
        _("Part of it is here and reserved for you"),
    )
    SHIPS_BY = _Words(
        _("It's here: order %(number)s ships by %(day)s"), _("It's here: ships by %(day)s")
    )
    WITHDRAWN = _Words(
        _("We confirm your withdrawal: order %(number)s"), _("We confirm your withdrawal")
    )
    CANCELLED = _Words(
        _("Your order %(number)s is canceled"),
        _("Canceled"),
        _("Part of your order %(number)s is canceled"),
        _("Canceled in part"),
    )
    REFUND_BY = _Words(
        _("Your order %(number)s is canceled: refund by %(day)s"),
        _("Canceled: refund by %(day)s"),
        _("Part of your order %(number)s is canceled: refund by %(day)s"),
        _("Canceled in part: refund by %(day)s"),
    )
    # A customer who canceled must read first that it shipped all the same.
    SHIPPED_THOUGH_CANCELLED = _Words(
        _("Your order %(number)s was canceled, but has shipped"),
        _("Canceled, but it has shipped"),
        _("Part of your order %(number)s was canceled, but has shipped"),
    )
    SHIPPED_BEFORE_CANCELLED = _Words(
        _("Your order %(number)s had already shipped when it was canceled"),
        _("It had already shipped when it was canceled"),
        _("Part of your order %(number)s had already shipped when it was canceled"),
    )
    BACK_IN_LINE = _Words(_("Back in line: your order %(number)s"), _("You're back in line"))
    NOT_SHIPPED = _Words(
        _("Correction: your order %(number)s hasn't shipped yet"),
        _("Correction: it hasn't shipped yet"),
        _("Correction: part of your order %(number)s hasn't shipped yet"),
        _("Correction: part of it hasn't shipped yet"),
    )
    CORRECTED = _Words(
        _("A correction to your order %(number)s"), _("Correction: it isn't here yet")
    )
    KEEPS_PLACE = _Words(_("You keep your place: order %(number)s"), _("You keep your place"))
    TRACKING = _Words(_("Tracking for your order %(number)s"), _("You can track your parcel now"))
    FROM_SHOP = _Words(
        _("A message about your delivery: order %(number)s"), _("A message about your delivery")
    )
    LINK = _Words(_("Your link to order %(number)s"), _("Your link to your order"))
    ALL_ORDERS = _Words(_("Your orders at %(shop)s"), _("Your orders at %(shop)s"))
    NEWS = _Words(_("An update on your order %(number)s"), _("An update on your order"))


# Those that say by which day to answer.
ASKING = (Subject.WELCOME_ANSWER, Subject.REMINDER, Subject.ANSWER_BY, Subject.STILL_ASKS)


@dataclass(frozen=True, slots=True)
class Headline:
    """Days are worded as seen from the day `on`. `answer_by`: said after news of another kind."""

    subject: Subject
    part: bool = False
    day: date | None = None
    on: date | None = None
    answer_by: date | None = None


def subject_line(headline: Headline, order: Order, *, locale: str) -> str:
    words = headline.subject.value
    return _filled(
        words.part if headline.part and words.part else words.subject, headline, order, locale
    )


def heading(headline: Headline, order: Order, *, locale: str) -> str:
    words = headline.subject.value
    part = headline.part and words.part_heading
    return _filled(part or words.heading, headline, order, locale)


def day_named(headline: Headline, *, locale: str) -> str:
    with in_language(locale) as dates:
        return _day(headline.day, headline, dates)


def _filled(words: str, headline: Headline, order: Order, locale: str) -> str:
    with in_language(locale) as dates:
        news = gettext(words) % {
            "number": isolated(plain(order.number, MAX_NUMBER_LENGTH)),
            "shop": isolated(settings.SHOP_NAME),
            "day": _day(headline.day, headline, dates),
        }
        if headline.answer_by is None:
            return news
        return gettext("%(news)s; please answer by %(day)s") % {
            "news": news,
            "day": _day(headline.answer_by, headline, dates),
        }


def _day(day: date | None, headline: Headline, dates: Locale) -> str:
    return day_words(day, today=headline.on, locale=dates) if day and headline.on else ""
