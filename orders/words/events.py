"""An event in words, for page, email and staff alike. The reason line is here, too (WHY)."""

import re
from datetime import date

from babel import Locale
from babel.dates import format_time
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
    FromShop,
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
from orders.models import (
    Choice,
    Event,
    EventKind,
    MoveReason,
    Reason,
    RestockNote,
    Word,
)
from orders.words.bidi import isolated, visible
from orders.words.days import (
    date_words,
    day_words,
    in_language,
    number_words,
    ordinal,
    zone_of,
    zone_words,
)
from orders.words.lines import owed_sentence
from orders.words.money import money_in
from orders.words.windows import (
    checking_sentence,
    has_chance_soon,
    has_chances,
    values,
    window_parts,
)

_DOT_IN_ADDRESS = re.compile(r"(?<=\w)\.(?=[^\W\d]{2})")


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


def why_sentence(event: Event, *, locale: str) -> str:
    """The one of these that says why a promise changed."""
    details = event.details
    if not isinstance(details, Changed):
        return ""
    with in_language(locale):
        return _why(details)


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
            "date": date_words(at.date(), with_year=True, locale=self.dates),
            "time": format_time(at, "short", locale=self.dates),
            "zone": zone_words(at.tzinfo, locale=self.dates),
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
        case FromShop():
            return [_from_shop(reader.event)]
        case StaffWord():
            return [_staff_word(facts.code)]
        case AllOrdersAsked() | LinkAsked():
            return _link(facts)


def _joined(facts: Joined, reader: _Reader) -> list[str]:
    joined = (
        gettext("You're %(place)s in line.") % {"place": reader.ordinal(facts.place)}
        if facts.place
        else gettext("You're in line.")
    )
    return [joined, *reader.window(facts.window)]


def _changed(facts: Changed, reader: _Reader) -> list[str]:
    """The order people need when it is late: what you were told, now, why, your place."""
    clearer = isinstance(facts, Earlier) and facts.is_clearer
    return [
        _told(facts, reader),
        *(_first_day(facts.window, reader) if clearer else _now(facts.window, reader)),
        _why(facts),
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
        _why(facts),
        _place(facts, reader),
    ]


def _taken_back(told: Window, reader: _Reader) -> str:
    if told.names_a_day and told.late and told.late >= reader.on:
        return gettext("That date no longer stands, and we don't have a new one yet.")
    return gettext("There's no ship date at the moment.")


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
                "%(units)s of your %(of)s items has arrived and is reserved for you.",
                "%(units)s of your %(of)s items have arrived and are reserved for you.",
                units,
            )
            % numbers,
            _still(still, reader),
        ]
    arrived = _all_arrived(units, wanted) % numbers
    if window is None or window.late is None:
        return [arrived]
    if facts.told and facts.told.late and window.late > facts.told.late:
        late = gettext("Why: the delivery arrived later than we expected.")
        return [arrived, _told(facts, reader), *_now(window, reader), late]
    if facts.leaving > 1:
        return [
            arrived,
            gettext("They ship by %(day)s.") % {"day": reader.day(window.late)},
        ]
    return [arrived, *reader.window(window)]


def _all_arrived(units: int, wanted: int) -> str:
    """`units` of `wanted` have arrived, and no more are to come."""
    if wanted == 1:
        return gettext("Your item has arrived and is reserved for you.")
    if units == wanted == 2:
        return gettext("Both items have arrived and are reserved for you.")
    if units == wanted:
        return ngettext(
            "All %(of)s items have arrived and are reserved for you.",
            "All %(of)s items have arrived and are reserved for you.",
            wanted,
        )
    return ngettext(
        "The last of your %(of)s items has arrived and is reserved for you.",
        "The last %(units)s of your %(of)s items have arrived and are reserved for you.",
        units,
    )


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
        return ngettext(
            "%(units)s of %(of)s items shipped on %(day)s.",
            "%(units)s of %(of)s items shipped on %(day)s.",
            facts.units,
        )
    return ngettext(
        "%(units)s of %(of)s items has shipped.",
        "%(units)s of %(of)s items have shipped.",
        facts.units,
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
            gettext("So the cancellation no longer applies, and there's no refund for it."),
            gettext("If you no longer want it, please contact us."),
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
    return [
        said,
        _refund(crossed, reader, still=True),
        gettext("We'll be in touch about what to do with the parcel."),
    ]


def _cancelled(facts: Cancelled, reader: _Reader) -> list[str]:
    numbers = {"units": reader.number(facts.units), "of": reader.number(facts.of)}
    if facts.answer_by:
        numbers["day"] = reader.day(facts.answer_by)
    if facts.by == Choice.WITHDRAW:
        numbers |= reader.date_and_time()
    cancelled = _cancelled_by(facts) % numbers
    return [
        cancelled,
        _refund(facts, reader),
        _still(facts.still, reader),
        *_ready(facts.window, reader),
    ]


def _refund(facts: Cancelled | Crossed, reader: _Reader, *, still: bool = False) -> str:
    """How much, how and by when, as far as the shop has told us. `still`: it might seem lost."""
    if facts.refund is None:
        if facts.refund_sent:
            return gettext("Your refund has been sent.")
        if facts.refund_due_on is None:
            return ""
        words = (
            gettext("We'll still send your refund by %(day)s.")
            if still
            else gettext("We'll send your refund by %(day)s.")
        )
        return words % {"day": reader.day(facts.refund_due_on)}
    amount = {"amount": money_in(facts.refund, reader.dates)}
    if facts.refund_sent:
        return gettext("We've refunded %(amount)s to your original payment method.") % amount
    if facts.refund_due_on is None:
        return ""
    words = (
        gettext("We'll still refund %(amount)s to your original payment method by %(day)s.")
        if still
        else gettext("We'll refund %(amount)s to your original payment method by %(day)s.")
    )
    return words % {**amount, "day": reader.day(facts.refund_due_on)}


def _cancelled_by(facts: Cancelled) -> str:
    if facts.units == facts.of and facts.by != Choice.WITHDRAW:
        return _all_cancelled_by(facts)
    match facts.by:
        case "customer" | Choice.CANCEL:
            return ngettext(
                "%(units)s of %(of)s items canceled, as you asked.",
                "%(units)s of %(of)s items canceled, as you asked.",
                facts.units,
            )
        case Choice.WITHDRAW:
            return _withdrawn(facts)
        case "silence":
            return _silenced(facts)
        case "discontinued":
            return ngettext(
                "%(units)s of %(of)s items canceled: we can no longer get them. We're sorry.",
                "%(units)s of %(of)s items canceled: we can no longer get them. We're sorry.",
                facts.units,
            )
        case "staff":
            return ngettext(
                "We've canceled %(units)s of %(of)s items, and we're sorry.",
                "We've canceled %(units)s of %(of)s items, and we're sorry.",
                facts.units,
            )
    return ngettext(
        "%(units)s of %(of)s items canceled.", "%(units)s of %(of)s items canceled.", facts.units
    )


def _silenced(facts: Cancelled) -> str:
    if facts.answer_by:
        return ngettext(
            "%(units)s of %(of)s items canceled, because we didn't hear from you by %(day)s.",
            "%(units)s of %(of)s items canceled, because we didn't hear from you by %(day)s.",
            facts.units,
        )
    return ngettext(
        "%(units)s of %(of)s items canceled, because we didn't hear from you.",
        "%(units)s of %(of)s items canceled, because we didn't hear from you.",
        facts.units,
    )


def _withdrawn(facts: Cancelled) -> str:
    if facts.units < facts.of:
        return ngettext(
            "You have withdrawn from the contract for %(units)s of %(of)s items, on %(date)s at "
            "%(time)s (%(zone)s).",
            "You have withdrawn from the contract for %(units)s of %(of)s items, on %(date)s at "
            "%(time)s (%(zone)s).",
            facts.units,
        )
    return ngettext(
        "You have withdrawn from the contract for %(units)s item, on %(date)s at %(time)s "
        "(%(zone)s).",
        "You have withdrawn from the contract for %(units)s items, on %(date)s at %(time)s "
        "(%(zone)s).",
        facts.units,
    )


def _all_cancelled_by(facts: Cancelled) -> str:
    match facts.by:
        case "customer" | Choice.CANCEL:
            return gettext("Canceled, as you asked.")
        case "silence" if facts.answer_by:
            return gettext("Canceled, because we didn't hear from you by %(day)s.")
        case "silence":
            return gettext("Canceled, because we didn't hear from you.")
        case "discontinued":
            return gettext("Canceled: we can no longer get this product. We're sorry.")
        case "staff":
            return gettext("We've canceled this, and we're sorry.")
    return gettext("Canceled.")


def _shipment_undone(facts: ShipmentUndone, reader: _Reader) -> list[str]:
    return [
        gettext("We're sorry: we recorded a shipment by mistake."),
        ngettext(
            "%(units)s item hasn't shipped and is still reserved for you.",
            "%(units)s items haven't shipped and are still reserved for you.",
            facts.units,
        )
        % {"units": reader.number(facts.units)},
        *_ready(facts.window, reader),
    ]


def _cancellation_undone(facts: CancellationUndone, reader: _Reader) -> list[str]:
    return [
        ngettext(
            "You're back in line, in your old place: we've reversed the cancellation of %(units)s "
            "item.",
            "You're back in line, in your old place: we've reversed the cancellation of %(units)s "
            "items.",
            facts.units,
        )
        % {"units": reader.number(facts.units)},
        gettext("We won't send the refund."),
        *([] if isinstance(facts.agreed_by, Unsaid) else _agreed(facts.agreed_by, reader)),
    ]


def _receipt_corrected(facts: ReceiptCorrected, reader: _Reader) -> list[str]:
    sorry = ngettext(
        "We're sorry: your item isn't here after all.",
        "We're sorry: %(units)s of your items aren't here after all.",
        facts.units,
    ) % {"units": reader.number(facts.units)}
    window = facts.window
    if window.late and facts.told.late == window.late:
        return [sorry, *reader.window(window), _why(facts), _place(facts, reader)]
    now = _no_date if window.kind == "none" else _changed
    return [sorry, *now(facts, reader)]


def _ready(window: Window | None, reader: _Reader) -> list[str]:
    """When all that is left of a line is set aside: the day it ships."""
    return reader.window(window) if window else []


def _on_track(facts: OnTrack, reader: _Reader) -> list[str]:
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


def _answered(facts: Answered, reader: _Reader) -> list[str]:
    kept = gettext("You're keeping your place in line. Thank you for letting us know.")
    return [kept, *_agreed(facts.agreed_by, reader)]


def _agreed(day: date | None, reader: _Reader) -> list[str]:
    if day:
        return [gettext("The agreed date is now %(day)s.") % {"day": reader.day(day)}]
    return [
        gettext("You agreed to wait without a fixed date."),
        gettext("You can still cancel at any time before it ships."),
    ]


def _moved(facts: MovedInLine, reader: _Reader) -> list[str]:
    return [
        gettext("We've moved you in the line: you're now %(place)s (you were %(before)s).")
        % {
            "place": reader.ordinal(facts.place),
            "before": reader.ordinal(facts.place_before),
        },
        _why_moved(facts.why),
    ]


def _reminded(facts: Reminded, reader: _Reader) -> list[str]:
    asks = (
        gettext("Reminder: we haven't heard from you yet. Please answer by %(day)s.")
        % {"day": reader.day(facts.answer_by)}
        if facts.answer_by
        else gettext("Reminder: we haven't heard from you yet.")
    )
    return [
        asks,
        gettext("If you pressed a button in our email, please confirm on the page that it opens."),
    ]


def _day_passed(facts: DayPassed, reader: _Reader) -> list[str]:
    return [
        gettext("The agreed date, %(day)s, has passed and it hasn't shipped. We're sorry.")
        % {"day": reader.day(facts.agreed_by)},
        gettext("You can cancel right away for a full refund, or keep your place."),
    ]


def _from_shop(event: Event) -> str:
    """In quotation marks: these words are not ours."""
    note = event.restock_note
    if note is None or not note.shown:
        return gettext("A message about your delivery was removed.")
    return gettext("About your delivery: “%(text)s”") % {"text": note_words(note)}


def note_words(note: RestockNote) -> str:
    """Nothing in it looks like an address, of which email programs make a link by themselves."""
    apart = note.text.replace("://", ": //")
    return isolated(_DOT_IN_ADDRESS.sub(".\u200b", visible(apart)))


def _staff_word(code: str) -> str:
    match code:
        case Word.LOOKING_INTO:
            return gettext("We're looking into your order and will get back to you.")
        case Word.ASKED_SUPPLIER:
            return gettext(
                "We've asked our supplier for an update on your order. You'll hear from us when we "
                "know more."
            )
        case Word.ANSWERED_BY_MAIL:
            return gettext(
                "We've answered your question by email. If you can't find our answer, please "
                "contact us again."
            )
    return gettext("We've added a note to your order.")


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
            "Someone asked for a link to all your orders. We sent it to your email address only."
        )
    else:
        asked = gettext(
            "Someone asked for the link that lets you answer and cancel. We sent it to your "
            "email address only."
        )
    return [asked, gettext("If this wasn't you, you can ignore it.")]


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


def _now(window: Window, reader: _Reader) -> list[str]:
    """What is true instead. Its certainty is not repeated."""
    parts = window_parts(window, since=reader.on, locale=reader.locale, changed=True)
    return [parts.lead, parts.range]


def _first_day(window: Window, reader: _Reader) -> list[str]:
    """Where no day was told before: what we can name now is news, and not a change."""
    if not window.names_a_day or window.late is None or window.late < reader.on:
        return _now(window, reader)
    lead = (
        gettext("We can now name a date, according to our supplier: it ships by %(late)s.")
        if window.kind == "unrated"
        else gettext("We can now name a date: it ships by %(late)s.")
    )
    parts = window_parts(window, since=reader.on, locale=reader.locale)
    return [reader.fill(lead, window, since=reader.on), parts.range]


def _why(facts: Changed) -> str:
    """Every change has a reason, also one that no code was kept for: then the one that is true of
    every window of its kind."""
    if facts.reason == Reason.ARRIVED and not facts.told.names_a_day:
        return gettext("Why: a delivery has arrived, so we can say more about the next one.")
    if said := why(facts.reason):
        return said
    return (
        gettext("Why: no delivery that covers your order is on its way yet.")
        if facts.window.kind == "none"
        else gettext("Why: we've updated our estimate with what we know today.")
    )


def _place(facts: Promised, reader: _Reader) -> str:
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


def _still_reserved(units: int, reader: _Reader) -> str:
    return ngettext(
        "Your item is still reserved for you.",
        "Your %(units)s items are still reserved for you.",
        units,
    ) % {"units": reader.number(units)}


def _still(units: int, reader: _Reader) -> str:
    if not units:
        return ""
    return ngettext(
        "%(units)s item is still to come.", "%(units)s items are still to come.", units
    ) % {"units": reader.number(units)}


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
    Reason.SUPPLIER_LATE: gettext_lazy("Why: our supplier is sending it later than planned."),
    Reason.PRODUCTION: gettext_lazy("Why: production is taking longer than planned."),
    Reason.CUSTOMS: gettext_lazy("Why: the delivery is being held at customs."),
    Reason.TRANSPORT: gettext_lazy("Why: the delivery has been held up on its way to us."),
    Reason.QUALITY: gettext_lazy("Why: the items didn't pass our quality check."),
    Reason.SHORT_DELIVERY: gettext_lazy("Why: we received fewer items than we ordered."),
    Reason.SUPPLIER_EARLY: gettext_lazy("Why: our supplier is early."),
    Reason.DELIVERY_CANCELLED: gettext_lazy("Why: a delivery was canceled."),
    Reason.NEW_DELIVERY: gettext_lazy("Why: we've ordered another delivery."),
    Reason.NOT_ARRIVED: gettext_lazy("Why: the delivery hasn't arrived yet."),
    Reason.SUPPLIER_RECORD: gettext_lazy(
        "Why: we've updated our estimate based on how long similar deliveries have taken."
    ),
    Reason.LATE_JOIN: gettext_lazy(
        "Why: an older order reached us late and is ahead of you in line."
    ),
    Reason.MOVED: gettext_lazy("Why: we moved an order in the line."),
    Reason.RECEIPT_CORRECTED: gettext_lazy("Why: fewer items had arrived than we counted."),
    Reason.CANCELLATION: gettext_lazy("Why: someone ahead of you canceled."),
    Reason.RESTORED: gettext_lazy("Why: a canceled order is back in line, ahead of you."),
    Reason.ARRIVED: gettext_lazy("Why: a delivery has arrived."),
    Reason.PACKING: gettext_lazy("Why: it's here, but our warehouse hasn't packed it yet."),
    Reason.CLERICAL: gettext_lazy("Why: we corrected a date that we'd recorded wrong."),
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
    return gettext("You moved from %(before)s to %(place)s in line.") % {
        "before": ordinal(before, locale=dates),
        "place": ordinal(after, locale=dates),
    }


def _moved_up(lines: int) -> dict[Reason, str]:
    return {
        Reason.ARRIVED: ngettext(
            "You moved up %(lines)s place: a delivery arrived.",
            "You moved up %(lines)s places: a delivery arrived.",
            lines,
        ),
        Reason.CANCELLATION: ngettext(
            "You moved up %(lines)s place: someone ahead of you canceled.",
            "You moved up %(lines)s places: people ahead of you canceled.",
            lines,
        ),
        Reason.MOVED: gettext("You moved up: we moved an order further back."),
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
            "An older order reached us late. It was paid before yours, so it's ahead of you.",
            "Older orders reached us late. They were paid before yours, so they're ahead of you.",
            lines,
        ),
        Reason.MOVED: gettext("We moved an order ahead of yours."),
        Reason.RECEIPT_CORRECTED: ngettext(
            "Fewer items had arrived than we counted, so %(lines)s person ahead of you is waiting "
            "again.",
            "Fewer items had arrived than we counted, so %(lines)s people ahead of you are waiting "
            "again.",
            lines,
        ),
        Reason.RESTORED: gettext("A canceled order is back in its old place, ahead of you."),
    }


def _same_place(units: int, people: int) -> dict[Reason, str]:
    return {
        Reason.CANCELLATION: ngettext(
            "People ahead of you canceled parts of their orders, so %(units)s fewer item is needed "
            "before it's your turn.",
            "People ahead of you canceled parts of their orders, so %(units)s fewer items are "
            "needed before it's your turn.",
            units,
        )
        if people > 1
        else ngettext(
            "Someone ahead of you canceled part of their order, so %(units)s fewer item is needed "
            "before it's your turn.",
            "Someone ahead of you canceled part of their order, so %(units)s fewer items are "
            "needed before it's your turn.",
            units,
        ),
        Reason.RESTORED: ngettext(
            "A canceled part of an order ahead of you is back in line, so %(units)s more item is "
            "needed before it's your turn.",
            "A canceled part of an order ahead of you is back in line, so %(units)s more items are "
            "needed before it's your turn.",
            units,
        ),
    }


def _place_changed(kind: str) -> str:
    return (
        gettext("The line ahead of you got shorter.")
        if kind == EventKind.MOVED_UP
        else gettext("The line ahead of you got longer.")
    )
