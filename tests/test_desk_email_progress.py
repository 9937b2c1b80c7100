"""A product's page says how far the mails of its last change are."""

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.pause import pause_email
from orders import services
from orders.models import Product, Restock
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.mailing import mail
from tests.test_admin import AFTER_SETTLING, queries_of
from tests.test_roles import S, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def url(product: Product) -> str:
    return reverse("desk:telling", args=[product.sku])


def a_delay(*addresses: str) -> Product:
    """Those who wait were told of a day, and the delivery slips beyond it."""
    product = factories.make_product(sku="LAMP")
    delivery = factories.restock(
        product, 99, reference="PO-7", expected_on=date(2026, 12, 2), now=NOON - timedelta(days=1)
    )
    factories.review(product)
    for address in addresses:
        factories.order(product, email=address)
    dispatch_all()
    slip(delivery, date(2027, 3, 1))
    return product


def slip(delivery: Restock, day: date) -> None:
    services.move_restock_date(delivery, day, reason="customs", now=NOON)


def words(client: Client, product: Product) -> str:
    return " ".join(client.get(url(product)).content.decode().split())


def test_it_settles_then_they_are_sent_and_then_it_is_quiet(
    admin_client: Client, mail_sink: MailSink
) -> None:
    product = a_delay("ada@example.com", "grete@example.com")
    settling = words(admin_client, product)
    assert "(PO-7 to March 1, 2027, Held at customs)" in settling
    assert 'hx-trigger="every 5s"' in settling
    assert "news to" not in settling

    services.review_settled(now=AFTER_SETTLING)
    under_way = words(admin_client, product)
    assert "The last change is news to 2 orders: 2 to go." in under_way
    assert 'hx-trigger="every 5s"' in under_way

    mail()
    done = words(admin_client, product)
    assert "The last change is news to 2 orders: 2 emails sent." in done
    assert "hx-trigger" not in done


def test_while_one_change_settles_the_one_before_is_told_apart(
    admin_client: Client, mail_sink: MailSink
) -> None:
    product = a_delay("ada@example.com")
    services.review_settled(now=AFTER_SETTLING)
    dispatch_all()
    with time_machine.travel(AFTER_SETTLING, tick=False):
        services.move_restock_date(
            product.restocks.get(), date(2027, 6, 1), reason="transport", now=AFTER_SETTLING
        )
        said = words(admin_client, product)
    assert "(PO-7 to June 1, 2027, " in said
    assert "The change before it, published at 12:11, is news to 1 order: 1 to go." in said
    assert "The last change" not in said


def test_what_settles_is_named_by_its_kind_where_no_date_moved(admin_client: Client) -> None:
    product = factories.make_product()
    left = factories.order(product)
    factories.order(product)
    factories.review(product)
    services.cancel(left.order, now=NOON)
    assert "(Cancellations ahead)" in words(admin_client, product)


def test_of_many_dates_that_settle_the_first_are_named(admin_client: Client) -> None:
    product = factories.make_product()
    for n in range(5):
        factories.restock(product, reference=f"PO-{n}", expected_on=date(2026, 12, 2))
    said = words(admin_client, product)
    assert "(PO-0 to Dec. 2, 2026; PO-1 to Dec. 2, 2026; PO-2 to Dec. 2, 2026; and others)" in said


def test_who_gets_no_mail_is_counted_apart(admin_client: Client, mail_sink: MailSink) -> None:
    product = a_delay("ada@example.com", "")
    services.review_settled(now=AFTER_SETTLING)
    mail()
    assert "news to 2 orders: 1 email sent, 1 without an email." in words(admin_client, product)


@pytest.mark.parametrize("by", ["MAIL_MODE", "staff"])
def test_mails_kept_back_are_said_to_be_and_not_waited_for(
    admin_client: Client, settings: Settings, mail_sink: MailSink, by: str
) -> None:
    if by == "MAIL_MODE":
        settings.MAIL_MODE = "hold"
    else:
        pause_email("a wrong date", now=NOON, actor="Ann")
    product = a_delay("ada@example.com")
    services.review_settled(now=AFTER_SETTLING)
    dispatch_all()
    held = words(admin_client, product)
    assert "1 to go. Email is paused." in held
    assert "hx-trigger" not in held


def test_the_newest_change_counts_and_of_yesterday_nothing_is_said(admin_client: Client) -> None:
    product = a_delay("ada@example.com", "grete@example.com")
    services.review_settled(now=NOON - timedelta(days=2))
    product.refresh_from_db()
    Product.objects.update(review_at=NOON - timedelta(days=2))
    services.review_settled(now=NOON - timedelta(days=2))
    assert "news to" not in words(admin_client, product)


def test_it_asks_as_many_questions_for_thirty_as_for_one(admin_client: Client) -> None:
    product = a_delay("ada@example.com")
    services.review_settled(now=AFTER_SETTLING)
    few = queries_of(admin_client, url(product))
    delivery = product.restocks.get()
    for n in range(29):
        factories.order(product, email=f"ada{n}@example.com")
    services.move_restock_date(delivery, date(2027, 6, 1), reason="customs", now=AFTER_SETTLING)
    services.review_settled(now=AFTER_SETTLING + timedelta(hours=1))
    assert "news to 30 orders" in words(admin_client, product)
    assert queries_of(admin_client, url(product)) == few


def test_it_opens_for_staff_who_see_the_product(client: Client) -> None:
    product = factories.make_product()
    assert client.get(url(product)).status_code == 302
    client.force_login(somebody(S))
    assert client.get(url(product)).status_code == 200
