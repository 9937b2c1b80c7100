"""What the shop told when an order was placed is the first promise. Without it, a first email is a
welcome, and never says that something is late."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.test import Client
from django.urls import reverse

from orders import services
from orders.access import order_url
from orders.models import DelayNotice, OrderLine, Product, Promise, StatedTime
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.exports import Load
from tests.factories import NOON, fresh, kinds, lamp_of_a_punctual_supplier
from tests.html import flat
from tests.mailing import mail
from tests.test_mails import unwrapped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)
TODAY = NOON.date()
ORDERS = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity"


@pytest.fixture
def lamp() -> Product:
    """Ships by 8 December."""
    return lamp_of_a_punctual_supplier(10)


def stated(lamp: Product, **values: object) -> None:
    StatedTime.objects.create(product=lamp, **values)


@pytest.mark.parametrize("country", ["DE", "GB", "US"])
def test_a_ship_date_that_was_told_is_kept_by_shipping_on_it_whatever_the_law_counts(
    mail_sink: MailSink, lamp: Product, country: str
) -> None:
    line = factories.order(lamp, country=country, promised_by=date(2026, 12, 20))
    services.review([lamp], now=NOON + DAY)
    mail()
    (sent,) = mail_sink.mails
    assert "late" not in str(sent.message["Subject"]).lower()
    assert "hip" in str(sent.message["Subject"])
    assert "The new date" not in unwrapped(sent.message)
    assert "We agreed to" not in unwrapped(sent.message)  # it is the one that is promised
    assert not DelayNotice.objects.exists()
    assert fresh(line).agreed_by == date(2026, 12, 20 if country == "US" else 27)


@pytest.mark.parametrize(
    ("ordered_on", "expected"),
    [
        (date(2026, 8, 31), None),
        (date(2026, 9, 1), date(2026, 11, 10)),
        (date(2026, 10, 11), date(2026, 12, 20)),
        (date(2026, 10, 12), date(2026, 11, 30)),
        (date(2026, 10, 31), date(2026, 11, 30)),
        (date(2026, 11, 1), None),
    ],
)
def test_orders_were_told_what_their_product_said_in_those_days(
    lamp: Product, ordered_on: date, expected: date | None
) -> None:
    stated(lamp, ordered_from=date(2026, 9, 1), ordered_until=date(2026, 10, 31), days=70)
    stated(
        lamp,
        ordered_from=date(2026, 10, 12),
        ordered_until=date(2026, 10, 31),
        ships_by=date(2026, 11, 30),
    )
    line = factories.order(lamp, placed_at=NOON - (TODAY - ordered_on) * 1)
    assert line.stated_by == expected
    if expected:
        first = Promise.objects.filter(line=line).earliest("pk")
        assert first.late == line.agreed_by == expected
        assert first.told_at == line.order.placed_at


def test_the_date_that_an_order_brings_counts_more_than_what_its_product_said(
    lamp: Product,
) -> None:
    stated(lamp, ordered_from=TODAY, days=70)
    line = factories.order(lamp, promised_by=date(2026, 12, 20))
    assert line.stated_by == date(2026, 12, 20)


def test_who_was_told_ten_weeks_and_is_in_time_hears_that_date_and_nothing_of_a_delay(
    mail_sink: MailSink, lamp: Product
) -> None:
    stated(lamp, ordered_from=TODAY - 60 * DAY, days=105)
    line = factories.order(lamp, placed_at=NOON - 50 * DAY)
    services.review([lamp], now=NOON + DAY)
    mail()
    assert kinds(line.order) == ["joined"]
    assert "Thank you" in str(mail_sink.mails[-1].message["Subject"])
    assert not DelayNotice.objects.exists()


def test_a_file_of_them_is_read_before_the_orders(load: Load, tmp_path: Path) -> None:
    rows = ["LAMP,2026-09-01,2026-10-31,70,", "LAMP,2026-11-01,,,2026-12-20"]
    for _ in range(2):
        load("import_stated_times", "sku,ordered_from,ordered_until,days,ships_by", *rows)
    assert StatedTime.objects.count() == 2
    assert not Product.objects.get().on_backorder
    Product.objects.update(on_backorder=True)
    load("import_orders", ORDERS, "1,2026-10-01T12:00:00Z,a@b.test,Ada,US,en,LAMP,1")
    assert OrderLine.objects.get().stated_by == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("LAMP,2026-09-01,,,", "expected either days or ships_by"),
        ("LAMP,2026-09-01,,70,2026-12-20", "expected either days or ships_by"),
        ("LAMP,2026-09-01,2026-08-01,70,", "ordered_until is 2026-08-01; expected 2026-09-01"),
        ("LAMP,soon,,70,", "ordered_from is 'soon'"),
        ("LAMP,2026-09-01,,0,", "days is '0'"),
        ("vase,2026-09-01,,70,", "sku is 'vase'; expected 'VASE', as it is here"),
    ],
)
def test_a_bad_row_of_it_is_named_and_nothing_is_written(load: Load, row: str, fault: str) -> None:
    good = "VASE,2026-09-01,,70,"
    with pytest.raises(CommandError, match=fault):
        load("import_stated_times", "sku,ordered_from,ordered_until,days,ships_by", good, row)
    assert not StatedTime.objects.exists()


def test_a_file_of_them_is_read_as_a_spreadsheet_saves_it(load: Load) -> None:
    load(
        "import_stated_times",
        "Stated times;;;",
        "sku;ordered_from;days;ships_by",
        "LAMP;01.09.2026;70;",
        "VASE;18.09.2026;;20.12.2026",
    )
    assert StatedTime.objects.get(days=70).ordered_from == date(2026, 9, 1)
    assert StatedTime.objects.get(days=None).ships_by == date(2026, 12, 20)


def test_staff_enter_one_from_the_product(admin_client: Client, lamp: Product) -> None:
    page = admin_client.get(reverse("admin:orders_product_change", args=[lamp.pk]))
    add = f"{reverse('admin:orders_statedtime_add')}?product={lamp.pk}"
    assert add in page.content.decode()
    values = {"product": lamp.pk, "ordered_from": "2026-09-01", "ordered_until": ""}
    refused = admin_client.post(add, values | {"days": "", "ships_by": ""})
    assert "Enter either days or a ship date." in refused.content.decode()
    admin_client.post(add, values | {"days": "70", "ships_by": ""})
    assert StatedTime.objects.get().days == 70
    page = admin_client.get(reverse("admin:orders_product_change", args=[lamp.pk]))
    assert "What customers read when they ordered" in page.content.decode()


@pytest.mark.parametrize("country", ["DE", "GB", "CH", "US"])
@pytest.mark.parametrize("days_ago", [0, 20, 60])
@pytest.mark.parametrize("has_date", [True, False])
def test_a_first_email_where_nothing_was_told_is_a_welcome_and_breaks_no_promise(
    mail_sink: MailSink, client: Client, lamp: Product, country: str, days_ago: int, has_date: bool
) -> None:
    product = lamp if has_date else factories.make_product()
    line = factories.order(product, country=country, placed_at=NOON - days_ago * DAY)
    mail()
    (sent,) = mail_sink.mails
    text, page = unwrapped(sent.message), flat(client.get(order_url(line.order)).content.decode())
    assert str(sent.message["Subject"]).startswith("Thank you for your order")
    for said in (text, page):
        assert "sorry" not in said.lower()
        assert "elayed" not in said
        assert "agreed date has passed" not in said
    assert services.say_day_passed(now=NOON + DAY) == 0


def test_its_right_to_cancel_is_offered_all_the_same(mail_sink: MailSink, lamp: Product) -> None:
    factories.order(lamp, country="DE", placed_at=NOON - 60 * DAY)
    mail()
    text = unwrapped(mail_sink.mails[-1].message)
    assert "You can still cancel at any time before it ships." in text
    assert "choice=cancel" in text


def test_a_day_that_passes_after_it_was_named_is_said_to_have_passed(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    product = factories.make_product()
    line = factories.order(product, country="DE", placed_at=NOON - 20 * DAY)
    mail()
    assert "agreed to deliver it by 12 November" in unwrapped(mail_sink.mails[-1].message)
    clocks.move_to(NOON + 12 * DAY)
    assert services.say_day_passed(now=NOON + 12 * DAY) == 1
    assert fresh(line).agreed_by < (NOON + 12 * DAY).date()


@pytest.mark.parametrize("country", ["DE", "GB", "CH", "US"])
def test_a_page_whose_agreed_date_has_passed_says_so_once(
    clocks: Clocks, client: Client, lamp: Product, country: str
) -> None:
    line = factories.order(lamp, country=country, promised_by=date(2026, 12, 8))
    clocks.move_to(NOON + 60 * DAY)
    page = flat(client.get(order_url(line.order)).content.decode())
    card = page[page.index("<article") : page.index("</article>")]
    assert card.count("agreed date") + card.count("Agreed date") >= 1
    assert card.count("has passed") == 1
