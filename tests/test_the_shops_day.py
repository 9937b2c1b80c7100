"""A day is the shop's day, wherever it is read."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from orders import services
from orders.access import order_url
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.mailing import mail
from tests.test_answering_pages import said

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.mark.parametrize("country", ["US", "DE"])
def test_strip_and_timeline_name_the_same_day_of_what_was_told_late_in_the_evening(
    clocks: Clocks, mail_sink: MailSink, client: Client, country: str
) -> None:
    """The shop's day, wherever it is read: in Germany it is the 3rd by then."""
    evening = datetime(2026, 11, 3, 2, tzinfo=UTC)  # 9 PM on the 2nd
    clocks.move_to(evening)
    product = factories.make_product()
    delivery = factories.restock(product, 9, expected_on=date(2026, 11, 20), now=evening)
    factories.review(product, now=evening)
    line = factories.order(product, now=evening, country=country, placed_at=evening)
    mail()
    clocks.move_to(evening + 5 * DAY)
    services.move_restock_date(
        delivery, date(2026, 12, 10), reason="customs", now=evening + 5 * DAY
    )
    factories.review(product, now=evening + 5 * DAY)
    mail()
    page = said(client.get(order_url(line.order)))
    assert "Told on 2 November:" in page
    assert set(re.findall(r"\b[0-9] November", page)) == {"2 November", "7 November"}
