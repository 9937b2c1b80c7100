"""What is said before buying is a promise made now, whether or not the worker runs."""

from datetime import date, timedelta

import pytest
from django.test import Client

from orders import services
from orders.domain.promises import offered
from orders.domain.supply import NO_WINDOW, Window
from orders.models import EventKind, Product
from tests import factories
from tests.conftest import Clocks
from tests.factories import NOON, fresh
from tests.html import flat

DAY = timedelta(days=1)
TODAY = date(2026, 12, 16)
PUNCTUAL = [0, 1, 2, 0, 5, 0, -1, 3] * 5
UNEVEN = [0, 60, 30, 120, 0, 45, 3, 150, 20, 90] * 4


@pytest.mark.parametrize(
    ("window", "age", "expected"),
    [
        (Window("dated", TODAY - 9 * DAY, TODAY - 5 * DAY, TODAY - DAY, 0.9), 20, NO_WINDOW),
        (Window("unrated", *[TODAY - DAY] * 3), 20, NO_WINDOW),
        (
            Window("dated", TODAY - 9 * DAY, TODAY - 5 * DAY, TODAY, 0.9),
            20,
            Window("dated", TODAY, TODAY, TODAY, 0.9),
        ),
        (Window("open", TODAY - DAY, None, None, None, 0.2, 0.4), 15, NO_WINDOW),
        (
            Window("open", TODAY - DAY, None, None, None, 0.2, 0.4),
            14,
            Window("open", TODAY, None, None, None, 0.2, 0.4),
        ),
        (NO_WINDOW, 20, NO_WINDOW),
    ],
)
def test_an_old_forecast_offers_days_from_today_on_or_none(
    window: Window, age: int, expected: Window
) -> None:
    assert offered(window, TODAY - age * DAY, TODAY) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("slips", [PUNCTUAL, UNEVEN, []])
@pytest.mark.parametrize("days", [31, 44, 70])
def test_before_buying_no_day_that_has_passed_is_offered(
    clocks: Clocks, client: Client, slips: list[int], days: int
) -> None:
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, slips)
    lamp = factories.make_product(sku="LAMP")
    factories.restock(lamp, 10, supplier=supplier, expected_on=date(2026, 12, 2))
    factories.review(lamp)
    factories.order(lamp, 2)
    clocks.move_to(NOON + days * DAY)

    window = client.get("/p/LAMP/promise.json").json()["window"]
    named = [window[key] for key in ("early", "likely", "late") if window[key]]
    assert all(day >= (NOON + days * DAY).date().isoformat() for day in named)
    for address in ("/p/LAMP/", "/embed/LAMP/"):
        page = flat(client.get(address).content.decode())
        assert "It was due to ship" not in page
        assert window["late"] or "have a ship date yet" in page or "name a date yet" in page


@pytest.fixture
def lamp() -> Product:
    return factories.lamp_of_a_punctual_supplier(10)


@pytest.mark.django_db
def test_who_joins_while_nothing_is_reviewed_gets_a_first_date_that_is_to_come(
    clocks: Clocks, lamp: Product
) -> None:
    before = factories.order(lamp, 2)
    now = NOON + 44 * DAY
    clocks.move_to(now)
    joined = factories.order(lamp, 2, now=now)
    assert joined.promise.late is None or joined.promise.late >= now.date()
    services.review_settled(now=now)  # whoever waited before is told as soon as the worker is back
    assert factories.kinds(before.order)[-1] in {EventKind.LATER, EventKind.NO_DATE}


@pytest.mark.django_db
def test_what_settles_stays_unsaid_to_whoever_joins_meanwhile(
    clocks: Clocks, lamp: Product
) -> None:
    now = NOON + 44 * DAY
    clocks.move_to(now)
    typed = date(2062, 12, 1)
    services.move_restock_date(lamp.restocks.get(), typed, now=now, meant=True)
    joined = factories.order(lamp, 2, now=now)
    assert joined.promise.late is None or now.date() <= joined.promise.late < typed
    assert fresh(joined).product.review_at > now
