"""An event in words: the one rendering for page, mail and staff."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from orders.domain.supply import Window
from orders.models import ALL_ORDERS, Choice, Event, EventKind, Reason
from orders.words.bidi import isolated, visible
from orders.words.days import day_words, in_language, number_words, ordinal, zone_of, zone_words
from orders.words.windows import (
    checking_sentence,
    has_chance_soon,
    has_chances,
    same_month,
    values,
    window_in,
    window_words,
)

Facts = Mapping[str, Any]


def sentence(event: Event, *, locale: str) -> str:
    """What happened, in one to a few short sentences of plain text; days as seen from the day it
    happened.

    The product is not named: one who shows several lines names it beside."""
    return " ".join(sentences(event, locale=locale))


def sentences(event: Event, *, locale: str) -> list[str]:
    """The same, for who gives each sentence a line of its own."""
    words = WORDS.get(EventKind(event.kind))
    with in_language(locale) as dates:
        if words is None:
            return [str(EventKind(event.kind).label)]
        reader = _Reader(event, locale, dates)
        return [part for part in words(event.facts, reader) if part]


def told_sentence(event: Event, *, locale: str) -> str:
    """The one of these that names what was told before; the next one says what is true now."""
    with in_language(locale) as dates:
        return _told(event.facts, _Reader(event, locale, dates))


def still_sentence(event: Event, *, locale: str) -> str:
    """The one of these that says how many are still to come; a mail with several parcels says it
    once, at the end."""
    with in_language(locale) as dates:
        return _still(event.facts.get("still", 0), _Reader(event, locale, dates))


def crossed_sentence(event: Event, *, locale: str) -> str:
    """What it says of a cancellation that the parcel crossed; a page says it beside what has
    shipped."""
    with in_language(locale) as dates:
        return " ".join(filter(None, _crossed(event.facts, _Reader(event, locale, dates))))


class _Reader:
    """Whom to word it for, and the shop's day on which it happened."""

    def __init__(self, event: Event, locale: str, dates: Locale) -> None:
        self.event, self.on, self.locale, self.dates = (
            event,
            timezone.localtime(event.at).date(),
            locale,
            dates,
        )

    def day(self, iso: str) -> str:
        return day_words(date.fromisoformat(iso), today=self.on, locale=self.dates)

    def date_and_time(self) -> dict[str, str]:
        """When it happened where its customer is: with year and zone, for whoever reads it
        whenever."""
        at = timezone.localtime(self.event.at, zone_of(self.event.order.country, self.event.at))
        return {
            "date": format_date(at, "long", locale=self.dates),
            "time": format_time(at, "short", locale=self.dates),
            "zone": zone_words(at, locale=self.dates),
        }

    def number(self, number: int) -> str:
        return number_words(number, locale=self.dates)

    def ordinal(self, number: int) -> str:
        return ordinal(number, locale=self.dates)

    def window(self, window: Window) -> str:
        """The window as a page leads with it."""
        return window_words(window, since=self.on, locale=self.locale)

    def fill(self, words: str, window: Window, *, since: date) -> str:
        return words % values(window, since=since, today=self.on, dates=self.dates)


def _joined(facts: Facts, reader: _Reader) -> list[str]:
    place = facts.get("place")
    joined = (
        gettext("You are in line: %(place)s.") % {"place": reader.ordinal(place)}
        if place
        else gettext("You are in line.")
    )
    return [joined, reader.window(window_in(facts["window"]))]


def _changed(facts: Facts, reader: _Reader) -> list[str]:
    """The order people need when it is late: what you were told, now, why, your place."""
    return [
        _told(facts, reader),
        _now(facts, reader),
        why(facts.get("reason")),
        _place(facts, reader),
    ]


def _no_date(facts: Facts, reader: _Reader) -> list[str]:
    if facts.get("reason") == Reason.PACKING:
        return [
            _told(facts, reader),
            checking_sentence(locale=reader.locale),
            _place(facts, reader),
        ]
    return [
        _told(facts, reader),
        _taken_back(facts, reader),
        why(facts.get("reason")),
        _place(facts, reader),
    ]


def _taken_back(facts: Facts, reader: _Reader) -> str:
    told = window_in(facts["told"]) if facts.get("told") else None
    if told and told.kind in ("dated", "unrated") and told.late and told.late >= reader.on:
        return gettext("That day was taken back, and we have no new one yet.")
    return gettext("It has no date now.")


def _reserved(facts: Facts, reader: _Reader) -> list[str]:
    """Of the units still wanted; events from before that was written down know what was ordered
    only."""
    units, still, wanted = facts["units"], facts["still"], facts.get("wanted", facts["of"])
    numbers = {
        "units": reader.number(units),
        "of": reader.number(wanted),
        "still": reader.number(still),
    }
    if still:
        return [
            ngettext(
                "%(units)s of your %(of)s has arrived and is set aside for you.",
                "%(units)s of your %(of)s have arrived and are set aside for you.",
                units,
            )
            % numbers,
            _still(still, reader),
        ]
    if wanted == 1:
        arrived = gettext("Yours has arrived and is set aside for you.")
    elif units == wanted:
        arrived = gettext("All %(of)s have arrived and are set aside for you.") % numbers
    else:
        arrived = (
            ngettext(
                "The last %(units)s of your %(of)s has arrived and is set aside for you.",
                "The last %(units)s of your %(of)s have arrived and are set aside for you.",
                units,
            )
            % numbers
        )
    if not facts.get("window"):
        return [arrived]
    if _later_than_told(facts):
        return [arrived, _told(facts, reader), _now(facts, reader)]
    if facts.get("leaving", wanted) > 1:
        return [
            arrived,
            gettext("They leave us by %(day)s.") % {"day": reader.day(facts["window"]["late"])},
        ]
    return [arrived, reader.window(window_in(facts["window"]))]


def _shipped(facts: Facts, reader: _Reader) -> list[str]:
    units, still = facts["units"], facts.get("still", 0)
    numbers = {"units": reader.number(units), "of": reader.number(facts["of"])}
    if facts["shipped_on"]:
        numbers["day"] = reader.day(facts["shipped_on"])
    return [_left(facts) % numbers, *_crossed(facts, reader), _parcel(facts), _still(still, reader)]


def _left(facts: Facts) -> str:
    """Nobody knows the day of what left the shop before we were told."""
    if facts["units"] == facts["of"]:
        return gettext("Shipped on %(day)s.") if facts["shipped_on"] else gettext("Shipped.")
    if facts["shipped_on"]:
        return gettext("%(units)s of %(of)s shipped on %(day)s.")
    return ngettext(
        "%(units)s of %(of)s has shipped.", "%(units)s of %(of)s have shipped.", facts["units"]
    )


def _crossed(facts: Facts, reader: _Reader) -> list[str]:
    """A parcel and a cancellation crossed: which of them counts, and what becomes of the refund."""
    crossed = facts.get("crossed")
    if not crossed:
        return []
    asked = crossed["by"] in ("customer", Choice.CANCEL)
    first = (
        gettext("It had already shipped when you canceled.")
        if asked
        else gettext("It had already shipped when it was canceled.")
    )
    if not crossed["kept"]:
        return [
            first,
            gettext("So the cancellation no longer applies, and there is no refund for it."),
            gettext("If you don't want it any more, write to us."),
        ]
    if crossed["by"] == Choice.WITHDRAW:
        said = gettext("Your withdrawal from the contract still stands.")
    elif crossed["left_first"]:
        said = first
    else:
        said = (
            gettext("It shipped although you had canceled it.")
            if asked
            else gettext("It shipped although it had been canceled.")
        )
    refund = ""
    if crossed["refund_sent"]:
        refund = gettext("Your refund has been sent.")
    elif crossed["refund_due_on"]:
        refund = gettext("Your refund will still be sent by %(day)s.") % {
            "day": reader.day(crossed["refund_due_on"])
        }
    return [said, refund, gettext("We'll write to you about what to do with the parcel.")]


def _cancelled(facts: Facts, reader: _Reader) -> list[str]:
    numbers = {"units": reader.number(facts["units"]), "of": reader.number(facts["of"])}
    if facts.get("by") == "silence" and facts.get("answer_by"):
        numbers["day"] = reader.day(facts["answer_by"])
    if facts.get("by") == Choice.WITHDRAW:
        numbers |= reader.date_and_time()
    cancelled = _cancelled_by(facts) % numbers
    due = facts.get("refund_due_on")
    refund = (
        gettext("Your refund will be sent by %(day)s.") % {"day": reader.day(due)} if due else ""
    )
    if facts.get("refund_sent"):
        refund = gettext("Your refund has been sent.")
    return [cancelled, refund, _still(facts.get("still", 0), reader), _ready(facts, reader)]


def _cancelled_by(facts: Facts) -> str:
    if facts["units"] == facts["of"] and facts.get("by") != Choice.WITHDRAW:
        return _all_cancelled_by(facts)
    match facts.get("by"):
        case "customer" | Choice.CANCEL:
            return gettext("%(units)s of %(of)s cancelled, as you asked.")
        case Choice.WITHDRAW:
            return gettext(
                "Withdrawn from the contract: %(units)s of %(of)s, on %(date)s at %(time)s "
                "(%(zone)s)."
            )
        case "silence" if facts.get("answer_by"):
            return gettext(
                "%(units)s of %(of)s cancelled, as we had not heard from you by %(day)s."
            )
        case "silence":
            return gettext("%(units)s of %(of)s cancelled, as we had not heard from you.")
        case "discontinued":
            return gettext(
                "%(units)s of %(of)s cancelled: we cannot get it any more. We are sorry."
            )
    return gettext("%(units)s of %(of)s cancelled.")


def _all_cancelled_by(facts: Facts) -> str:
    match facts.get("by"):
        case "customer" | Choice.CANCEL:
            return gettext("Cancelled, as you asked.")
        case "silence" if facts.get("answer_by"):
            return gettext("Cancelled, as we had not heard from you by %(day)s.")
        case "silence":
            return gettext("Cancelled, as we had not heard from you.")
        case "discontinued":
            return gettext("Cancelled: we cannot get it any more. We are sorry.")
    return gettext("Cancelled.")


def _corrected(facts: Facts, reader: _Reader) -> list[str]:
    units = facts["units"]
    numbers = {"units": reader.number(units)}
    if facts.get("what") == "shipment":
        return [
            gettext("We are sorry: a parcel was recorded by mistake."),
            ngettext(
                "%(units)s has not left and is still set aside for you.",
                "%(units)s have not left and are still set aside for you.",
                units,
            )
            % numbers,
            _ready(facts, reader),
        ]
    if facts.get("what") == "cancellation":
        return [
            ngettext(
                "The cancellation of %(units)s was undone: it waits again, in its old place.",
                "The cancellation of %(units)s was undone: they wait again, in their old place.",
                units,
            )
            % numbers,
            ngettext("Its refund will not be sent.", "Their refund will not be sent.", units),
            *(_agreed(facts, reader) if "agreed_by" in facts else []),
        ]
    sorry = gettext(
        "We are sorry: fewer had arrived than we counted, and yours was among those missing."
    )
    told, window = facts.get("told"), window_in(facts["window"])
    if told and window.late and window_in(told).late == window.late:
        return [sorry, reader.window(window), _place(facts, reader)]
    now = _no_date if window.kind == "none" else _changed
    return [sorry, *now({**facts, "reason": None}, reader)]


def _ready(facts: Facts, reader: _Reader) -> str:
    """When all that is left of a line is set aside: the day it leaves."""
    return reader.window(window_in(facts["window"])) if facts.get("window") else ""


def _on_track(facts: Facts, reader: _Reader) -> list[str]:
    since = date.fromisoformat(facts["told_on"])
    window = window_in(facts["window"])
    now = window_words(window, since=since, today=reader.on, locale=reader.locale)
    mailed, day = facts.get("mailed", True), {"day": reader.day(facts["told_on"])}
    if window.kind in ("dated", "unrated"):  # the place may have
        unchanged = (
            gettext("The date has not changed since we last told you.")
            if mailed
            else gettext("The date has not changed since %(day)s.") % day
        )
    else:
        unchanged = (
            gettext("Nothing has changed since we last told you.")
            if mailed
            else gettext("Nothing has changed since %(day)s.") % day
        )
    return [unchanged, now, _place(facts, reader)]


def _answered(facts: Facts, reader: _Reader) -> list[str]:
    kept = gettext("You keep your place in line. Thank you for telling us.")
    return [kept, *_agreed(facts, reader)]


def _agreed(facts: Facts, reader: _Reader) -> list[str]:
    if facts.get("agreed_by"):
        return [
            gettext("The date agreed is now %(day)s.") % {"day": reader.day(facts["agreed_by"])}
        ]
    return [
        gettext("You agreed to wait without a date."),
        gettext("You can still cancel at any time before it ships."),
    ]


def _note(facts: Facts, reader: _Reader) -> list[str]:
    match facts.get("code"):
        case "moved":
            return [
                gettext("We moved you in the line: you are %(place)s now, and were %(before)s.")
                % {
                    "place": reader.ordinal(facts["place"]),
                    "before": reader.ordinal(facts["place_before"]),
                }
            ]
        case "reminder":
            return [
                gettext("A reminder: we have not heard from you, and need your answer by %(day)s.")
                % {"day": reader.day(facts["answer_by"])}
            ]
        case "tracking":
            return [_tracking(facts, reader)]
        case "day_passed":
            return [
                gettext("The agreed date, %(day)s, has passed and it hasn't shipped. We're sorry.")
                % {"day": reader.day(facts["agreed_by"])},
                gettext("You can cancel right away for a full refund, or keep your place."),
            ]
        case "looking_into":
            return [gettext("We are looking into your order and will come back to you.")]
        case "asked_supplier":
            return [
                gettext(
                    "We have asked the supplier for news of your order. You will hear from us "
                    "when we know more."
                )
            ]
        case "answered_by_mail":
            return [
                gettext(
                    "We have answered your question by mail. If you cannot find our answer, "
                    "please write to us again."
                )
            ]
    return [gettext("Something about your order was noted.")]


def _tracking(facts: Facts, reader: _Reader) -> str:
    """The number came after the parcel had left, or the carrier has given it another."""
    words = _parcel_words(facts) | {
        "units": reader.number(facts["units"]),
        "of": reader.number(facts["of"]),
    }
    part = facts["units"] < facts["of"]
    if not words["number"]:
        return gettext("Your parcel was sent with %(carrier)s.") % words
    if facts["changed"]:
        if words["carrier"]:
            return (
                gettext("Your parcel has a new tracking number: %(number)s (%(carrier)s).") % words
            )
        return gettext("Your parcel has a new tracking number: %(number)s.") % words
    if part and words["carrier"]:
        return (
            gettext("Your tracking number for %(units)s of %(of)s: %(number)s (%(carrier)s).")
            % words
        )
    if part:
        return gettext("Your tracking number for %(units)s of %(of)s: %(number)s.") % words
    if words["carrier"]:
        return gettext("Your tracking number: %(number)s (%(carrier)s).") % words
    return gettext("Your tracking number: %(number)s.") % words


def _link(facts: Facts, reader: _Reader) -> list[str]:
    if facts.get("code") == ALL_ORDERS:
        asked = gettext(
            "Somebody asked for a link to all your orders. It goes to your mail address only."
        )
    else:
        asked = gettext(
            "Somebody asked for the link that lets you answer and cancel. It goes to your mail "
            "address only."
        )
    return [asked, gettext("If that was not you, you need do nothing.")]


WORDS: dict[EventKind, Callable[[Facts, _Reader], list[str]]] = {
    EventKind.JOINED: _joined,
    EventKind.LATER: _changed,
    EventKind.EARLIER: _changed,
    EventKind.NO_DATE: _no_date,
    EventKind.RESERVED: _reserved,
    EventKind.SHIPPED: _shipped,
    EventKind.CANCELLED: _cancelled,
    EventKind.ON_TRACK: _on_track,
    EventKind.ANSWERED: _answered,
    EventKind.CORRECTED: _corrected,
    EventKind.NOTE: _note,
    EventKind.LINK: _link,
}


def _told(facts: Facts, reader: _Reader) -> str:
    """Nobody is said to have been told what no mail ever carried."""
    if not facts.get("told"):
        return ""
    window = window_in(facts["told"])
    words = _told_by_mail(window) if facts.get("mailed") else _told_by_page(window)
    since = date.fromisoformat(facts["told_on"]) if facts.get("told_on") else reader.on
    return reader.fill(words, window, since=since)


def _told_by_mail(window: Window) -> str:
    if window.kind == "none":
        return gettext("You were told: no date yet.")
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext("You were told: by %(later)s %(later_chance)s.")
        return gettext("You were told: by %(soon)s %(soon_chance)s, by %(later)s %(later_chance)s.")
    if window.late is None or window.kind in ("open", "chances"):
        return gettext("You were told: no latest date yet.")
    if window.kind == "unrated":
        return gettext("You were told: it leaves us by %(late)s, the supplier's own date.")
    return gettext("You were told: it leaves us by %(late)s.")


def _told_by_page(window: Window) -> str:
    if window.kind == "none":
        return gettext("Our page said: no date yet.")
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext("Our page said: by %(later)s %(later_chance)s.")
        return gettext("Our page said: by %(soon)s %(soon_chance)s, by %(later)s %(later_chance)s.")
    if window.late is None or window.kind in ("open", "chances"):
        return gettext("Our page said: no latest date yet.")
    if window.kind == "unrated":
        return gettext("Our page said: it leaves us by %(late)s, the supplier's own date.")
    return gettext("Our page said: it leaves us by %(late)s.")


def _now(facts: Facts, reader: _Reader) -> str:
    window = window_in(facts["window"])
    return reader.fill(_is_now(window, reader.on), window, since=reader.on)


def _is_now(window: Window, on: date) -> str:
    early, late = window.early, window.late
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext("It is now: by %(later)s %(later_chance)s.")
        return gettext("It is now: by %(soon)s %(soon_chance)s, by %(later)s %(later_chance)s.")
    if late is None or window.kind in ("open", "chances"):
        if early is not None and early > on:
            return gettext("We can't name a latest date now; not before %(early)s.")
        return gettext("We can't name a latest date now.")
    if window.kind == "unrated":
        return gettext("Now it leaves us by %(late)s, the supplier's own date, not yet rated.")
    if window.sure is None or early is None or early <= on or early == late:
        return gettext("Now it leaves us by %(late)s.")
    if same_month(window):
        return gettext("Now it leaves us by %(late)s, perhaps from the %(early_day)s.")
    return gettext("Now it leaves us by %(late)s, perhaps from %(early)s.")


def _later_than_told(facts: Facts) -> bool:
    if not facts.get("told"):
        return False
    told, now = window_in(facts["told"]).late, window_in(facts["window"]).late
    return told is not None and now is not None and now > told


def _place(facts: Facts, reader: _Reader) -> str:
    """Said to be unchanged only if it is."""
    place, before = facts.get("place"), facts.get("place_before")
    if not place:
        return (
            gettext("Yours stays set aside for you.")
            if facts.get("reason") == Reason.PACKING
            else ""
        )
    words = {"place": reader.ordinal(place), "before": reader.ordinal(before or place)}
    if before is None:
        return gettext("You are %(place)s in line.") % words
    if place == before:
        return gettext("You are still %(place)s in line.") % words
    return gettext("You are %(place)s in line now; you were %(before)s.") % words


def _still(units: int, reader: _Reader) -> str:
    if not units:
        return ""
    return ngettext("%(units)s is still to come.", "%(units)s are still to come.", units) % {
        "units": reader.number(units)
    }


def _parcel_words(facts: Facts) -> dict[str, str]:
    return {
        "carrier": isolated(visible(facts.get("carrier") or "")),
        "number": isolated(visible(facts.get("tracking_number") or "")),
    }


def _parcel(facts: Facts) -> str:
    words = _parcel_words(facts)
    if words["carrier"] and words["number"]:
        return gettext("Carrier: %(carrier)s, tracking number %(number)s.") % words
    if words["number"]:
        return gettext("Tracking number: %(number)s.") % words
    return gettext("Carrier: %(carrier)s.") % words if words["carrier"] else ""


# A reason code for customers: no supplier is named and nobody is blamed.
WHY = {
    Reason.SUPPLIER_LATE: gettext_lazy("Why: the supplier sends it later."),
    Reason.PRODUCTION: gettext_lazy("Why: making it takes longer."),
    Reason.CUSTOMS: gettext_lazy("Why: the goods are held at customs."),
    Reason.TRANSPORT: gettext_lazy("Why: the goods are held up on their way to us."),
    Reason.QUALITY: gettext_lazy("Why: the goods did not pass our check."),
    Reason.SHORT_DELIVERY: gettext_lazy("Why: fewer came than were ordered."),
    Reason.SUPPLIER_EARLY: gettext_lazy("Why: the supplier sends it earlier."),
    Reason.DELIVERY_CANCELLED: gettext_lazy("Why: a delivery was cancelled."),
    Reason.NEW_DELIVERY: gettext_lazy("Why: a further delivery was ordered."),
    Reason.NOT_ARRIVED: gettext_lazy("Why: the delivery has not arrived."),
    Reason.SUPPLIER_RECORD: gettext_lazy(
        "Why: we went through how long deliveries like this really take."
    ),
    Reason.LATE_JOIN: gettext_lazy("Why: an older order reached us late and stands ahead of you."),
    Reason.MOVED: gettext_lazy("Why: our staff moved an order in the line."),
    Reason.RECEIPT_CORRECTED: gettext_lazy("Why: fewer had arrived than we counted."),
    Reason.CANCELLATION: gettext_lazy("Why: someone ahead of you cancelled."),
    Reason.RESTORED: gettext_lazy("Why: a cancelled order was put back in the line."),
    Reason.ARRIVED: gettext_lazy("Why: a delivery has arrived."),
    Reason.PACKING: gettext_lazy("Why: we have no record yet that it shipped."),
    Reason.CLERICAL: gettext_lazy("Why: a date we had written down was wrong."),
}


def why(reason: str | None) -> str:
    """The sentence of a reason code; none of a code that has none."""
    return str(WHY[Reason(reason)]) if reason in WHY else ""


def queue_change_sentence(
    kind: str,
    reason: str,
    *,
    lines: int,
    units: int,
    locale: str,
    places: tuple[int, int] | None = None,
    people: int = 1,
) -> str:
    """Why a place fell (moved_up) or rose (passed_by), without names. `lines` left or came in
    ahead; 0: only units of `people` whose orders stay, so that the place is the same. `places`:
    before and after, where both are known."""
    with in_language(locale) as dates:
        moved = _moved_up(lines) if kind == EventKind.MOVED_UP else _passed_by(lines)
        table = moved if lines else _same_place(units, people)
        words = table.get(Reason(reason)) or _place_changed(kind)
        said = words % {
            "lines": number_words(lines, locale=dates),
            "units": number_words(units, locale=dates),
        }
        return (
            f"{said} {_places(*places, dates)}" if places and kind == EventKind.PASSED_BY else said
        )


def _places(before: int, after: int, dates: Locale) -> str:
    return gettext("You were %(before)s in line, and %(place)s after that.") % {
        "before": ordinal(before, locale=dates),
        "place": ordinal(after, locale=dates),
    }


def _moved_up(lines: int) -> dict[Reason, str]:
    return {
        Reason.ARRIVED: ngettext(
            "You moved up: a delivery arrived, and %(lines)s person ahead of you has theirs.",
            "You moved up: a delivery arrived, and %(lines)s people ahead of you have theirs.",
            lines,
        ),
        Reason.CANCELLATION: ngettext(
            "You moved up: someone ahead of you cancelled.",
            "You moved up: people ahead of you cancelled.",
            lines,
        ),
        Reason.MOVED: gettext("You moved up: our staff moved an order further back."),
        Reason.CLERICAL: ngettext(
            "You moved up: an order ahead of you had been entered by mistake.",
            "You moved up: orders ahead of you had been entered by mistake.",
            lines,
        ),
    }


def _passed_by(lines: int) -> dict[Reason, str]:
    return {
        # Where several came at once, not all of them need stand ahead of this reader.
        Reason.LATE_JOIN: ngettext(
            "An older order reached us late. It was paid before yours, so it stands ahead of you.",
            "Older orders reached us late. They were paid before yours, so they stand ahead of "
            "you.",
            lines,
        ),
        Reason.MOVED: gettext("Our staff moved an order ahead of yours."),
        Reason.RECEIPT_CORRECTED: ngettext(
            "Fewer had arrived than we counted: %(lines)s person ahead of you waits again.",
            "Fewer had arrived than we counted: %(lines)s people ahead of you wait again.",
            lines,
        ),
        Reason.RESTORED: gettext("A cancelled order was put back in its old place, ahead of you."),
    }


def _same_place(units: int, people: int) -> dict[Reason, str]:
    return {
        Reason.CANCELLATION: ngettext(
            "People ahead of you cancelled parts of their orders: %(units)s fewer is needed "
            "before yours.",
            "People ahead of you cancelled parts of their orders: %(units)s fewer are needed "
            "before yours.",
            units,
        )
        if people > 1
        else ngettext(
            "Someone ahead of you cancelled a part of their order: %(units)s fewer is needed "
            "before yours.",
            "Someone ahead of you cancelled a part of their order: %(units)s fewer are needed "
            "before yours.",
            units,
        ),
        Reason.RESTORED: ngettext(
            "A cancelled part of an order ahead of you was put back: %(units)s more is needed "
            "before yours.",
            "A cancelled part of an order ahead of you was put back: %(units)s more are needed "
            "before yours.",
            units,
        ),
    }


def _place_changed(kind: str) -> str:
    return (
        gettext("The line ahead of you got shorter.")
        if kind == EventKind.MOVED_UP
        else gettext("The line ahead of you got longer.")
    )
