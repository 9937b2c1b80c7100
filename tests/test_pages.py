"""The status page: what its customer reads, what nobody else does, and what it costs."""

import html
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from orders import services
from orders.access import Purpose, link_token
from orders.models import Event, MoveReason, Order, OrderLine, Product
from tests.factories import (
    NOON,
    fresh,
    lamp_of_a_punctual_supplier,
    make_product,
    make_supplier,
    order,
    restock,
    review,
    supplier_record,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


@pytest.fixture
def lamp() -> Product:
    return lamp_of_a_punctual_supplier(60)


def url(row: Order, purpose: Purpose = Purpose.ACT, page: str = "") -> str:
    return f"/o/{link_token(row, purpose)}/{page}"


def text(client: Client, row: Order) -> str:
    """What somebody reads on the page, in one line."""
    page = client.get(url(row)).content.decode()
    return " ".join(
        html.unescape(re.sub(r"<head>.*</head>|<[^>]+>", " ", page, flags=re.S)).split()
    )


def test_place_window_and_the_delivery_that_serves_it(client: Client, lamp: Product) -> None:
    for minute in range(36):
        order(lamp, placed_at=NOON - timedelta(minutes=60 - minute))
    line = order(lamp)
    said = text(client, line.order)
    assert f"Order {line.order.number} In line Ships by" in said
    assert "1 × Harbour lamp" in said
    assert (
        "Ships by 8 December 1 × Harbour lamp With you by about 13 December. 37th in line. 36 "
        "people are ahead of you." in said
    )
    assert (
        "Ordered Monday, 2 November Delivery to us due 2 December Ships by 8 December With you by "
        "about 13 December 9 in 10 orders like this ship by then. It could ship as early as 2 "
        "December." in said
    )
    assert "You'll hear from us by 17 November. Updated 12:00." in said


def test_the_page_shows_the_promise_and_never_a_fresher_estimate(
    client: Client, lamp: Product
) -> None:
    line = order(lamp)
    before = text(client, line.order)
    services.move_restock_date(lamp.restocks.get(), date(2027, 1, 5), now=NOON, reason="customs")
    assert text(client, line.order) == before
    review(lamp)
    after = text(client, line.order)
    assert "Delayed Now ships by 11 January" in after
    assert "Please answer by 1 January." in after
    assert "Delivery to us due 5 January" in after
    assert (
        "Your order page said it would ship by 8 December. Why: the delivery is being held at "
        "customs. We're sorry. With you by about 16 January" in after
    )


def test_a_date_corrected_while_it_settles_was_never_seen(client: Client, lamp: Product) -> None:
    line = order(lamp)
    before = text(client, line.order)
    services.move_restock_date(lamp.restocks.get(), date(2027, 1, 5), now=NOON)
    services.move_restock_date(lamp.restocks.get(), date(2026, 12, 2), now=NOON)
    services.review_settled(now=NOON + timedelta(minutes=10))
    assert text(client, line.order) == before


def test_who_waits_moves_up_when_others_get_theirs_and_reads_why(
    client: Client, lamp: Product
) -> None:
    for minute in range(36):
        order(lamp, placed_at=NOON - timedelta(minutes=60 - minute))
    line = order(lamp)
    services.receive(lamp, 30, now=NOON + DAY)
    said = text(client, line.order)
    assert "7th in line. 6 people are ahead of you" in said
    assert "You moved up 30 places: a delivery arrived." in said
    assert "You've moved up 30 places since you joined the line." in said


def test_who_is_passed_reads_why_and_no_name(client: Client, lamp: Product) -> None:
    line = order(lamp)
    order(
        lamp,
        placed_at=NOON - DAY,
        now=NOON + DAY,
        customer_name="Eve Older",
        email="eve@example.com",
    )
    said = text(client, line.order)
    assert "2nd in line. 1 person is ahead of you" in said
    assert "An older order reached us late. It was paid before yours, so it's ahead of you." in said
    assert "Eve" not in said
    assert "eve@" not in said


def test_who_was_moved_back_by_staff_does_not_read_that_they_moved_up(
    client: Client, lamp: Product
) -> None:
    line, behind = order(lamp), order(lamp, placed_at=NOON + timedelta(hours=1))
    services.move_in_queue(
        line,
        2,
        now=NOON + DAY,
        why=MoveReason.OUR_MISTAKE,
        reason="paid a day later than it said",
        actor="staff",
    )
    assert "You moved up" not in text(client, line.order)
    moved = (
        "We've moved you in the line: you're now 2nd (you were 1st). Why: we corrected a mistake"
    )
    assert moved in text(client, line.order)
    assert "You moved up: we moved an order further back." in text(client, behind.order)
    assert "asked for it" not in text(client, behind.order)


def test_cancellations_of_one_day_are_told_as_one(client: Client, lamp: Product) -> None:
    ahead = [order(lamp, placed_at=NOON - DAY) for _ in range(3)]
    line = order(lamp)
    for each in ahead:
        services.cancel(each.order, now=NOON + DAY)
    assert (
        text(client, line.order).count("You moved up 3 places: people ahead of you canceled.") == 1
    )


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (
            (0, 1),
            "People ahead of you canceled parts of their orders, so 2 fewer items are needed "
            "before "
            "it's your turn.",
        ),
        (
            (0, 0),
            "Someone ahead of you canceled part of their order, so 2 fewer items are needed before "
            "it's your turn.",
        ),
    ],
)
def test_parts_cancelled_by_two_people_are_not_one_persons(
    client: Client, lamp: Product, who: tuple[int, ...], said: str
) -> None:
    ahead = [order(lamp, 3, placed_at=NOON - DAY) for _ in range(2)]
    line = order(lamp)
    for n in who:
        services.cancel(ahead[n].order, units={ahead[n].pk: 1}, now=NOON + DAY)
    assert said in text(client, line.order)


def test_who_has_theirs_hears_nothing_more_of_the_queue(client: Client, lamp: Product) -> None:
    held_up = order(lamp, placed_at=NOON - DAY, held=True)
    line = order(lamp)
    services.receive(lamp, 1, now=NOON + DAY)
    services.cancel(held_up.order, now=NOON + 2 * DAY)
    said = text(client, line.order)
    assert "Your item has arrived and is reserved for you. Ships by Wednesday, 4 November." in said
    assert "moved up" not in said


def test_a_parcel_can_be_followed_and_one_recorded_by_mistake_is_gone(
    client: Client, lamp: Product
) -> None:
    line = order(lamp, 2)
    services.receive(lamp, 2, now=NOON)
    shipment = services.ship(
        line.order, {line.pk: 2}, now=NOON, carrier="UPS", tracking_number="1Z9"
    )
    page = client.get(url(line.order)).content.decode()
    assert 'href="https://www.ups.com/track?tracknum=1Z9" rel="noopener noreferrer"' in page
    services.correct_shipment(shipment, now=NOON + DAY)
    assert "www.ups.com" not in client.get(url(line.order)).content.decode()
    assert "We're sorry: we recorded a shipment by mistake." in text(client, line.order)


def test_a_part_that_shipped_says_by_when_it_is_there(client: Client, lamp: Product) -> None:
    line = order(lamp, 3)
    services.receive(lamp, 2, now=NOON)
    services.ship(line.order, {line.pk: 2}, now=NOON, carrier="UPS")
    told = "2 items shipped Monday, 2 November · UPS With you by about Saturday, 7 November."
    assert told in text(client, line.order)


def test_lines_with_different_fates(client: Client, lamp: Product) -> None:
    chair = make_product(name="Deck chair")
    row = services.place_order(
        services.NewOrder(
            number="T-1",
            placed_at=NOON,
            email="ada@example.com",
            lines=[services.NewLine(lamp, 1), services.NewLine(chair, 5)],
        ),
        now=NOON,
    )
    services.receive(chair, 4, now=NOON)
    [refund] = services.cancel(row, units={row.lines.get(product=lamp).pk: 1}, now=NOON)
    said = text(client, row)
    assert "4 reserved for you 1 on backorder" in said
    assert "1 × Harbour lamp We've canceled this" in said
    assert f"{refund.due_on.day} November" in said
    assert said.index("Deck chair") < said.index("Harbour lamp")  # what is over comes last
    assert "1 needs your answer 1 canceled" in said
    assert (
        "4 of your 5 items have arrived and are reserved for you. 1 item is still to come." in said
    )


def test_without_a_date_the_page_says_so(client: Client) -> None:
    said = text(client, order(make_product()).order)
    assert "In line No ship date yet" in said
    assert (
        "1st in line. Nobody is ahead of you. Please answer by 1 January. Without your OK" in said
    )
    assert "We check every morning and will email you as soon as we can name a date." in said


def test_a_line_that_needs_a_person_says_so_and_keeps_its_place(
    client: Client, lamp: Product
) -> None:
    line = order(lamp, 3, held=True)
    said = text(client, line.order)
    assert "On hold We're checking your order 3 × Harbour lamp We're sorry for the wait." in said
    assert "Your place in line is kept for you." in said
    assert "You placed this order." in said
    assert "1st in line." in said


@pytest.mark.parametrize("change", [{"email": ""}, {"released_at": None}])
def test_nobody_is_said_to_get_mail_whom_none_reaches(
    client: Client, lamp: Product, change: dict[str, object]
) -> None:
    row = order(lamp).order
    Order.objects.update(**change)
    said = text(client, row)
    assert "hear from us" not in said
    assert "email you" not in said
    assert "We'll update this page by" in said


def test_the_page_names_a_person_and_hides_the_address(client: Client, lamp: Product) -> None:
    row = order(lamp, number="T 1", email="ada.lovelace@example.com").order
    page = client.get(url(row)).content.decode()
    assert 'href="mailto:help@shop.example?subject=Order%20T%201"' in page
    assert "a•••@example.com" in page
    assert "ada.lovelace" not in page
    assert "Lovelace" not in page
    assert "We never ask for card details here" in page


def test_names_are_text(client: Client) -> None:
    product = make_product(name="<script>alert(1)</script>{{ settings }}")
    row = order(product, customer_name="<img/src=x>").order
    page = client.get(url(row)).content.decode()
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "{{ settings }}" in page


def test_days_are_written_for_the_customers_region(client: Client, lamp: Product) -> None:
    row = order(lamp).order
    Order.objects.update(locale="en-US")
    assert "Delivery to us due December 2" in text(client, row)


def test_strangers_colleagues_and_owners(client: Client, lamp: Product) -> None:
    row, other = order(lamp).order, order(lamp, email="eve@example.com", customer_name="Eve").order
    assert client.get(url(row)).status_code == 200
    assert client.get(url(row, Purpose.LOOK)).status_code == 200
    for page in ("", "live/"):
        assert client.get(url(row, Purpose.FEED, page)).status_code == 404
    for page in ("", "live/", "status.json", "calendar.ics"):
        answer = client.get(f"/o/{'x' * 60}/{page}")
        assert answer.status_code == 404
        assert answer.content == client.get("/o/y/").content
    assert other.number not in text(client, row)


def test_nothing_is_kept_indexed_or_told_to_others(client: Client, lamp: Product) -> None:
    for page in ("", "live/", "status.json", "calendar.ics"):
        response = client.get(url(order(lamp).order, page=page))
        assert response["Cache-Control"] == "no-store"
        assert response["X-Robots-Tag"] == "noindex, nofollow"
        assert response["Referrer-Policy"] == "same-origin"
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert not response.cookies


@pytest.mark.parametrize("page", ["", "live/", "status.json", "calendar.ics"])
def test_looking_changes_nothing(client: Client, lamp: Product, page: str) -> None:
    row = order(lamp).order
    before = (
        list(Event.objects.values()),
        list(OrderLine.objects.values()),
        list(Order.objects.values()),
    )
    assert (
        client.get(url(row, page=page)).status_code
        == client.head(url(row, page=page)).status_code
        == 200
    )
    assert client.post(url(row, page=page)).status_code == 405
    assert before == (
        list(Event.objects.values()),
        list(OrderLine.objects.values()),
        list(Order.objects.values()),
    )


def test_the_live_part_is_what_the_page_shows_until_something_changes(
    client: Client, lamp: Product
) -> None:
    ahead, line = order(lamp), order(lamp)
    page = client.get(url(line.order)).content.decode()
    [again] = re.findall(r'hx-get="([^"]+)"', page)
    assert client.get(again).status_code == 204
    with time_machine.travel(NOON + timedelta(minutes=5)):
        assert client.get(again).status_code == 204
    services.cancel(ahead.order, now=NOON)
    response = client.get(again)
    assert response.status_code == 200
    assert "1st in line." in response.content.decode()
    assert response.content.decode().strip().startswith('<div id="live"')
    assert response.content.decode().strip() in client.get(url(line.order)).content.decode()


def test_asking_ends_when_nothing_is_open(client: Client, lamp: Product) -> None:
    line = order(lamp)
    services.cancel(line.order, now=NOON)
    assert "hx-get" not in client.get(url(line.order)).content.decode()


def test_more_lines_and_events_cost_no_more_queries(
    client: Client, lamp: Product, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    one = order(lamp).order
    many = services.place_order(
        services.NewOrder(
            number="T-5",
            placed_at=NOON,
            email="ada@example.com",
            lines=[
                services.NewLine(product, 3)
                for product in [lamp, *(make_product() for _ in range(4))]
            ],
        ),
        now=NOON,
    )
    for line in many.lines.all():
        services.receive(line.product, 3, now=NOON + DAY)
        for _ in range(3):
            services.ship(many, {line.pk: 1}, now=NOON + DAY)
            services.correct_shipment(many.shipments.order_by("pk").last(), now=NOON + DAY)
    assert many.events.count() >= 30
    for row in (one, many):
        with django_assert_num_queries(6):  # one opens the link
            client.get(url(row))


def test_a_slip_is_drawn_and_said_and_nobody_is_named(client: Client, lamp: Product) -> None:
    line = order(lamp)
    services.move_restock_date(lamp.restocks.get(), date(2027, 1, 5), now=NOON, reason="customs")
    review(lamp, now=NOON + DAY)
    said = text(client, line.order)
    assert re.search(
        r"The window now: from \d+ January to \d+ January\. Told on \w+, 2 November: "
        r"from \d+ December to",
        said,
    )
    assert re.search(r"How sure is this date\? Our supplier met \d+ of its last 20 dates", said)
    assert lamp.restocks.get().supplier.name not in said


def test_each_delivery_that_brings_some_of_mine_is_named(client: Client, lamp: Product) -> None:
    restock(lamp, 50, expected_on=date(2026, 12, 23), supplier=lamp.restocks.get().supplier)
    review(lamp)
    order(lamp, 40)
    line = order(lamp, 40)
    said = text(client, line.order)
    assert "Delivery of 20 due 2 December Delivery of 20 due 23 December" in said


def test_a_page_of_many_lines_and_news_is_light(client: Client, lamp: Product) -> None:
    line = order(lamp)
    for n in range(6):
        services.move_restock_date(
            lamp.restocks.get(), date(2027, 1, 5) + 30 * n * DAY, now=NOON + n * DAY
        )
        review(lamp, now=NOON + n * DAY)
    page = client.get(url(line.order)).content
    assert len(page) < 30_000
    head = page.decode().partition("</head>")[0]
    assert head.count('rel="stylesheet"') == 1
    assert head.count("<script") == head.count(" defer") == 1


def test_the_calendar_goes_with_the_last_open_line(client: Client, lamp: Product) -> None:
    line = order(lamp)
    assert (
        "Subscribe in your calendar" in client.get(url(line.order, page="live/")).content.decode()
    )
    services.cancel(line.order, now=NOON)
    assert (
        "Subscribe in your calendar"
        not in client.get(url(line.order, page="live/")).content.decode()
    )


def test_before_buying_the_window_of_who_would_join_now(
    client: Client, lamp: Product, settings: Settings
) -> None:
    for _ in range(4):
        order(lamp, 10)
    page = client.get("/p/LAMP/?quantity=20").content.decode()
    assert "Ships by <strong>" in page
    assert "About 40 items are already ordered." in page
    none = client.get("/p/LAMP/?quantity=21").content.decode()
    assert "We don't have a ship date yet." in html.unescape(none)
    settings.EXACT_LINE = True
    exact = client.get("/p/LAMP/").content.decode()
    assert ("40 items are already ordered." in exact, "About 40" in exact) == (True, False)


def test_the_offer_is_what_the_next_customer_gets(client: Client, lamp: Product) -> None:
    order(lamp, 40)
    offered = client.get("/p/LAMP/promise.json?quantity=20").json()["window"]
    joined = fresh(order(lamp, 20)).promise
    assert joined is not None
    assert (offered["early"], offered["late"]) == (
        joined.early.isoformat(),
        joined.late.isoformat(),
    )


def test_a_page_that_is_not_there_leads_on(client: Client) -> None:
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "Find my order</a>" in response.content.decode()


def test_of_a_line_that_left_in_part_the_day_is_that_of_the_rest(
    client: Client, lamp: Product
) -> None:
    line = order(lamp, 5)
    services.receive(lamp, 3, now=NOON)
    assert "Partly here The last one ships by" in text(client, line.order)
    services.ship(line.order, {line.pk: 2}, now=NOON)
    said = text(client, line.order)
    assert "Partly shipped The rest ships by" in said
    assert "2 shipped 1 reserved for you 2 on backorder" in said


def test_whether_several_come_in_one_parcel(client: Client, lamp: Product) -> None:
    restock(lamp, 60, expected_on=date(2026, 12, 20))
    review(lamp)
    parted = "Your items may come in more than one parcel."
    one_delivery, two_deliveries = order(lamp, 40), order(lamp, 40)
    assert "more than one parcel" not in text(client, order(lamp).order)
    assert "more than one parcel" not in text(client, one_delivery.order)
    assert parted in text(client, two_deliveries.order)
    services.receive(lamp, 10, now=NOON)
    assert parted in text(client, one_delivery.order)
    assert parted in text(client, order(make_product(), 3).order)


def test_a_day_that_was_told_and_is_gone_reads_so(client: Client, lamp: Product) -> None:
    line = order(lamp)
    late = fresh(line).promise.late
    services.cancel_restock(lamp.restocks.get(), now=NOON + DAY)
    review(lamp, now=NOON + DAY)
    said = text(client, line.order)
    assert "Delayed No new ship date yet" in said
    assert re.search(
        f"Your order page said it would ship by {late.day} December. Why: .+? We're sorry.", said
    )


def test_chances_say_why_and_what_is_done_meanwhile(client: Client) -> None:
    supplier = make_supplier()
    supplier_record(supplier, [0, 60, 30, 120, 0, 45, 3, 150, 20, 90] * 4, now=NOON)
    product = make_product()
    restock(product, 10, expected_on=date(2026, 11, 12), supplier=supplier)
    review(product)
    said = text(client, order(product).order)
    why = "Past deliveries like this have been too irregular for us to name one date"
    assert why in said
    assert "We check every morning and will email you as soon as we can name a date." in said
    assert why in client.get(f"/p/{product.sku}/").content.decode()


def test_the_place_for_news_is_empty_so_that_nothing_is_drawn(client: Client) -> None:
    row = order(make_product()).order
    page = client.get(f"/o/{link_token(row, Purpose.ACT)}/").content.decode()
    assert re.search(r'<p id="news"[^>]*></p>', page)
