"""What programs read. Others build on these keys."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from orders import services
from orders.access import Purpose, link_token
from orders.models import Order, Product, Promise
from orders.pages.offer import about
from orders.pages.status import order_status
from tests.factories import (
    NOON,
    lamp_of_a_punctual_supplier,
    make_product,
    make_supplier,
    order,
    restock,
    review,
    supplier_record,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def lamp() -> Product:
    return lamp_of_a_punctual_supplier(500)


def status(
    client: Client, row: Order, purpose: Purpose = Purpose.FEED, query: str = ""
) -> dict[str, Any]:
    response = client.get(f"/o/{link_token(row, purpose)}/status.json{query}")
    assert response["Content-Type"] == "application/json"
    found: dict[str, Any] = json.loads(response.content)
    return found


def test_the_whole_object(client: Client, lamp: Product) -> None:
    ahead, line = order(lamp, 2), order(lamp, 3, number="1001")
    services.cancel(ahead.order, now=NOON + timedelta(minutes=1))
    services.mark_told([line.order.events.get().pk], at=NOON)
    found = status(client, line.order)
    promise = Promise.objects.get(line=line)
    assert promise.early
    assert promise.likely
    assert promise.late
    late = promise.late.isoformat()
    text = found["events"].pop()["text"]
    assert text.startswith("You're 2nd in line. Ships by ")
    assert found == {
        "order": {"number": "1001", "placed_at": "2026-11-02T12:00:00-05:00", "total": None},
        "as_of": "2026-11-02T12:00:00-05:00",
        "next_update_by": "2026-11-17",  # a fortnight without news, and the morning after
        "lines": [
            {
                "sku": "LAMP",
                "name": "Harbour lamp",
                "variant": "",
                "image_url": None,
                "unit_price": None,
                "quantity": 3,
                "allocated": 0,
                "shipped": 0,
                "cancelled": 0,
                "state": "waiting",
                "place": 1,
                "units_ahead": 0,
                "window": {
                    "kind": "dated",
                    "early": promise.early.isoformat(),
                    "likely": promise.likely.isoformat(),
                    "late": late,
                    "sure": 0.9,
                    "within_14": None,
                    "within_30": None,
                },
                "arrives_by": (promise.late + timedelta(days=5)).isoformat(),
                "told_at": "2026-11-02T12:00:00-05:00",
                "agreed_by": "2026-12-02",
            }
        ],
        "events": [
            {
                "at": "2026-11-02T12:01:00-05:00",
                "kind": "moved_up",
                "text": "You moved up 1 place: someone ahead of you canceled.",
            },
        ],
    }


def test_what_shipped_arrives_after_its_days_on_the_way_and_then_should_be_there(
    client: Client, lamp: Product, settings: Settings
) -> None:
    settings.TRANSIT_DAYS = "US=3"
    line = order(lamp)
    services.receive(lamp, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)

    def seen(days: int) -> tuple[str, bool]:
        at = NOON + timedelta(days=days)
        [found] = order_status(line.order, locale="en", now=at).lines
        return str(found.arrives_by), found.should_have_arrived

    assert status(client, line.order)["lines"][0]["arrives_by"] == "2026-11-05"
    assert [seen(days) for days in (3, 4)] == [("2026-11-05", False), ("2026-11-05", True)]


def test_states_and_places_as_units_come_and_go(client: Client, lamp: Product) -> None:
    def line() -> tuple[str, int | None, int | None]:
        [found] = status(client, row)["lines"]
        return found["state"], found["place"], found["units_ahead"]

    placed = order(lamp, 3)
    row = placed.order
    assert line() == ("waiting", 1, 0)
    services.receive(lamp, 2, now=NOON)
    assert line() == ("part_reserved", 1, 0)
    services.receive(lamp, 1, now=NOON)
    assert line() == ("reserved", None, None)
    services.ship(row, {placed.pk: 1}, now=NOON)
    assert line() == ("part_shipped", None, None)
    services.ship(row, {placed.pk: 2}, now=NOON)
    assert line() == ("shipped", None, None)
    assert status(client, row)["next_update_by"] is None


def test_days_too_far_apart_are_shown_to_nobody(client: Client, settings: Settings) -> None:
    supplier = make_supplier()
    supplier_record(supplier, [0, 60, 30, 120, 0, 45, 3, 150, 20, 90] * 4, now=NOON)
    product = make_product()
    restock(product, 10, expected_on=date(2026, 11, 12), supplier=supplier)
    review(product)
    [line] = status(client, (row := order(product).order))["lines"]
    window = line["window"]
    assert window["kind"] == "chances"
    assert window["early"] is window["likely"] is window["late"] is window["sure"] is None
    assert 0 <= window["within_14"] <= window["within_30"] <= 1
    assert (
        "Subscribe in your calendar"
        not in client.get(f"/o/{link_token(row, Purpose.ACT)}/").content.decode()
    )
    settings.QUIET_DAYS = 60
    # thirty days on, the chances told end
    assert status(client, row)["next_update_by"] == "2026-12-02"


def test_without_a_promise_the_window_is_null(client: Client, lamp: Product) -> None:
    [line] = status(client, order(lamp, held=True).order)["lines"]
    assert line["window"] is None
    assert line["told_at"] is None


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "You're 1st in line."),
        ("de", "Sie sind auf Platz\u00a01 der Warteliste."),
        *((unknown, "You're 1st in line.") for unknown in ("xx", "../x", "%00", "x" * 400)),
    ],
)
def test_any_language_asked_for_is_answered(
    client: Client, lamp: Product, lang: str, said: str
) -> None:
    found = status(client, order(lamp).order, query=f"?lang={lang}")
    assert found["events"][0]["text"].startswith(said)


def test_a_revoked_link_is_not_found(client: Client, lamp: Product) -> None:
    row = order(lamp).order
    Order.objects.update(link_version=2)
    assert client.get(f"/o/{link_token(row, Purpose.ACT)}/status.json").status_code == 404


def test_before_buying(client: Client, lamp: Product, settings: Settings) -> None:
    for _ in range(2):
        order(lamp, 107)
    response = client.get("/p/LAMP/promise.json?quantity=2")
    assert response["Cache-Control"] == "public, max-age=60"
    found = response.json()
    assert found.pop("window")["kind"] == "dated"
    assert datetime.fromisoformat(found.pop("as_of")) == NOON
    assert found == {"sku": "LAMP", "name": "Harbour lamp", "quantity": 2, "lines": 2, "units": 210}
    settings.EXACT_LINE = True
    assert client.get("/p/LAMP/promise.json").json()["units"] == 214


def test_strangers_read_two_digits_of_a_number(settings: Settings) -> None:
    assert [about(n) for n in (0, 3, 18, 99, 214, 999, 12_345)] == [
        0,
        10,
        20,
        100,
        210,
        1000,
        12_000,
    ]
    settings.EXACT_LINE = True
    assert about(12_345) == 12_345


@pytest.mark.parametrize("quantity", ["0", "1000", "-1", "1.5", "two", "", "1e2"])
def test_a_quantity_that_is_none_is_refused(client: Client, lamp: Product, quantity: str) -> None:
    response = client.get("/p/LAMP/promise.json", {"quantity": quantity})
    assert response.status_code == 400
    assert response.json() == {"error": "quantity: expected a whole number from 1 to 999"}
    page = client.get("/p/LAMP/", {"quantity": quantity})
    assert page.status_code == 400
    assert "Please enter a whole number from 1 to 999." in page.content.decode()


@pytest.mark.parametrize("quantity", ["３", "٣"])
def test_people_may_type_the_digits_of_any_script_and_programs_may_not(
    client: Client, lamp: Product, quantity: str
) -> None:
    assert "If you order 3 now" in client.get("/p/LAMP/", {"quantity": quantity}).content.decode()
    assert client.get("/p/LAMP/promise.json", {"quantity": quantity}).status_code == 400


def test_what_is_not_on_backorder_has_no_line(client: Client, lamp: Product) -> None:
    Product.objects.create(sku="MUG", name="Mug", on_backorder=False)
    for sku in ("MUG", "NONE", "%00"):
        response = client.get(f"/p/{sku}/promise.json")
        assert response.status_code == 404
        assert response.json() == {"error": f"no product {unquote(sku)} is on backorder"}
        assert client.get(f"/p/{sku}/").status_code == 404


def test_skus_with_slashes(client: Client) -> None:
    make_product(sku="AB/12")
    assert client.get("/p/AB/12/promise.json").json()["window"] is None
    assert client.get("/p/AB/12/").status_code == 200


def test_units_that_lie_here_leave_after_handling(client: Client) -> None:
    product = make_product(sku="MUG")
    services.receive(product, 5, now=NOON)
    window = client.get("/p/MUG/promise.json?quantity=5").json()["window"]
    assert (window["early"], window["late"]) == ("2026-11-02", "2026-11-03")
