"""The only ways to an order: a signed link, or its number and email address together.

A token is signed with SECRET_KEY (older ones pass with SECRET_KEY_FALLBACKS) and does not expire,
because an email may be read months later. Raising Order.link_version revokes every link of that
order.
"""

import hashlib
import re
import time
from collections.abc import Collection, Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db.models.functions import Upper
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from redis import RedisError

from orders.domain.keys import typed_number
from orders.models import Order


class Purpose(StrEnum):
    """What a link is good for: to see and answer, only to see, only to be read by a calendar or a
    program, only to stop optional emails."""

    ACT = "act"
    LOOK = "look"
    FEED = "feed"
    STOP = "stop"


MAY_ACT = frozenset({Purpose.ACT})
MAY_LOOK = frozenset({Purpose.ACT, Purpose.LOOK})
MAY_READ = frozenset({Purpose.ACT, Purpose.LOOK, Purpose.FEED})
MAY_STOP = frozenset({Purpose.STOP})
DEAD_VERSION = 0  # no order has it: an example's links are as long as real ones and open nothing
LINK = re.compile(r"(/(?:o|mine|preferences|unsubscribe)/)[\w.:-]+")

WINDOW_SECONDS = 600
TRIES = {  # look-ups within WINDOW_SECONDS
    "client": 30,
    "client-around": 300,  # whoever has a /48 of IPv6 has 65,536 networks
    "number": 10,
    "alone": 10,
    "address": 10,
}
DAY_SECONDS = 86_400
MAILS_A_DAY = 6  # that a stranger may have us send to one address
# to support, within WINDOW_SECONDS
MESSAGES = {"writer": 10, "writer-around": 100, "order": 5, "reply": 5}
MINE_SECONDS = 15 * 60  # how long a mailed link opens all orders of an address
# As some proxies write where a request comes from.
WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


class OrderKey(NamedTuple):
    """An order while its links of this version are good."""

    pk: int
    link_version: int


class Throttled(Exception):
    """Asked too often; the next may come in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after


class Expired(Exception):
    """The link was good, and its time is over."""


def link_token(order: Order, purpose: Purpose) -> str:
    return _signer().sign(f"{signing.b62_encode(order.pk)}-{order.link_version}-{purpose}")


def order_url(order: Order, purpose: Purpose = Purpose.ACT) -> str:
    """The absolute address of the status page, as an email has it."""
    return page_url("order", order, purpose)


def page_url(name: str, order: Order, purpose: Purpose) -> str:
    """The absolute address of a page of the order, by the name of its path."""
    return f"{settings.SITE_URL}{reverse(name, args=[link_token(order, purpose)])}"


def answer_url(order: Order, line_id: int, choice: str) -> str:
    """The absolute address of the page that shows what a choice does, as an email has it."""
    return f"{page_url('answer', order, Purpose.ACT)}?line={line_id}&choice={choice}"


def mine_url(order: Order) -> str:
    """The absolute address that opens all orders of this order's email address; good for
    MINE_SECONDS from now."""
    token = _mine_signer().sign(
        f"{signing.b62_encode(order.pk)}-{order.link_version}-{_seal(order.email)}"
    )
    return f"{settings.SITE_URL}{reverse('mine_orders', args=[token])}"


def without_tokens(words: str, instead: str = "…") -> str:
    """Words in which no link opens anything."""
    return LINK.sub(rf"\g<1>{instead}", words)


def open_address(token: str) -> Order:
    """The order whose email address a link of mine_url opens. Expired: its time is over. Http404:
    unknown, revoked, malformed, or sent to an address that the order no longer has."""
    try:
        number, version, address = _mine_signer().unsign(token, max_age=MINE_SECONDS).split("-")
        order = Order.objects.get(pk=signing.b62_decode(number), link_version=int(version))
    except signing.SignatureExpired:
        raise Expired from None
    except (signing.BadSignature, Order.DoesNotExist):
        raise Http404("no such link") from None
    if not order.email or not constant_time_compare(_seal(order.email), address):
        raise Http404("no such link")
    return order


def open_order(token: str, purposes: Collection[Purpose] = MAY_LOOK) -> tuple[Order, Purpose]:
    """The order a link opens, and what the link is good for. Unknown, revoked, malformed or of
    another purpose: the same Http404."""
    key, purpose = order_named(token, purposes)
    try:
        return Order.objects.get(pk=key.pk, link_version=key.link_version), purpose
    except Order.DoesNotExist:
        raise Http404("no such link") from None


def order_named(token: str, purposes: Collection[Purpose] = MAY_LOOK) -> tuple[OrderKey, Purpose]:
    """What a link says, unread whether there is such an order still. Malformed or of another
    purpose: Http404."""
    try:
        number, version, purpose = _signer().unsign(token).split("-")
    except signing.BadSignature:
        raise Http404("no such link") from None
    if purpose not in purposes:
        raise Http404("no such link")
    return OrderKey(signing.b62_decode(number), int(version)), Purpose(purpose)


def find_order(number: str, email: str, *, client: str) -> Order | None:
    """The order with this number and email address. None, after the same work, if either is wrong.

    `client` is where the question comes from (client_range). Throttled when any of the three asks
    too often. The client is counted first, so somebody who is kept waiting doesn't use up the tries
    of others.
    """
    # PostgreSQL refuses it in any text
    number, email = number.replace("\0", ""), email.replace("\0", "")
    as_typed, (whole, alone), email = number.strip().upper(), typed_number(number), _address(email)
    _count_try({**_where(client), "number": whole, "alone": alone, "address": email})
    numbered = Order.objects.alias(upper=Upper("number")).filter(
        upper__in={as_typed, whole, f"#{whole}", alone, f"#{alone}"}
    )
    # The address is compared by the database: a row that came only to be refused here took
    # measurably longer.
    return numbered.filter(email__iexact=email).exclude(email="").first()


def count_mail(email: str, *, client: str) -> str:
    """The address as orders have it, except for its case, once an email to it may be asked for.
    Throttled, whether or not any order has it, if it was asked for too often lately."""
    address = _address(email.replace("\0", ""))
    _count_try(_where(client))
    _count_try({"mail": address}, most={"mail": MAILS_A_DAY}, seconds=DAY_SECONDS)
    return address


def count_message(order: Order | None, answer_to: str, *, client: str) -> None:
    """Throttled if too many messages to support came from there, about the order, or for an answer
    to the same address lately: whoever is there may not have written them."""
    about = {"order": str(order.pk)} if order else {"reply": _address(answer_to)}
    _count_try({**_where(client, "writer"), **about}, most=MESSAGES)


def client_range(request: HttpRequest) -> str:
    """The network a request comes from, in words."""
    return str(client_network(request) or "unknown")


def around(client: str) -> str:
    """The network around a /64: a /48, which providers give to one customer. In IPv4 a client is
    counted as one."""
    return str(ip_network(client).supernet(new_prefix=48)) if ":" in client else client


def client_network(request: HttpRequest) -> IPv4Network | IPv6Network | None:
    """The network a request comes from, /24 or /64: within one, an address is changed too easily.

    Only the hop that our own proxies (TRUSTED_PROXIES of them) wrote is believed of
    X-Forwarded-For."""
    address = request.META.get("REMOTE_ADDR", "")
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if 0 < settings.TRUSTED_PROXIES <= len(hops):
        address = hops[-settings.TRUSTED_PROXIES].strip()
    if written := WITH_PORT.fullmatch(address):
        address = written["v6"] or written["v4"]
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return ip_network((parsed, 64 if parsed.version == 6 else 24), strict=False)


def _signer() -> signing.Signer:
    return signing.Signer(sep=".", salt="orders.access")


def _mine_signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(sep=".", salt="orders.access.mine")


def _seal(email: str) -> str:
    """Replaces an address in a link. Somebody who reads the link, in a log for example, cannot even
    guess it."""
    return salted_hmac("orders.access.mine", _address(email)).hexdigest()[:16]


def _address(email: str) -> str:
    return "".join(email.split()).lower()


def _count_try(
    who: dict[str, str], *, most: Mapping[str, int] = TRIES, seconds: int = WINDOW_SECONDS
) -> None:
    """In the order given, up to the first that asked too often. Without the cache nobody is
    counted: that a customer sees the page matters more."""
    window, gone = divmod(int(time.time()), seconds)
    for name, value in who.items():
        try:
            count = _counted(f"look-up:{name}:{window}:{_digest(_folded(value))}", seconds)
        except RedisError:
            return
        if count > most[name]:
            raise Throttled(seconds - gone)


def _folded(value: str) -> str:
    """The same for all that the database treats as the same, whatever its locale: ſ and ı have S
    and I for capitals, and in Turkish i has İ."""
    return value.upper().replace("İ", "I")


def _counted(key: str, seconds: int) -> int:
    cache.add(key, 0, seconds)
    return int(cache.incr(key))


def _where(client: str, kind: str = "client") -> dict[str, str]:
    """Whom to count. In IPv4 there is nothing around a client."""
    wider = around(client)
    return {kind: client} if wider == client else {kind: client, f"{kind}-around": wider}


def _digest(value: str) -> str:
    """Keys of the cache hold no address of a person."""
    return hashlib.sha256(value.encode()).hexdigest()[:32]
