"""One box: it finds by what somebody has in hand, and leads straight to the one thing that has
exactly that."""

import pytest
from django.test import Client

from orders import services
from orders.models import Order
from tests import factories
from tests.factories import NOON
from tests.test_admin import queries_of
from tests.test_roles import W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SEARCH = "/admin/desk/search/"


@pytest.fixture
def grete() -> Order:
    """Order #A-17 of Grete O'Brien-Minde, of which a parcel has left."""
    product = factories.make_product(sku="LAMP-01", name="Harbour lamp")
    line = factories.order(
        product, 2, number="#A-17", email="Grete@Example.com", customer_name="Grete O'Brien-Minde"
    )
    services.receive(product, 1, now=NOON)
    services.ship(
        line.order,
        {line.pk: 1},
        carrier="DHL",
        tracking_number="JD0146 0000 9".replace(" ", ""),
        now=NOON,
    )
    for _ in range(2):
        factories.order(product)
    return line.order


def found(client: Client, text: str) -> list[str]:
    """Numbers of the orders on the page."""
    return [order.number for order, _by in client.get(SEARCH, {"q": text}).context["found"].orders]


@pytest.mark.parametrize(
    "text",
    [
        "#A-17",
        "a-17",
        " A-17 ",
        "Order #A-17",
        "Bestellung Nr. a-17",
        "Ａ-１７",
        "grete@example.COM",
        "JD014600009",
        "jd0146 0000 9",
        "A-17\0",
    ],
)
def test_a_number_an_address_or_a_tracking_number_opens_its_order(
    admin_client: Client, grete: Order, text: str
) -> None:
    assert admin_client.get(SEARCH, {"q": text})["Location"] == "/admin/desk/order/%23A-17/"


def test_a_whole_sku_opens_its_product(admin_client: Client, grete: Order) -> None:
    assert admin_client.get(SEARCH, {"q": "lamp-01"})["Location"] == "/admin/desk/product/LAMP-01/"


@pytest.mark.parametrize("text", ["PO-7", "po-7", " PO-7 "])
def test_a_whole_reference_opens_its_restock(admin_client: Client, text: str) -> None:
    restock = factories.restock(factories.make_product(), reference="PO-7")
    assert (
        admin_client.get(SEARCH, {"q": text})["Location"]
        == f"/admin/orders/restock/{restock.pk}/change/"
    )


def test_a_delivery_of_several_products_asks_which(admin_client: Client) -> None:
    restocks = [factories.restock(factories.make_product(), reference="PO-7") for _ in range(2)]
    shown = admin_client.get(SEARCH, {"q": "PO-7"})
    assert shown.context["found"].restocks == restocks[::-1]
    assert all(
        f"/admin/orders/restock/{restock.pk}/change/" in shown.content.decode()
        for restock in restocks
    )


@pytest.mark.parametrize("text", ["grete", "Minde", "brien gre", "GRETE O'Brien"])
def test_words_of_a_name_list_whoever_has_them(
    admin_client: Client, grete: Order, text: str
) -> None:
    assert found(admin_client, text) == ["#A-17"]


def test_an_address_with_several_orders_lists_them_newest_first(
    admin_client: Client, grete: Order
) -> None:
    later = factories.order(grete.lines.get().product, email="grete@example.com").order
    assert found(admin_client, "grete@example.com") == [later.number, "#A-17"]


def test_a_number_that_is_a_sku_as_well_asks_which(admin_client: Client, grete: Order) -> None:
    factories.make_product(sku="A-17")
    shown = admin_client.get(SEARCH, {"q": "A-17"}).context["found"]
    assert ([order.number for order, _by in shown.orders], [p.sku for p in shown.products]) == (
        ["#A-17"],
        ["A-17"],
    )


def test_a_name_with_a_number_in_it_is_listed_beside_the_order(admin_client: Client) -> None:
    line = factories.order(factories.make_product(name="Lamp 2"), number="2")
    shown = admin_client.get(SEARCH, {"q": "lamp 2"}).context["found"]
    assert ([order.number for order, _by in shown.orders], list(shown.products)) == (
        ["2"],
        [line.product],
    )


@pytest.mark.parametrize("text", ["nobody", "a" * 10_000, "' | x:* &", "%", "\\", "!!!"])
def test_what_is_not_there_is_said_with_what_was_searched(
    admin_client: Client, grete: Order, text: str
) -> None:
    shown = admin_client.get(SEARCH, {"q": text})
    assert shown.status_code == 200
    assert "We searched order numbers, email addresses, tracking numbers" in shown.content.decode()


@pytest.mark.parametrize("text", ["", "  ", "\0", "\0\0 "])
def test_nothing_typed_is_no_search(admin_client: Client, text: str) -> None:
    assert admin_client.get(SEARCH, {"q": text}).context["found"] is None


def test_it_asks_as_many_questions_for_thirty_as_for_one(admin_client: Client) -> None:
    product = factories.make_product()
    factories.order(product)
    few = queries_of(admin_client, f"{SEARCH}?q=ada")
    for _ in range(29):
        factories.order(factories.make_product())
    assert queries_of(admin_client, f"{SEARCH}?q=ada") == few
    assert admin_client.get(SEARCH, {"q": "ada"}).context["found"].is_cut


def test_the_box_stands_on_every_page_of_the_admin_for_those_who_see_orders(client: Client) -> None:
    box = f'action="{SEARCH}"'
    client.force_login(somebody(W))
    for url in ("/admin/", "/admin/orders/restock/", SEARCH):
        assert box in client.get(url).content.decode()
    assert box not in Client().get("/admin/login/").content.decode()
    assert Client().get(SEARCH).status_code == 302
