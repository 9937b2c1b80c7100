"""A message in words: subject, text, HTML and headers from the same sentences as the page."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import get_template
from django.utils import timezone
from django.utils.translation import get_language_info, gettext

from notifications.models import Message
from notifications.news import asks, chief, still_news
from orders.access import Purpose, answer_url, order_url
from orders.domain.delay_rules import Sentence, Silence
from orders.models import Choice, DelayNotice, Event, EventKind, Order, OrderLine, Promise, WindowKind
from orders.presentation import (
    day_words,
    in_language,
    isolated,
    language_for,
    next_word_sentence,
    notice_sentences,
    ordinal,
    sentence,
    tracking_link,
    window_in,
    window_of,
    window_sentence,
)

LONGEST_NUMBER = 60
LONGEST_NAME = 100
MOST_CHOICES = 8  # lines with links of their own: mail programs cut off a mail beyond 100 kB
ASKED = {Choice.KEEP: Sentence.CHOICE, Choice.CANCEL: Sentence.CHOICE, Choice.WITHDRAW: Sentence.WITHDRAW}
JOINERS = "\u200c\u200d"  # invisible, and letters in some scripts


@dataclass(frozen=True, slots=True)
class Composed:
    """`said`: the events the mail tells of, by id; others it covers have been overtaken."""

    kind: EventKind
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    said: frozenset[int]


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the order with its news, or as it stands. `sentences` are what the page says, `asks` what an open delay
    notice asks; the addresses open the page of a choice, where there is one."""

    quantity: int
    name: str
    sentences: Sequence[str]
    asks: Sequence[str] = ()
    keep: str = ""
    cancel: str = ""
    withdraw: str = ""
    follow: str = ""
    next_word: str = ""


def compose(
    message: Message, events: Iterable[Event], notices: Mapping[int, DelayNotice], *, now: datetime
) -> Composed | None:
    """`notices`: the open ones by line. None: the order has moved on, and nothing of it is left to say."""
    order, locale = message.order, message.locale
    lines = {line.pk: line for line in order.lines.all()}
    asked = {
        pk: notice
        for pk, notice in notices.items()
        if pk in lines and lines[pk].waiting + lines[pk].reserved and notice.still_asks(lines[pk])
    }
    news = still_news(events, lines, asked)
    if not news:
        return None
    main = chief(news)
    late = _late_from_the_start(news, asked)
    today = timezone.localtime(now).date()
    with in_language(locale):
        items = [_item(lines[pk], news, asked.get(pk), today, locale=locale) for pk in _lines_of(news)]
        items, asks_of_each = _asked_together(items)
        context = {
            "subject": _subject_of_deadline(news, asked, order, today, locale=locale)
            or (_subject_of_late_start(late, order, today, locale=locale) if late and main in late else "")
            or _subject(main, news, order, locale=locale),
            "preheader": sentence(main, locale=locale),
            "first_name": plain(order.first_name, LONGEST_NAME),
            "number": plain(order.number, LONGEST_NUMBER),
            "is_first": any(event.kind == EventKind.JOINED for event in news),
            "is_late": bool(late),
            "is_link": main.kind == EventKind.LINK,
            "items": items,
            "asks_of_each": asks_of_each,
            "order_news": [sentence(event, locale=locale) for event in news if event.line_id is None],
            "others": [_other(line, today, locale=locale) for line in _open_lines(order, news)],
            "url": order_url(order, Purpose.ACT),
            "shop": plain(settings.SHOP_NAME, LONGEST_NAME),
            "support": settings.SUPPORT_EMAIL,
            "language": language_for(locale),
            "direction": "rtl" if get_language_info(language_for(locale))["bidi"] else "ltr",
        }
        return Composed(
            kind=EventKind(main.kind),
            subject=str(context["subject"]),
            text=_text(context),
            html=_html(context),
            headers=_headers(message, now),
            said=frozenset(event.pk for event in news),
        )


def plain(words: str, longest: int) -> str:
    """What people typed, fit for one line of a mail and its headers: no control characters, no marks that turn the
    direction of what follows, nothing that a mail program would decode."""
    visible = "".join(
        ch if ch in JOINERS or unicodedata.category(ch) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for ch in words
    )
    line = " ".join(visible.replace("=?", "= ?").split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _lines_of(news: Iterable[Event]) -> list[int]:
    return sorted({event.line_id for event in news if event.line_id is not None})


def _open_lines(order: Order, news: Iterable[Event]) -> list[OrderLine]:
    """What else of the order is still to come, so that nobody has to wonder."""
    told = set(_lines_of(news))
    return [line for line in order.lines.all() if line.pk not in told and line.waiting + line.reserved > 0]


def _item(line: OrderLine, news: Sequence[Event], notice: DelayNotice | None, today: date, *, locale: str) -> Item:
    happened = [event for event in news if event.line_id == line.pk]
    sentences = []
    for event in happened:
        sentences += [_told_before(event, locale=locale), sentence(event, locale=locale)]
    shipped = [event.facts for event in happened if event.kind == EventKind.SHIPPED]
    choices = [choice for choice, code in ASKED.items() if notice and code in notice.sentences]
    return Item(
        quantity=line.quantity,
        name=plain(line.product.name, 300),
        sentences=[words for words in sentences if words],
        asks=notice_sentences(notice, locale=locale, today=today, tells=_tells(news, notice)) if notice else (),
        **{choice.value: answer_url(line.order, line.pk, choice) for choice in choices},
        follow=tracking_link(shipped[-1]["carrier"], shipped[-1]["tracking_number"]) if shipped else "",
        next_word=_next_word(line, happened, today, locale=locale),
    )


def _tells(news: Iterable[Event], notice: DelayNotice) -> bool:
    """Whether a mail with this news tells the notice, so that it binds from then on."""
    told_in_vain = notice.told_at is None and notice.not_told_at is not None
    return told_in_vain and any(event.promise_id == notice.promise_id for event in news)


def _late_from_the_start(news: Iterable[Event], asked: Mapping[int, DelayNotice]) -> list[Event]:
    """First words about a line that are a delay already: it will not leave by the day agreed when it was ordered."""
    return [
        event
        for event in news
        if event.kind == EventKind.JOINED and event.line_id
        if (notice := asked.get(event.line_id)) and notice.promise_id == event.promise_id
    ]


def _asked_together(items: list[Item]) -> tuple[list[Item], Sequence[str]]:
    """What is asked of every line alike is said once; where there are many lines, their choices stand on the page."""
    first = items[0].asks if len(items) > 1 else ()
    alike = all(item.asks == first for item in items)
    if len(items) > MOST_CHOICES:
        items = [replace(item, keep="", cancel="", withdraw="") for item in items]
    return ([replace(item, asks=()) for item in items], first) if alike and first else (items, ())


def _other(line: OrderLine, today: date, *, locale: str) -> Item:
    sentences = [window_sentence(line.promise, locale=locale, today=today)] if line.promise else []
    return Item(quantity=line.quantity, name=plain(line.product.name, 300), sentences=sentences)


def _told_before(event: Event, *, locale: str) -> str:
    """Where the page changed again before a mail went out, the mail names the last word the customer did get."""
    if not event.facts.get("told") or event.facts.get("mailed") or not event.promise_id:
        return ""
    promises = Promise.objects.filter(
        line=event.line_id, pk__lt=event.promise_id, told_at__isnull=False, returned_at=None
    )
    promise = promises.order_by("-pk").first()
    if promise is None:
        return ""
    return gettext("You were last told: “%(window)s”") % {"window": window_sentence(promise, locale=locale)}


def _next_word(line: OrderLine, happened: Iterable[Event], today: date, *, locale: str) -> str:
    """By when we write again, as the page has it, where this mail tells the promise."""
    promise = line.promise
    if promise is None or promise.pk not in {event.promise_id for event in happened}:
        return ""
    window = window_of(promise)
    return next_word_sentence(window, since=promise.published_on, today=today, mailed=True, locale=locale)


def _day(day: date, today: date, *, locale: str) -> str:
    with in_language(locale) as dates:
        return day_words(day, today=today, locale=dates)


def _subject_of_deadline(
    news: Sequence[Event], asked: Mapping[int, DelayNotice], order: Order, today: date, *, locale: str
) -> str:
    """Where a mail asks, or asks again, what silence would cancel: the first day by which to answer."""
    days = [
        notice.answer_by
        for event in news
        if event.line_id and (notice := asked.get(event.line_id)) and asks(event, notice)
        if notice.answer_by and notice.silence == Silence.CANCEL and (notice.binds or _tells(news, notice))
    ]
    if not days:
        return ""
    return gettext("Please answer by %(day)s: order %(number)s") % {
        "day": _day(min(days), today, locale=locale),
        "number": isolated(plain(order.number, LONGEST_NUMBER)),
    }


def _subject_of_late_start(late: Sequence[Event], order: Order, today: date, *, locale: str) -> str:
    words = {"number": plain(order.number, LONGEST_NUMBER)}
    days = {window_in(event.facts["window"]).late for event in late}
    if len(days) == 1 and (day := days.pop()):
        return gettext("Order %(number)s will be late: by %(day)s") % {**words, "day": _day(day, today, locale=locale)}
    return gettext("Order %(number)s will be late") % words


def _subject(main: Event, news: Sequence[Event], order: Order, *, locale: str) -> str:
    words = {"number": isolated(plain(order.number, LONGEST_NUMBER))}
    same = [event for event in news if event.kind == main.kind]
    lines = list(order.lines.all())
    match main.kind:
        case EventKind.LATER | EventKind.EARLIER:
            return _subject_of_change(main, same, words, locale=locale)
        case EventKind.NO_DATE:
            return gettext("Order %(number)s has no date at the moment") % words
        case EventKind.CORRECTED:
            return gettext("We are sorry: a correction to order %(number)s") % words
        case EventKind.CANCELLED if main.facts.get("by") == Choice.WITHDRAW:
            return gettext("We confirm your withdrawal: order %(number)s") % words
        case EventKind.LINK:
            return gettext("The link to your order %(number)s") % words
        case EventKind.ON_TRACK:
            return gettext("No change: order %(number)s") % words
        case EventKind.ANSWERED:
            return gettext("You keep your place: order %(number)s") % words
        case EventKind.CANCELLED if all(line.cancelled == line.quantity for line in lines):
            return gettext("Order %(number)s is cancelled") % words
        case EventKind.CANCELLED:
            return gettext("Part of order %(number)s is cancelled") % words
        case EventKind.SHIPPED if any(line.waiting or line.reserved for line in lines):
            return gettext("Part of order %(number)s is on its way") % words
        case EventKind.SHIPPED:
            return gettext("Order %(number)s is on its way") % words
        case EventKind.RESERVED if any(line.waiting for line in lines):
            return gettext("Part of order %(number)s has arrived") % words
        case EventKind.RESERVED:
            return gettext("Yours has arrived: order %(number)s") % words
        case EventKind.JOINED if len(same) == 1 and main.facts.get("place"):
            with in_language(locale) as dates:
                words["place"] = ordinal(main.facts["place"], locale=dates)
            return gettext("Order %(number)s: you are %(place)s in line") % words
        case EventKind.JOINED:
            return gettext("Order %(number)s is in line") % words
        case _:
            return gettext("News of order %(number)s") % words


def _subject_of_change(main: Event, same: Sequence[Event], words: dict[str, str], *, locale: str) -> str:
    days = {window_in(event.facts["window"]).late for event in same}
    if len(days) > 1:
        return gettext("New dates for order %(number)s") % words
    (late,) = days
    if late is None or main.facts["window"]["kind"] == WindowKind.OPEN:
        if main.kind == EventKind.LATER:
            return gettext("Order %(number)s will be later") % words
        return gettext("Order %(number)s: we can say more now") % words
    words["day"] = _day(late, timezone.localtime(main.at).date(), locale=locale)
    told = window_in(main.facts["told"]) if main.facts.get("told") and main.facts.get("mailed") else None
    if main.kind == EventKind.LATER or told is None:  # earlier than a page they never read may be later than their mail
        return gettext("New date for order %(number)s: by %(day)s") % words
    if told.late is None:
        return gettext("A date for order %(number)s: by %(day)s") % words
    return gettext("Earlier date for order %(number)s: by %(day)s") % words


def _text(context: dict[str, Any]) -> str:
    lines = (line.rstrip() for line in get_template("notifications/mail.txt").render(context).splitlines())
    paragraphs = "\n".join(lines).strip("\n")
    while "\n\n\n" in paragraphs:
        paragraphs = paragraphs.replace("\n\n\n", "\n\n")
    return paragraphs + "\n"


def _html(context: dict[str, Any]) -> str:
    page = get_template("notifications/mail.html").render({**context, "style": _style()})
    return _inliner().inline(page)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    """At-rules stay in the head, for the clients that read them: dark mode."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@lru_cache(maxsize=1)
def _style() -> str:
    return str(get_template("notifications/mail.css").render())


def _headers(message: Message, now: datetime) -> dict[str, str]:
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    headers = {
        "From": formataddr((name or plain(settings.SHOP_NAME, LONGEST_NAME), address)),
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
