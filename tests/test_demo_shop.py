from datetime import timedelta

import pytest

from backorders_site.demo import shop
from orders import services
from tests.factories import NOON, make_product, order, restock, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_the_demo_says_of_a_customer_what_the_page_shows_now() -> None:
    lamp = make_product(sku=shop.LAMP.sku)
    order(lamp, placed_at=NOON - timedelta(hours=1))
    ada = order(lamp, customer_name="Ada Okafor")
    review(lamp)
    said = [shop.customers()[0][1]]
    delivery = restock(lamp, 9)
    review(lamp)
    said += [shop.customers()[0][1]]
    services.receive(lamp, 2, restock=delivery, now=NOON)
    said += [shop.customers()[0][1]]
    services.ship(ada.order, {ada.pk: 1}, now=NOON)
    said += [shop.customers()[0][1]]
    assert said == [
        "2nd in line for a lamp, with no date at the moment, and the page says so",
        "2nd in line for a lamp, with a delivery that has room",
        "set aside, about to leave",
        "shipped, with a tracking link",
    ]
