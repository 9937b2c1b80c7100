"""Emails as they will arrive, shown before anything is done: text in the page, HTML in a frame with
a policy of its own."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from secrets import token_urlsafe

from babel import Locale
from django.core.cache import cache
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from redis import RedisError

from backorders_site.staff.words import SILENCE_WORDS
from notifications.compose import Composed, compose, known_of
from notifications.models import Message, MessageEvent, MessageState
from orders import services
from orders.access import DEAD_VERSION
from orders.domain.delay_rules import Jurisdiction, Silence
from orders.models import Event, EventKind, Order

log = logging.getLogger(__name__)

CACHED_SECONDS = 3600  # nobody reads a preview for longer


@dataclass(frozen=True, slots=True)
class Sort:
    """Mails that are worded alike. `silence`: what it means, of those that ask for an answer."""

    language: str
    law: Jurisdiction
    news: EventKind
    silence: str


@dataclass(frozen=True, slots=True)
class Example:
    """An email as it would arrive. `html_url`: where its HTML can be read for a while, empty if it
    could not be kept."""

    sort: Sort
    country: str
    subject: str
    text: str
    html_url: str

    @property
    def language(self) -> str:
        return str(get_language_info(self.sort.language)["name"])

    @property
    def place(self) -> str:
        """The country, and whose rules where its name does not say so."""
        named = Locale("en").territories.get(self.country, self.country) or _("no country")
        law = self.sort.law.rules.beside_country
        return f"{named}, {law}" if law else named

    @property
    def kind(self) -> str:
        """What it tells, and what it asks."""
        silence = self.sort.silence
        must = _("must be answered") if silence == Silence.CANCEL else _("may be answered")
        asks = [must, SILENCE_WORDS[silence]] if silence else []
        return ", ".join(str(part) for part in (self.sort.news.label.lower(), *asks))


def examples(first: Mapping[Sort, int], *, now: datetime) -> Iterator[Example]:
    """`first`: an order for each sort of email."""
    for sort, order_id in first.items():
        order, composed = mail_due(order_id, now=now)
        if composed:
            yield Example(sort, order.country, composed.subject, composed.text, kept(composed.html))


def mail_due(order_id: int, *, now: datetime) -> tuple[Order, Composed | None]:
    """The email an order would get about all that is due, and about what waits in the outbox,
    because the new email says that too. Its reader here is not its customer, so its links open
    nothing."""
    order = Order.objects.get(pk=order_id)
    order.link_version = DEAD_VERSION
    unsaid = Q(message_due=True) | Q(
        pk__in=MessageEvent.objects.filter(message__state=MessageState.QUEUED).values("event")
    )
    events = list(Event.objects.filter(unsaid, order=order))
    services.decide_again([event.promise_id for event in events if event.promise_id], now=now)
    message = Message(order=order, locale=order.locale, message_id=f"<{order.number}@example>")
    return order, compose(message, events, known_of([order_id]), now=now)


def kept(html: str) -> str:
    """The address where the desk shows this email for a while. It was never written to the
    database."""
    name = token_urlsafe(16)
    try:
        cache.set(_key(name), html, CACHED_SECONDS)
    except RedisError:
        log.warning("an example email is shown as text only: it could not be kept")
        return ""
    return reverse("desk:example", args=[name])


def html_of(name: str) -> str | None:
    try:
        html: str | None = cache.get(_key(name))
    except RedisError:
        return None
    return html


def keep_of_upload(pk: int, shown: Sequence[Example]) -> None:
    try:
        cache.set(_key(f"upload-{pk}"), [asdict(each) for each in shown], CACHED_SECONDS)
    except RedisError:
        log.warning("the example emails of upload %s are not kept", pk)


def of_upload(pk: int) -> list[Example]:
    """None once they are an hour old."""
    try:
        kept = cache.get(_key(f"upload-{pk}")) or ()
    except RedisError:
        return []
    return [Example(**each | {"sort": _sort(**each["sort"])}) for each in kept]


def forget() -> None:
    """All of them: somebody in them is to be forgotten. Without Valkey they end within the hour."""
    try:
        cache.delete_beginning(_key(""))  # type: ignore[attr-defined]
    except RedisError:
        log.warning("the example emails of the last hour could not be deleted")


def _sort(*, language: str, law: str, news: str, silence: str) -> Sort:
    return Sort(language, Jurisdiction(law), EventKind(news), silence)


def _key(name: str) -> str:
    return f"example-mail:{name}"
