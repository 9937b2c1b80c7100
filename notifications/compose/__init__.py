"""A message in words: subject, text, HTML and headers from the same sentences as the page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language_info

from notifications.compose.items import items_of, others_of, parcels_of
from notifications.compose.layout import html_of, text_of
from notifications.compose.link_emails import all_orders, without_stale
from notifications.compose.one_line import MAX_NAME_LENGTH, MAX_NUMBER_LENGTH, plain, shortened
from notifications.compose.selection import chief, late_from_the_start, still_news, topics
from notifications.compose.subjects import others_keep_a_date, passed_in_part, subject
from notifications.may_send import Topic
from notifications.models import Message
from orders.access import Purpose, order_url, page_url
from orders.domain.supply import NAMES_A_DAY
from orders.models import DelayNotice, Event, EventKind, Order
from orders.words import in_language, isolated, language_for, sentence

__all__ = ["Composed", "compose", "plain"]

PREHEADER = 250  # more than any mailbox shows beside the subject


@dataclass(frozen=True, slots=True)
class Composed:
    """`said`: the events the mail tells of, by id; others it covers have been overtaken. `about`:
    what its customer may have turned off; empty where the mail is due to them."""

    kind: EventKind
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    said: frozenset[int]
    about: frozenset[Topic] = frozenset()


def compose(
    message: Message, events: Iterable[Event], notices: Mapping[int, DelayNotice], *, now: datetime
) -> Composed | None:
    """`notices`: the open ones by line. None: the order has moved on, and nothing of it is left to
    say."""
    order, locale = message.order, message.locale
    lines = {line.pk: line for line in order.lines.all()}
    asked = {
        pk: notice
        for pk, notice in notices.items()
        if pk in lines and lines[pk].open_units and notice.still_asks(lines[pk])
    }
    news = still_news(without_stale(events, now=now), lines, asked)
    if not news:
        return None
    with in_language(locale):
        about = topics(news, asked)
        context = _context(order, news, asked, now, locale=locale) | {"is_optional": bool(about)}
        return Composed(
            kind=EventKind(chief(news).kind),
            subject=context["subject"],
            text=text_of(context),
            html=html_of(context),
            headers=_headers(message, now) | (_one_click(order) if about else {}),
            said=frozenset(event.pk for event in news),
            about=about,
        )


def _context(
    order: Order,
    news: Sequence[Event],
    asked: Mapping[int, DelayNotice],
    now: datetime,
    *,
    locale: str,
) -> dict[str, Any]:
    """What both forms are laid out from."""
    main, today, language = chief(news), timezone.localtime(now).date(), language_for(locale)
    everything, nothing_else = (
        all_orders(order, news, locale=locale),
        all(event.asks_for_all for event in news),
    )
    items, asks_of_each = items_of(order, news, asked, today=today, locale=locale)
    return {
        "subject": everything.subject
        if everything and nothing_else
        else subject(main, news, asked, order, today=today, locale=locale),
        "preheader": _preheader(
            main, asks_of_each or [words for item in items for words in item.asks], locale=locale
        ),
        "first_name": isolated(plain(order.first_name, MAX_NAME_LENGTH)),
        "number": isolated(plain(order.number, MAX_NUMBER_LENGTH)),
        "is_passed": main.says_day_passed,
        "passed_in_part": passed_in_part(news, order),
        "is_late": bool(late_from_the_start(news, asked)),
        "is_later": main.kind == EventKind.LATER,
        "is_taken_back": main.kind == EventKind.NO_DATE and _told_a_day(main),
        "is_part": others_keep_a_date(news, order),
        "is_link": main.kind == EventKind.LINK and not nothing_else,
        "all_orders": everything,
        "nothing_else": nothing_else,
        "is_first": any(event.kind == EventKind.JOINED for event in news),
        "is_unchanged": all(event.kind == EventKind.ON_TRACK for event in news),
        "parcels": parcels_of(news),
        "order_news": [
            sentence(event, locale=locale)
            for event in news
            if event.line_id is None and not event.asks_for_all
        ],
        "items": items,
        "asks_of_each": asks_of_each,
        "others": [] if nothing_else else others_of(order, news, asked, today=today, locale=locale),
        "url": order_url(order, Purpose.ACT),
        "preferences": page_url("preferences", order, Purpose.ACT),
        "shop": plain(settings.SHOP_NAME, MAX_NAME_LENGTH),
        "support": settings.SUPPORT_EMAIL,
        "language": language,
        "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
    }


def _told_a_day(event: Event) -> bool:
    told = event.facts.get("told")
    return bool(told) and told["kind"] in NAMES_A_DAY


def _preheader(main: Event, asks: Iterable[str], *, locale: str) -> str:
    """What a mailbox shows beside the subject: the news, then what it asks."""
    return shortened(" ".join([sentence(main, locale=locale), *asks]), PREHEADER)


def _one_click(order: Order) -> dict[str, str]:
    """RFC 8058: a mail program turns optional mails off with one POST."""
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
