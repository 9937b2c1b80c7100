"""Lists stay quick however long they are, and say what they do not know exactly."""

import pytest
from django.db import connection
from django.test import Client

from backorders_site.staff.admin.lines import OrderLineAdmin
from backorders_site.staff.admin.orders import OrderAdmin
from orders import services
from orders.models import DelayNotice, Order, OrderLine, Product, Refund, Shipment
from tests import factories
from tests.factories import NOON
from tests.test_admin import page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def five() -> Product:
    """A product for which five wait; units of the first two are set aside."""
    product = factories.make_product()
    for n in range(5):
        factories.order(product, number=f"10{n}", country="DE" if n else "US")
    services.receive(product, 2, now=NOON)
    return product


def numbers(client: Client, model: type[Order] | type[OrderLine], **query: object) -> list[str]:
    found = client.get(page(model), query).context["cl"].result_list
    return [str(row.order.number if isinstance(row, OrderLine) else row.number) for row in found]


def test_what_is_too_long_to_count_is_estimated_and_said_to_be(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    five()
    short = admin_client.get(page(Order))
    assert (short.context["cl"].result_count, "about" in short.content.decode()) == (5, False)
    monkeypatch.setattr("backorders_site.staff.admin.base.COUNTED", 3)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order")
    long = admin_client.get(page(Order))
    assert long.context["cl"].result_count == 5
    assert "about 5 orders" in " ".join(long.content.decode().split())


def test_every_page_of_a_product_s_queue_begins_at_its_place(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OrderLineAdmin, "list_per_page", 2)
    product = five()
    query = {"product": product.pk, "state": "waiting"}
    assert [numbers(admin_client, OrderLine, **query, p=p) for p in (1, 2)] == [
        ["102", "103"],
        ["104"],
    ]
    assert admin_client.get(page(OrderLine), query).context["cl"].result_count == 3
    # With anything else asked, or in another order, it is a list like others.
    assert numbers(admin_client, OrderLine, **query, q="103") == ["103"]
    assert numbers(admin_client, OrderLine, product=product.pk, p=2) == ["102", "103"]


@pytest.mark.parametrize("most", [1, 10])
def test_set_aside_and_cancelled_are_found_whether_few_or_many(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("backorders_site.staff.admin.lines.COUNTED", most)
    five()
    for number in ("102", "104"):
        services.cancel(Order.objects.get(number=number), now=NOON)
    for model in (Order, OrderLine):
        assert numbers(admin_client, model, state="reserved") == ["101", "100"]
        assert numbers(admin_client, model, state="cancelled") == ["104", "102"]


def test_the_countries_of_the_filter_are_those_of_orders(admin_client: Client) -> None:
    five()
    factories.order(factories.make_product(), country="")
    shown = admin_client.get(page(Order)).context["cl"].filter_specs[-1]
    assert shown.lookup_choices == [("DE", "DE"), ("US", "US")]
    assert numbers(admin_client, Order, country="US") == ["100"]


def test_the_codes_of_notices_are_filtered_without_reading_them_all(admin_client: Client) -> None:
    codes = admin_client.get(
        page(DelayNotice), {"case": "B", "jurisdiction": "US-CA", "silence": "cancel"}
    )
    assert (codes.status_code, codes.context["cl"].result_count) == (200, 0)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("101", ["101"]),
        ("#101", ["101"]),
        ("10", []),
        ("lovel", ["104", "103", "102", "101", "100"]),
    ],
)
def test_orders_are_found_by_what_is_whole_else_by_words_of_a_name(
    admin_client: Client, term: str, found: list[str]
) -> None:
    five()
    Order.objects.update(customer_name="Ada Lovelace")
    assert numbers(admin_client, Order, q=term) == found


def test_a_sku_finds_its_orders_beside_an_order_of_that_number(admin_client: Client) -> None:
    product = five()
    other = factories.order(factories.make_product(), number=product.sku).order
    assert numbers(admin_client, Order, q=product.sku.lower()) == [
        other.number,
        "104",
        "103",
        "102",
        "101",
        "100",
    ]
    assert OrderAdmin.search_help_text


@pytest.mark.parametrize(
    ("term", "found"), [("#100", 1), ("1z-9", 1), ("102", 0), ("%", 0), ("\0", 1)]
)
def test_shipments_are_found_by_order_and_tracking_number(
    admin_client: Client, term: str, found: int
) -> None:
    five()
    line = OrderLine.objects.get(order__number="100")
    services.ship(line.order, {line.pk: 1}, carrier="UPS", tracking_number="1Z-9", now=NOON)
    assert admin_client.get(page(Shipment), {"q": term}).context["cl"].result_count == found


@pytest.mark.parametrize(("term", "found"), [("100", 1), ("ADA@example.com", 2), ("nobody", 0)])
def test_refunds_are_found_through_their_orders(
    admin_client: Client, term: str, found: int
) -> None:
    five()
    Order.objects.update(email="ada@example.com")
    for number in ("100", "104"):
        services.cancel(Order.objects.get(number=number), now=NOON)
    assert admin_client.get(page(Refund), {"q": term}).context["cl"].result_count == found
