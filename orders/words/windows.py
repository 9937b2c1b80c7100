"""Windows, chances and places in words."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from babel import Locale
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from orders.domain.supply import LATER_ON, SOON, Window
from orders.models import Promise
from orders.words.days import day_of_month, day_words, in_language, number_words, ordinal

NOT_AFTER_COMMA = re.compile("(?<!,) ")
NO_BREAK = "\N{NO-BREAK SPACE}"
# Further off, "the 2nd" could be one of an earlier month.
CLEAR_WITHOUT_MONTH = timedelta(days=28)


def window_of(promise: Promise) -> Window:
    return Window(
        promise.kind,  # type: ignore[arg-type]  # the column's choices are the domain's kinds
        promise.early,
        promise.likely,
        promise.late,
        promise.sure,
        promise.within_14,
        promise.within_30,
    )


def window_in(band: Mapping[str, Any]) -> Window:
    """The window of a band of a forecast."""
    early, likely, late = (
        date.fromisoformat(band[key]) if band[key] else None for key in ("early", "likely", "late")
    )
    return Window(
        band["kind"], early, likely, late, band["sure"], band["within_14"], band["within_30"]
    )


def window_sentence(
    promise: Promise, *, locale: str, today: date | None = None, reserved: bool = False
) -> str:
    """ "Leaves us by 18 December (9 times in 10), perhaps from the 4th."

    `today` (else the day of publishing) decides on weekdays and years, and on what to say of days
    gone by. `reserved`: all that is still to leave is here."""
    return window_words(
        window_of(promise),
        since=promise.published_on,
        today=today,
        reserved=reserved,
        locale=locale,
    )


def window_words(
    window: Window, *, since: date, locale: str, today: date | None = None, reserved: bool = False
) -> str:
    """The same for a window published on `since`."""
    today = today or since
    with in_language(locale) as dates:
        return _lead(window, today, reserved=reserved) % values(
            window, since=since, today=today, dates=dates
        )


def window_html(
    window: Window,
    *,
    since: date,
    locale: str,
    today: date,
    withdrawn: date | None = None,
    reserved: bool = False,
) -> SafeString:
    """The same words with the last day in <strong>, which breaks between weekday and date at most.
    `withdrawn`: the day that was named before, where there is none any more."""
    with in_language(locale) as dates:
        if withdrawn and window.kind == "none" and not reserved:
            gone = gettext("The day we had named, %(day)s, was taken back. We have no new one yet.")
            return conditional_escape(
                gone % {"day": unbroken(day_words(withdrawn, today=today, locale=dates))}
            )
        words = {
            name: format_html("<strong>{}</strong>", unbroken(value))
            if name == "late"
            else conditional_escape(value)
            for name, value in values(window, since=since, today=today, dates=dates).items()
        }
        return mark_safe(conditional_escape(_lead(window, today, reserved=reserved)) % words)  # noqa: S308 - every part is escaped


def unbroken(day: str) -> str:
    """The words of a day, which break between weekday and date at most."""
    return NOT_AFTER_COMMA.sub(NO_BREAK, day)


def values(window: Window, *, since: date, today: date, dates: Locale) -> dict[str, str]:
    """What a sentence about a window may name: early, early_day (of the month), late, chance, and
    the days and chances of leaving soon and later."""
    days = {
        "early": window.early,
        "late": window.late,
        "soon": since + SOON,
        "later": since + LATER_ON,
    }
    chances = {
        "chance": window.sure,
        "soon_chance": window.within_14,
        "later_chance": window.within_30,
    }
    over_new_year = len({day.year for day in (window.early, window.late) if day}) > 1
    named = {
        name: day_words(
            day, today=today, locale=dates, with_year=over_new_year and name in ("early", "late")
        )
        for name, day in days.items()
        if day
    }
    named |= {name: chance_words(chance) for name, chance in chances.items() if chance is not None}
    if window.early:
        named["early_day"] = day_of_month(window.early, locale=dates)
    return named


def has_chances(window: Window) -> bool:
    """Whether there is a chance worth mentioning: nobody is told that there is hardly any hope
    left."""
    if (
        window.kind not in ("chances", "open")
        or window.within_14 is None
        or window.within_30 is None
    ):
        return False
    return _times(window.within_30) > 0


def has_chance_soon(window: Window) -> bool:
    """The nearer of the two chances is left out where it is next to none: that day would only
    frighten."""
    return _times(window.within_14) > 0


def same_month(window: Window) -> bool:
    early, late = window.early, window.late
    return (
        early is not None
        and late is not None
        and (early.year, early.month) == (late.year, late.month)
    )


def chance_words(chance: float) -> str:
    """A probability as "9 times in 10"."""
    times = _times(chance)
    if times > 9:
        return gettext("almost certain")
    return ngettext("%(times)s time in 10", "%(times)s times in 10", times) % {"times": times}


def _times(chance: float | None) -> int:
    """In 10."""
    return round((chance or 0) * 10)


def why_chances_sentence(*, locale: str) -> str:
    """Why there is no day, for readers of chances."""
    with in_language(locale):
        return gettext(
            "Past deliveries like this one came so unevenly that any single day would be a guess."
        )


def checking_sentence(*, locale: str) -> str:
    """What is done where units are set aside, and the days for them to ship went by."""
    with in_language(locale):
        return _checking()


def _checking() -> str:
    return gettext("We have no record yet of its shipment, and we're checking with our warehouse.")


def _next_word_of_reserved(window: Window, *, today: date, mailed: bool) -> str:
    if window.late is None or window.late < today:
        return (
            gettext("We'll email you as soon as it ships.")
            if mailed
            else gettext("This page will say when it ships.")
        )
    return (
        gettext("If that changes, we'll email you.")
        if mailed
        else gettext("If that changes, this page will say so.")
    )


def until_a_day_sentence(*, mailed: bool, locale: str) -> str:
    """What is done meanwhile, for readers of chances."""
    with in_language(locale):
        if mailed:
            return gettext("We look again every morning, and write as soon as we can name a day.")
        return gettext(
            "We look again every morning, and this page says so as soon as we can name a day."
        )


def dates_kept_sentence(dates: int, held: int, *, locale: str) -> str:
    """How the dates given for goods like this were met. Nobody is named and nobody blamed."""
    with in_language(locale) as numbers:
        words = ngettext(
            "Of the last %(dates)s dates for goods like this, %(held)s held; we allowed for that.",
            "Of the last %(dates)s dates for goods like this, %(held)s held; we allowed for that.",
            held,
        )
        return words % {
            "dates": number_words(dates, locale=numbers),
            "held": number_words(held, locale=numbers),
        }


def place_sentence(
    place: int, *, locale: str, due: date | None = None, today: date | None = None
) -> str:
    """ "37th in line. 36 people are ahead of you; the delivery due 2 December has room for you."

    `due` is the day that delivery was expected on when the promise was published."""
    with in_language(locale) as dates:
        words = {
            "place": ordinal(place, locale=dates),
            "ahead": number_words(place - 1, locale=dates),
        }
        if due is None or today is None:
            return _place(place) % words
        words["due"] = day_words(due, today=today, locale=dates)
        return (
            _place_with_room(place) if due >= today else _place_with_room_overdue(place)
        ) % words


def _lead(window: Window, today: date, *, reserved: bool) -> str:
    """The sentence that answers "when does it ship?", with names of `values` to fill in. What is
    `reserved` may have shipped on its day and be recorded overnight, so the sentence does not say
    that it has not shipped."""
    early, late = window.early, window.late
    if window.kind == "none":
        return _checking() if reserved else gettext("We have no date yet.")
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext("Leaves us by %(later)s: %(later_chance)s.")
        return gettext("Leaves us by %(soon)s: %(soon_chance)s. By %(later)s: %(later_chance)s.")
    if late is None or window.kind in ("open", "chances"):
        if early is not None and early > today:
            return gettext("We can't name a latest date yet; not before %(early)s.")
        return gettext("We can't name a latest date yet.")
    if late < today and reserved:
        return gettext("It was due to ship by %(late)s. We have no record yet that it shipped.")
    if late < today:
        return gettext("It was to leave us by %(late)s, and it has not left yet.")
    if window.kind == "unrated":
        return gettext(
            "Leaves us by %(late)s, by the supplier's own date. It is not yet rated: we have too "
            "few past deliveries to say "
            "how sure it is."
        )
    if window.sure is None:
        return (
            gettext("It leaves us by %(late)s, the day named when you ordered.")
            if early is None
            else gettext("It leaves us by %(late)s.")
        )
    if early is None or early == late:
        return gettext("Leaves us by %(late)s (%(chance)s).")
    if early <= today:
        return gettext("Leaves us by %(late)s (%(chance)s), perhaps any day now.")
    if same_month(window):
        return gettext("Leaves us by %(late)s (%(chance)s), perhaps from the %(early_day)s.")
    return gettext("Leaves us by %(late)s (%(chance)s), perhaps from %(early)s.")


def _place(place: int) -> str:
    if place == 1:
        return gettext("%(place)s in line. Nobody is ahead of you.")
    return ngettext(
        "%(place)s in line. %(ahead)s person is ahead of you.",
        "%(place)s in line. %(ahead)s people are ahead of you.",
        place - 1,
    )


def _place_with_room(place: int) -> str:
    if place == 1:
        return gettext(
            "%(place)s in line. Nobody is ahead of you; the delivery due %(due)s has room for you."
        )
    return ngettext(
        "%(place)s in line. %(ahead)s person is ahead of you; the delivery due %(due)s has room "
        "for you.",
        "%(place)s in line. %(ahead)s people are ahead of you; the delivery due %(due)s has room "
        "for you.",
        place - 1,
    )


def _place_with_room_overdue(place: int) -> str:
    if place == 1:
        return gettext(
            "%(place)s in line. Nobody is ahead of you; the delivery that was due %(due)s has "
            "room for you and has not "
            "arrived yet."
        )
    return ngettext(
        "%(place)s in line. %(ahead)s person is ahead of you; the delivery that was due %(due)s "
        "has room for you and has "
        "not arrived yet.",
        "%(place)s in line. %(ahead)s people are ahead of you; the delivery that was due %(due)s "
        "has room for you and has "
        "not arrived yet.",
        place - 1,
    )


def next_word_sentence(
    window: Window, *, since: date, today: date, reserved: bool, mailed: bool, locale: str
) -> str:
    """What the customer hears next, and by when at the latest. Reviews run every morning and once
    more on the last day told, so a change is told before that day is over. For what is `reserved`
    nobody can promise that, because a shop may record overnight what shipped on the day before.
    `mailed`: emails reach this customer."""
    with in_language(locale) as dates:
        if reserved:
            return _next_word_of_reserved(window, today=today, mailed=mailed)
        if window.kind == "chances":
            words = (
                gettext("We write as soon as we know more, on %(later)s at the latest.")
                if mailed
                else gettext(
                    "This page says so as soon as we know more, on %(later)s at the latest."
                )
            )
            return words % values(window, since=since, today=today, dates=dates)
        if window.late is None or window.late < today or window.kind in ("open", "none"):
            return (
                gettext("We write as soon as we have a date.")
                if mailed
                else gettext("This page says so as soon as we have a date.")
            )
        if window.late - today < CLEAR_WITHOUT_MONTH:
            words = (
                gettext("If that changes, we write before the %(day)s is over.")
                if mailed
                else gettext("If that changes, this page says so before the %(day)s is over.")
            )
            return words % {"day": day_of_month(window.late, locale=dates)}
        words = (
            gettext("If that changes, we write before %(day)s is over.")
            if mailed
            else gettext("If that changes, this page says so before %(day)s is over.")
        )
        return words % {"day": day_words(window.late, today=today, locale=dates)}
