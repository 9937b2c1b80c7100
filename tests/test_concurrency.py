"""Many people at one product at once, over real connections."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum

from orders import queue, services
from orders.models import Order, OrderLine, Product, QueueCount, Refund, ShopTask, Stock
from tests import factories
from tests.factories import NOON, make_product
from tests.test_answering import slip

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


def at_once(*work: Callable[[], T]) -> list[T]:
    """Each callable in a thread and connection of its own. A deadlock or any other error fails the
    test."""

    def run(call: Callable[[], T]) -> T:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def conserved(product: Product) -> None:
    stock = Stock.objects.get(product=product)
    lines = OrderLine.objects.filter(product=product)
    totals = lines.aggregate(allocated=Sum("allocated"), waiting=Sum("waiting"))
    assert stock.allocated == totals["allocated"] <= stock.arrived
    assert stock.allocated == stock.arrived or not totals["waiting"], (
        "units lie beside a line that waits"
    )
    assert list(queue.differences()) == []


def test_joins_cancellations_receipts_and_reviews_at_once_lose_nothing_and_never_deadlock() -> None:
    product, other = make_product(), make_product()
    placed = [two_lines(product, other, n) for n in range(24)]
    receipt = services.receive(product, 6, now=NOON)

    def join() -> None:
        for n in range(8):
            two_lines(other, product, 100 + n)

    def cancel() -> None:
        for order in placed[::3]:
            services.cancel(order, now=NOON)

    def receive() -> None:
        for _ in range(6):
            services.receive(product, 3, now=NOON)
            services.receive(other, 2, now=NOON)

    def correct() -> None:
        services.correct_receipt(receipt, 2, now=NOON, reason="counted again")

    def review() -> None:
        for _ in range(4):
            services.review([product, other], now=NOON)

    at_once(join, join, cancel, receive, correct, review)
    conserved(product)
    conserved(other)
    assert (
        OrderLine.objects.filter(product=product, waiting__gt=0, promise__isnull=True).count() == 0
    )


def test_who_changes_a_line_waits_for_nobody_who_changes_another_of_the_same_minute() -> None:
    """What several leave beside each other adds up, and is one row again when the next passes
    by."""
    product = make_product()
    lines = [factories.order(product, 3) for _ in range(5)]
    cancelled = OrderLine.objects.filter(pk=lines[0].pk)
    with transaction.atomic():
        cancelled.update(cancelled=3)

        def cancel() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '10s'")
            OrderLine.objects.filter(pk=lines[1].pk).update(cancelled=1)
            OrderLine.objects.filter(pk=lines[2].pk).update(cancelled=3)
            return queue.length(product.pk).units

        assert at_once(cancel) == [15 - 4]
    assert queue.length(product.pk) == queue.Length(3, 15 - 7)
    assert list(queue.differences()) == []
    ids = [lines[1].pk, lines[3].pk, lines[4].pk]
    assert [queue.key_at(product.pk, n) for n in (1, 2, 3, 4)] == [
        *((NOON, pk) for pk in ids),
        None,
    ]
    served = [
        queue.Length(0, 0),
        queue.Length(1, 2),
        queue.Length(1, 2),
        queue.Length(2, 5),
        queue.Length(3, 8),
    ]
    assert queue.fronts(product.pk, [1, 2, 4, 5, 8]) == served
    assert QueueCount.objects.count() == 2 * 3
    OrderLine.objects.filter(pk=lines[3].pk).update(cancelled=1)
    assert list(QueueCount.objects.values_list("lines", "units")) == [(3, 7)] * 3
    OrderLine.objects.filter(product=product).update(cancelled=3)
    assert not QueueCount.objects.exists()


def test_a_unit_that_arrives_while_somebody_joins_is_not_left_lying() -> None:
    for _ in range(5):
        product = make_product()
        at_once(
            partial(services.receive, product, 1, now=NOON),
            partial(factories.order, product),
            partial(factories.order, product),
        )
        conserved(product)


def test_one_line_cancelled_from_two_devices_at_once_is_cancelled_once() -> None:
    line = factories.order(make_product(), 3)

    def cancel() -> int:
        try:
            return len(services.cancel(line.order, units={line.pk: 3}, now=NOON))
        except services.Refused:
            return 0

    assert sorted(at_once(cancel, cancel, cancel)) == [0, 0, 1]
    assert factories.fresh(line).cancelled == 3


def test_shipping_and_cancelling_the_same_units_at_once_does_one_of_them() -> None:
    line = factories.order(make_product(), 2)
    services.receive(line.product, 2, now=NOON)

    def attempt(call: Callable[[], object]) -> str:
        try:
            call()
        except services.Refused:
            return "refused"
        return "done"

    outcomes = at_once(
        lambda: attempt(lambda: services.ship(line.order, {line.pk: 2}, now=NOON)),
        lambda: attempt(lambda: services.cancel(line.order, units={line.pk: 2}, now=NOON)),
    )
    assert sorted(outcomes) == ["done", "refused"]
    line = factories.fresh(line)
    assert (line.shipped, line.cancelled) in {(2, 0), (0, 2)}


def test_moves_in_the_line_and_cancellations_at_once_keep_the_counts_true() -> None:
    product = make_product()
    lines = [factories.order(product, 2, placed_at=NOON - timedelta(hours=n)) for n in range(20)]

    def move(seed: int) -> None:
        for line in random.Random(seed).sample(lines[:10], 5):
            services.move_in_queue(
                line, 1 + seed, now=NOON, reason="promised by phone", actor="ruth"
            )

    def cancel() -> None:
        for line in lines[10:]:
            services.cancel(line.order, units={line.pk: 1}, now=NOON)

    at_once(lambda: move(1), lambda: move(2), cancel)
    assert list(queue.differences()) == []
    assert (
        OrderLine.objects.filter(
            product=product, quantity__lt=F("allocated") + F("cancelled")
        ).count()
        == 0
    )


def two_lines(first: Product, second: Product, number: int) -> Order:
    return services.place_order(
        services.NewOrder(
            number=f"C{number}-{next(factories._numbers)}",
            placed_at=NOON - timedelta(hours=number),
            email="c@example.com",
            lines=[services.NewLine(first, 1 + number % 3), services.NewLine(second, 1)],
        ),
        now=NOON,
    )


def test_a_part_cancelled_from_two_devices_at_the_same_instant_is_cancelled_once() -> None:
    line = factories.order(make_product(), 3)

    def cancel() -> str:
        try:
            return services.answer(line.order, line.pk, "cancel", units=1, seen=3, now=NOON).done
        except services.Changed:
            return "changed"

    assert sorted(at_once(cancel, cancel, cancel)) == ["cancelled", "changed", "changed"]
    assert factories.fresh(line).cancelled == 1


def test_all_cancelled_from_two_devices_at_the_same_instant_has_a_clear_outcome_for_both() -> None:
    line = factories.order(make_product(), 3)
    answers = at_once(*[partial(services.answer, line.order, line.pk, "cancel", now=NOON)] * 3)
    assert sorted(each.done for each in answers) == [
        "already_cancelled",
        "already_cancelled",
        "cancelled",
    ]


def delayed_twice() -> OrderLine:
    """Told of a second delay; silence cancels."""
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    product, due = make_product(), (NOON + timedelta(days=11)).date()
    restock = factories.restock(
        product, 50, supplier=supplier, now=NOON - timedelta(hours=2), expected_on=due
    )
    line = factories.order(product, 2)
    for day, moved_to in enumerate((35, 50), start=1):
        slip(restock, (NOON + timedelta(days=moved_to)).date(), now=NOON + timedelta(days=day))
    return line


def overdue(line: OrderLine) -> datetime:
    return NOON + timedelta(days=(line.notices.first().answer_by - NOON.date()).days + 2)


def test_silence_applied_by_several_workers_at_once_is_applied_once() -> None:
    line = delayed_twice()
    assert sorted(at_once(*[partial(services.apply_silence, now=overdue(line))] * 3)) == [0, 0, 1]
    assert (
        factories.fresh(line).cancelled,
        line.order.events.filter(kind="cancelled").count(),
    ) == (2, 1)
    assert Refund.objects.count() == 1


def test_an_answer_and_the_silence_it_ends_never_deadlock_and_one_of_them_holds() -> None:
    for choice in ("keep", "cancel"):
        line = delayed_twice()
        late = overdue(line)
        at_once(
            partial(services.apply_silence, now=late),
            partial(services.answer, line.order, line.pk, choice, now=late),
        )
        line = factories.fresh(line)
        assert (line.waiting, line.cancelled) == ((2, 0) if choice == "keep" else (0, 2))
        assert ShopTask.objects.filter(line=line).count() == line.cancelled // 2


def test_put_back_from_two_devices_at_once_puts_back_once() -> None:
    line = delayed_twice()
    services.apply_silence(now=overdue(line))
    answers = at_once(
        *[partial(services.answer, line.order, line.pk, "keep", now=overdue(line))] * 3
    )
    assert sorted(each.done for each in answers) == ["already_kept", "already_kept", "put_back"]
    assert factories.fresh(line).waiting == 2
