"""My orders: a mailed link opens all orders of one address for a quarter of an hour, and nobody
learns who has orders."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from notifications.compose.left_out import REQUEST_GOOD_FOR
from notifications.models import Message, Suppression
from notifications.outbox.pause import pause_email, resume_email
from orders import services
from orders.access import MAILS_A_DAY, Purpose, link_token, mine_url, open_order
from orders.models import Event, Order
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, kinds, make_product
from tests.html import spaced
from tests.mailing import mail, states, wait
from tests.test_dispatch import slip

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ada() -> Order:
    return factories.order(
        make_product(name="Harbour lamp"), number="1001", email="ada@example.com", country="CA"
    ).order


def ask(client: Client, email: str = "ada@example.com") -> str:
    return client.post("/mine/", {"email": email}).content.decode()


def path(url: str) -> str:
    return url.removeprefix("http://testserver")


def mailed_link(sink: MailSink) -> str:
    """The link to all orders in the newest mail, as a path."""
    mail()
    body = sink.mails[-1].message.get_body(("plain",))
    found = re.search(r"http://testserver(/mine/[^/\s]+/)", str(body.get_content()))
    return found[1] if found else ""


def words(client: Client, url: str) -> str:
    page = client.get(url).content.decode()
    return " ".join(unescape(re.sub(r"<head>.*</head>|<[^>]+>", " ", page, flags=re.S)).split())


def told(order: Order) -> None:
    services.mark_told(list(order.events.values_list("pk", flat=True)), at=NOON)
    Event.objects.update(message_due=False)


# Asking


def test_a_mail_that_was_put_off_carries_a_link_that_is_good_for_a_whole_quarter_of_an_hour(
    client: Client, ada: Order, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    told(ada)
    ask(client)
    mail_sink.answers = ["451 try later"]
    mail()
    clock.move_to(NOON + 16 * MINUTE)
    wait(16 * MINUTE)
    assert "Order 1001" in words(client, mailed_link(mail_sink))
    assert len(mail_sink.mails) == 1


def test_who_asks_is_mailed_a_link_that_opens_all_their_orders(
    client: Client, ada: Order, mail_sink: MailSink
) -> None:
    second = factories.order(
        make_product(name="Tide blanket"), 2, number="1002", email="ADA@example.com"
    ).order
    told(ada)
    assert "If we have orders with this address, an email is on its way." in ask(
        client, " Ada@Example.com "
    )
    page = words(client, mailed_link(mail_sink))
    assert mail_sink.mails[-1].recipients == ["ADA@example.com"]
    assert "2 orders with A•••@example.com. Open ones come first." in page
    assert "Order 1001" in page
    assert "1 × Harbour lamp 1st in line." in page
    assert "2 × Tide blanket 1st in line." in page
    assert (kinds(ada)[-1], kinds(second)[-1]) == ("joined", "link")


def test_the_mail_says_what_it_is_and_that_a_stranger_may_have_asked(
    client: Client, ada: Order, mail_sink: MailSink, settings: Settings
) -> None:
    settings.SHOP_NAME = "Harbour & Sons"
    told(ada)
    ask(client)
    link = mailed_link(mail_sink)
    message = mail_sink.mails[-1].message
    assert message["Subject"] == "Your orders at Harbour & Sons"
    text = str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n")
    assert "Someone asked for a link to all your orders." in text
    assert "If this wasn't you, you can ignore it." in " ".join(text.split())
    assert f"See all my orders:\nhttp://testserver{link}\n\nThe link works for 15 minutes." in text
    assert f'href="http://testserver{link}"' in str(message.get_body(("html",)).get_content())


def test_the_answer_is_the_same_whether_or_not_an_order_has_the_address(
    client: Client, ada: Order
) -> None:
    def answer(email: str) -> tuple[int, str, list[str]]:
        with CaptureQueriesContext(connection) as queries:
            response = client.post("/mine/", {"email": email})
        asked = [
            re.sub(r"'[^']*'|\"s\d+_x\d+\"", "?", query["sql"])
            for query in queries.captured_queries
        ]
        return response.status_code, response.content.decode().replace(email, ""), asked

    answers = [
        answer(email)
        for email in ("ada@example.com", "eve@example.com", "no address", "", "\x00", "a" * 9000)
    ]
    assert [status for status, _, _ in answers] == [200] * 6
    assert len({said for _, said, _ in answers}) == 1
    assert len({tuple(asked) for _, _, asked in answers}) == 1
    assert Event.objects.filter(kind="link").count() == 1


def test_while_mail_is_held_no_mail_is_promised_and_none_written(
    client: Client, ada: Order
) -> None:
    pause_email("a wrong date", now=NOON, actor="mia")
    for response in (
        client.get("/mine/"),
        *(client.post("/mine/", {"email": e}) for e in ("ada@example.com", "x")),
    ):
        page = response.content.decode()
        assert "We can't send emails right now, so we can't send you a link." in page
        assert re.search("on its way|name=.email", page) is None
    resume_email(now=NOON, actor="mia")
    assert kinds(ada) == ["joined"]
    assert "an email is on its way" in ask(client)


@pytest.mark.parametrize(
    "mode, email, promised",
    [
        ("hold", "ada@example.com", False),
        ("only:ada@example.com", "Ada@example.com", True),
        ("send", "ada@example.com", True),
    ],
)
def test_a_mail_is_promised_where_one_goes_out(
    client: Client, ada: Order, settings: Settings, mode: str, email: str, promised: bool
) -> None:
    settings.MAIL_MODE = mode
    assert ("an email is on its way" in ask(client, email)) is promised
    assert (kinds(ada)[-1] == "link") is promised
    assert ('name="email"' in client.get("/mine/").content.decode()) is (mode != "hold")


def test_in_a_trial_the_answer_tells_no_stranger_who_takes_part(
    client: Client, ada: Order, settings: Settings, mail_sink: MailSink
) -> None:
    told(ada)
    settings.MAIL_MODE = "only:grace@example.com"
    assert ask(client).replace("ada@", "grace@") == ask(client, "grace@example.com")
    mail()
    assert mail_sink.mails == []


def test_whether_mail_to_an_address_came_back_is_told_no_stranger(
    client: Client, ada: Order
) -> None:
    before = ask(client, "eve@example.com")
    Suppression.objects.create(address="ada@example.com", reason="bounced", at=NOON)
    assert ask(client).replace("ada@", "eve@") == before


def test_an_order_without_an_address_is_not_asked_for_with_none(client: Client) -> None:
    factories.order(make_product(), email="")
    ask(client, "")
    assert Event.objects.filter(kind="link").count() == 0


def test_quiet_orders_stay_quiet_whoever_asks(client: Client, ada: Order) -> None:
    Order.objects.update(released_at=None)
    ask(client)
    assert kinds(ada) == ["joined"]


def test_a_button_pressed_twice_is_one_mail(client: Client, ada: Order) -> None:
    ask(client)
    ask(client)
    assert kinds(ada) == ["joined", "link"]


@pytest.mark.parametrize("email", ["ada@example.com", "eve@example.com"])
def test_an_address_is_mailed_so_often_a_day_and_no_more(
    client: Client, ada: Order, email: str
) -> None:
    for _ in range(MAILS_A_DAY):
        assert client.post("/mine/", {"email": email}).status_code == 200
    response = client.post("/mine/", {"email": email.upper()})
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 86_400
    assert "Too many attempts. Please try again later." in response.content.decode()


def test_a_link_asked_for_long_ago_is_not_mailed_any_more(
    client: Client, ada: Order, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    told(ada)
    ask(client)
    clock.shift(REQUEST_GOOD_FOR + MINUTE)
    mail()
    assert mail_sink.mails == []
    assert states(ada) == ["expired"]


def test_news_goes_out_with_the_link_and_does_not_expire_with_it(
    client: Client, ada: Order, mail_sink: MailSink
) -> None:
    ask(client)
    link = mailed_link(mail_sink)
    assert re.match(r"/mine/.+/$", link)
    assert (
        mail_sink.mails[-1].message["Subject"] == "Thank you for your order 1001: no ship date yet"
    )
    assert Message.objects.get().expires_at is None


def test_a_stale_link_is_left_out_of_a_mail_with_news(
    client: Client, ada: Order, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    ask(client)
    clock.shift(REQUEST_GOOD_FOR + MINUTE)
    assert mailed_link(mail_sink) == ""
    assert len(mail_sink.mails) == 1


def test_the_page_of_the_order_says_that_a_mail_was_asked_for(client: Client, ada: Order) -> None:
    ask(client)
    page = words(client, f"/o/{link_token(ada, Purpose.ACT)}/")
    assert "Someone asked for a link to all your orders." in page


def test_a_form_from_elsewhere_is_refused_and_other_methods_too(client: Client, ada: Order) -> None:
    assert (
        Client(enforce_csrf_checks=True).post("/mine/", {"email": "ada@example.com"}).status_code
        == 403
    )
    assert client.put("/mine/").status_code == client.post(path(mine_url(ada))).status_code == 405
    assert client.head("/mine/").status_code == client.head(path(mine_url(ada))).status_code == 200
    assert kinds(ada) == ["joined"]


# The page


def test_open_orders_come_first_and_each_leads_to_its_page(client: Client, ada: Order) -> None:
    gone = factories.order(make_product(name="Kettle"), number="1003", placed_at=NOON).order
    services.cancel(gone, now=NOON)
    page = client.get(path(mine_url(ada))).content.decode()
    shown = re.findall(r'<a href="/o/([^/]+)/">', page)
    assert [open_order(token) for token in shown] == [(ada, Purpose.ACT), (gone, Purpose.ACT)]
    assert "Canceled." in page


def test_another_address_never_appears(client: Client, ada: Order) -> None:
    factories.order(
        make_product(name="Secret gift"),
        number="6666",
        email="eve@example.com",
        customer_name="Eve Older",
    )
    factories.order(make_product(name="Nobody's"), number="7777", email="")
    page = client.get(path(mine_url(ada))).content.decode()
    assert re.findall(r"Order (\d+)", page) == ["1001"]
    assert re.search("Secret|Eve|eve@|6666|7777|ada@example.com", page) is None


def test_the_link_ends_after_a_quarter_of_an_hour_and_says_so(
    client: Client, ada: Order, clock: time_machine.Traveller
) -> None:
    url = path(mine_url(ada))
    clock.shift(15 * MINUTE)
    assert client.get(url).status_code == 200
    clock.shift(timedelta(seconds=1))
    response = client.get(url)
    assert response.status_code == 410
    assert "This link has expired: it works for 15 minutes." in response.content.decode()
    assert 'name="email"' in response.content.decode()
    assert "Harbour lamp" not in response.content.decode()


def test_a_revoked_link_and_one_mailed_to_a_former_address_open_nothing(
    client: Client, ada: Order
) -> None:
    url = path(mine_url(ada))
    Order.objects.update(email="eve@example.com")
    assert client.get(url).status_code == 404
    Order.objects.update(email="ada@example.com", link_version=2)
    assert client.get(url).status_code == 404


def test_a_token_of_one_purpose_is_none_of_another(client: Client, ada: Order) -> None:
    token = path(mine_url(ada)).split("/")[2]
    assert client.get(f"/o/{token}/").status_code == 404
    for purpose in Purpose:
        assert client.get(f"/mine/{link_token(ada, purpose)}/").status_code == 404
    for spoilt in (token[:-1], token.swapcase(), "x", "é.é.é"):
        assert client.get(f"/mine/{spoilt}/").status_code == 404


def test_no_cookie_no_cache_no_index(client: Client, ada: Order) -> None:
    response = client.get(path(mine_url(ada)))
    assert response.cookies == {}
    assert (response["Cache-Control"], response["X-Robots-Tag"]) == (
        "no-store",
        "noindex, nofollow",
    )


@pytest.mark.parametrize("number", [1, 3])
def test_many_orders_cost_no_more_queries_than_one(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    for _ in range(number):
        row = factories.order(make_product()).order
    url = path(mine_url(row))
    with django_assert_num_queries(4):  # one opens the link
        client.get(url)


def test_a_line_in_every_state_in_one_line(client: Client) -> None:
    product = make_product(name="Lamp")
    factories.restock(product, 100)
    line = factories.order(product, 3)
    url = path(mine_url(line.order))
    assert "3 × Lamp 1st in line." in words(client, url)
    services.receive(product, 2, now=NOON)
    assert (
        "3 × Lamp 2 items are reserved for you. 1st in line. All 3 items are still to come. The "
        "last one ships by 3 December" in spaced(words(client, url))
    )
    services.ship(line.order, {line.pk: 1}, now=NOON)
    assert "3 × Lamp 1 item has shipped. 1 item is reserved for you. 1st in line." in words(
        client, url
    )
    services.cancel(line.order, units={line.pk: 1}, now=NOON)
    assert (
        "3 × Lamp 1 item has shipped. 1 item is reserved for you. 1 item was canceled. 1 item is "
        "still to come. Ships by" in words(client, url)
    )
    services.ship(line.order, {line.pk: 1}, now=NOON)
    assert "3 × Lamp Shipped." in words(client, url)


def test_what_is_all_set_aside_is_not_counted_out(client: Client) -> None:
    product = make_product(name="Lamp")
    line = factories.order(product)
    services.receive(product, 1, now=NOON)
    assert "1 × Lamp 1 item is reserved for you. Ships by" in words(
        client, path(mine_url(line.order))
    )


# With other mails


def test_an_order_that_needs_an_answer_says_so(client: Client) -> None:
    """Without a day to ship by, silence would cancel it."""
    line = factories.order(make_product(), email="ada@example.com", now=NOON - DAY)
    mail()
    by = line.notices.get().answer_by
    assert by is not None
    said = words(client, mine_url(line.order))
    assert f"There's no ship date at the moment. Please answer by {by.day} {by:%B}." in spaced(said)


def test_a_link_to_all_orders_is_no_ask_for_the_link_of_one(client: Client, ada: Order) -> None:
    ask(client)
    assert services.ask_for_link(ada, now=NOON)


def test_a_delay_that_comes_meanwhile_is_in_the_same_mail(ada: Order, mail_sink: MailSink) -> None:
    line = ada.lines.get()
    factories.restock(line.product, expected_on=NOON.date() + 14 * DAY)
    factories.review(line.product)
    told(ada)
    services.ask_for_orders("ada@example.com", now=NOON)
    slip(line, 70)
    link = mailed_link(mail_sink)
    assert link
    assert "We told you" in str(mail_sink.mails[-1].message.get_body(("plain",)).get_content())
    assert Message.objects.get().expires_at is None
