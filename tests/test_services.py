"""What the writers do and refuse. What a review makes of it: test_review.py; any sequence of it:
test_shop_oracle.py."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from orders import queue, services
from orders.models import OrderLine, Product, QueueChange, Receipt, Refund, Restock, Shipment
from orders.words import sentence
from tests import factories
from tests.factories import NOON, fresh, kinds, make_product
from tests.html import spaced

pytestmark = pytest.mark.django_db
DAY, TODAY = timedelta(days=1), NOON.date()


@pytest.fixture
def product() -> Product:
    return make_product(sku="LAMP", name="Harbour lamp")


def newest(line: OrderLine) -> dict[str, object]:
    return line.order.events.first().facts


def test_arrived_units_go_to_the_front_and_the_last_line_reached_is_split(product: Product) -> None:
    first, second = factories.order(product, 3), factories.order(product, 3)
    services.receive(product, 5, now=NOON)
    assert (fresh(first).state, fresh(second).state) == ("reserved", "part_reserved")
    assert newest(first)["still"] == 0
    assert (newest(second)["units"], newest(second)["still"]) == (2, 1)
    assert queue.positions([first.pk, second.pk]) == {second.pk: queue.Position(1, 0)}


def test_of_two_of_which_one_was_cancelled_the_other_has_arrived(product: Product) -> None:
    line = factories.order(product, 2)
    services.cancel(line.order, units={line.pk: 1}, now=NOON)
    services.receive(product, 1, now=NOON)
    said = spaced(sentence(line.order.events.first(), locale="en-GB"))
    assert said == "Your item has arrived and is reserved for you. Ships by Tuesday, 3 November."


def test_the_last_of_two_leaves_alone_when_the_first_has_left(product: Product) -> None:
    line = factories.order(product, 2)
    services.receive(product, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    services.receive(product, 1, now=NOON)
    assert "The last of your 2 items has arrived" in sentence(
        line.order.events.first(), locale="en"
    )
    assert (newest(line)["wanted"], newest(line)["leaving"]) == (2, 1)


def test_a_reserved_line_is_promised_to_leave_within_the_handling_time_in_working_days(
    product: Product,
) -> None:
    product.handling_days = 2
    product.save(update_fields=["handling_days"])
    line = factories.order(product)
    friday = NOON + timedelta(days=4)
    services.receive(product, 1, now=friday)
    promise = fresh(line).promise
    assert (promise.early, promise.late) == (date(2026, 11, 6), date(2026, 11, 10))
    assert newest(line)["window"] == {
        "kind": "dated",
        "early": "2026-11-06",
        "likely": "2026-11-10",
        "late": "2026-11-10",
    }


def test_units_that_were_there_already_go_to_whoever_orders(product: Product) -> None:
    services.receive(product, 2, now=NOON)
    line = factories.order(product, 3)
    assert fresh(line).state == "part_reserved"
    assert kinds(line.order) == ["joined", "reserved"]


def test_those_not_reached_by_a_delivery_can_read_that_they_moved_up(product: Product) -> None:
    factories.order(product, 2)
    services.receive(product, 2, now=NOON)
    change = QueueChange.objects.get()
    assert (change.reason, change.step, change.lines, change.units) == ("arrived", -1, 1, 2)


def test_a_wrong_count_takes_back_from_the_end_and_says_so_once(product: Product) -> None:
    first, last = factories.order(product, 2), factories.order(product, 2)
    receipt = services.receive(product, 4, now=NOON)
    services.correct_receipt(receipt, 3, now=NOON, reason="one was broken")
    assert (fresh(first).allocated, fresh(last).allocated) == (2, 1)
    assert kinds(last.order) == ["joined", "reserved", "corrected"]
    assert kinds(first.order) == ["joined", "reserved"]
    assert newest(last)["reason"] == "receipt_corrected"
    assert fresh(last).promise.kind == "none"
    assert queue.positions([last.pk])[last.pk].place == 1


def test_a_receipt_cannot_be_corrected_below_what_has_shipped(product: Product) -> None:
    line = factories.order(product, 2, number="1042")
    receipt = services.receive(product, 2, now=NOON)
    services.ship(line.order, {line.pk: 2}, now=NOON)
    with pytest.raises(
        services.Refused, match=r"1 of these units has already shipped \(latest orders: 1042\)"
    ):
        services.correct_receipt(receipt, 1, now=NOON, reason="counted again")
    with pytest.raises(services.Refused, match="2 of these units have already shipped"):
        services.correct_receipt(receipt, 0, now=NOON, reason="counted again")
    assert Receipt.objects.count() == 1


def test_more_than_counted_is_received_and_set_aside(product: Product) -> None:
    line = factories.order(product, 2)
    receipt = services.receive(product, 1, now=NOON)
    services.correct_receipt(receipt, 2, now=NOON, reason="one more in the box")
    assert fresh(line).state == "reserved"
    assert services.correct_receipt(receipt, 2, now=NOON, reason="pressed twice") is None


def test_a_parcel_in_two_parts_says_what_is_still_to_come(product: Product) -> None:
    line = factories.order(product, 3)
    services.receive(product, 2, now=NOON)
    services.ship(line.order, {line.pk: 2}, now=NOON, carrier="UPS", tracking_number="1Z9")
    assert fresh(line).state == "part_shipped"
    assert (newest(line)["still"], newest(line)["tracking_number"]) == (1, "1Z9")
    services.receive(product, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    assert fresh(line).state == "shipped"


def test_only_reserved_units_ship(product: Product) -> None:
    line = factories.order(product, 3, number="1042")
    services.receive(product, 1, now=NOON)
    with pytest.raises(
        services.Refused, match="order 1042: 2 of LAMP can't ship: 1 are reserved and 2 are waiting"
    ):
        services.ship(line.order, {line.pk: 2}, now=NOON)
    assert not Shipment.objects.exists()


def test_a_parcel_the_shop_sent_unrecorded_is_received_on_the_way_and_units_stay_conserved(
    product: Product,
) -> None:
    ahead, line = factories.order(product, 2), factories.order(product, 2)
    services.ship(line.order, {line.pk: 2}, now=NOON, beyond_reserved=True)
    assert (fresh(line).state, fresh(ahead).state) == ("shipped", "waiting")
    assert Receipt.objects.get().quantity == 2
    assert list(queue.differences()) == []


def test_a_shipment_recorded_by_mistake_is_undone_by_a_row_of_its_own(product: Product) -> None:
    line = factories.order(product, 2)
    services.receive(product, 2, now=NOON)
    shipment = services.ship(line.order, {line.pk: 2}, now=NOON)
    services.correct_shipment(shipment, now=NOON)
    assert (fresh(line).state, Shipment.objects.count()) == ("reserved", 2)
    assert fresh(line).promise.late == date(2026, 11, 3)
    assert kinds(line.order)[-1] == "corrected"
    with pytest.raises(services.Refused, match="already undone"):
        services.correct_shipment(shipment, now=NOON)


@pytest.mark.parametrize(
    ("country", "due"),
    # none: the shop's, the US
    [("US", date(2026, 11, 12)), ("DE", date(2026, 11, 16)), ("", date(2026, 11, 12))],
)
def test_cancelled_units_are_owed_back_by_the_day_the_country_sets(
    product: Product, country: str, due: date
) -> None:
    line = factories.order(product, 2, country=country)
    (refund,) = services.cancel(line.order, now=NOON, by="customer")
    assert (refund.due_on, refund.units) == (due, 2)
    told = {
        "units": 2,
        "of": 2,
        "still": 0,
        "by": "customer",
        "refund_due_on": due.isoformat(),
        "window": None,
    }
    assert newest(line) == told
    assert fresh(line).state == "cancelled"


def test_units_freed_by_a_cancellation_go_to_the_next_in_line(product: Product) -> None:
    first, second = factories.order(product, 2), factories.order(product, 2)
    services.receive(product, 2, now=NOON)
    services.cancel(first.order, now=NOON)
    assert (fresh(first).state, fresh(second).state) == ("cancelled", "reserved")


def test_waiting_units_are_cancelled_before_reserved_ones(product: Product) -> None:
    line = factories.order(product, 3)
    services.receive(product, 1, now=NOON)
    services.cancel(line.order, units={line.pk: 2}, now=NOON)
    assert fresh(line).state == "reserved"
    assert fresh(line).promise.late == date(2026, 11, 3)
    assert newest(line)["window"] == {
        "kind": "dated",
        "early": "2026-11-02",
        "likely": "2026-11-03",
        "late": "2026-11-03",
    }


def test_what_has_shipped_cannot_be_cancelled(product: Product) -> None:
    line = factories.order(product, 1)
    services.receive(product, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    assert services.cancel(line.order, now=NOON) == []
    with pytest.raises(services.Refused, match="0 haven't shipped"):
        services.cancel(line.order, units={line.pk: 1}, now=NOON)


def test_a_cancelled_line_is_put_back_at_its_old_place_until_the_refund_was_sent(
    product: Product,
) -> None:
    line, behind = factories.order(product, 1), factories.order(product, 1)
    services.cancel(line.order, now=NOON)
    services.return_to_queue(line, 1, now=NOON)
    assert queue.positions([line.pk, behind.pk]) == {
        line.pk: queue.Position(1, 0),
        behind.pk: queue.Position(2, 1),
    }
    assert not Refund.objects.exists()
    assert QueueChange.objects.first().reason == "restored"
    services.cancel(line.order, now=NOON)
    Refund.objects.update(sent_at=NOON)
    with pytest.raises(services.Refused, match="refund was sent"):
        services.return_to_queue(line, 1, now=NOON)


def test_staff_move_someone_with_a_reason_and_those_passed_can_read_of_it(product: Product) -> None:
    lines = [factories.order(product, placed_at=NOON - timedelta(hours=9 - n)) for n in range(4)]
    assert services.move_in_queue(lines[3], 2, now=NOON, reason="our mistake", actor="ruth") == 2
    places = queue.positions([line.pk for line in lines])
    assert [places[line.pk].place for line in lines] == [1, 3, 4, 2]
    change = QueueChange.objects.get()
    assert (change.reason, change.step, change.note, change.actor) == (
        "moved",
        1,
        "our mistake",
        "ruth",
    )
    for refused in (
        {"place": 2, "reason": " "},
        {"place": 5, "reason": "x"},
        {"place": 0, "reason": "x"},
    ):
        with pytest.raises(services.Refused):
            services.move_in_queue(lines[3], now=NOON, actor="ruth", **refused)


def test_a_reserved_line_not_packed_on_its_last_day_is_told_a_later_one_and_not_every_day(
    product: Product,
) -> None:
    line = factories.order(product)
    services.receive(product, 1, now=NOON)
    assert services.keep_deadlines(now=NOON) == 0
    tomorrow = NOON + timedelta(days=1)
    assert services.keep_deadlines(now=tomorrow) == 1
    assert services.keep_deadlines(now=tomorrow) == 0
    assert kinds(line.order)[-1] == "later"
    assert (newest(line)["reason"], fresh(line).promise.late) == ("packing", date(2026, 11, 5))


@pytest.mark.parametrize(
    ("expected_on", "complaint"),
    [(date(2030, 1, 1), "more than two years"), (date(2020, 1, 1), "more than two years")],
)
def test_an_implausible_date_is_refused(
    product: Product, expected_on: date, complaint: str
) -> None:
    restock = factories.restock(product)
    with pytest.raises(services.Refused, match=complaint):
        services.move_restock_date(restock, expected_on, now=NOON)
    assert restock.dates.count() == 1


def test_a_date_moves_only_while_something_is_still_to_come(product: Product) -> None:
    restock = factories.restock(product, 2)
    services.receive(product, 2, restock=restock, now=NOON)
    with pytest.raises(services.Refused, match="has arrived in full"):
        services.move_restock_date(restock, NOON.date(), now=NOON)
    with pytest.raises(services.Refused, match="has arrived in full"):
        services.cancel_restock(restock, now=NOON)


def test_the_same_date_again_is_no_news(product: Product) -> None:
    restock = factories.restock(product)
    assert services.move_restock_date(restock, restock.dates.get().expected_on, now=NOON) is None
    assert restock.dates.count() == 1


def test_a_number_is_placed_once_however_it_is_written(product: Product) -> None:
    factories.order(product, number="ab-1")
    with pytest.raises(services.Refused, match="order ab-1 already exists"):
        factories.order(product, number="AB-1")


def test_an_order_is_refused_whole(product: Product) -> None:
    lines = [services.NewLine(product, 1)]
    good = services.NewOrder(number="1", placed_at=NOON, lines=lines)
    for bad in (
        services.NewOrder(number="", placed_at=NOON, lines=lines),
        services.NewOrder(number="2", placed_at=NOON, lines=[]),
        services.NewOrder(number="2", placed_at=NOON, lines=[services.NewLine(product, 0)]),
        services.NewOrder(number="2", placed_at=NOON, lines=lines * 2),
        services.NewOrder(number="2", placed_at=NOON + timedelta(days=3), lines=lines),
    ):
        with pytest.raises(services.Refused):
            services.place_orders([good, bad], now=NOON)
    assert not OrderLine.objects.exists()


@pytest.mark.parametrize(
    "refused",
    [
        lambda row: services.move_restock_date(
            row, date(2026, 12, 3), now=NOON, posted_on=TODAY - DAY
        ),
        lambda row: services.receive(row.product, 1, now=NOON, arrived_on=TODAY + DAY),
        lambda row: services.receive(row.product, 1, now=NOON, arrived_on=date(2020, 1, 2)),
        lambda row: services.move_restock_date(row, date(2046, 1, 2), now=NOON),
        lambda row: services.place_order(
            services.NewOrder("9", NOON + 9 * DAY, [services.NewLine(row.product, 1)]), now=NOON
        ),
    ],
)
def test_a_refusal_names_days_as_staff_read_them(refused: Callable[[Restock], object]) -> None:
    row = factories.restock(make_product())
    services.move_restock_date(row, date(2026, 12, 2), now=NOON)
    with pytest.raises(services.Refused) as error:
        refused(row)
    assert re.search(r"\d\d? [A-Z][a-z]+ 20\d\d", str(error.value))
    assert not re.search(r"20\d\d-\d\d", str(error.value))
