"""The customers whom the demo page introduces."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from babel import Locale
from django.core.cache import cache
from django.db.models import Case, CharField, Exists, F, OuterRef, QuerySet, Value, When
from django.db.models.functions import Cast, Concat
from django.utils import timezone

from backorders_site.demo.goods import ADA, ADA_STANDS, LAMP, STOVE, lamp
from notifications.models import Message, MessageEvent, MessageState
from orders import queue, services
from orders.models import DelayNotice, Event, EventKind, Order, OrderLine, Promise
from orders.words import language_for, locale_there, ordinal

ENGLISH = Locale("en")
STATE_WORDS = {
    "part_reserved": "reserved in part, the rest in line",
    "reserved": "reserved, about to ship",
    "part_shipped": "shipped in part",
    "shipped": "shipped, with a tracking link",
    "cancelled": "canceled",
}
THINGS = {LAMP.sku: "a lamp", STOVE.sku: "a camp stove"}


@dataclass(frozen=True, slots=True)
class Customer:
    """`role`: what one can see of this customer; `shows`: what the order page says now."""

    order: Order
    line: OrderLine
    role: str
    shows: str


def introduced() -> list[Customer]:
    """The customers the demo page introduces, as far as there are any: Ada, or who is about where
    she was; one whose delay asks a question; one whose lamp is here."""
    found = {"In line": in_line(), "Delayed": _asked(), "Arrived": arrived()}
    return [introduce(line.order, role) for role, line in found.items() if line]


def speak(language: str, orders: Collection[Order]) -> None:
    """The customers of the demo page speak the visitor's language, and none has an empty inbox.
    Where the language is new, their last email comes again in it: a page in one language beside an
    email in another would look broken."""
    for order in orders:
        new = language_for(order.locale) != language
        if new:
            order.locale = locale_there(language, order.country)
            order.save(update_fields=["locale"])
        due = new or not order.messages.exists()
        if due and cache.add(f"demo-spoke-{order.pk}-{language}", True, timeout=None):
            mail_the_newest(order)


def mail_the_newest(order: Order) -> None:
    """Also what was emailed before. The key of that email is what keeps an event from being mailed
    twice, so it takes another."""
    told = order.events.exclude(kind=EventKind.ON_TRACK)
    newest = list(told.order_by("-at", "-pk").values_list("pk", flat=True)[:1])
    emails = MessageEvent.objects.filter(event__in=newest, message__state=MessageState.SENT)
    another = Concat(Value("again-"), Cast("pk", CharField()))
    Message.objects.filter(pk__in=emails.values("message")).update(key=another)
    Event.objects.filter(pk__in=newest).update(message_due=True)


def introduce(order: Order, role: str = "") -> Customer:
    line = order.lines.select_related("product", "promise")[0]
    return Customer(order, line, role, _shows(line))


def _lines() -> QuerySet[OrderLine]:
    return OrderLine.objects.select_related("order")


def in_line() -> OrderLine | None:
    waiting = _lines().filter(product__sku=LAMP.sku, waiting__gt=0)
    ada = waiting.filter(order__customer_name=ADA).order_by("-pk").first()
    if ada or not waiting.exists():
        return ada
    product = lamp()
    key = queue.key_at(product.pk, min(ADA_STANDS, queue.length(product.pk).lines))
    return waiting.filter(pk=key[1]).first() if key else None


def _asked() -> OrderLine | None:
    """One whose date has moved. Of those the one with the most time left whose silence cancels, an
    American if there is one."""
    soon = services.today_of(timezone.now()) + timedelta(days=1)
    asks = DelayNotice.objects.filter(
        outcome="", answer_by__gt=soon, late__isnull=False, not_told_at=None, line__waiting__gt=0
    ).filter(line__promise=F("promise"))
    before = Promise.objects.filter(line=OuterRef("line"), pk__lt=OuterRef("promise"))
    notice = (
        asks.exclude(line__product__sku=LAMP.sku)
        .annotate(moved=Exists(before))
        .order_by(
            "-moved",
            Case(When(silence="cancel", line__order__country="US", then=0), default=1),
            Case(When(silence="cancel", then=0), default=1),
            "-answer_by",
            "pk",
        )
        .first()
    )
    return _lines().get(pk=notice.line_id) if notice else None


def arrived() -> OrderLine | None:
    """A lamp if there is one."""
    is_lamp = Case(When(product__sku=LAMP.sku, then=0), default=1)
    here = _lines().filter(allocated__gt=F("shipped"), waiting=0)
    return here.order_by(is_lamp, "-queued_at").first()


def _shows(line: OrderLine) -> str:
    if line.state != "waiting":
        return STATE_WORDS[line.state]
    place = ordinal(queue.positions([line.pk])[line.pk].place, locale=ENGLISH)
    thing = THINGS.get(line.product.sku) or line.product.name
    shows = f"{place} in line for {thing}"
    if line.promise is None or line.promise.kind == "none":
        return f"{shows}, with no ship date at the moment"
    notice = line.notices.first()
    if notice and notice.still_asks(line):
        return f"{shows}: late, and asked to keep or cancel"
    return f"{shows}, in time for the next delivery" if line.promise.reference else shows
