"""The set-based services against a shop kept by a plain loop, over any sequence of what can happen
to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import queue, services
from orders.models import Allocation, OrderLine, Product, Receipt, ShipmentLine, Stock
from tests import factories

pytestmark = pytest.mark.django_db


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@dataclass
class NaiveLine:
    pk: int
    queued_at: datetime
    quantity: int
    allocated: int = 0
    shipped: int = 0
    cancelled: int = 0

    @property
    def waiting(self) -> int:
        return self.quantity - self.allocated - self.cancelled


@dataclass
class NaiveShop:
    lines: list[NaiveLine] = field(default_factory=list)
    arrived: int = 0

    @property
    def spare(self) -> int:
        return self.arrived - sum(line.allocated for line in self.lines)

    def in_order(self) -> list[NaiveLine]:
        return sorted(self.lines, key=lambda line: (line.queued_at, line.pk))

    def queue(self) -> list[NaiveLine]:
        return [line for line in self.in_order() if line.waiting]

    def allocate(self) -> None:
        for line in self.queue():
            while line.waiting and self.spare:
                line.allocated += 1

    def take_back(self, units: int) -> bool:
        """False, and nothing changed, when the units have shipped."""
        short = units - self.spare
        if short > sum(line.allocated - line.shipped for line in self.lines):
            return False
        for line in reversed(self.in_order()):
            while short > 0 and line.allocated > line.shipped:
                line.allocated -= 1
                short -= 1
        self.arrived -= units
        return True

    def cancel(self, line: NaiveLine, units: int) -> None:
        for _ in range(units):
            if not line.waiting:
                line.allocated -= 1
            line.cancelled += 1
        self.allocate()


ACTIONS = st.one_of(
    st.tuples(st.just("join"), st.integers(0, 300), st.integers(1, 5)),
    st.tuples(st.just("receive"), st.integers(0, 0), st.integers(1, 12)),
    st.tuples(st.just("correct"), st.integers(0, 9), st.integers(0, 12)),
    st.tuples(st.just("cancel"), st.integers(0, 19), st.integers(1, 5)),
    st.tuples(st.just("ship"), st.integers(0, 19), st.integers(1, 5)),
    st.tuples(st.just("restore"), st.integers(0, 19), st.integers(1, 5)),
    st.tuples(st.just("move"), st.integers(0, 19), st.integers(1, 12)),
)


@given(st.lists(ACTIONS, min_size=3, max_size=22))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_shop_ends_as_a_plain_loop_would_leave_it(actions: list[tuple[str, int, int]]) -> None:
    with rolled_back():
        product, naive = factories.make_product(), NaiveShop()
        receipts: list[Receipt] = []
        now = factories.NOON
        for action, which, units in actions:
            now += timedelta(minutes=1)
            perform(action, which, units, product, naive, receipts, now)
            compare(product, naive)
        conserve(product)


def perform(
    action: str,
    which: int,
    units: int,
    product: Product,
    naive: NaiveShop,
    receipts: list[Receipt],
    now: datetime,
) -> None:
    if action == "join":
        line = factories.order(
            product, units, placed_at=factories.NOON - timedelta(hours=which), now=now
        )
        naive.lines.append(NaiveLine(line.pk, line.queued_at, units))
        naive.allocate()
    elif action == "receive":
        receipts.append(services.receive(product, units, now=now))
        naive.arrived += units
        naive.allocate()
    elif action == "correct" and receipts:
        correct(receipts[which % len(receipts)], units, naive, now)
    elif naive.lines:
        change_line(action, units, naive.lines[which % len(naive.lines)], naive, now)


def correct(receipt: Receipt, units: int, naive: NaiveShop, now: datetime) -> None:
    counted = receipt.quantity + sum(receipt.corrections.values_list("quantity", flat=True))
    if units >= counted:
        return
    if naive.take_back(counted - units):
        services.correct_receipt(receipt, units, now=now, reason="counted again")
    else:
        with pytest.raises(services.Refused, match="already shipped"):
            services.correct_receipt(receipt, units, now=now, reason="counted again")


def change_line(
    action: str, units: int, expected: NaiveLine, naive: NaiveShop, now: datetime
) -> None:
    line = factories.fresh(OrderLine(pk=expected.pk))
    if action == "cancel" and units <= expected.quantity - expected.cancelled - expected.shipped:
        services.cancel(line.order, units={line.pk: units}, now=now)
        naive.cancel(expected, units)
    elif action == "ship" and units <= expected.allocated - expected.shipped:
        services.ship(line.order, {line.pk: units}, now=now)
        expected.shipped += units
    elif action == "restore" and units <= expected.cancelled:
        services.return_to_queue(line, units, now=now)
        expected.cancelled -= units
        naive.allocate()
    elif action == "move" and expected.waiting and units <= len(naive.queue()):
        reached = services.move_in_queue(
            line, units, now=now, reason="promised by phone", actor="ruth"
        )
        expected.queued_at = factories.fresh(line).queued_at
        assert naive.queue().index(expected) + 1 == reached


def compare(product: Product, naive: NaiveShop) -> None:
    stored = OrderLine.objects.filter(product=product).in_bulk()
    for line in naive.lines:
        row = stored[line.pk]
        assert (row.allocated, row.cancelled, row.shipped) == (
            line.allocated,
            line.cancelled,
            line.shipped,
        )
    ahead = 0
    positions = queue.positions(stored)
    for place, line in enumerate(naive.queue(), 1):
        assert positions.pop(line.pk) == queue.Position(place, ahead)
        ahead += line.waiting
    assert positions == {}
    assert list(queue.differences()) == []


def conserve(product: Product) -> None:
    """The ledgers add up to the counters, line by line and in all."""
    stock = Stock.objects.get(product=product)
    lines = OrderLine.objects.filter(product=product)
    assert stock.arrived == (product.receipts.aggregate(n=Sum("quantity"))["n"] or 0)
    assert stock.allocated == (lines.aggregate(n=Sum("allocated"))["n"] or 0) <= stock.arrived
    for line in lines:
        assert line.allocated == (
            Allocation.objects.filter(line=line).aggregate(n=Sum("quantity"))["n"] or 0
        )
        assert line.shipped == (
            ShipmentLine.objects.filter(line=line).aggregate(n=Sum("quantity"))["n"] or 0
        )
        assert line.allocated + line.cancelled + line.waiting == line.quantity
