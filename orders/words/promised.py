"""What was promised, what is now, and the place in line that comes with it."""

from datetime import date

from django.utils.translation import gettext, ngettext

from orders.domain.facts import (
    Changed,
    Earlier,
    Joined,
    OnTrack,
    Promised,
    ReceiptCorrected,
    ToldBefore,
)
from orders.domain.supply import Window
from orders.models import Reason
from orders.words.lines import owed_sentence
from orders.words.reader import Reader
from orders.words.reasons import why_changed
from orders.words.windows import checking_sentence, has_chance_soon, has_chances, window_parts


def joined(facts: Joined, reader: Reader) -> list[str]:
    joined = (
        gettext("You're %(place)s in line.") % {"place": reader.ordinal(facts.place)}
        if facts.place
        else gettext("You're in line.")
    )
    return [joined, *reader.window(facts.window)]


def changed(facts: Changed, reader: Reader) -> list[str]:
    """The order people need when it is late: what you were told, now, why, your place."""
    clearer = isinstance(facts, Earlier) and facts.is_clearer
    return [
        told(facts, reader),
        *(_first_day(facts.window, reader) if clearer else now(facts.window, reader)),
        why_changed(facts),
        _place(facts, reader),
    ]


def no_date(facts: Changed, reader: Reader) -> list[str]:
    if facts.reason == Reason.PACKING:
        return [
            told(facts, reader),
            checking_sentence(locale=reader.locale),
            _place(facts, reader),
        ]
    return [
        told(facts, reader),
        _taken_back(facts.told, reader),
        why_changed(facts),
        _place(facts, reader),
    ]


def _taken_back(told: Window, reader: Reader) -> str:
    if told.names_a_day and told.late and told.late >= reader.on:
        return gettext("That date no longer stands, and we don't have a new one yet.")
    return gettext("There's no ship date at the moment.")


def on_track(facts: OnTrack, reader: Reader) -> list[str]:
    window, mailed = facts.window, facts.mailed
    now = [owed_sentence()] if facts.held else reader.window(window, since=facts.told_on)
    day = {"day": reader.day(facts.told_on)}
    if window.names_a_day:  # the place may have
        unchanged = (
            gettext("Your ship date hasn't changed since our last email.")
            if mailed
            else gettext("Your ship date hasn't changed since %(day)s.") % day
        )
    else:
        unchanged = (
            gettext("Nothing has changed since our last email.")
            if mailed
            else gettext("Nothing has changed since %(day)s.") % day
        )
    return [unchanged, *now, _place(facts, reader)]


def receipt_corrected(facts: ReceiptCorrected, reader: Reader) -> list[str]:
    sorry = ngettext(
        "We're sorry: your item isn't here after all.",
        "We're sorry: %(units)s of your items aren't here after all.",
        facts.units,
    ) % {"units": reader.number(facts.units)}
    window, before = facts.window, [sorry]
    if facts.overtaken:
        before += [gettext("An order behind yours had already shipped when we noticed.")]
    if window.late and facts.told.late == window.late:
        return [*before, *reader.window(window), why_changed(facts), _place(facts, reader)]
    now = no_date if window.kind == "none" else changed
    return [*before, *now(facts, reader)]


def ready(window: Window | None, reader: Reader) -> list[str]:
    """When all that is left of a line is set aside: the day it ships."""
    return reader.window(window) if window else []


def agreed(day: date | None, reader: Reader) -> list[str]:
    if day:
        return [gettext("The agreed date is now %(day)s.") % {"day": reader.day(day)}]
    return [
        gettext("You agreed to wait without a fixed date."),
        gettext("You can still cancel at any time before it ships."),
    ]


def told(facts: ToldBefore, reader: Reader) -> str:
    """We say "we told you" only if an email said so."""
    if facts.told is None or facts.told_on is None:
        return ""
    words = _told_by_email(facts.told) if facts.mailed else _told_by_page(facts.told)
    return reader.fill(words, facts.told, since=facts.told_on)


def _told_by_email(window: Window) -> str:
    if window.kind == "none":
        return gettext("We told you we didn't have a ship date yet.")
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext(
                "We told you that %(later_chance)s orders like this would ship by %(later)s."
            )
        return gettext(
            "We told you that %(soon_chance)s orders like this would ship by %(soon)s, and "
            "%(later_chance)s by %(later)s."
        )
    if window.late is None or window.kind in ("open", "chances"):
        return gettext("We told you we couldn't name a date yet.")
    return gettext("We told you it would ship by %(late)s.")


def _told_by_page(window: Window) -> str:
    if window.kind == "none":
        return gettext("Your order page showed no ship date.")
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext(
                "Your order page said that %(later_chance)s orders like this would ship by "
                "%(later)s."
            )
        return gettext(
            "Your order page said that %(soon_chance)s orders like this would ship by %(soon)s, "
            "and %(later_chance)s by %(later)s."
        )
    if window.late is None or window.kind in ("open", "chances"):
        return gettext("Your order page showed no latest date.")
    return gettext("Your order page said it would ship by %(late)s.")


def now(window: Window, reader: Reader) -> list[str]:
    """What is true instead. Its certainty is not repeated."""
    parts = window_parts(window, since=reader.on, locale=reader.locale, changed=True)
    return [parts.lead, parts.range]


def _first_day(window: Window, reader: Reader) -> list[str]:
    """Where no day was told before: what we can name now is news, and not a change."""
    if not window.names_a_day or window.late is None or window.late < reader.on:
        return now(window, reader)
    lead = (
        gettext("We can now name a date, according to our supplier: it ships by %(late)s.")
        if window.kind == "unrated"
        else gettext("We can now name a date: it ships by %(late)s.")
    )
    parts = window_parts(window, since=reader.on, locale=reader.locale)
    return [reader.fill(lead, window, since=reader.on), parts.range]


def _place(facts: Promised, reader: Reader) -> str:
    """Said to be unchanged only if it is."""
    place, before = facts.place, facts.place_before
    if not place:
        return _still_reserved(facts.units, reader) if facts.reason == Reason.PACKING else ""
    words = {"place": reader.ordinal(place), "before": reader.ordinal(before or place)}
    if before is None:
        return gettext("You're %(place)s in line.") % words
    if place == before:
        return gettext("You're still %(place)s in line.") % words
    return gettext("You're now %(place)s in line (you were %(before)s).") % words


def _still_reserved(units: int, reader: Reader) -> str:
    return ngettext(
        "Your item is still reserved for you.",
        "Your %(units)s items are still reserved for you.",
        units,
    ) % {"units": reader.number(units)}
