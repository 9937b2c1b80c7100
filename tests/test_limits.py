"""Numbers and days that are slips of the finger are refused in words, before they reach a customer
or the database."""

from datetime import date

import pytest
from django.db import models
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from backorders_site.middleware import MAX_BYTES_OF_ANYBODY
from orders import services
from orders.models import OrderLine, Product, Receipt, Restock
from tests.factories import NOON, make_product, make_supplier, order, restock
from tests.test_admin import confirmed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TOO_MANY = 99_999_999_999


@pytest.fixture
def product() -> Product:
    return make_product()


def send(staff: Client, row: models.Model, act: str, **data: object) -> str:
    """What staff read after sending an act's form."""
    url = f"{reverse(f'admin:orders_{row._meta.model_name}_{act}')}?id={row.pk}"
    seen = staff.get(url).context["form"].seen()
    answer = confirmed(
        staff, url, {"arrived_on": "2026-11-02", "reason": "counted", "seen": seen, **data}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_number_the_database_cannot_hold_is_a_fault_of_the_form(
    admin_client: Client, product: Product
) -> None:
    delivery = restock(product, 10)
    receipt = services.receive(product, 1, now=NOON)
    pages = [
        send(admin_client, delivery, "receive", units=TOO_MANY),
        send(admin_client, product, "receive", units=TOO_MANY),
        send(admin_client, receipt, "correct", units=TOO_MANY),
    ]
    assert ["less than or equal to 1000000" in page for page in pages] == [True, True, True]
    assert Receipt.objects.count() == 1


def test_services_refuse_more_units_than_can_be_true(product: Product) -> None:
    receipt = services.receive(product, 1, now=NOON)
    for units in (1_000_001, TOO_MANY):
        with pytest.raises(services.Refused, match=f"has {units} of"):
            order(product, units)
        with pytest.raises(services.Refused, match="expected 1000000 at most"):
            restock(product, units, supplier=make_supplier())
        with pytest.raises(services.Refused, match="expected 1000000 at most"):
            services.receive(product, units, now=NOON)
        with pytest.raises(services.Refused, match="expected 1000000 at most"):
            services.correct_receipt(receipt, units, now=NOON, reason="counted")


@pytest.mark.parametrize("value", ["²", "٣", "9" * 40, "9" * 5000, "-1", "x"])
def test_a_filter_that_is_no_key_filters_nothing(
    admin_client: Client, product: Product, value: str
) -> None:
    order(product)
    answer = admin_client.get(reverse("admin:orders_orderline_changelist"), {"product": value})
    assert (answer.status_code, answer.context["cl"].result_count) == (
        200,
        OrderLine.objects.count(),
    )


def test_far_more_than_is_still_to_come_is_received_only_once_confirmed(
    admin_client: Client, product: Product
) -> None:
    delivery = restock(product, 50)
    asked = send(admin_client, delivery, "receive", units=500)
    assert "far more than the 50 units expected" in asked
    assert "Yes, 500 units really arrived" in asked
    assert "Yes, 5000 units" in send(admin_client, delivery, "receive", units=5000, sure=500)
    assert Restock.objects.get().arrived == 0
    send(admin_client, delivery, "receive", units=500, sure=500)
    assert Restock.objects.get().arrived == 500


@pytest.mark.parametrize(("expected", "came"), [(50, 100), (5, 25)])
def test_a_few_more_than_expected_are_received_without_asking_twice(
    admin_client: Client, product: Product, expected: int, came: int
) -> None:
    delivery = restock(product, expected)
    assert "received" in send(admin_client, delivery, "receive", units=came)
    assert Restock.objects.get().arrived == came


@pytest.mark.parametrize("arrived_on", [date(1800, 1, 1), date(2024, 10, 1)])
def test_units_that_arrived_more_than_two_years_ago_are_refused(
    product: Product, arrived_on: date
) -> None:
    with pytest.raises(services.Refused, match="more than two years ago"):
        services.receive(product, 1, arrived_on=arrived_on, now=NOON)


@pytest.mark.parametrize("key", ["9" * 30, "9" * 5000, "²"])
def test_a_row_that_cannot_exist_is_not_found(admin_client: Client, key: str) -> None:
    assert admin_client.get(reverse("admin:orders_restock_receive"), {"id": key}).status_code == 404


@pytest.mark.parametrize("key", ["½", "1.0", "9" * 5000, "a@b.c", "-1"])
def test_a_product_that_is_no_product_is_a_fault_of_the_form(
    admin_client: Client, key: str
) -> None:
    url = reverse("admin:orders_order_add")
    assert admin_client.get(url, {"product": key}).status_code == 200
    shown = admin_client.post(url, {"number": "1", "product": key, "quantity": 1})
    assert shown.context["form"].errors["product"] == [
        "Select a valid choice. That choice is not one of the available choices."
    ]


class TestABodyLargerThanTheProxyHoldsBack:
    """A thread would wait for the rest of it."""

    BODY = b"a" * (MAX_BYTES_OF_ANYBODY + 1)

    @pytest.mark.parametrize("path", ["/", "/admin/login/", "/webhooks/mail/", "/nothing-here/"])
    def test_is_not_read_of_a_stranger(self, client: Client, path: str) -> None:
        answer = client.post(path, self.BODY, content_type="text/plain")
        assert (answer.status_code, "couldn't read that" in answer.content.decode()) == (
            413,
            True,
        )

    def test_is_read_of_staff(self, admin_client: Client) -> None:
        assert (
            admin_client.post("/nothing-here/", self.BODY, content_type="text/plain").status_code
            == 404
        )

    def test_is_not_read_of_staff_without_their_code(
        self, admin_client: Client, settings: Settings
    ) -> None:
        settings.SECOND_FACTOR = True
        assert (
            admin_client.post("/nothing-here/", self.BODY, content_type="text/plain").status_code
            == 413
        )


@pytest.mark.parametrize("length", ["", "-1", "x", "²", "1e9"])
def test_a_length_that_is_none_is_no_body(client: Client, length: str) -> None:
    assert client.generic("POST", "/", b"number=1", CONTENT_LENGTH=length).status_code == 200
