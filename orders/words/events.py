"""An event in words, for page, email and staff alike. The reason line is here, too (WHY)."""

from dataclasses import replace
from datetime import date

from babel import Locale
from babel.dates import format_date, format_time
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from orders.domain.facts import (
    AllOrdersAsked,
    Answered,
    AnyFacts,
    CancellationUndone,
    Cancelled,
    Changed,
    Counted,
    Crossed,
    DayPassed,
    Earlier,
    Joined,
    Later,
    LinkAsked,
    MovedInLine,
    NoDate,
    OnTrack,
    ParcelNumbered,
    Promised,
    ReceiptCorrected,
    Reminded,
    Reserved,
    ShipmentUndone,
    Shipped,
    StaffWord,
    ToldBefore,
    Unsaid,
)
from orders.domain.supply import Window
from orders.models import Choice, Event, EventKind, MoveReason, Reason, Word
from orders.words.bidi import isolated, visible
from orders.words.days import day_words, in_language, number_words, ordinal, zone_of, zone_words
from orders.words.windows import (
    checking_sentence,
    has_chance_soon,
    has_chances,
    values,
    window_parts,
)


def sentence(event: Event, *, locale: str) -> str:
    """What happened, in one to a few short sentences of plain text; days as seen from the day it
    happened.

    The product is not named: callers that show several lines name it beside the sentence.
    """
    return " ".join(sentences(event, locale=locale))


def sentences(event: Event, *, locale: str) -> list[str]:
    """The same, for callers that give each sentence a line of its own."""
    with in_language(locale) as dates:
        return [part for part in _parts(event.details, _Reader(event, locale, dates)) if part]


def told_sentence(event: Event, *, locale: str) -> str:
    """The one of these that names what was told before. The next one says what is true now."""
    details = event.details
    if not isinstance(details, ToldBefore):
        return ""
    with in_language(locale) as dates:
        return _told(details, _Reader(event, locale, dates))


def still_sentence(event: Event, *, locale: str) -> str:
    """The one of these that says how many are still to come. An email with several parcels says it
    once, at the end."""
    details = event.details
    if not isinstance(details, Counted):
        return ""
    with in_language(locale) as dates:
        return _still(details.still, _Reader(event, locale, dates))


def crossed_sentence(event: Event, crossed: Crossed, *, locale: str) -> str:
    """What it says about a cancellation that the parcel crossed. A page says it beside what has
    shipped."""
    with in_language(locale) as dates:
        return " ".join(filter(None, _crossed(crossed, _Reader(event, locale, dates))))


class _Reader:
    """The reader it is worded for, and the shop's day on which it happened."""

    def __init__(self, event: Event, locale: str, dates: Locale) -> None:
        self.event, self.on, self.locale, self.dates = (
            event,
            timezone.localtime(event.at).date(),
            locale,
            dates,
        )

    def day(self, day: date) -> str:
        return day_words(day, today=self.on, locale=self.dates)

    def date_and_time(self) -> dict[str, str]:
        """When it happened where its customer is: with year and zone, because it may be read at any
        time."""
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

    def window(self, window: Window, *, since: date | None = None) -> list[str]:
        """The window without its certainty, which the page says once."""
        parts = window_parts(window, since=since or self.on, today=self.on, locale=self.locale)
        return [parts.lead, parts.range]

    def fill(self, words: str, window: Window, *, since: date) -> str:
        return words % values(window, since=since, today=self.on, dates=self.dates)


def _parts(facts: AnyFacts, reader: _Reader) -> list[str]:
    match facts:
        case Joined():
            return _joined(facts, reader)
        case Later() | Earlier():
            return _changed(facts, reader)
        case NoDate():
            return _no_date(facts, reader)
        case OnTrack():
            return _on_track(facts, reader)
        case Reserved():
            return _reserved(facts, reader)
        case Shipped():
            return _shipped(facts, reader)
        case Cancelled():
            return _cancelled(facts, reader)
        case Answered():
            return _answered(facts, reader)
        case ShipmentUndone():
            return _shipment_undone(facts, reader)
        case CancellationUndone():
            return _cancellation_undone(facts, reader)
        case ReceiptCorrected():
            return _receipt_corrected(facts, reader)
        case MovedInLine():
            return _moved(facts, reader)
        case Reminded():
            return _reminded(facts, reader)
        case ParcelNumbered():
            return [_numbered(facts, reader)]
        case DayPassed():
            return _day_passed(facts, reader)
        case StaffWord():
            return [_staff_word(facts.code)]
        case AllOrdersAsked() | LinkAsked():
            return _link(facts)


def _joined(facts: Joined, reader: _Reader) -> list[str]:
    joined = (
        gettext("You are in line: %(place)s.") % {"place": reader.ordinal(facts.place)}
        if facts.place
        else gettext("You are in line.")
    )
    return [joined, *reader.window(facts.window)]


def _changed(facts: Changed, reader: _Reader) -> list[str]:
    """The order people need when it is late: what you were told, now, why, your place."""
    return [
        _told(facts, reader),
        *_now(facts.window, reader),
        why(facts.reason),
        _place(facts, reader),
    ]


def _no_date(facts: Changed, reader: _Reader) -> list[str]:
    if facts.reason == Reason.PACKING:
        return [
            _told(facts, reader),
            checking_sentence(locale=reader.locale),
            _place(facts, reader),
        ]
    return [
        _told(facts, reader),
        _taken_back(facts.told, reader),
        why(facts.reason),
        _place(facts, reader),
    ]


def _taken_back(told: Window, reader: _Reader) -> str:
    if told.names_a_day and told.late and told.late >= reader.on:
        return gettext("That day was taken back, and we have no new one yet.")
    return gettext("It has no date now.")


def _reserved(facts: Reserved, reader: _Reader) -> list[str]:
    """Of the units still wanted."""
    units, still, wanted, window = facts.units, facts.still, facts.wanted, facts.window
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
    if window is None or window.late is None:
        return [arrived]
    if facts.told and facts.told.late and window.late > facts.told.late:
        return [arrived, _told(facts, reader), *_now(window, reader)]
    if facts.leaving > 1:
        return [
            arrived,
            gettext("They leave us by %(day)s.") % {"day": reader.day(window.late)},
        ]
    return [arrived, *reader.window(window)]


def _shipped(facts: Shipped, reader: _Reader) -> list[str]:
    numbers = {"units": reader.number(facts.units), "of": reader.number(facts.of)}
    if facts.shipped_on:
        numbers["day"] = reader.day(facts.shipped_on)
    crossed = _crossed(facts.crossed, reader) if facts.crossed else []
    return [_left(facts) % numbers, *crossed, _parcel(facts), _still(facts.still, reader)]


def _left(facts: Shipped) -> str:
    """Nobody knows the day of what left the shop before we were told."""
    if facts.units == facts.of:
        return gettext("Shipped on %(day)s.") if facts.shipped_on else gettext("Shipped.")
    if facts.shipped_on:
        return gettext("%(units)s of %(of)s shipped on %(day)s.")
    return ngettext(
        "%(units)s of %(of)s has shipped.", "%(units)s of %(of)s have shipped.", facts.units
    )


def _crossed(crossed: Crossed, reader: _Reader) -> list[str]:
    """A parcel and a cancellation crossed: which of them counts, and what becomes of the refund."""
    asked = crossed.by in ("customer", Choice.CANCEL)
    first = (
        gettext("It had already shipped when you canceled.")
        if asked
        else gettext("It had already shipped when it was canceled.")
    )
    if not crossed.kept:
        return [
            first,
            gettext("So the cancellation no longer applies, and there is no refund for it."),
            gettext("If you don't want it any more, write to us."),
        ]
    if crossed.by == Choice.WITHDRAW:
        said = gettext("Your withdrawal from the contract still stands.")
    elif crossed.left_first:
        said = first
    else:
        said = (
            gettext("It shipped although you had canceled it.")
            if asked
            else gettext("It shipped although it had been canceled.")
        )
    refund = ""
    if crossed.refund_sent:
        refund = gettext("Your refund has been sent.")
    elif crossed.refund_due_on:
        refund = gettext("Your refund will still be sent by %(day)s.") % {
            "day": reader.day(crossed.refund_due_on)
        }
    return [said, refund, gettext("We'll write to you about what to do with the parcel.")]


def _cancelled(facts: Cancelled, reader: _Reader) -> list[str]:
    numbers = {"units": reader.number(facts.units), "of": reader.number(facts.of)}
    if facts.answer_by:
        numbers["day"] = reader.day(facts.answer_by)
    if facts.by == Choice.WITHDRAW:
        numbers |= reader.date_and_time()
    cancelled = _cancelled_by(facts) % numbers
    refund = ""
    if facts.refund_sent:
        refund = gettext("Your refund has been sent.")
    elif facts.refund_due_on:
        refund = gettext("Your refund will be sent by %(day)s.") % {
            "day": reader.day(facts.refund_due_on)
        }
    return [cancelled, refund, _still(facts.still, reader), *_ready(facts.window, reader)]


def _cancelled_by(facts: Cancelled) -> str:
    if facts.units == facts.of and facts.by != Choice.WITHDRAW:
        return _all_cancelled_by(facts)
    match facts.by:
        case "customer" | Choice.CANCEL:
            return gettext("%(units)s of %(of)s cancelled, as you asked.")
        case Choice.WITHDRAW:
            return gettext(
                "Withdrawn from the contract: %(units)s of %(of)s, on %(date)s at %(time)s "
                "(%(zone)s)."
            )
        case "silence" if facts.answer_by:
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


def _all_cancelled_by(facts: Cancelled) -> str:
    match facts.by:
        case "customer" | Choice.CANCEL:
            return gettext("Cancelled, as you asked.")
        case "silence" if facts.answer_by:
            return gettext("Cancelled, as we had not heard from you by %(day)s.")
        case "silence":
            return gettext("Cancelled, as we had not heard from you.")
        case "discontinued":
            return gettext("Cancelled: we cannot get it any more. We are sorry.")
    return gettext("Cancelled.")


def _shipment_undone(facts: ShipmentUndone, reader: _Reader) -> list[str]:
    return [
        gettext("We are sorry: a parcel was recorded by mistake."),
        ngettext(
            "%(units)s has not left and is still set aside for you.",
            "%(units)s have not left and are still set aside for you.",
            facts.units,
        )
        % {"units": reader.number(facts.units)},
        *_ready(facts.window, reader),
    ]


def _cancellation_undone(facts: CancellationUndone, reader: _Reader) -> list[str]:
    return [
        ngettext(
            "The cancellation of %(units)s was undone: it waits again, in its old place.",
            "The cancellation of %(units)s was undone: they wait again, in their old place.",
            facts.units,
        )
        % {"units": reader.number(facts.units)},
        ngettext("Its refund will not be sent.", "Their refund will not be sent.", facts.units),
        *([] if isinstance(facts.agreed_by, Unsaid) else _agreed(facts.agreed_by, reader)),
    ]


def _receipt_corrected(facts: ReceiptCorrected, reader: _Reader) -> list[str]:
    sorry = gettext(
        "We are sorry: fewer had arrived than we counted, and yours was among those missing."
    )
    window = facts.window
    if window.late and facts.told.late == window.late:
        return [sorry, *reader.window(window), _place(facts, reader)]
    now = _no_date if window.kind == "none" else _changed
    return [sorry, *now(replace(facts, reason=None), reader)]


def _ready(window: Window | None, reader: _Reader) -> list[str]:
    """When all that is left of a line is set aside: the day it ships."""
    return reader.window(window) if window else []


def _on_track(facts: OnTrack, reader: _Reader) -> list[str]:
    window, mailed = facts.window, facts.mailed
    now = reader.window(window, since=facts.told_on)
    day = {"day": reader.day(facts.told_on)}
    if window.names_a_day:  # the place may have
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
    return [unchanged, *now, _place(facts, reader)]


def _answered(facts: Answered, reader: _Reader) -> list[str]:
    kept = gettext("You keep your place in line. Thank you for telling us.")
    return [kept, *_agreed(facts.agreed_by, reader)]


def _agreed(day: date | None, reader: _Reader) -> list[str]:
    if day:
        return [gettext("The date agreed is now %(day)s.") % {"day": reader.day(day)}]
    return [
        gettext("You agreed to wait without a date."),
        gettext("You can still cancel at any time before it ships."),
    ]


def _moved(facts: MovedInLine, reader: _Reader) -> list[str]:
    return [
        gettext("We moved you in the line: you are %(place)s now, and were %(before)s.")
        % {
            "place": reader.ordinal(facts.place),
            "before": reader.ordinal(facts.place_before),
        },
        _why_moved(facts.why),
    ]


def _reminded(facts: Reminded, reader: _Reader) -> list[str]:
    return [
        gettext("A reminder: we have not heard from you, and need your answer by %(day)s.")
        % {"day": reader.day(facts.answer_by)}
    ]


def _day_passed(facts: DayPassed, reader: _Reader) -> list[str]:
    return [
        gettext("The agreed date, %(day)s, has passed and it hasn't shipped. We're sorry.")
        % {"day": reader.day(facts.agreed_by)},
        gettext("You can cancel right away for a full refund, or keep your place."),
    ]


def _staff_word(code: str) -> str:
    match code:
        case Word.LOOKING_INTO:
            return gettext("We are looking into your order and will come back to you.")
        case Word.ASKED_SUPPLIER:
            return gettext(
                "We have asked the supplier for news of your order. You will hear from us "
                "when we know more."
            )
        case Word.ANSWERED_BY_MAIL:
            return gettext(
                "We have answered your question by mail. If you cannot find our answer, "
                "please write to us again."
            )
    return gettext("Something about your order was noted.")


def _numbered(facts: ParcelNumbered, reader: _Reader) -> str:
    """The number came after the parcel had left, or the carrier has given it another."""
    words = _parcel_words(facts) | {
        "units": reader.number(facts.units),
        "of": reader.number(facts.of),
    }
    part = facts.units < facts.of
    if not words["number"]:
        return gettext("Your parcel was sent with %(carrier)s.") % words
    if facts.changed:
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


def _link(facts: AllOrdersAsked | LinkAsked) -> list[str]:
    if isinstance(facts, AllOrdersAsked):
        asked = gettext(
            "Somebody asked for a link to all your orders. It goes to your mail address only."
        )
    else:
        asked = gettext(
            "Somebody asked for the link that lets you answer and cancel. It goes to your mail "
            "address only."
        )
    return [asked, gettext("If that was not you, you need do nothing.")]


def _told(facts: ToldBefore, reader: _Reader) -> str:
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
                "We told you there was a %(later_chance)s chance that it would ship by %(later)s."
            )
        return gettext(
            "We told you there was a %(soon_chance)s chance that it would ship by %(soon)s, "
            "and a %(later_chance)s chance by %(later)s."
        )
    if window.late is None or window.kind in ("open", "chances"):
        return gettext("We told you we couldn't name a date yet.")
    if window.kind == "unrated":
        return gettext("We told you it would ship by %(late)s, according to our supplier.")
    return gettext("We told you it would ship by %(late)s.")


def _told_by_page(window: Window) -> str:
    if window.kind == "none":
        return gettext("Your order page showed no ship date.")
    if window.kind == "chances" and has_chances(window):
        if not has_chance_soon(window):
            return gettext(
                "Your order page showed a %(later_chance)s chance that it would ship by %(later)s."
            )
        return gettext(
            "Your order page showed a %(soon_chance)s chance that it would ship by %(soon)s, "
            "and a %(later_chance)s chance by %(later)s."
        )
    if window.late is None or window.kind in ("open", "chances"):
        return gettext("Your order page showed no latest date.")
    if window.kind == "unrated":
        return gettext("Your order page said it would ship by %(late)s, according to our supplier.")
    return gettext("Your order page said it would ship by %(late)s.")


def _now(window: Window, reader: _Reader) -> list[str]:
    """What is true instead. Its certainty is not repeated."""
    parts = window_parts(window, since=reader.on, locale=reader.locale)
    if not window.names_a_day or window.late is None or window.late < reader.on:
        return [parts.lead, parts.range]
    lead = (
        gettext("It's now due to ship by %(late)s, according to our supplier.")
        if window.kind == "unrated"
        else gettext("It's now due to ship by %(late)s.")
    )
    return [reader.fill(lead, window, since=reader.on), parts.range]


def _place(facts: Promised, reader: _Reader) -> str:
    """Said to be unchanged only if it is."""
    place, before = facts.place, facts.place_before
    if not place:
        return gettext("Yours stays set aside for you.") if facts.reason == Reason.PACKING else ""
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


def _parcel_words(facts: Shipped | ParcelNumbered) -> dict[str, str]:
    return {
        "carrier": isolated(visible(facts.carrier)),
        "number": isolated(visible(facts.tracking_number)),
    }


def _parcel(facts: Shipped) -> str:
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


# Of the person moved nothing is said that others could know them by.
WHY_MOVED = {
    MoveReason.REPLACEMENT: gettext_lazy("Why: it replaces an item that arrived damaged."),
    MoveReason.PROMISED: gettext_lazy("Why: we had promised that order an earlier place."),
    MoveReason.OUR_MISTAKE: gettext_lazy("Why: we corrected a mistake in our records."),
    MoveReason.URGENT: gettext_lazy("Why: a medical or other urgent need."),
    MoveReason.OTHER: gettext_lazy("Why: an exception we made for reasons we keep private."),
}


def _why_moved(why: str | None) -> str:
    return str(WHY_MOVED[MoveReason(why)]) if why in WHY_MOVED else ""


def queue_change_sentence(
    kind: str,
    reason: str,
    *,
    why: str = "",
    lines: int,
    units: int,
    locale: str,
    places: tuple[int, int] | None = None,
    people: int = 1,
) -> str:
    """Why a place fell (moved_up) or rose (passed_by), without names. `lines` left or came in
    ahead; 0: only units of `people` whose orders stay, so that the place is the same. `places`:
    before and after, where both are known. `why`: the code of staff who moved someone."""
    with in_language(locale) as dates:
        moved = _moved_up(lines) if kind == EventKind.MOVED_UP else _passed_by(lines)
        table = moved if lines else _same_place(units, people)
        words = table.get(Reason(reason)) or _place_changed(kind)
        said = words % {
            "lines": number_words(lines, locale=dates),
            "units": number_words(units, locale=dates),
        }
        passed = kind == EventKind.PASSED_BY
        parts = (
            said,
            _why_moved(why) if passed else "",
            _places(*places, dates) if passed and places else "",
        )
        return " ".join(filter(None, parts))


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
        # If several came at once, not all of them need be ahead of this reader.
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
