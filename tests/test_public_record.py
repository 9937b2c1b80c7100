import re
from datetime import date, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from orders import services
from orders.models import Order, OrderLine, Product, Promise
from orders.pages.public_record import MIN_OUTCOMES, Kept, record_of_promises
from orders.services.promises import newest_forecasts
from orders.words import share_words
from tests.factories import NOON, make_product, order, restock
from tests.html import flat

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 2)
DAY = timedelta(days=1)


def tell(
    line: OrderLine,
    early: date | None,
    late: date,
    *,
    kind: str = "dated",
    at: datetime = NOON,
    handed_over: bool = True,
) -> Promise:
    forecast = newest_forecasts([line.product_id], now=at)[0]
    return Promise.objects.create(
        line=line,
        forecast=forecast,
        kind=kind,
        early=early,
        late=late,
        published_at=at,
        published_on=services.today_of(at),
        told_at=at if handed_over else None,
    )


def ship(line: OrderLine, *, on: datetime) -> None:
    services.receive(line.product, line.quantity, now=on)
    services.ship(line.order, {line.pk: line.quantity}, now=on)


def overall(now: datetime, days: int = 100) -> Kept:
    return next(kept for kept in record_of_promises(now=now).kept if kept.days == days)


def many(product: Product, number: int, *, late: date, on: datetime, early: date = TODAY) -> None:
    """Lines of one order each, told early to late and shipped `on`."""
    for _ in range(number):
        line = order(product)
        tell(line, early, late)
        ship(line, on=on)


def test_below_fifty_outcomes_there_is_a_number_and_no_share() -> None:
    many(make_product(), 1, late=TODAY + 5 * DAY, on=NOON + DAY)
    assert overall(NOON + DAY) == Kept(100, 1, None, None)
    assert record_of_promises(now=NOON + DAY).products == []
    assert record_of_promises(now=NOON + DAY).others == 1


def test_shares_are_of_windows_that_ended_by_the_last_day_and_within(client: Client) -> None:
    product = make_product(name="Harbour lamp")
    many(product, MIN_OUTCOMES - 10, late=TODAY + 5 * DAY, on=NOON + 2 * DAY)
    # too early: by the last day only
    many(product, 5, early=TODAY + 3 * DAY, late=TODAY + 5 * DAY, on=NOON + 2 * DAY)
    many(product, 5, late=TODAY + DAY, on=NOON + 2 * DAY)  # too late
    assert overall(NOON + 3 * DAY) == Kept(100, MIN_OUTCOMES, 0.9, 0.8)
    (shown,) = record_of_promises(now=NOON + 3 * DAY).products
    assert (shown.name, shown.kept[0]) == ("Harbour lamp", Kept(100, MIN_OUTCOMES, 0.9, 0.8))


def test_a_window_that_ended_with_the_line_still_here_was_not_kept() -> None:
    line = order(make_product())
    tell(line, TODAY, TODAY + DAY)
    assert overall(NOON + DAY).outcomes == 0
    assert overall(NOON + 2 * DAY).outcomes == 1


def test_who_cancels_before_the_end_is_left_out_and_who_cancels_after_it_counts() -> None:
    for after, counted in ((1, 0), (9, 1)):
        line = order(make_product())
        tell(line, TODAY, TODAY + 5 * DAY)
        services.cancel(line.order, now=NOON + after * DAY)
        assert overall(NOON + 10 * DAY).outcomes == counted


def test_what_was_no_window_told_in_advance_is_not_counted() -> None:
    never_handed_over = order(make_product())
    tell(never_handed_over, TODAY, TODAY + DAY, handed_over=False)
    chances = order(make_product())
    tell(chances, TODAY, TODAY + DAY, kind="chances")
    reserved = order(make_product())
    services.receive(reserved.product, 1, now=NOON)
    services.mark_told(list(reserved.order.events.values_list("pk", flat=True)), at=NOON)
    assert Promise.objects.filter(line=reserved, kind="dated", told_at=NOON).exists()
    assert overall(NOON + 5 * DAY).outcomes == 0


def test_a_shipment_taken_back_did_not_keep_anything() -> None:
    product = make_product()
    line = order(product)
    tell(line, TODAY, TODAY + 5 * DAY)
    services.receive(product, 1, now=NOON)
    shipment = services.ship(line.order, {line.pk: 1}, now=NOON)
    assert overall(NOON).outcomes == 1
    services.correct_shipment(shipment, now=NOON + DAY)
    assert overall(NOON + DAY).outcomes == 0


def test_outcomes_leave_the_short_record_before_the_long_one() -> None:
    many(make_product(), 1, late=TODAY + 5 * DAY, on=NOON + DAY)
    assert overall(NOON + 101 * DAY).outcomes == 0
    assert overall(NOON + 101 * DAY, days=365).outcomes == 1
    assert overall(NOON + 400 * DAY, days=365).outcomes == 0


def test_the_page_says_honestly_that_there_is_too_little_to_say(client: Client) -> None:
    text = flat(client.get("/record/").content.decode())
    assert "So far 0 dates have come due. We show how we did from 50 on." in text


def test_the_page_says_what_we_aim_for_and_that_our_windows_are_too_wide(client: Client) -> None:
    ended(shipped_after=DAY, number=MIN_OUTCOMES)
    text = flat(client.get("/record/").content.decode())
    assert "We aim to ship 90% by the last date, and 80% between the two." in text
    assert (
        "We aim for 90%. 100% shipped in time: our date ranges are more cautious than they need to "
        "be." in text
    )
    assert "100% between" in text
    assert "0% later" not in text


def test_the_page_does_not_call_dates_cautious_that_were_missed(client: Client) -> None:
    ended(shipped_after=DAY, number=MIN_OUTCOMES // 2)
    ended(shipped_after=9 * DAY, number=MIN_OUTCOMES // 2)
    text = flat(client.get("/record/").content.decode())
    assert "50% shipped in time: our dates were too optimistic." in text
    assert all(part in text for part in ("50% between", "50% later"))


@pytest.mark.parametrize(
    ("sort", "first"), [("name", "Anchor"), ("met", "Buoy"), ("dates", "Compass"), ("no", "Anchor")]
)
def test_the_products_are_in_the_order_that_was_asked_for(
    client: Client, sort: str, first: str
) -> None:
    ended(shipped_after=DAY, number=MIN_OUTCOMES, name="Anchor")
    ended(shipped_after=9 * DAY, number=MIN_OUTCOMES, name="Buoy")
    ended(shipped_after=DAY, number=MIN_OUTCOMES + 1, name="Compass")
    page = client.get("/record/", {"sort": sort}).content.decode()
    assert re.findall("Anchor|Buoy|Compass", page)[0] == first


def test_two_periods_that_say_the_same_are_told_once(client: Client) -> None:
    ended(shipped_after=DAY, number=MIN_OUTCOMES)
    assert "Last 100 days" not in client.get("/record/").content.decode()
    ended(shipped_after=DAY, number=1, ago=200 * DAY)
    assert "Last 100 days" in client.get("/record/").content.decode()
    recent = flat(client.get("/record/", {"days": "100"}).content.decode())
    assert "All products, last 100 days" in recent


def ended(
    *, shipped_after: timedelta, number: int, name: str = "Harbour lamp", ago: timedelta = 0 * DAY
) -> None:
    """Windows of four days each, told ten days before now and `ago`."""
    cache.clear()
    told = timezone.now() - 10 * DAY - ago
    product = Product.objects.filter(name=name).first() or make_product(sku=name, name=name)
    for _ in range(number):
        line = order(product, now=told)
        tell(line, services.today_of(told), services.today_of(told) + 4 * DAY, at=told)
        ship(line, on=told + shipped_after)


@pytest.mark.parametrize(
    ("in_time", "within"), [(0.994, 0.126), (0.9999, 0.9999), (0.5, 0), (1, 1)]
)
def test_the_parts_of_a_bar_add_up(in_time: float, within: float) -> None:
    kept = Kept(365, 1000, in_time, within)
    assert kept.earlier + kept.between + kept.later == 100
    assert (kept.later == 0) is (in_time == 1)


def test_windows_are_told_apart_by_how_far_ahead_they_were_told() -> None:
    for ahead in (5, 13, 14, 41, 42, 90):
        line = order(make_product(sku=f"P{ahead}"))
        tell(line, TODAY, TODAY + ahead * DAY)
        ship(line, on=NOON + DAY)
    told = record_of_promises(now=NOON + DAY).ahead
    assert [(each.first, each.last, each.kept[0].outcomes) for each in told] == [
        (0, 14, 2),
        (14, 42, 2),
        (42, None, 2),
    ]


def test_a_share_is_a_hundred_percent_only_where_all_were_kept() -> None:
    assert [share_words(share, locale="en") for share in (1, 0.9996, 0.994, 0.81)] == [
        "100%",
        "99%",
        "99%",
        "81%",
    ]


def test_the_page_names_no_customer_and_asks_the_database_once(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    restock(make_product())
    for _ in range(3):
        order(make_product())
    with django_assert_num_queries(1):
        text = client.get("/record/").content.decode()
    assert Order.objects.count() == 3
    assert "ada@example.com" not in text
    with django_assert_num_queries(0):
        client.get("/record/")


def test_what_a_shop_had_broken_before_we_knew_of_it_is_not_of_our_record() -> None:
    order(make_product(), placed_at=NOON - 60 * DAY, promised_by=TODAY - 5 * DAY)
    kept = order(make_product(), placed_at=NOON - 60 * DAY, promised_by=TODAY + 5 * DAY)
    ship(kept, on=NOON + DAY)
    assert overall(NOON + 10 * DAY).outcomes == 1


def test_a_window_whose_mail_came_back_was_told_nobody() -> None:
    line = order(make_product())
    promise = tell(line, TODAY, TODAY + 5 * DAY)
    ship(line, on=NOON + DAY)
    assert overall(NOON + 10 * DAY).outcomes == 1
    Promise.objects.filter(pk=promise.pk).update(returned_at=NOON)
    assert overall(NOON + 10 * DAY).outcomes == 0
