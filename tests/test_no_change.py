"""Until when a line hears nothing: what its page announces is what `reassure` does."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import services
from orders.models import Event, EventKind, Order, OrderLine
from tests import factories
from tests.factories import NOON, fresh, make_product

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
KINDS = [EventKind.ON_TRACK, EventKind.LATER, EventKind.NOTE]
# days before noon, and the kind; before these it joined
histories = st.lists(st.tuples(st.integers(0, 130), st.sampled_from(KINDS)), max_size=4)
changes = st.sampled_from(["", "held", "no promise", "reserved", "unreleased"])


def lived(line: OrderLine, history: list[tuple[int, EventKind]], change: str) -> None:
    for ago, kind in sorted(history, key=lambda told: -told[0]):
        Event.objects.create(order=line.order, line=line, kind=kind, at=NOON - ago * DAY)
    lines = OrderLine.objects.filter(pk=line.pk)
    match change:
        case "held":
            lines.update(held=True)
        case "no promise":
            lines.update(promise=None)
        case "reserved":
            lines.update(allocated=line.quantity)
        case "unreleased":
            Order.objects.filter(pk=line.order_id).update(released_at=None)


@given(st.lists(st.tuples(histories, changes), min_size=1, max_size=4))
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_day_announced_is_the_first_on_whose_morning_a_line_hears_of_no_change(
    lives: list[tuple[list[tuple[int, EventKind]], str]],
) -> None:
    morning = NOON.replace(hour=10)  # five in the tests' shop
    with transaction.atomic():
        product = make_product()
        lines = [factories.order(product, now=NOON - 200 * DAY) for _ in lives]
        for line, (history, change) in zip(lines, lives, strict=True):
            lived(line, history, change)
        due = set()
        for line in lines:
            newest = list(line.order.events.order_by("-at", "-pk"))
            day = services.quiet_until(fresh(line), newest)
            if day and day <= services.today_of(morning):
                due.add(line.pk)

        services.reassure(now=morning)

        told = Event.objects.filter(kind=EventKind.ON_TRACK, at=morning)
        assert set(told.values_list("line", flat=True)) == due
        transaction.set_rollback(True)
