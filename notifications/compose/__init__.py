"""A message in words: subject, text, HTML and headers from the same sentences as the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.utils.translation import get_language_info

from notifications.compose.items import (
    Ask,
    items_of,
    others_of,
    rows_of,
)
from notifications.compose.known import Known, known_of
from notifications.compose.layout import html_of, text_of
from notifications.compose.link_emails import all_orders, asked_choice
from notifications.compose.one_line import MAX_NAME_LENGTH, MAX_NUMBER_LENGTH, plain, shortened
from notifications.compose.selection import Selection, selection_of
from notifications.compose.subjects import day_named, heading, subject_line
from notifications.may_send import Topic
from notifications.models import Message
from orders.access import Purpose, order_url, page_url
from orders.domain.money import money
from orders.models import Event, EventKind, Order
from orders.words import (
    agreed_sentence,
    in_language,
    isolated,
    language_for,
    money_words,
    next_word_sentence,
    sentence,
)

__all__ = ["Composed", "Known", "compose", "known_of", "plain"]

PREHEADER = 250  # more than any mailbox shows beside the subject


@dataclass(frozen=True, slots=True)
class Composed:
    """`said`: the events the email tells of, by id; others it covers have been overtaken. `about`:
    what its customer may have turned off; empty if the email is always sent."""

    kind: EventKind
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    said: frozenset[int]
    about: frozenset[Topic] = frozenset()


def compose(
    message: Message, events: Sequence[Event], known: Known, *, now: datetime
) -> Composed | None:
    """None: the order has moved on, and nothing of it is left to say."""
    selection = selection_of(message.order, events, known, now=now)
    if selection is None:
        return None
    with in_language(message.locale):
        context = _context(selection, locale=message.locale)
        one_click = _one_click(message.order) if selection.about else {}
        return Composed(
            kind=EventKind(selection.chief.kind),
            subject=context["subject"],
            text=text_of(context),
            html=html_of(context),
            headers=_headers(message, now) | one_click,
            said=frozenset(event.pk for event in selection.told),
            about=selection.about,
        )


def _context(selection: Selection, *, locale: str) -> dict[str, Any]:
    """What both forms are laid out from."""
    order, today, language = selection.order, selection.today, language_for(locale)
    items, ask_of_all = items_of(selection.lines, today=today, locale=locale)
    # the lines of a welcome are rows, where the same is asked of all of them, or nothing
    as_rows = selection.is_welcome and not any(item.ask for item in items)
    rows = rows_of(selection.lines, today=today, locale=locale) if as_rows else []
    asks = [ask_of_all, *(item.ask for item in items)]
    asked_for_all = selection.asked_for_all
    choice_asked = asked_choice(order, selection.of_order)
    return {
        "subject": subject_line(selection.headline, order, locale=locale),
        "heading": heading(selection.headline, order, locale=locale),
        "preheader": _preheader(selection, asks, locale=locale),
        "first_name": isolated(plain(order.first_name, MAX_NAME_LENGTH)),
        "number": isolated(plain(order.number, MAX_NUMBER_LENGTH)),
        "total": _total(order, locale=locale),
        "opening": selection.opening,
        "answer_by": day_named(selection.headline, locale=locale),
        "all_orders": all_orders(order, asked_for_all, locale=locale) if asked_for_all else None,
        "asked_choice": choice_asked,
        "nothing_else": selection.nothing_else,
        "is_first": selection.is_first,
        "is_optional": bool(selection.about),
        "order_news": [sentence(event, locale=locale) for event in selection.of_order],
        "items": items,
        "agreed": _agreed(selection, locale=locale) if selection.is_first else [],
        "rows": rows,
        "ask_of_all": ask_of_all,
        # the one button of an email that asks nothing is its main one
        "has_button": bool(choice_asked or asked_for_all or any(item.has_button for item in items)),
        "next_word": _next_word(selection, locale=locale),
        "others": others_of(selection.beside, today=today, locale=locale),
        "url": order_url(order, Purpose.ACT),
        "preferences": page_url("preferences", order, Purpose.ACT),
        "language": language,
        "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
        **_who_writes(),
    }


def _who_writes() -> dict[str, str]:
    return {
        "shop": plain(settings.SHOP_NAME, MAX_NAME_LENGTH),
        "address": settings.SHOP_ADDRESS,
        "imprint": settings.IMPRINT_URL,
        "privacy": settings.PRIVACY_URL,
        "support": settings.SUPPORT_EMAIL,
    }


def _agreed(selection: Selection, *, locale: str) -> list[str]:
    """The agreed dates, which the rules count from, with their products where they differ."""
    by_line = {
        isolated(plain(told.line.product.name, MAX_NAME_LENGTH)): words
        for told in selection.lines
        if (words := agreed_sentence(told.line, locale=locale, today=selection.today))
    }
    alike = list(dict.fromkeys(by_line.values()))
    return alike if len(alike) < 2 else [f"{name}: {words}" for name, words in by_line.items()]


def _total(order: Order, *, locale: str) -> str:
    total = money(order.total, order.currency)
    return money_words(total, locale=locale) if total else ""


def _next_word(selection: Selection, *, locale: str) -> str:
    by = selection.hears_by
    if by is None:
        return ""
    return next_word_sentence(by, today=selection.today, mailed=True, locale=locale)


def _preheader(selection: Selection, asks: Iterable[Ask], *, locale: str) -> str:
    """What a mailbox shows beside the subject: the news, then what it asks."""
    chief = selection.chief
    as_told = [told.event for line in selection.lines for told in line.told]
    main = next((event for event in as_told if event.pk == chief.pk), chief)
    asked = [words for ask in asks for words in ask.lead]
    return shortened(" ".join([sentence(main, locale=locale), *asked]), PREHEADER)


def _one_click(order: Order) -> dict[str, str]:
    """RFC 8058: an email program turns optional emails off with one POST."""
    return {
        "List-Unsubscribe": f"<{page_url('unsubscribe', order, Purpose.STOP)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _headers(message: Message, now: datetime) -> dict[str, str]:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    headers = {
        "From": formataddr((name or plain(settings.SHOP_NAME, MAX_NAME_LENGTH), address)),
        "Reply-To": settings.SUPPORT_EMAIL,
        "Date": format_datetime(now),
        "Message-ID": message.message_id,
        "Content-Language": language_for(message.locale),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.thread_root:
        headers |= {"In-Reply-To": message.thread_root, "References": message.thread_root}
    return headers
