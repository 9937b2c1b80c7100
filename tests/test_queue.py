from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from orders import queue
from orders.models import OrderLine, QueueCount
from tests import factories
from tests.factories import NOON, make_product

pytestmark = pytest.mark.django_db


def place(line: OrderLine) -> queue.Position:
    return queue.positions([line.pk])[line.pk]


def test_who_paid_first_stands_first_however_late_the_order_reaches_us() -> None:
    product = make_product()
    young = factories.order(product, 2, placed_at=NOON - timedelta(days=1))
    old = factories.order(product, 3, placed_at=NOON - timedelta(days=40))
    assert place(old) == queue.Position(1, 0)
    assert place(young) == queue.Position(2, 3)


def test_orders_of_the_same_moment_stand_by_line_id() -> None:
    product = make_product()
    lines = [factories.order(product, placed_at=NOON) for _ in range(3)]
    assert [place(line).place for line in lines] == [1, 2, 3]


def test_queues_of_other_products_do_not_count() -> None:
    product, other = make_product(), make_product()
    factories.order(other, 5, placed_at=NOON - timedelta(days=3))
    assert place(factories.order(product)) == queue.Position(1, 0)


@pytest.mark.parametrize(
    "apart",
    [
        timedelta(microseconds=1),
        timedelta(seconds=59),
        timedelta(minutes=1),
        timedelta(hours=1),
        timedelta(days=1),
    ],
)
def test_the_counted_place_is_right_across_every_boundary_of_its_levels(apart: timedelta) -> None:
    product = make_product()
    midnight = datetime(2026, 10, 31, tzinfo=UTC)
    lines = [factories.order(product, 1, placed_at=midnight + n * apart) for n in range(-3, 4)]
    assert [place(line) for line in lines] == [queue.Position(n + 1, n) for n in range(7)]
    places = [queue.key_at(product.pk, n + 1) for n in range(7)]
    assert places == [(line.queued_at, line.pk) for line in lines]


def test_a_place_nobody_stands_at_has_no_key() -> None:
    product = make_product()
    factories.order(product, 4)
    factories.order(make_product())
    assert [queue.key_at(product.pk, place) is None for place in (0, 1, 2)] == [True, False, True]


def test_a_key_that_is_no_line_yet_has_a_place() -> None:
    product = make_product()
    factories.order(product, 4, placed_at=NOON - timedelta(days=2))
    assert queue.position(product.pk, NOON, 0) == queue.Position(2, 4)


def test_counts_follow_rows_changed_by_plain_sql_bulk_updates_and_deletes() -> None:
    product, other = make_product(), make_product()
    lines = [factories.order(product, 3, placed_at=NOON - timedelta(hours=n)) for n in range(6)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_orderline SET cancelled = 2 WHERE id = %s", [lines[0].pk])
        cursor.execute(
            "UPDATE orders_orderline SET product_id = %s WHERE id = %s", [other.pk, lines[1].pk]
        )
        cursor.execute(
            "UPDATE orders_orderline SET queued_at = queued_at - interval '9 days' WHERE id = %s",
            [lines[2].pk],
        )
        cursor.execute("SET LOCAL backorders.erase = 'on'")
        for table in ("event", "delaynotice", "promise"):
            cursor.execute(
                f"UPDATE orders_orderline SET promise_id = NULL WHERE id = {lines[3].pk};"
                f"DELETE FROM orders_{table} WHERE line_id = {lines[3].pk}"
            )
        cursor.execute("DELETE FROM orders_orderline WHERE id = %s", [lines[3].pk])
    lines[4].quantity = 9
    OrderLine.objects.bulk_update([lines[4]], ["quantity"])
    assert list(queue.differences()) == []
    assert queue.length(product.pk) == queue.Length(4, 1 + 3 + 9 + 3)
    assert place(lines[2]).place == 1


def test_an_emptied_queue_leaves_no_count_row() -> None:
    line = factories.order(make_product(), 2)
    OrderLine.objects.filter(pk=line.pk).update(cancelled=2)
    assert not QueueCount.objects.exists()


def test_a_count_that_is_off_is_named_and_counted_anew() -> None:
    factories.order(make_product(sku="LAMP"), 2)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_queuecount SET lines = lines + 1 WHERE width = 'd'")
    (difference,) = queue.differences()
    assert (
        difference.sku,
        difference.width,
        difference.counted.lines,
        difference.actual.lines,
    ) == ("LAMP", "d", 2, 1)
    queue.rebuild()
    assert list(queue.differences()) == []
