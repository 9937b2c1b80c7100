"""An order is found by its number and mail address together; whatever is wrong, the answer is the
same."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from orders.access import MAY_ACT, TRIES, Purpose, open_order
from orders.models import Order
from tests.factories import make_product, order

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Order:
    return order(make_product(), number="1001", email="ada@example.com").order


def words(content: bytes) -> str:
    """A page without what differs from one answer to the next: the protection of the form and what
    was typed."""
    return re.sub(r'(name="csrfmiddlewaretoken" )?value="[^"]*"', "", content.decode())


def test_both_right_lead_to_a_link_that_may_only_look(client: Client, ada: Order) -> None:
    response = client.post("/", {"number": "#1001", "email": "ADA@example.com "})
    assert response.status_code == 303
    token = response["Location"].split("/")[2]
    assert open_order(token) == (ada, Purpose.LOOK)
    assert Purpose.LOOK not in MAY_ACT
    assert client.get(response["Location"]).status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        *("Order 1001", "order #1001", "Order no. 1001", " 1001 ", "Order#1001", "No.1001"),
        *("Bestellung Nr. 1001", "N° 1001", "Nº1001", "№ 1001", "Order number: 1001", "(#1001)."),
        *(
            "１００１",
            "＃１００１",
            "طلب رقم ١٠٠١",
            "1001\u200f",
            "Order\t1001",
            "Order 1001, please",
        ),
    ],
)
def test_words_before_the_number_do_no_harm(client: Client, ada: Order, typed: str) -> None:
    response = client.post("/", {"number": typed, "email": "ada@example.com"})
    assert response.status_code == 303


def test_words_that_belong_to_the_number_are_kept(client: Client) -> None:
    order(make_product(), number="Order 3981", email="ada@example.com")
    response = client.post("/", {"number": "order 3981", "email": "ada@example.com"})
    assert response.status_code == 303


def test_a_prefix_of_the_shop_is_no_word_before_the_number(client: Client, ada: Order) -> None:
    for typed in ("EN-1001", "EN1001", "1001-2", "1001/2"):
        answer = client.post("/", {"number": typed, "email": "ada@example.com"})
        assert answer.status_code == 200, typed


def test_every_miss_reads_alike(client: Client, ada: Order) -> None:
    misses = [
        {"number": "1001", "email": "eve@example.com"},
        {"number": "1002", "email": "ada@example.com"},
        {"number": "", "email": ""},
        {"number": "1001\x00", "email": "no address"},
        {"number": "Order #１００２", "email": "ada@example.com"},
        {"number": "9" * 5000, "email": "a" * 5000},
        {},
    ]
    answers = [client.post("/", miss) for miss in misses]
    assert {answer.status_code for answer in answers} == {200}
    assert len({words(answer.content) for answer in answers}) == 1
    assert "We couldn't find an order with this number and email address." in words(
        answers[0].content
    )


def test_what_was_typed_stands_there_again_and_harmless(client: Client) -> None:
    page = client.post(
        "/", {"number": '"><script>x()</script>', "email": "eve@example.com"}
    ).content.decode()
    assert 'value="&quot;&gt;&lt;script&gt;x()&lt;/script&gt;"' in page
    assert 'value="eve@example.com"' in page


def test_asking_too_often_is_answered_with_when_to_come_back(client: Client, ada: Order) -> None:
    for _ in range(TRIES["number"]):
        client.post("/", {"number": "1001", "email": "eve@example.com"})
    response = client.post("/", {"number": "1001", "email": "ada@example.com"})
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 600
    assert "Too many attempts. Please wait" in response.content.decode()


def test_others_may_still_ask(client: Client, ada: Order) -> None:
    for _ in range(TRIES["client"] + 1):
        client.post("/", {"number": "x", "email": "eve@example.com"}, REMOTE_ADDR="198.51.100.7")
    response = client.post(
        "/", {"number": "1001", "email": "ada@example.com"}, REMOTE_ADDR="203.0.113.7"
    )
    assert response.status_code == 303


def test_a_form_from_elsewhere_is_refused(ada: Order) -> None:
    response = Client(enforce_csrf_checks=True).post(
        "/", {"number": "1001", "email": "ada@example.com"}
    )
    assert response.status_code == 403
    assert "Please try again" in response.content.decode()


def test_looking_asks_nothing_of_the_database(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        page = client.get("/").content.decode()
    assert "Where is my order?" in page


@pytest.mark.parametrize("demo", [True, False])
def test_the_demo_says_that_it_is_one(client: Client, settings: Settings, demo: bool) -> None:
    settings.DEMO = demo
    assert ('href="/demo/"' in client.get("/").content.decode()) is demo


def test_other_methods_are_refused(client: Client) -> None:
    assert client.put("/").status_code == client.delete("/").status_code == 405
