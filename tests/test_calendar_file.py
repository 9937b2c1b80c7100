"""calendar.ics: entries that follow what we tell, and vanish with it."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from icalendar import Calendar, Event
from pytest_django import DjangoAssertNumQueries

from orders import services
from orders.access import Purpose, link_token
from orders.models import Order, Product
from tests.factories import (
    NOON,
    fresh,
    lamp_of_a_punctual_supplier,
    make_product,
    order,
    restock,
    review,
)
from tests.html import spaced

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


@pytest.fixture
def lamp() -> Product:
    return lamp_of_a_punctual_supplier(500)


def calendar(client: Client, row: Order, purpose: Purpose = Purpose.FEED) -> Calendar:
    response = client.get(f"/o/{link_token(row, purpose)}/calendar.ics")
    assert response["Content-Type"] == "text/calendar"
    found = Calendar.from_ical(response.content)
    assert found.errors == []
    assert found.subcomponents  # RFC 5545, 3.6: at least one
    return found


def entry(client: Client, row: Order) -> Event:
    [found] = calendar(client, row).walk("VEVENT")
    assert found.errors == []
    return found


def version(found: Event) -> tuple[int, str]:
    return found["sequence"], str(found["status"])


def test_the_window_as_an_entry(client: Client, lamp: Product) -> None:
    line = order(lamp, number="1001")
    promise = fresh(line).promise
    found = entry(client, line.order)
    assert (found["dtstart"].dt, found["dtend"].dt) == (promise.early, promise.late + DAY)
    assert found["summary"] == "Tern & Tide ships Harbour lamp"
    assert found["description"].startswith("Ships by ")
    assert found["uid"] == "1001.LAMP@testserver"
    assert found["last-modified"].dt == found["created"].dt == promise.published_at
    assert version(found) == (0, "CONFIRMED")
    assert "url" not in found  # who may only read the calendar is not led to the page


def test_a_link_that_may_look_leads_to_its_page(client: Client, lamp: Product) -> None:
    row = order(lamp).order
    [found] = calendar(client, row, Purpose.LOOK).walk("VEVENT")
    assert found["url"] == f"http://testserver/o/{link_token(row, Purpose.LOOK)}/"


def test_the_page_subscribes_a_calendar_program_to_what_only_feeds_it(
    client: Client, lamp: Product
) -> None:
    row = order(lamp).order
    page = client.get(f"/o/{link_token(row, Purpose.ACT)}/").content.decode()
    feed = f"testserver/o/{link_token(row, Purpose.FEED)}/calendar.ics"
    assert re.findall('href="(webcal:[^"]*)"', page) == [f"webcal://{feed}"]
    assert client.get(f"http://{feed}").content.startswith(b"BEGIN:VCALENDAR")


def test_a_later_date_is_a_newer_version_of_the_same_entry(client: Client, lamp: Product) -> None:
    row = order(lamp).order
    before = entry(client, row)
    services.move_restock_date(lamp.restocks.get(), date(2027, 1, 5), now=NOON + DAY)
    review(lamp, now=NOON + DAY)
    after = entry(client, row)
    assert after["uid"] == before["uid"]
    assert after["dtend"].dt > before["dtend"].dt
    assert version(after) == (2, "CONFIRMED")
    assert after["last-modified"].dt == NOON + DAY


def test_what_has_no_date_any_more_is_cancelled_and_comes_back_with_one(
    client: Client, lamp: Product
) -> None:
    row = order(lamp).order
    services.cancel_restock(lamp.restocks.get(), now=NOON)
    review(lamp)
    gone = entry(client, row)
    assert version(gone) == (3, "CANCELLED")
    assert "description" not in gone
    restock(lamp, expected_on=date(2027, 1, 5))
    review(lamp, now=NOON + DAY)
    assert version(entry(client, row)) == (4, "CONFIRMED")


def test_what_has_left_or_was_cancelled_stands_in_no_calendar_any_more(
    client: Client, lamp: Product
) -> None:
    shipped, cancelled = order(lamp), order(lamp)
    services.receive(lamp, 1, now=NOON)
    services.ship(shipped.order, {shipped.pk: 1}, now=NOON)
    services.cancel(cancelled.order, now=NOON + DAY)
    assert str(entry(client, shipped.order)["status"]) == "CANCELLED"
    assert version(entry(client, cancelled.order)) == (1, "CANCELLED")
    assert entry(client, cancelled.order)["last-modified"].dt == NOON + DAY


def test_without_any_date_it_is_still_a_calendar(client: Client) -> None:
    found = calendar(client, order(make_product()).order)
    assert [part.name for part in found.subcomponents] == ["VTIMEZONE"]


@pytest.mark.parametrize("number", [1, 3])
def test_more_lines_cost_no_more_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    lines = [services.NewLine(make_product(), 1) for _ in range(number)]
    new = services.NewOrder(number="1001", placed_at=NOON, email="ada@example.com", lines=lines)
    row = services.place_order(new, now=NOON)
    with django_assert_num_queries(7):
        client.get(f"/o/{link_token(row, Purpose.FEED)}/calendar.ics")


def test_an_entry_says_the_window_in_words(client: Client, lamp: Product) -> None:
    services.move_restock_date(lamp.restocks.get(), date(2026, 12, 29), now=NOON, reason="customs")
    review(lamp)
    promise = fresh(order(lamp)).promise
    assert (promise.early.year, promise.late.year) == (2026, 2027)
    said = entry(client, promise.line.order)["description"]
    assert spaced(said) == (
        f"Ships by {promise.late.day} January. 9 in 10 orders like this ship by then. "
        f"It could ship as early as {promise.early.day} December."
    )
