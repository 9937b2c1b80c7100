"""What one place says about an order, no other contradicts: headline, strip, bar, timeline,
status.json, calendar and email are of the same promise."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from orders.domain.facts import Changed, Reserved
from orders.models import Order
from orders.pages.status import Status, order_status
from orders.words import sentence
from tests.factories import NOON
from tests.gallery import email_states, states

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# What an event is told of whose reason is in these words already.
REASONS = ("Why: ", "We have no record yet of its shipment")


@pytest.fixture(scope="module")
def shown(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Order]]:
    """The orders of all states and emails but the longest queue, made once, in a transaction that
    is rolled back."""
    with django_db_blocker.unblock(), time_machine.travel(NOON, tick=False), transaction.atomic():
        rows = states.make(now=NOON, only=set(states.names()) - {"ten_thousandth"})
        mails = email_states.make(now=NOON)
        yield {row.name: row.order for row in rows} | {f"email {n}": o for n, _, o in mails}
        transaction.set_rollback(True)


def statuses(shown: dict[str, Order]) -> Iterator[tuple[str, Status]]:
    for name, order in shown.items():
        yield name, order_status(order, locale="en-US", now=NOON)


def test_every_change_says_why(shown: dict[str, Order]) -> None:
    seen = set()
    for name, order in shown.items():
        for event in order.events.all():
            details = event.details
            slipped = isinstance(details, Reserved) and (
                details.window and details.told and details.window.late > details.told.late
            )
            if isinstance(details, Changed) or slipped:
                said = sentence(event, locale="en-US")
                assert any(reason in said for reason in REASONS), (name, said)
                seen.add(event.kind)
    assert seen >= {"later", "earlier", "no_date", "corrected"}
