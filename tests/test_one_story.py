"""What one place says about an order, no other contradicts: headline, strip, bar, timeline,
status.json, calendar and email are of the same promise."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from icalendar import Calendar
from pytest_django.plugin import DjangoDbBlocker

from notifications.compose import known_of
from notifications.compose.selection import selection_of
from orders.access import order_url
from orders.domain.facts import Changed, Reserved
from orders.models import Order
from orders.pages.calendar import calendar_of
from orders.pages.drawings.window_strip import window_strip
from orders.pages.headline import cards
from orders.pages.json_api import status_object
from orders.pages.promised import WindowTold
from orders.pages.status import Status, order_status
from orders.words import sentence
from tests import factories
from tests.factories import NOON
from tests.gallery import email_states, states
from tests.test_answering_pages import said

pytestmark = pytest.mark.django_db
TODAY = NOON.date()
DAY, DAYS_END = timedelta(days=1), date.max
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
                details.window
                and details.told
                and details.told.late
                and details.window.late > details.told.late
            )
            if isinstance(details, Changed) or slipped:
                said = sentence(event, locale="en-US")
                assert any(reason in said for reason in REASONS), (name, said)
                seen.add(event.kind)
    assert seen >= {"later", "earlier", "no_date", "corrected"}


def test_page_program_calendar_and_timeline_are_of_one_promise(shown: dict[str, Order]) -> None:
    seen = 0
    for name, status in statuses(shown):
        order, told = shown[name], status_object(status)
        calendar = Calendar.from_ical(calendar_of(order, status, locale="en-US", page=""))
        entries = {str(entry["uid"]): entry for entry in calendar.walk("VEVENT")}
        events = list(order.events.all())
        cards_of = {card.line.id: card for card in cards(status.lines, today=TODAY, locale="en-US")}
        assert told["next_update_by"] == (
            status.next_update_by and status.next_update_by.isoformat()
        )
        for line, row in zip(status.lines, told["lines"], strict=True):
            if not line.is_open or line.promised is None:
                continue
            window = line.promised.window
            day = window.late if window.names_a_day else None
            assert row["window"]["late"] == (day and day.isoformat()), name

            head = cards_of[line.id].head
            if head.names_ship_day:
                assert head.day == day, (name, head)

            strip = window_strip(
                WindowTold(window, line.promised.on), line.former, today=TODAY, locale="en-US"
            )
            assert strip is None or [at.is_now for at in strip.rows].index(True) == 0

            newest = next(
                event.details
                for event in events
                if event.line_id == line.id and getattr(event.details, "window", None)
            )
            assert newest.window.late == window.late, (name, newest)
            assert newest.window.kind == window.kind, (name, newest)

            entry = next((e for uid, e in entries.items() if f".{line.sku}@" in uid), None)
            if day:
                assert entry is not None
                last = entry["dtend"].dt - DAY
                assert (last, str(entry["status"])) == (day, "CONFIRMED"), name
            else:
                assert entry is None or str(entry["status"]) == "CANCELLED", name
            seen += 1
    assert seen > 40


def test_order_page_product_page_and_frame_say_in_one_measure_how_sure_a_date_is(
    noon: None, client: Client
) -> None:
    line = factories.order(factories.lamp_of_a_punctual_supplier(50))
    for path in (order_url(line.order), "/p/LAMP/", "/embed/LAMP/"):
        page = said(client.get(path))
        assert "9 in 10 orders like this ship by then." in page, path
        assert not re.search(r"times in 10|[0-9] ?%", page), path


def test_an_email_tells_the_promise_of_the_page_and_its_one_day(shown: dict[str, Order]) -> None:
    seen = 0
    for name, order in shown.items():
        due = list(order.events.filter(message_due=True))
        selection = due and selection_of(order, due, known_of([order.pk]), now=NOON)
        if not selection or selection.nothing_else:
            continue
        status = order_status(order, locale="en-US", now=NOON)
        assert selection.next_word_by == status.next_update_by, name
        answers = [told.asked.notice for told in selection.lines if told.asked]
        days = [each.answer_by for each in answers if each.must_be_answered and each.answer_by]
        assert selection.hears_by is None or selection.hears_by <= min(days, default=DAYS_END), name
        lines = {line.id: line for line in status.lines}
        for told in selection.lines:
            for each in told.told:
                promise = each.event.promise_id
                assert promise is None or promise == told.line.promise_id, name
            shown_as_asked = lines[told.line.pk].asked
            if told.asked and shown_as_asked:
                by = told.asked.notice.answer_by if shown_as_asked.answer_by else None
                assert shown_as_asked.answer_by == by, name
        seen += 1
    assert seen > 20


def test_a_page_names_no_day_to_hear_from_us_after_one_to_answer_by(
    shown: dict[str, Order],
) -> None:
    left_out = set()
    for name, status in statuses(shown):
        for line in status.lines:
            if line.asked and line.asked.answer_by and status.hears_by:
                assert status.hears_by <= line.asked.answer_by, name
        if status.next_update_by != status.hears_by:
            left_out.add(name)
    assert "delayed_twice_with_deadline" in left_out
    assert "dated" not in left_out


def test_a_card_that_says_that_no_delivery_can_be_relied_on_names_none(
    shown: dict[str, Order],
) -> None:
    found = set()
    for name, status in statuses(shown):
        for line in status.lines:
            said = line.asked.sentences if line.asked else ()
            if any("no delivery that we can rely on" in words for words in said):
                assert line.promised is None or line.promised.due is None or line.names_a_day
                assert line.standing is None or line.names_a_day or not line.standing.restocks
                found.add(name)
    assert found >= {"chances", "open", "none"}


def test_no_email_is_said_to_have_told_an_order_without_an_address(shown: dict[str, Order]) -> None:
    status = order_status(shown["no_address"], locale="en-US", now=NOON)
    assert [event.told_at for event in status.events] == [None]
