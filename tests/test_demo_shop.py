from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from backorders_site.demo import buttons, customers, past, shop
from backorders_site.demo.goods import ADA, ADA_STANDS, LAMP, LANTERNS
from backorders_site.demo.mailbox import Mailbox
from notifications.models import Message, MessageState
from notifications.outbox.dispatch import dispatch
from orders import queue, services
from orders.models import Event, Order, OrderLine, Product, Supplier
from tests.factories import NOON, make_product, order, restock, review

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("noon"),
    pytest.mark.urls("tests.demo_urls"),
]


@pytest.fixture
def lamp() -> Product:
    return make_product(sku=LAMP.sku)


@pytest.fixture
def stage(lamp: Product) -> Product:
    Supplier.objects.create(name=LANTERNS.name)
    shop.set_stage(NOON)
    return lamp


@pytest.fixture
def mailbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    monkeypatch.setenv("DEMO_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("MAIL_INBOX_URL", "http://localhost:8001/")
    return Mailbox(tmp_path / "mail")


def ada() -> OrderLine:
    return OrderLine.objects.filter(order__customer_name=ADA).order_by("-pk")[0]


def test_the_demo_says_of_a_customer_what_the_page_shows_now(lamp: Product) -> None:
    order(lamp, placed_at=NOON - timedelta(hours=1))
    line = order(lamp, customer_name=ADA)
    review(lamp)
    said = [customers.introduce(line.order).shows]
    delivery = restock(lamp, 9)
    review(lamp)
    said += [customers.introduce(line.order).shows]
    services.receive(lamp, 2, restock=delivery, now=NOON)
    said += [customers.introduce(line.order).shows]
    services.ship(line.order, {line.pk: 1}, now=NOON)
    said += [customers.introduce(line.order).shows]
    assert said == [
        "2nd in line for a lamp, with no ship date at the moment",
        "2nd in line for a lamp: late, and asked to keep or cancel",
        "reserved, about to ship",
        "shipped, with a tracking link",
    ]


def test_ada_is_37th_in_line_and_the_first_lamps_are_here(stage: Product) -> None:
    assert queue.positions([ada().pk])[ada().pk].place == ADA_STANDS
    roles = {each.role: each.order.customer_name for each in customers.introduced()}
    assert roles["In line"] == ADA
    assert "Arrived" in roles


def test_another_takes_adas_place_when_she_has_canceled(stage: Product) -> None:
    services.cancel(ada().order, now=NOON)
    (successor,) = [each for each in customers.introduced() if each.role == "In line"]
    assert successor.order.customer_name != ADA
    assert queue.positions([successor.line.pk])[successor.line.pk].place == ADA_STANDS


def test_customers_who_were_used_up_are_replaced(stage: Product) -> None:
    for line in OrderLine.objects.filter(waiting__gt=0):
        services.cancel(line.order, now=NOON)
    for line in OrderLine.objects.filter(allocated__gt=0):
        services.ship(line.order, {line.pk: 1}, now=NOON)
    assert customers.introduced() == []
    shop.restock_the_stage(NOON)
    assert [each.role for each in customers.introduced()] == ["In line", "Arrived"]


def test_starting_over_brings_another_ada_whatever_was_done_before(stage: Product) -> None:
    first = ada()
    services.receive(stage, 30, now=NOON)
    delivery = buttons.delivery(ada())
    assert delivery
    late = services.today_of(NOON) + timedelta(days=60)
    services.move_restock_date(delivery, late, reason="customs", now=NOON)
    review(stage, now=NOON + timedelta(minutes=30))
    shop.start_over(NOON + timedelta(minutes=31))
    assert ada() != first
    assert customers.introduce(ada().order).shows == (
        "37th in line for a lamp, in time for the next delivery"
    )
    assert queue.positions([ada().pk])[ada().pk].place == ADA_STANDS


def test_the_inbox_opens_with_the_news_of_the_customers_shown_and_no_other(stage: Product) -> None:
    assert Event.objects.filter(message_due=True).count() > 50
    shop.settle(NOON)
    shop.mail_the_newest(NOON)
    due = Event.objects.filter(message_due=True).values_list("order", flat=True)
    assert sorted(due) == sorted(each.order.pk for each in customers.introduced())


def test_page_and_emails_are_in_the_visitors_language(stage: Product, client: Client) -> None:
    page = client.get("/demo/", headers={"accept-language": "de"}).content.decode()
    assert "?lang=de" in page
    assert language_of(ada().order) == "de"
    client.get("/demo/?lang=en", headers={"accept-language": "de"})
    assert language_of(ada().order) == "en"


def language_of(one: Order) -> str:
    return Order.objects.get(pk=one.pk).locale.partition("-")[0]


def test_the_inbox_beside_the_page_is_that_of_the_customer_shown(
    stage: Product, client: Client, mailbox: Mailbox
) -> None:
    for to in (ada().order.email, "else@example.com"):
        mailbox.keep([to], f"Subject: to {to}\r\n\r\nWords.".encode())
    page = client.get("/demo/", {"who": ada().order.number}).content.decode()
    assert f"to {ada().order.email}" in page
    assert "to else@example.com" not in page


def test_the_customer_one_looks_at_stays_when_used_up(stage: Product, client: Client) -> None:
    number = ada().order.number
    services.cancel(ada().order, now=NOON)
    page = client.get("/demo/", {"who": number}).content.decode()
    assert "<span>Canceled</span>" in page
    assert f"37th in line for {customers.THINGS[LAMP.sku]}" in page


def test_links_of_an_email_open_in_the_frame_of_the_order_page(
    stage: Product, client: Client, mailbox: Mailbox
) -> None:
    html = '<a href="http://testserver/o/abc/">Keep</a><a href="https://ups.example/1">UPS</a>'
    mailbox.keep(
        ["ada@example.com"],
        f"Content-Type: text/html\r\nSubject: x\r\n\r\n{html}<script>1</script>".encode(),
    )
    (kept,) = mailbox.newest_first()
    response = client.get(f"/demo/mail/{kept.id}/")
    shown = response.content.decode()
    assert '<a target="order-page" href="/o/abc/">' in shown
    assert '<base target="_blank">' in shown
    assert '<a href="https://ups.example/1">' in shown
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_the_buttons_do_what_they_say_and_come_back_to_the_customer(
    stage: Product, client: Client
) -> None:
    number = ada().order.number
    before = buttons.delivery(ada())
    assert before is not None
    first = before.dates.latest("posted_on", "id").expected_on
    answer = client.post(f"/demo/slip/?who={number}&lang=en")
    assert answer["Location"] == f"/demo/?who={number}&lang=en"
    assert before.dates.latest("posted_on", "id").expected_on == first + buttons.SLIP
    client.post(f"/demo/write/?who={number}")
    assert list(ada().order.events.filter(message_due=True, kind="note"))
    client.post(f"/demo/arrive/?who={number}")
    assert queue.positions([ada().pk])[ada().pk].place == ADA_STANDS - buttons.UNITS
    (here,) = [each for each in customers.introduced() if each.role == "Arrived"]
    client.post("/demo/ship/", {"order": here.order.number})
    assert OrderLine.objects.get(pk=here.line.pk).state == "shipped"
    client.post("/demo/start-over/")
    assert queue.positions([ada().pk])[ada().pk].place == ADA_STANDS


def test_a_button_acts_on_the_delivery_that_the_customer_shown_waits_for(
    stage: Product, client: Client
) -> None:
    bowls = make_product(sku="BOWL-SHORE")
    line = order(bowls, number="BOWLS-1")
    sooner = restock(bowls, 40)
    review(bowls)
    client.post(f"/demo/slip/?who={line.order.number}")
    assert sooner.dates.count() == 2
    lamps = buttons.delivery(ada())
    assert lamps
    assert lamps.dates.count() == 1
    client.post(f"/demo/arrive/?who={line.order.number}")
    line.refresh_from_db()
    assert line.reserved == 1


def test_a_button_turns_to_somebody_who_waits_where_the_customer_shown_does_not(
    stage: Product, client: Client
) -> None:
    (here,) = [each for each in customers.introduced() if each.role == "Arrived"]
    address = f"/demo/slip/?who={here.order.number}&lang=en"
    there = f"/demo/?who={ada().order.number}&lang=en"
    assert client.post(address)["Location"] == there
    assert client.post(address, headers={"hx-request": "true"})["HX-Redirect"] == there


def test_a_press_is_answered_into_the_page_as_it_stands(stage: Product, client: Client) -> None:
    address = f"/demo/arrive/?who={ada().order.number}&lang=en"
    answer = client.post(address, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in answer
    assert "30 units arrived" in answer
    assert "7th in line for a lamp" in answer
    assert 'id="demo-buttons" class="demo-buttons" hx-swap-oob="true"' in answer


def test_customers_keep_the_dates_of_their_country(stage: Product, client: Client) -> None:
    client.get("/demo/", headers={"accept-language": "de-DE"})
    assert language_of(ada().order) == "de"
    client.get("/demo/?lang=en", headers={"accept-language": "de-DE"})
    assert ada().order.locale == "en-US"


def test_the_last_email_comes_again_in_the_visitors_language_once(
    stage: Product, client: Client
) -> None:
    emailed = []
    for language in ("de", "en", "de"):
        past.tell(NOON)
        client.get("/demo/", {"lang": language})
        emailed.append(ada().order.events.filter(message_due=True).count())
    assert emailed == [1, 1, 0]


def test_a_click_is_followed_until_the_page_has_changed(
    stage: Product, client: Client, settings: Settings
) -> None:
    shop.settle(NOON)
    number = ada().order.number
    client.post(f"/demo/slip/?who={number}")
    settling = client.get("/demo/now/", {"who": number}).content.decode()
    assert "s until customers are notified" in settling
    review(stage, now=NOON + timedelta(seconds=settings.SETTLE_SECONDS + 1))
    changed = client.get("/demo/now/", {"who": number}).content.decode()
    assert "after your click" in changed


def test_a_click_that_breaks_no_promise_says_so(stage: Product, client: Client) -> None:
    shop.settle(NOON)
    client.post(f"/demo/arrive/?who={ada().order.number}")
    review(stage, now=NOON + timedelta(minutes=30))
    page = client.get("/demo/now/", {"who": ada().order.number}).content.decode()
    assert "What Ada was told still holds, so no email is due." in page


def test_starting_over_forgets_the_emails_still_on_their_way(stage: Product) -> None:
    dispatch()
    shop.start_over(NOON)
    assert not Message.objects.filter(state=MessageState.QUEUED).exists()
    shown = {each.order.pk for each in customers.introduced()}
    assert set(Event.objects.filter(message_due=True).values_list("order", flat=True)) == shown


def test_an_email_that_is_gone_while_the_mailbox_is_read_is_passed_over(mailbox: Mailbox) -> None:
    for subject in ("first", "second"):
        mailbox.keep(["ada@example.com"], f"Subject: {subject}\r\n\r\nWords.".encode())
    newest_first = mailbox.newest_first()
    next(newest_first)
    mailbox.empty()
    assert list(newest_first) == []


def test_the_customer_introduced_as_delayed_is_one_whose_date_has_moved(lamp: Product) -> None:
    stove = make_product(sku="STOVE-SKERRY")
    delivery = restock(stove, 2, expected_on=services.today_of(NOON) + timedelta(days=5))
    moved = order(stove)
    review(stove)
    late = services.today_of(NOON) + timedelta(days=80)
    services.move_restock_date(delivery, late, reason="customs", now=NOON)
    review(stove, now=NOON + timedelta(minutes=30))
    order(stove)
    review(stove, now=NOON + timedelta(minutes=31))
    (delayed,) = [each for each in customers.introduced() if each.role == "Delayed"]
    assert delayed.order == moved.order


def test_pictures_are_at_the_port_of_this_run(stage: Product, settings: Settings) -> None:
    settings.SITE_URL = "http://localhost:9000"
    shop.hang_pictures()
    stage.refresh_from_db()
    assert stage.image_url == "http://localhost:9000/static/demo/lamp.svg"
