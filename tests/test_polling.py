"""The poll of an open page: cheap while nothing changed, and never late when something did."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from orders import services
from orders.access import Purpose, link_token
from orders.models import Order, OrderLine, Product
from orders.pages import live
from tests.factories import NOON, lamp_of_a_punctual_supplier, order, review

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def lamp() -> Product:
    return lamp_of_a_punctual_supplier(100)


def poll(client: Client, row: Order, seen: str) -> int:
    return client.get(f"/o/{link_token(row, Purpose.ACT)}/live/?seen={seen}").status_code


def shown(client: Client, row: Order) -> str:
    page = client.get(f"/o/{link_token(row, Purpose.ACT)}/").content.decode()
    found = re.search(r"live/\?seen=(\w+)", page)
    return found[1] if found else "nothing more to come"


def test_a_poll_in_vain_looks_once(
    client: Client, lamp: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    line = order(lamp)
    seen = shown(client, line.order)
    assert poll(client, line.order, seen) == 204
    with django_assert_num_queries(1):
        assert poll(client, line.order, seen) == 204


def slips(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    services.move_restock_date(lamp.restocks.get(), date(2027, 2, 5), now=NOON)
    review(lamp, now=NOON + DAY)


def cancels(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    services.cancel(ahead.order, now=NOON)


def is_told(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    services.mark_told(list(line.order.events.values_list("pk", flat=True)), at=NOON)


def arrives(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    services.receive(lamp, 3, now=NOON)


def leaves(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    services.receive(lamp, 10, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)


def loses_units(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    services.cancel(line.order, units={line.pk: 1}, now=NOON)


def is_passed_by(lamp: Product, ahead: OrderLine, line: OrderLine) -> None:
    order(lamp, placed_at=NOON - 9 * DAY, now=NOON)


@pytest.mark.parametrize(
    "happens", [slips, cancels, is_told, arrives, leaves, loses_units, is_passed_by]
)
def test_whatever_happens_is_seen_by_the_next_poll(
    client: Client, lamp: Product, happens: Callable[[Product, OrderLine, OrderLine], None]
) -> None:
    ahead, line = order(lamp, 2), order(lamp, 4)
    seen = shown(client, line.order)
    assert poll(client, line.order, seen) == 204
    happens(lamp, ahead, line)
    assert poll(client, line.order, seen) == 200
    now_seen = shown(client, line.order)
    assert now_seen != seen
    assert poll(client, line.order, now_seen) == 204


def test_while_one_poll_makes_a_page_the_others_keep_theirs_until_they_ask_again(
    client: Client, lamp: Product
) -> None:
    line = order(lamp)
    seen = shown(client, line.order)
    services.cancel(line.order, now=NOON)
    with live._making_page:
        assert poll(client, line.order, seen) == 204
    assert poll(client, line.order, seen) == 200
