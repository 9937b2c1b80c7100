"""Until when a line hears nothing: what its page announces is what `reassure` does."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import services, tasks
from orders.access import order_url
from orders.models import Event, EventKind, Order, OrderLine
from orders.pages.status import order_status
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh, make_product
from tests.html import flat
from tests.mailing import mail
from tests.test_mails import unwrapped

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


def test_a_held_order_names_a_day_and_hears_on_it_that_we_are_still_checking(
    clocks: Clocks, mail_sink: MailSink, client: Client
) -> None:
    line = factories.order(make_product(), 3, number="1042", email="ada@example.com", held=True)
    announced = order_status(line.order, locale="en", now=NOON).next_update_by
    assert announced == (NOON + 15 * DAY).date()
    assert "You'll hear from us by 17 November." in said(client, line)

    clocks.move_to(NOON + 15 * DAY - timedelta(hours=2))
    tasks.review_all()
    mail()
    text = unwrapped(mail_sink.mails[-1].message)
    assert (
        "Nothing has changed since 2 November. We're checking how many you're still owed. "
        "You're 1st in line."
    ) in text
    assert "ship date" not in text
    assert "You'll hear from us by 2 December." in said(client, line)


def said(client: Client, line: OrderLine) -> str:
    page = client.get(order_url(line.order)).content.decode()
    return flat(unescape(page)).replace("\u00a0", " ")
