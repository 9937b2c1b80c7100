"""The only ways to an order: a signed link, or its number and mail address together.

A token is signed with SECRET_KEY (older ones pass with SECRET_KEY_FALLBACKS) and does not expire: a mail may be read
months later. Raising Order.link_version revokes every link of that order.
"""

import hashlib
import time
from collections.abc import Collection
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db.models.functions import Upper
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from redis import RedisError

from orders.models import Order


class Purpose(StrEnum):
    """What a link is good for: see and answer, only see, only be read by a calendar or a program."""

    ACT = "act"
    LOOK = "look"
    FEED = "feed"


MAY_ACT = frozenset({Purpose.ACT})
MAY_LOOK = frozenset({Purpose.ACT, Purpose.LOOK})
MAY_READ = frozenset(Purpose)

WINDOW_SECONDS = 600
TRIES = {"client": 30, "number": 10, "address": 10}  # look-ups within WINDOW_SECONDS


class Throttled(Exception):
    """Too many look-ups; the next may come in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


def link_token(order: Order, purpose: Purpose) -> str:
    return _signer().sign(f"{signing.b62_encode(order.pk)}-{order.link_version}-{purpose}")


def order_url(order: Order, purpose: Purpose = Purpose.ACT) -> str:
    """The absolute address of the status page, as a mail carries it."""
    return settings.SITE_URL + reverse("order", args=[link_token(order, purpose)])


def answer_url(order: Order, line_id: int, choice: str) -> str:
    """The absolute address of the page that shows what a choice does, as a mail carries it."""
    page = settings.SITE_URL + reverse("answer", args=[link_token(order, Purpose.ACT)])
    return f"{page}?line={line_id}&choice={choice}"


def open_order(token: str, purposes: Collection[Purpose] = MAY_LOOK) -> tuple[Order, Purpose]:
    """The order a link opens, and what the link is good for. Unknown, revoked, malformed or of another purpose: the
    same Http404."""
    try:
        number, version, purpose = _signer().unsign(token).split("-")
        order = Order.objects.get(pk=signing.b62_decode(number), link_version=int(version))
    except (signing.BadSignature, Order.DoesNotExist):
        raise Http404("no such link") from None
    if purpose not in purposes:
        raise Http404("no such link")
    return order, Purpose(purpose)


def find_order(number: str, email: str, *, client: str) -> Order | None:
    """The order with this number and mail address; None, after the same work, whichever of them is wrong.

    `client` is where the question comes from (client_range). Throttled when any of the three asks too often."""
    number = number.replace("\0", "")  # PostgreSQL refuses it in any text
    as_typed, number, email = number.strip().upper(), _number(number), _address(email)
    _count_try({"client": client, "number": number, "address": email})
    orders = Order.objects.annotate(upper=Upper("number")).filter(upper__in={as_typed, number, f"#{number}"})
    found = None
    for order in [*orders, Order()]:
        if constant_time_compare(_address(order.email), email) and order.email:
            found = order
    return found


def client_range(request: HttpRequest) -> str:
    """The network a request comes from, /24 or /64: within one, an address is changed too easily.

    Only the hop that our own proxies (TRUSTED_PROXIES of them) wrote is believed of X-Forwarded-For."""
    address = request.META.get("REMOTE_ADDR", "")
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        address = hops[-settings.TRUSTED_PROXIES].strip()
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, 64 if parsed.version == 6 else 24), strict=False))


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="orders.access")


def _number(number: str) -> str:
    return "".join(number.split()).lstrip("#").upper()


def _address(email: str) -> str:
    return "".join(email.split()).casefold()


def _count_try(who: dict[str, str]) -> None:
    """Without the cache nobody is counted: a customer who sees the page matters more."""
    window, gone = divmod(int(time.time()), WINDOW_SECONDS)
    try:
        tries = {name: _counted(f"look-up:{name}:{window}:{_digest(value)}") for name, value in who.items()}
    except RedisError:
        return
    if any(count > TRIES[name] for name, count in tries.items()):
        raise Throttled(WINDOW_SECONDS - gone)


def _counted(key: str) -> int:
    cache.add(key, 0, WINDOW_SECONDS)
    return int(cache.incr(key))


def _digest(value: str) -> str:
    """Keys of the cache hold no address of a person."""
    return hashlib.sha256(value.encode()).hexdigest()[:32]
