"""An event in words, for page, email and staff alike."""

import re

from django.utils.translation import gettext

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
    ReceiptCorrected,
    Reminded,
    Reserved,
    ShipmentUndone,
    Shipped,
    StaffWord,
    ToldBefore,
)
from orders.models import Event, RestockNote, Word
from orders.words.bidi import isolated, visible
from orders.words.cancellations import cancellation_undone, cancelled, crossing
from orders.words.days import in_language
from orders.words.parcels import numbered, reserved, shipment_undone, shipped
from orders.words.promised import (
    agreed,
    changed,
    joined,
    no_date,
    on_track,
    receipt_corrected,
    told,
)
from orders.words.reader import Reader
from orders.words.reasons import why_changed, why_moved

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
        return [part for part in _parts(event.details, Reader(event, locale, dates)) if part]


def told_sentence(event: Event, *, locale: str) -> str:
    """The one of these that names what was told before. The next one says what is true now."""
    details = event.details
    if not isinstance(details, ToldBefore):
        return ""
    with in_language(locale) as dates:
        return told(details, Reader(event, locale, dates))


def why_sentence(event: Event, *, locale: str) -> str:
    """The one of these that says why a promise changed."""
    details = event.details
    if not isinstance(details, Changed):
        return ""
    with in_language(locale):
        return why_changed(details)


def still_sentence(event: Event, *, locale: str) -> str:
    """The one of these that says how many are still to come. An email with several parcels says it
    once, at the end."""
    details = event.details
    if not isinstance(details, Counted):
        return ""
    with in_language(locale) as dates:
        return Reader(event, locale, dates).still_to_come(details.still)


def crossed_sentence(event: Event, crossed: Crossed, *, locale: str) -> str:
    """What it says about a cancellation that the parcel crossed. A page says it beside what has
    shipped."""
    with in_language(locale) as dates:
        return " ".join(filter(None, crossing(crossed, Reader(event, locale, dates))))


def _parts(facts: AnyFacts, reader: Reader) -> list[str]:
    match facts:
        case Joined():
            return joined(facts, reader)
        case Later() | Earlier():
            return changed(facts, reader)
        case NoDate():
            return no_date(facts, reader)
        case OnTrack():
            return on_track(facts, reader)
        case Reserved():
            return reserved(facts, reader)
        case Shipped():
            return shipped(facts, reader)
        case Cancelled():
            return cancelled(facts, reader)
        case Answered():
            return _answered(facts, reader)
        case ShipmentUndone():
            return shipment_undone(facts, reader)
        case CancellationUndone():
            return cancellation_undone(facts, reader)
        case ReceiptCorrected():
            return receipt_corrected(facts, reader)
        case MovedInLine():
            return _moved(facts, reader)
        case Reminded():
            return _reminded(facts, reader)
        case ParcelNumbered():
            return [numbered(facts, reader)]
        case DayPassed():
            return _day_passed(facts, reader)
        case FromShop():
            return [_from_shop(reader.event)]
        case StaffWord():
            return [_staff_word(facts.code)]
        case AllOrdersAsked() | LinkAsked():
            return _link(facts)


def _answered(facts: Answered, reader: Reader) -> list[str]:
    kept = gettext("You're keeping your place in line. Thank you for letting us know.")
    return [kept, *agreed(facts.agreed_by, reader)]


def _moved(facts: MovedInLine, reader: Reader) -> list[str]:
    return [
        gettext("We've moved you in the line: you're now %(place)s (you were %(before)s).")
        % {
            "place": reader.ordinal(facts.place),
            "before": reader.ordinal(facts.place_before),
        },
        why_moved(facts.why),
    ]


def _reminded(facts: Reminded, reader: Reader) -> list[str]:
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


def _day_passed(facts: DayPassed, reader: Reader) -> list[str]:
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


def _link(facts: AllOrdersAsked | LinkAsked) -> list[str]:
    if isinstance(facts, AllOrdersAsked):
        asked = gettext(
            "Someone asked for a link to all your orders. We sent it to your email address only."
        )
    elif facts.replaces:
        return [gettext("Links in our earlier emails no longer work. We've emailed you a new one.")]
    else:
        asked = gettext(
            "Someone asked for the link that lets you answer and cancel. We sent it to your "
            "email address only."
        )
    return [asked, gettext("If this wasn't you, you can ignore it.")]
