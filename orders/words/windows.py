"""Windows, chances and places in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel import Locale
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from orders.domain.supply import LATER_ON, SOON, Window
from orders.models import Promise
from orders.words.days import day_words, in_language, unbroken

MOST = 9  # times in 10
WIDE = timedelta(days=28)  # beyond it, both days say more than the earlier alone


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


@dataclass(frozen=True, slots=True)
class WindowWords:
    """A window in three sentences, each with a place of its own on pages and in emails.

    `lead` answers "when does it ship?", `range` says how early that could be, `certainty` how often
    we are right. The last two may be empty. The certainty follows the lead: it says "by then",
    which is its day. `lead_html` is the lead with its day in <strong>."""

    lead: str
    lead_html: SafeString
    range: str = ""
    certainty: str = ""

    @property
    def brief(self) -> str:
        """Without the certainty: for changes and calendars, which do not repeat it."""
        return " ".join(filter(None, (self.lead, self.range)))

    def __str__(self) -> str:
        return " ".join(filter(None, (self.lead, self.certainty, self.range)))


def window_parts(
    window: Window,
    *,
    since: date,
    locale: str,
    today: date | None = None,
    reserved: bool = False,
    last: bool = False,
    withdrawn: date | None = None,
    changed: bool = False,
) -> WindowWords:
    """A window that was published on `since`. `today` (else that day) decides on weekdays and
    years, and on what to say of days gone by.

    `reserved`: all that is still to ship is here. `last`: it is about the last of several units,
    which need not ship together. `withdrawn`: the day that was named before, where there is none
    any more. `changed`: another day was told before, and has just been named."""
    today = today or since
    with in_language(locale) as dates:
        if withdrawn and window.kind == "none" and not reserved:
            lead, early, certainty = _withdrawn()
        else:
            lead = _lead(window, today, reserved=reserved, last=last, changed=changed)
            early, certainty = _range(window, today), _certainty(window, today)
        days = values(window, since=since, today=today, dates=dates)
        if withdrawn:
            days["withdrawn"] = day_words(withdrawn, today=today, locale=dates)
        in_strong = {
            name: format_html("<strong>{}</strong>", words) if name == "late" else escape(words)
            for name, words in days.items()
        }
        return WindowWords(
            lead % days,
            mark_safe(escape(lead) % in_strong),  # noqa: S308 - every part is escaped
            early % days,
            certainty % days,
        )


def window_words(
    window: Window, *, since: date, locale: str, today: date | None = None, reserved: bool = False
) -> str:
    """ "Ships by December 18. 9 in 10 orders like this ship by then. It could ship as early as
    December 4." """
    return str(window_parts(window, since=since, today=today, reserved=reserved, locale=locale))


def window_sentence(
    promise: Promise, *, locale: str, today: date | None = None, reserved: bool = False
) -> str:
    """The same for a promise."""
    return window_words(
        window_of(promise),
        since=promise.published_on,
        today=today,
        reserved=reserved,
        locale=locale,
    )


def values(window: Window, *, since: date, today: date, dates: Locale) -> dict[str, str]:
    """What a sentence about a window may name: early, late, chance, and the days and chances of
    shipping soon and later."""
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
    named = {name: day_words(day, today=today, locale=dates) for name, day in days.items() if day}
    return named | {name: chance_words(chance) for name, chance in chances.items()}


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


def chance_words(chance: float | None) -> str:
    """A probability as "9 in 10", never broken across lines. Nothing is called certain."""
    return unbroken(gettext("%(times)s in 10") % {"times": min(_times(chance), MOST)})


def _times(chance: float | None) -> int:
    """In 10."""
    return round((chance or 0) * 10)


def why_chances_sentence(*, locale: str) -> str:
    """Why there is no day, for readers of chances."""
    with in_language(locale):
        return gettext(
            "Past deliveries like this have been too irregular for us to name one date without "
            "guessing."
        )


def checking_sentence(*, locale: str) -> str:
    """What is done where units are set aside, and the days for them to ship went by."""
    with in_language(locale):
        return _checking()


def _checking() -> str:
    return gettext("We have no record yet of its shipment, and we're checking with our warehouse.")


def next_word_sentence(by: date, *, today: date, mailed: bool, locale: str) -> str:
    """The one day by which a customer hears from us (services.next_word_by), for page and email.
    `mailed`: emails reach this customer."""
    with in_language(locale) as dates:
        words = (
            gettext("You'll hear from us by %(day)s.")
            if mailed
            else gettext("We'll update this page by %(day)s.")
        )
        return words % {"day": day_words(by, today=today, locale=dates)}


def meanwhile_sentence(
    window: Window, *, today: date, reserved: bool, mailed: bool, locale: str
) -> str:
    """What is done where no day stands: nothing is said of a day that does. It names none, because
    next_word_sentence does."""
    if window.names_a_day and window.late and window.late >= today:
        return ""
    with in_language(locale):
        if reserved:
            return (
                gettext("We'll email you as soon as it ships.")
                if mailed
                else gettext("This page will say when it ships.")
            )
        return (
            gettext("We check every morning and will email you as soon as we can name a date.")
            if mailed
            else gettext(
                "We check every morning, and this page will show a date as soon as we can name one."
            )
        )


def _withdrawn() -> tuple[str, str, str]:
    return (
        gettext("We don't have a new ship date yet."),
        gettext("The date we gave you before, %(withdrawn)s, no longer stands."),
        "",
    )


def _lead(window: Window, today: date, *, reserved: bool, last: bool, changed: bool) -> str:
    """The sentence that answers "when does it ship?", with names of `values` to fill in. What is
    `reserved` may have shipped on its day and be recorded overnight, so the sentence does not say
    that it has not shipped."""
    late = window.late
    if window.kind == "none":
        return _checking() if reserved else gettext("We don't have a ship date yet.")
    if late is None or window.kind in ("open", "chances"):
        return gettext("We can't name a date yet.")
    if late < today and reserved:
        return f"{gettext('It should have shipped by %(late)s.')} {_checking()}"
    if late < today:
        return gettext("It was due to ship by %(late)s and hasn't shipped yet. We're sorry.")
    if changed:
        return (
            gettext("It's now due to ship by %(late)s, according to our supplier.")
            if window.kind == "unrated"
            else gettext("It's now due to ship by %(late)s.")
        )
    if window.kind == "unrated":
        return (
            gettext("The last one ships by %(late)s, according to our supplier.")
            if last
            else gettext("Ships by %(late)s, according to our supplier.")
        )
    return gettext("The last one ships by %(late)s.") if last else gettext("Ships by %(late)s.")


def _range(window: Window, today: date) -> str:
    """How early it could ship, where that says more than the lead."""
    early, late = window.early, window.late
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext("%(later_chance)s orders like this ship by %(later)s.")
        return gettext(
            "%(soon_chance)s orders like this ship by %(soon)s, and %(later_chance)s by %(later)s."
        )
    if late is None or window.kind in ("open", "chances"):
        return (
            gettext("It won't ship before %(early)s.")
            if early is not None and early > today
            else ""
        )
    if window.kind != "dated" or window.sure is None or late < today:
        return ""
    if early is None or early == late:
        return ""
    if early <= today:
        return gettext("It could ship any day now.")
    if late - early > WIDE:
        return gettext("It could ship any time between %(early)s and %(late)s.")
    return gettext("It could ship as early as %(early)s.")


def _certainty(window: Window, today: date) -> str:
    """How sure the last day is, in the one measure that we have for it."""
    if window.late is None or window.late < today:
        return ""
    if window.kind == "unrated":
        return gettext("We don't have enough past deliveries yet to say how reliable that date is.")
    if window.kind != "dated":
        return ""
    if window.sure is None:
        return gettext("That's the date given when you ordered.") if window.early is None else ""
    if _times(window.sure) > MOST:
        return gettext("Almost all orders like this ship by then.")
    return gettext("%(chance)s orders like this ship by then.")
