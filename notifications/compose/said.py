"""What an email says of an event, sentence by sentence: those of orders.words, as the page has
them, each with what it is for, so that the one customers look for stands out."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from notifications.compose.lines import EventTold
from notifications.compose.one_line import MAX_NAME_LENGTH, plain
from orders.domain import facts
from orders.domain.supply import Window
from orders.models import Event, OrderLine, Promise, Reason, RestockNote
from orders.transit import arrives_by
from orders.words import (
    arrival_sentence,
    isolated,
    meanwhile_sentence,
    sentences,
    still_sentence,
    told_sentence,
    tracking_link,
    why_chances_sentence,
    window_of,
    window_parts,
)

MAX_PICTURE_WIDTH = 512


@dataclass(frozen=True, slots=True)
class Picture:
    """`url` is absolute; `width` in CSS pixels. Some programs know no greatest width."""

    url: str
    width: int


@dataclass(frozen=True, slots=True)
class ParcelLink:
    """`number` tells it from the others of an email; empty if there is only one."""

    url: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class ItemSentence:
    """A sentence. `told`: it names what is true no longer; `now`: it answers by when, or how much,
    and `late` does so after a delay; `aside`: it says how early. `how_sure` is said of that day,
    and `with_you` by when it arrives. `picture`: what the shop shows with its words; `parcel`:
    where to follow the one it names, once in an email."""

    words: str
    role: Literal["told", "now", "late", "aside", ""] = ""
    how_sure: str = ""
    with_you: str = ""
    picture: Picture | None = None
    parcel: ParcelLink | None = None


def event_said(of: EventTold, today: date, *, sorry: bool, locale: str) -> list[ItemSentence]:
    """The page's sentences in its order, one part a line: what we told, what is true now, the
    reason, that we are sorry, and the place."""
    event, details = of.event, of.event.details
    if isinstance(details, facts.Reminded):
        return []  # the first sentence of the email says it
    words = sentences(event, locale=locale)
    if not of.says_still:
        words = [text for text in words if text != still_sentence(event, locale=locale)]
    said = [ItemSentence(text) for text in words]
    if isinstance(details, facts.FromShop):
        said[0] = replace(said[0], picture=_picture_of(event.restock_note))
    if isinstance(details, facts.Shipped | facts.ParcelNumbered):
        said = _tracked(details, said)
    told = told_sentence(event, locale=locale)
    if told in words:
        said[words.index(told)] = ItemSentence(told, "told")
    if isinstance(
        details, facts.Promised | facts.Reserved | facts.Cancelled | facts.ShipmentUndone
    ):
        said = _with_answer(event, said, today, locale=locale)
        if of.bad:
            said = [replace(part, role="late") if part.role == "now" else part for part in said]
    if isinstance(details, facts.Cancelled) and details.by in ("staff", "shop"):
        said.append(
            ItemSentence(
                gettext("If you didn't expect this, reply to this email and we'll explain.")
            )
        )
    if isinstance(details, facts.Shipped) and of.says_still:
        said[1:1] = _arrival(details, event, today, locale=locale)
    if sorry:
        last = _names_place(details)
        said.insert(len(said) - last, ItemSentence(gettext("We're sorry about the delay.")))
    return said


def _tracked(
    details: facts.Shipped | facts.ParcelNumbered, said: list[ItemSentence]
) -> list[ItemSentence]:
    """With the page of the carrier, if it is known, after the sentence that names the parcel."""
    url = tracking_link(details.carrier, details.tracking_number)
    if not url:
        return said
    number = isolated(plain(details.tracking_number, MAX_NAME_LENGTH))
    names_it = (n for n, part in enumerate(said) if details.tracking_number in part.words)
    at = next(names_it, len(said) - 1)
    said[at] = replace(said[at], parcel=ParcelLink(url, number))
    return said


def _picture_of(note: RestockNote | None) -> Picture | None:
    if note is None or not note.picture_name:
        return None
    address = reverse("note_picture", args=[note.picture_name])
    return Picture(urljoin(settings.SITE_URL, address), min(note.width, MAX_PICTURE_WIDTH))


def _with_answer(
    event: Event, said: list[ItemSentence], today: date, *, locale: str
) -> list[ItemSentence]:
    """The sentence that customers open the email for is marked: when it ships, with when it
    arrives, or when the refund comes. After it comes how sure that is."""
    details, words = event.details, [part.words for part in said]
    window = getattr(details, "window", None)
    parts = window and window_parts(
        window, since=getattr(details, "told_on", None) or _day_of(event), today=_day_of(event),
        locale=locale,
    )  # fmt: skip
    after_told = [n + 1 for n, part in enumerate(said) if part.role == "told"]
    if after_told:
        now = after_told[0]
    elif parts and parts.lead in words:
        now = words.index(parts.lead)
    elif isinstance(details, facts.Reserved) and window:
        now = len(words) - 1
    elif isinstance(details, facts.Cancelled) and details.refund_due_on:
        now = 1
    else:
        return said
    with_you = with_you_words(event.line, window, today, locale=locale) if window else ""
    said[now] = ItemSentence(words[now], "now", with_you=with_you)
    if not window or not parts:
        return said
    if parts.range in words and window.names_a_day:
        said[words.index(parts.range)] = ItemSentence(parts.range, "aside")
    if not isinstance(details, facts.Joined | facts.OnTrack):
        return said
    said[now] = replace(said[now], how_sure=parts.certainty)
    if window.kind == "chances":
        why = ItemSentence(why_chances_sentence(locale=locale), "aside")
        said.insert(words.index(parts.range) + 1, why)
    return said


def _arrival(
    details: facts.Shipped, event: Event, today: date, *, locale: str
) -> list[ItemSentence]:
    if details.shipped_on is None or details.crossed:
        return []
    arrival = arrives_by(details.shipped_on, event.order.country)
    return [ItemSentence(arrival_sentence(arrival, today=today, locale=locale), "now")]


def with_you_words(line: OrderLine | None, window: Window, today: date, *, locale: str) -> str:
    """By when it arrives, beside a day to ship that is to come."""
    if line is None or not window.names_a_day or window.late is None or window.late < today:
        return ""
    arrival = arrives_by(window.late, line.order.country)
    return arrival_sentence(arrival, today=today, locale=locale)


def _names_place(details: facts.AnyFacts) -> bool:
    """Whether its last sentence is about the place, or about what is reserved instead."""
    return isinstance(details, facts.Promised) and bool(
        details.place or details.reason == Reason.PACKING
    )


def _day_of(event: Event) -> date:
    return timezone.localtime(event.at).date()


def ships_by_said(
    line: OrderLine, promise: Promise | None, today: date, *, leads: bool, locale: str
) -> list[ItemSentence]:
    """The window of what is still to come, where the news names none."""
    if promise is None:
        return []
    window = window_of(promise)
    parts = window_parts(
        window,
        since=promise.published_on,
        today=today,
        reserved=line.is_here,
        last=line.open_units > 1,
        locale=locale,
    )
    with_you = with_you_words(line, window, today, locale=locale)
    said = [ItemSentence(parts.lead, "now", with_you=with_you)]
    if leads and parts.range:
        said.append(ItemSentence(parts.range, "aside"))
    return said


def meanwhile_said(
    line: OrderLine, promise: Promise | None, today: date, *, locale: str
) -> list[ItemSentence]:
    """What we do while no day stands, as the page has it."""
    if promise is None:
        return []
    words = meanwhile_sentence(
        window_of(promise), today=today, reserved=not line.waiting, mailed=True, locale=locale
    )
    return [ItemSentence(words)] if words else []
