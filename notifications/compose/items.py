"""What an email says of each line of an order, as facts and sentences: HTML and text are laid out
from the same parts.

What happened, why (the reason line) and by when are the sentences of orders.words.events, as the
page has them; what is asked, those of orders.words.notices.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import urljoin

from django.conf import settings
from django.utils.translation import gettext

from notifications.compose.lines import LineBeside, LineTold, Question
from notifications.compose.one_line import MAX_NAME_LENGTH, MAX_PRODUCT_LENGTH, plain
from notifications.compose.said import (
    ItemSentence,
    ParcelLink,
    event_said,
    meanwhile_said,
    ships_by_said,
    with_you_words,
)
from orders.access import answer_url
from orders.domain import facts
from orders.domain.money import money
from orders.models import Choice, OrderLine
from orders.words import (
    clock_words,
    day_words,
    in_language,
    isolated,
    line_briefly,
    money_words,
    notice_sentences,
    silence_sentence,
    units_of,
    window_of,
)

LEAD = 2  # sentences of a question that stand before its buttons


@dataclass(frozen=True, slots=True)
class Ask:
    """What an open delay notice asks: the sentences before the buttons, and those after them. `of`:
    the items that both are about, where an email has others."""

    lead: Sequence[str] = ()
    rest: Sequence[str] = ()
    of: Sequence[str] = ()

    def __bool__(self) -> bool:
        return bool(self.lead)


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the order with its news, or as it is. `amount`: the units that the news is about;
    `to_come`: those that can still be kept or canceled, as "2" or "1 of 2". The addresses open the
    page of a choice, if there is one. `variant`, `price` and `picture`: as far as the shop says."""

    amount: str
    to_come: str
    name: str
    news: Sequence[ItemSentence]
    variant: str = ""
    price: str = ""
    picture: str = ""
    ask: Ask = field(default_factory=Ask)
    keep: str = ""
    cancel: str = ""
    withdraw: str = ""
    put_back: str = ""
    undo: str = ""
    undo_until: str = ""

    @property
    def has_button(self) -> bool:
        acts = self.keep or self.cancel or self.put_back or self.undo
        return bool(acts or any(said.parcel for said in self.news))


@dataclass(frozen=True, slots=True)
class Row:
    """A line that has joined, where several have: its place and days in one short line."""

    amount: str
    name: str
    words: str


def items_of(lines: Sequence[LineTold], *, today: date, locale: str) -> tuple[list[Item], Ask]:
    """The lines that have news, and what is said once of all of them: what is asked alike, and the
    rest of what the law has us say. Nor are we sorry twice."""
    bad = [of for of in lines if any(told.bad for told in of.told)]
    items = _parcels_once([_item(of, today, sorry=of in bad[:1], locale=locale) for of in lines])
    return _asked_once(items) if len(items) > 1 else (items, Ask())


def _asked_once(items: Sequence[Item]) -> tuple[list[Item], Ask]:
    first = items[0].ask
    if first and all(item.ask == first for item in items):
        return [replace(item, ask=Ask()) for item in items], first
    asking = [item for item in items if item.ask.rest]
    if not asking:
        return list(items), Ask()
    alike = [
        words for words in asking[0].ask.rest if all(words in item.ask.rest for item in asking)
    ]
    own = [
        Ask(item.ask.lead, [words for words in item.ask.rest if words not in alike])
        for item in items
    ]
    of = [f"{item.to_come} × {item.name}" for item in asking] if len(asking) < len(items) else []
    return [replace(item, ask=ask) for item, ask in zip(items, own, strict=True)], Ask(
        rest=alike, of=of
    )


def rows_of(lines: Iterable[LineTold], *, today: date, locale: str) -> list[Row]:
    """The lines of an order that has only joined."""
    return [_row(of, today, locale=locale) for of in lines]


def others_of(beside: Iterable[LineBeside], *, today: date, locale: str) -> list[Item]:
    """What else of the order is still to come, so that nobody has to wonder, and what was asked
    about it before and must be answered."""
    return [_other(of, today, locale=locale) for of in beside]


def _parcels_once(items: Sequence[Item]) -> list[Item]:
    """However many items are in a parcel. Where there is only one, its link needs no number."""
    links = {said.parcel for item in items for said in item.news if said.parcel}
    seen: set[ParcelLink] = set()

    def once(said: ItemSentence) -> ItemSentence:
        link = said.parcel
        if link is None:
            return said
        shown = None if link in seen else link if len(links) > 1 else ParcelLink(link.url)
        seen.add(link)
        return replace(said, parcel=shown)

    return [replace(item, news=[once(said) for said in item.news]) for item in items]


def _item(of: LineTold, today: date, *, sorry: bool, locale: str) -> Item:
    line, to_come = of.line, _to_come(of.line, locale=locale)
    until = of.undo_until
    return Item(
        amount=units_of(line.quantity, line.quantity, locale=locale) if of.of_units else to_come,
        to_come=to_come,
        name=_name(line),
        variant=isolated(plain(line.product.variant, MAX_NAME_LENGTH)),
        price=_price(line, locale=locale),
        picture=_picture(line.product.image_url),
        news=[
            *(
                said
                for told in of.told
                for said in event_said(told, today, sorry=sorry and told.bad, locale=locale)
            ),
            *ships_by_said(line, of.ships_by, today, leads=of.calls, locale=locale),
            *meanwhile_said(line, of.tells, today, locale=locale),
        ],
        ask=_ask(of, of.asked, today, locale=locale) if of.asked else Ask(),
        **{choice.value: answer_url(line.order, line.pk, choice) for choice in of.choices},
        put_back=answer_url(line.order, line.pk, Choice.KEEP) if of.can_come_back else "",
        undo=answer_url(line.order, line.pk, Choice.UNDO) if until else "",
        undo_until=clock_words(until, locale=locale, named=True) if until else "",
    )


def _row(of: LineTold, today: date, *, locale: str) -> Row:
    line, promise = of.line, of.line.promise
    places = [
        told.event.details.place for told in of.told if isinstance(told.event.details, facts.Joined)
    ]
    with_you = (
        with_you_words(line, window_of(promise), today, locale=locale)
        if promise and not line.held
        else ""
    )
    briefly = line_briefly(line, place=places[-1], today=today, locale=locale)
    return Row(
        amount=units_of(line.quantity, line.quantity, locale=locale),
        name=_name(line),
        words=" ".join(filter(None, (briefly, with_you))),
    )


def _name(line: OrderLine) -> str:
    return isolated(plain(line.product.name, MAX_PRODUCT_LENGTH))


def _price(line: OrderLine, *, locale: str) -> str:
    each = money(line.unit_price, line.order.currency)
    if each is None:
        return ""
    with in_language(locale):
        price = money_words(each, locale=locale)
        return price if line.quantity == 1 else gettext("%(price)s each") % {"price": price}


def _picture(address: str) -> str:
    """The absolute address; email programs show no SVG."""
    if not address or address.lower().endswith(".svg"):
        return ""
    return urljoin(settings.SITE_URL, address)


def _ask(of: LineTold, asked: Question, today: date, *, locale: str) -> Ask:
    """A question that was asked before is not put again: it is called to mind while silence would
    cancel, and given up for now where it has become moot."""
    line, notice = of.line, asked.notice
    if asked.moot:
        with_day = gettext(
            "You don't need to answer our earlier question: it's now due to ship before %(day)s, "
            "the day we asked you to answer by."
        )
        with in_language(locale) as dates:
            day = notice.answer_by and day_words(notice.answer_by, today=today, locale=dates)
            return Ask([with_day % {"day": day}])
    if asked.asked_before and not asked.is_due:
        return Ask()
    if asked.asked_before:
        return Ask(
            [silence_sentence(notice, locale=locale, today=today, reserved=line.reserved_beside)]
        )
    said = notice_sentences(
        notice,
        locale=locale,
        today=today,
        agreed_by=line.agreed_by,
        tells=asked.tells,
        overtaken=asked.overtaken,
        day_said=bool(of.tells or of.ships_by),
        passed=of.passed,
        reserved=line.reserved_beside,
    )
    if asked.reminds:
        said = said[1:]  # the first sentence of the email says why we ask
        return Ask(said[:1], said[1:])
    return Ask(said[:LEAD], said[LEAD:])


def _to_come(line: OrderLine, *, locale: str) -> str:
    """All if none is, or if nobody knows how many are."""
    units = line.quantity if line.held else line.open_units
    return units_of(units or line.quantity, line.quantity, locale=locale)


def _other(of: LineBeside, today: date, *, locale: str) -> Item:
    """What silence means is said again: customers read the newest email."""
    line, to_come = of.line, _to_come(of.line, locale=locale)
    return Item(
        amount=to_come,
        to_come=to_come,
        name=_name(line),
        news=ships_by_said(line, line.promise, today, leads=False, locale=locale),
        ask=Ask(
            [silence_sentence(of.asked, locale=locale, today=today, reserved=line.reserved_beside)]
        )
        if of.asked
        else Ask(),
    )
