"""The agreed date is named before it is counted from, and a first date is not called earlier."""

from datetime import date, timedelta

import pytest
from django.test import Client

from orders.access import order_url
from orders.domain.facts import Earlier
from orders.models import OrderLine
from orders.pages.json_api import status_object
from orders.pages.status import order_status
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, lamp_of_a_punctual_supplier
from tests.html import flat
from tests.mailing import mail
from tests.test_mails import unwrapped

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


def test_a_first_date_is_no_earlier_date_whatever_was_hoped_for() -> None:
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    line = factories.order(factories.make_product())
    factories.restock(line.product, supplier=supplier, expected_on=(NOON + 40 * DAY).date())
    factories.review(line.product)

    event = line.order.events.first()
    assert isinstance(event.details, Earlier)
    assert event.details.is_clearer
    status = order_status(line.order, locale="en-US", now=NOON)
    assert status.events[0].kind == "clearer"
    assert "We can now name a date" in status.events[0].text
    assert status_object(status)["events"][0]["kind"] == "note"


@pytest.mark.parametrize(
    ("country", "expected"),
    [
        ("US", "We agreed to ship it by"),
        ("DE", "We agreed to deliver it by"),
    ],
)
def test_the_agreed_date_is_named_before_it_is_ever_counted_from(
    client: Client, mail_sink: MailSink, country: str, expected: str
) -> None:
    """By the page and the first email, as "the agreed date" of every later sentence."""
    line = factories.order(lamp_of_a_punctual_supplier(10), country=country)
    assert line.promise.late != line.agreed_by
    mail()
    day = f"{line.agreed_by.day} {line.agreed_by:%B}"
    words = f"{expected} {day}, and that holds until you accept a new date."
    assert words in unwrapped(mail_sink.mails[-1].message)
    page = flat(client.get(order_url(line.order)).content.decode())
    entitled = f"the agreed date, {day}"  # where it is asked
    assert words in page or entitled in page


def test_an_agreed_date_that_is_the_promise_itself_is_not_named_twice() -> None:
    stated = date(2026, 12, 20)
    line = factories.order(lamp_of_a_punctual_supplier(10), promised_by=stated)
    assert (line.promise.late, line.agreed_by) == (stated, stated)
    assert order_status(line.order, locale="en", now=NOON).lines[0].agreed == ""


def test_a_delivery_on_the_very_day_agreed_is_not_named_twice() -> None:
    line = factories.order(lamp_of_a_punctual_supplier(10), country="DE")
    arrival = order_status(line.order, locale="en", now=NOON).lines[0].arrives_by
    OrderLine.objects.filter(pk=line.pk).update(agreed_by=arrival)
    assert order_status(line.order, locale="en", now=NOON).lines[0].agreed == ""
