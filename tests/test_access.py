"""A stranger sees nothing: who may open which order, by link or by number and mail address."""

import sys
import unicodedata
from collections.abc import Callable

import pytest
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from backorders_site.demo.embedded import free_port
from orders.access import (
    MAILS_A_DAY,
    MAY_ACT,
    MAY_LOOK,
    MAY_READ,
    TRIES,
    Purpose,
    Throttled,
    _folded,
    client_range,
    count_mail,
    find_order,
    link_token,
    open_order,
    order_url,
)
from orders.models import Order
from tests.factories import make_product, order

pytestmark = pytest.mark.django_db
CLIENT = "198.51.100.0/24"


@pytest.fixture
def ada() -> Order:
    return order(make_product(), number="1001", email="Ada@Example.com").order


def find(number: str, email: str, client: str = CLIENT) -> Order | None:
    cache.clear()
    return find_order(number, email, client=client)


@pytest.mark.parametrize(
    ("purpose", "opens"),
    [
        (Purpose.ACT, [True, True, True]),
        (Purpose.LOOK, [False, True, True]),
        (Purpose.FEED, [False, False, True]),
    ],
)
def test_a_link_opens_what_it_is_good_for_and_nothing_else(
    ada: Order, purpose: Purpose, opens: list[bool]
) -> None:
    token = link_token(ada, purpose)
    for purposes, may in zip([MAY_ACT, MAY_LOOK, MAY_READ], opens, strict=True):
        if may:
            assert open_order(token, purposes) == (ada, purpose)
        else:
            with pytest.raises(Http404):
                open_order(token, purposes)


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda t: t[:-1], lambda t: "", lambda t: t + "é", lambda t: "." + t]
)
def test_a_link_that_was_touched_opens_nothing(ada: Order, spoil: Callable[[str], str]) -> None:
    with pytest.raises(Http404):
        open_order(spoil(link_token(ada, Purpose.ACT)))


def test_a_revoked_link_opens_nothing(ada: Order) -> None:
    token = link_token(ada, Purpose.ACT)
    Order.objects.update(link_version=2)
    with pytest.raises(Http404):
        open_order(token)


def test_what_was_signed_for_something_else_opens_nothing(ada: Order) -> None:
    with pytest.raises(Http404):
        open_order(
            signing.Signer(sep=".", salt="preferences").sign(f"{signing.b62_encode(ada.pk)}-1-act")
        )


def test_links_outlive_a_change_of_the_secret_key(ada: Order, settings: Settings) -> None:
    token = link_token(ada, Purpose.ACT)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert open_order(token) == (ada, Purpose.ACT)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Http404):
        open_order(token)


def test_a_mail_carries_the_whole_address(ada: Order) -> None:
    assert order_url(ada) == f"http://testserver/o/{link_token(ada, Purpose.ACT)}/"


@pytest.mark.parametrize("number", ["1001", " #1001 ", "10 01", "# 1001"])
@pytest.mark.parametrize("email", ["ada@example.com", " ADA@example.COM "])
def test_number_and_address_are_found_as_people_type_them(
    ada: Order, number: str, email: str
) -> None:
    assert find(number, email) == ada


@pytest.mark.parametrize("stored", ["#1001a", "AB 12"])
def test_numbers_are_found_as_shops_write_them(stored: str) -> None:
    row = order(make_product(), number=stored).order
    assert find(stored.lower(), "ada@example.com") == row


@pytest.mark.parametrize(
    ("number", "email"),
    [
        ("1001", "eve@example.com"),
        ("1002", "ada@example.com"),
        ("1001", ""),
        ("", ""),
        ("1001", "\0"),
        ("\0", "\0"),
    ],
)
def test_one_without_the_other_finds_nothing(ada: Order, number: str, email: str) -> None:
    assert find(number, email) is None


def test_an_order_without_an_address_is_not_found_with_none() -> None:
    order(make_product(), number="1001", email="")
    assert find("1001", "") is None


def test_every_miss_costs_one_query(
    ada: Order, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number, email in [
        ("1001", "eve@example.com"),
        ("1002", "ada@example.com"),
        ("1002", "eve@example.com"),
    ]:
        with django_assert_num_queries(1):
            find(number, email)


@pytest.mark.parametrize("same", ["client", "number", "address"])
def test_asking_too_often_is_stopped_per_network_order_and_address(same: str) -> None:
    def ask(n: int) -> None:
        who = {"client": f"c{n}", "number": f"n{n}", "address": f"a{n}"} | {same: "one"}
        find_order(who["number"], who["address"], client=who["client"])

    for n in range(TRIES[same]):
        ask(n)
    with pytest.raises(Throttled) as stopped:
        ask(TRIES[same])
    assert 0 < stopped.value.retry_after <= 600


def test_a_network_of_ipv6_is_not_65_536_clients() -> None:
    def look_up(network: int) -> None:
        client = f"2001:db8:1:{network:x}::/64"
        find_order(f"A{network}", f"{network}@example.com", client=client)

    for network in range(TRIES["client-around"]):
        look_up(network)
    with pytest.raises(Throttled):
        look_up(0xFFFF)
    assert find_order("1", "x@example.com", client="2001:db8:2:1::/64") is None


def test_who_is_stopped_uses_up_no_tries_of_others(ada: Order) -> None:
    for n in range(TRIES["client"]):
        find_order(f"n{n}", f"a{n}", client="one")
    for _ in range(TRIES["number"] + 1):
        with pytest.raises(Throttled):
            find_order("1001", "ada@example.com", client="one")
    assert find_order("1001", "ada@example.com", client="another") == ada


@pytest.mark.parametrize("spelled", ["cuſt5@mail5.test", "cust5@maıl5.test", "CUſT5@MAıL5.TEſT"])
def test_an_address_is_counted_once_however_it_is_spelled(spelled: str) -> None:
    row = order(make_product(), number="1005", email="cust5@mail5.test").order
    assert find("1005", spelled) == row
    cache.clear()
    for n in range(TRIES["address"]):
        find_order(f"n{n}", "cust5@mail5.test", client=f"c{n}")
    with pytest.raises(Throttled):
        find_order("1005", spelled, client=CLIENT)
    for _ in range(MAILS_A_DAY):
        count_mail(spelled, client=CLIENT)
    with pytest.raises(Throttled):
        count_mail("cust5@mail5.test", client=CLIENT)


def test_whatever_the_database_takes_for_the_same_letter_is_counted_as_one() -> None:
    """Of every letter that Python knows, in each locale that this PostgreSQL has and whose capitals
    differ."""
    letters = [
        chr(n)
        for n in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(n)) not in {"Cn", "Cs"}
    ]
    names = ["default", "C.utf8", "pg_c_utf8", "pg_unicode_fast", "und-x-icu", "tr-x-icu"]
    same = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT collname FROM pg_collation WHERE collname = ANY(%s)", [names])
        for (name,) in cursor.fetchall():
            cursor.execute(
                "SELECT array_agg(letter) FROM unnest(%s::text[]) letter GROUP BY upper(letter "
                f'COLLATE "{name}")'
                " HAVING count(*) > 1",
                [letters],
            )
            same += [group for (group,) in cursor]
    assert len(same) > 1000
    assert [
        group for group in [*same, "iİ"] if len({_folded(letter) for letter in group}) > 1
    ] == []


def test_look_up_works_while_the_cache_is_down(ada: Order, settings: Settings) -> None:
    settings.CACHES = {
        "default": settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"},
    }
    for _ in range(TRIES["number"] + 1):
        assert find_order("1001", "ada@example.com", client=CLIENT) == ada


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "seen"),
    [
        (0, "203.0.113.7", "198.51.100.77", "198.51.100.0/24"),
        (1, "203.0.113.7", "198.51.100.77", "203.0.113.0/24"),
        (1, "6.6.6.6, 203.0.113.7", "198.51.100.77", "203.0.113.0/24"),
        (2, "6.6.6.6, 203.0.113.7, 10.0.0.1", "10.0.0.2", "203.0.113.0/24"),
        (3, "203.0.113.7", "198.51.100.77", "198.51.100.0/24"),
        (0, "", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (0, "", "::ffff:198.51.100.77", "198.51.100.0/24"),
        (0, "", "", "unknown"),
        (1, "203.0.113.7:52011", "198.51.100.77", "203.0.113.0/24"),
        (1, "[2001:db8:1:2:3::4]:52011", "198.51.100.77", "2001:db8:1:2::/64"),
        (1, "[2001:db8:1:2:3::4]", "198.51.100.77", "2001:db8:1:2::/64"),
        (1, "[::ffff:203.0.113.7]:52011", "198.51.100.77", "203.0.113.0/24"),
        (0, "", "198.51.100.77:52011", "198.51.100.0/24"),
        (0, "", "fe80::1%eth0", "fe80::/64"),
        (1, "_hidden:1", "198.51.100.77", "unknown"),
    ],
)
def test_only_the_hop_our_own_proxy_wrote_is_believed(
    settings: Settings, proxies: int, forwarded: str, remote: str, seen: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=remote)
    assert client_range(request) == seen
