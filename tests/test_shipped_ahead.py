"""Units that shipped before the delivery they came with was received here arrive once, whatever is
recorded first."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import queue, services
from orders.models import OrderLine, Receipt, Restock, Stock
from tests.exports import EXPORT, RESTOCKS, SHIPMENTS, Load, fulfilled
from tests.factories import NOON, fresh, kinds, make_product, make_supplier, order, restock, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
TODAY = date(2026, 11, 2)
HOUR = timedelta(hours=1)


@pytest.fixture
def six() -> list[OrderLine]:
    """Six wait; PO-8 brings three, and they have been told what they may expect."""
    product = make_product(sku="LAMP")
    restock(
        product,
        3,
        reference="PO-8",
        expected_on=TODAY + timedelta(days=3),
        supplier=make_supplier(name="Nordlicht"),
    )
    lines = [order(product, number=str(n), placed_at=NOON - (10 - n) * HOUR) for n in range(1, 7)]
    review(product)
    return lines


def po8(arrived: int, *, on: str = "2026-11-02") -> str:
    return f"PO-8,LAMP,Nordlicht,3,{TODAY + timedelta(days=3)},2026-11-01,,{on},{arrived},"


def stock() -> tuple[int, int]:
    return Stock.objects.values_list("arrived", "allocated").get()


def news_of(lines: list[OrderLine]) -> list[list[str]]:
    return [kinds(line.order) for line in lines]


def test_an_export_first_and_the_delivery_then_arrives_once_and_nobody_else_is_told(
    six: list[OrderLine], load: Load
) -> None:
    before = news_of(six[3:])
    load("import_orders", EXPORT, *(fulfilled(str(n)) for n in (1, 2, 3)))
    review(six[0].product)
    load("import_restocks", RESTOCKS, po8(3))
    review(six[0].product)
    assert stock() == (3, 3)
    assert news_of(six[3:]) == before
    assert Restock.objects.get().arrived == 3


def test_a_file_of_parcels_first_and_the_desk_then_receives_only_what_has_not_shipped(
    six: list[OrderLine], load: Load
) -> None:
    restock(six[0].product, 10, reference="PO-9", expected_on=TODAY + timedelta(days=2))
    load(
        "import_shipments",
        SHIPMENTS,
        *(f"{n},LAMP,1,2026-11-02T13:00:00Z,UPS,1Z{n}" for n in (1, 2, 3)),
    )
    services.receive(six[0].product, 10, restock=Restock.objects.get(reference="PO-9"), now=NOON)
    assert stock() == (10, 6)
    assert [fresh(line).state for line in six] == ["shipped"] * 3 + ["reserved"] * 3
    assert Restock.objects.get(reference="PO-9").arrived == 10


def test_parcels_are_matched_with_a_delivery_that_comes_in_parts_and_in_several(
    six: list[OrderLine], load: Load
) -> None:
    product = six[0].product
    later = restock(product, 2, reference="PO-9", expected_on=TODAY + timedelta(days=9))
    load("import_orders", EXPORT, *(fulfilled(str(n)) for n in (1, 2, 3, 4)))
    load("import_restocks", RESTOCKS, po8(2))
    assert stock() == (4, 4)
    services.receive(product, 2, restock=later, now=NOON)
    assert stock() == (4, 4)
    load("import_restocks", RESTOCKS, po8(2), po8(1, on="2026-11-01"))
    assert stock() == (5, 5)
    assert [fresh(line).state for line in six] == ["shipped"] * 4 + ["reserved", "waiting"]


def test_a_delivery_recorded_before_the_parcels_gives_no_unit_twice_either(
    six: list[OrderLine], load: Load
) -> None:
    """It was set aside for the first three, and the shop sent it to the last: the first three wait
    again, and are told."""
    load("import_restocks", RESTOCKS, po8(3))
    load("import_orders", EXPORT, *(fulfilled(str(n)) for n in (4, 5, 6)))
    assert stock() == (3, 3)
    assert [fresh(line).state for line in six] == ["waiting"] * 3 + ["shipped"] * 3
    assert [kinds(line.order)[-1] for line in six] == ["corrected"] * 3 + ["shipped"] * 3
    said = [
        "LAMP: units reserved for it have shipped with other orders, so it is waiting again "
        "(2026-11-02)"
    ]
    assert [line.order.attention for line in map(fresh, six)] == [said] * 3 + [[]] * 3


def test_what_a_file_ships_further_down_is_not_taken_from_it(
    six: list[OrderLine], load: Load
) -> None:
    load("import_restocks", RESTOCKS, po8(3))
    load("import_orders", EXPORT, *(fulfilled(str(n)) for n in (4, 3, 2)))
    assert [fresh(line).state for line in six] == ["waiting"] + ["shipped"] * 3 + ["waiting"] * 2
    assert stock() == (3, 3)


def test_units_set_aside_stay_so_while_another_delivery_can_have_brought_the_parcel(
    six: list[OrderLine], load: Load
) -> None:
    load("import_restocks", RESTOCKS, po8(3))
    other = restock(six[0].product, 4, reference="PO-9", expected_on=TODAY)
    load("import_orders", EXPORT, fulfilled("4"))
    assert [fresh(line).state for line in six[:4]] == ["reserved"] * 3 + ["shipped"]
    services.receive(six[0].product, 4, restock=other, now=NOON)
    assert stock() == (7, 6)


def test_staff_can_say_that_the_units_are_others(six: list[OrderLine], load: Load) -> None:
    load("import_orders", EXPORT, fulfilled("1"))
    services.receive(six[0].product, 3, restock=Restock.objects.get(), now=NOON, other_units=True)
    assert stock() == (4, 4)


def test_what_left_before_its_order_joined_came_with_no_delivery_recorded_here(load: Load) -> None:
    """The rest of the order waits, and the next delivery is for the queue alone."""
    product = make_product(sku="LAMP")
    restock(
        product, 3, reference="PO-8", expected_on=TODAY, supplier=make_supplier(name="Nordlicht")
    )
    part = fulfilled("1").replace(
        "paid,2026-11-01 10:00:00 -0500,fulfilled", "paid,2026-11-01 10:00:00 -0500,partial"
    )
    load("import_orders", EXPORT, part, "#1,ada@example.com,,,,,,4,LAMP,LAMP,pending,,,,,,")
    assert OrderLine.objects.values_list("quantity", "allocated", "shipped").get() == (5, 1, 1)
    services.receive(product, 3, restock=Restock.objects.get(), now=NOON)
    assert OrderLine.objects.values_list("quantity", "allocated", "shipped").get() == (5, 4, 1)


def test_a_delivery_of_history_brings_no_parcel(six: list[OrderLine], load: Load) -> None:
    load("import_orders", EXPORT, fulfilled("1"))
    load("import_restocks", RESTOCKS, "H-1,LAMP,Nordlicht,20,2026-09-01,2026-08-01,,2026-09-01,20,")
    assert stock() == (1, 1)
    load("import_restocks", RESTOCKS, po8(3))
    assert stock() == (3, 3)


def test_a_parcel_of_long_ago_is_not_in_a_delivery_of_today(
    six: list[OrderLine], load: Load
) -> None:
    load("import_orders", EXPORT, fulfilled("1"))
    services.receive(
        six[0].product, 3, restock=Restock.objects.get(), now=NOON + timedelta(days=31)
    )
    assert stock() == (4, 4)


def test_a_delivery_counted_wrongly_gives_back_what_had_shipped_before_nobody_is_told(
    six: list[OrderLine], load: Load
) -> None:
    product = six[0].product
    load("import_orders", EXPORT, fulfilled("1"), fulfilled("2"))
    receipt = services.receive(product, 3, restock=Restock.objects.get(), now=NOON)
    assert (stock(), services.brought(receipt)) == ((3, 3), 2)
    services.correct_receipt(receipt, 1, now=NOON, reason="counted again")
    assert (stock(), services.brought(receipt), Restock.objects.get().arrived) == ((2, 2), 1, 1)
    assert kinds(six[2].order)[-1] == "corrected"
    services.correct_receipt(receipt, 3, now=NOON, reason="and again")
    assert (stock(), services.brought(receipt), Restock.objects.get().arrived) == ((3, 3), 2, 3)


def test_the_receipt_of_a_parcel_is_corrected_by_its_shipment_and_grows_by_no_word(
    six: list[OrderLine], load: Load
) -> None:
    load("import_orders", EXPORT, fulfilled("1"))
    with pytest.raises(services.Refused, match="these units shipped with an order"):
        services.correct_receipt(Receipt.objects.get(), 2, now=NOON, reason="more")
    with pytest.raises(services.Refused, match="has already shipped"):
        services.correct_receipt(Receipt.objects.get(), 0, now=NOON, reason="less")


def test_what_has_shipped_is_promised_to_nobody_else(six: list[OrderLine], load: Load) -> None:
    told = [fresh(line).promise.kind for line in six]
    load("import_orders", EXPORT, *(fulfilled(str(n)) for n in (1, 2, 3)))
    review(six[0].product)
    assert told[3:] == [fresh(line).promise.kind for line in six[3:]] == ["none"] * 3


EXPORTS = [("export", 1), ("export", 2), ("export", 5)]
FILES = [("file", 1), ("file", 2), ("file", 3)]
STEPS = st.permutations([*EXPORTS, *FILES, ("shipments", 3), ("desk", 1), ("desk", 1)])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whatever_is_recorded_first_the_stock_ends_the_same(
    steps: list[tuple[str, int]], load: Load
) -> None:
    """Five units come in two deliveries, four leave; the file of restocks grows by a unit each time
    it is read."""
    with transaction.atomic():
        product = make_product(sku="LAMP")
        nordlicht = make_supplier(name="Nordlicht")
        restock(product, 3, reference="PO-8", expected_on=TODAY, supplier=nordlicht)
        other = restock(product, 2, reference="PO-9", expected_on=TODAY, supplier=nordlicht)
        lines = [
            order(product, number=str(n), placed_at=NOON - (10 - n) * HOUR) for n in range(1, 7)
        ]
        for what, number in steps:
            match what:
                case "export":
                    load("import_orders", EXPORT, fulfilled(str(number)))
                case "shipments":
                    load(
                        "import_shipments",
                        SHIPMENTS,
                        f"{number},LAMP,1,2026-11-02T13:00:00Z,UPS,1Z{number}",
                    )
                case "file":
                    load("import_restocks", RESTOCKS, po8(number))
                case "desk":
                    services.receive(product, number, restock=other, now=NOON)
            received = Receipt.objects.aggregate(units=Sum("quantity", default=0))["units"]
            assert stock() == (
                received,
                OrderLine.objects.aggregate(units=Sum("allocated"))["units"],
            )
            assert list(queue.differences()) == []
        assert stock() == (5, 5)
        assert Restock.objects.filter(arrived=F("quantity")).count() == 2
        states = ["shipped", "shipped", "shipped", "reserved", "shipped", "waiting"]
        assert [fresh(line).state for line in lines] == states
        transaction.set_rollback(True)
