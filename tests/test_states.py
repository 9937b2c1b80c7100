"""The orders that show every state are what their names say."""

from collections.abc import Iterator

import pytest
import time_machine
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from orders.models import Event
from orders.pages.line_status import LineStatus
from orders.pages.standing import parts_of
from orders.pages.status import Status, order_status
from tests.factories import NOON
from tests.gallery import states

pytestmark = pytest.mark.django_db

# name: state of the line, kind of its window, its place, the newest events, whether an answer is
# asked for
EXPECTED = {
    "unrated": ("waiting", "unrated", 4, ["joined"], False),
    "joined": ("waiting", "dated", 12, ["joined"], False),
    "dated": ("waiting", "dated", 37, ["joined"], False),
    "from_shop": ("waiting", "dated", 12, ["note", "note", "joined"], False),
    "canceled_with_amount": ("cancelled", "dated", None, ["cancelled", "joined"], False),
    "should_have_arrived": ("shipped", "dated", None, ["shipped", "reserved", "joined"], False),
    "chances": ("waiting", "chances", 8, ["joined"], True),
    "open": ("waiting", "open", 5, ["joined"], True),
    "none": ("waiting", "none", 6, ["joined"], True),
    "first_in_line": ("waiting", "dated", 1, ["joined"], False),
    "quantity_40": ("waiting", "dated", 7, ["joined"], False),
    "moved_up": ("waiting", "dated", 12, ["moved_up", "moved_up", "joined"], False),
    "passed_by": ("waiting", "dated", 11, ["passed_by", "passed_by", "joined"], False),
    "delayed_once": ("waiting", "dated", 14, ["later", "joined"], True),
    "delayed_twice_with_deadline": ("waiting", "dated", 14, ["later", "later", "joined"], True),
    "delayed_eu": ("waiting", "dated", 14, ["later", "joined"], True),
    "california": ("waiting", "dated", 14, ["later", "joined"], True),
    "kept": ("waiting", "dated", 14, ["answered", "later", "joined"], False),
    "missed": ("waiting", "dated", 7, ["joined"], False),
    "packing_late": ("reserved", "dated", None, ["later", "reserved", "joined"], False),
    "arrived": ("reserved", "dated", None, ["reserved", "joined"], False),
    "partly_arrived": ("part_reserved", "dated", 1, ["reserved", "moved_up", "joined"], False),
    "shipped": ("shipped", "dated", None, ["shipped", "reserved", "joined"], False),
    "partly_shipped": ("part_shipped", "dated", 1, ["shipped", "reserved", "joined"], False),
    "cancelled": ("cancelled", "dated", None, ["cancelled", "later", "joined"], False),
    "cancelled_by_silence": (
        "cancelled",
        "dated",
        None,
        ["cancelled", "later", "later", "joined"],
        False,
    ),
    "inherited": ("waiting", "dated", 6, ["later", "joined"], True),
    "not_notified": ("waiting", "dated", 14, ["later", "joined"], True),
    "held": ("waiting", None, 3, [], False),
    "look_only": ("waiting", "dated", 14, ["later", "later", "joined"], True),
    "no_address": ("waiting", "dated", 9, ["joined"], False),
    "quiet": ("waiting", "dated", 3, ["joined"], False),
    "taken_back": ("waiting", "none", 6, ["no_date", "joined"], True),
}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, Status]]:
    """All but the longest queue, made once, in a transaction that is rolled back."""
    with django_db_blocker.unblock(), time_machine.travel(NOON, tick=False), transaction.atomic():
        rows = states.make(now=NOON, only=set(states.names()) - {"ten_thousandth"})
        unmailed = Event.objects.filter(message_due=True).values_list("order__number", flat=True)
        assert list(unmailed) == [row.order.number for row in rows if row.name == "joined"]
        assert states.make(now=NOON, only=[row.name for row in rows]) == rows
        yield {row.name: order_status(row.order, locale="en", now=NOON) for row in rows}
        transaction.set_rollback(True)


def shown(status: Status) -> tuple[str, str | None, int | None, list[str], bool]:
    (line,) = status.lines
    return (
        line.state,
        _kind(line),
        line.place,
        [event.kind for event in status.events],
        line.asked is not None,
    )


def _kind(line: LineStatus) -> str | None:
    return line.promised.window.kind if line.promised else None


@pytest.mark.parametrize("name", ["partly_arrived", "partly_shipped"])
def test_a_part_that_arrived_changes_neither_the_window_nor_where_the_rest_comes_from(
    made: dict[str, Status], name: str
) -> None:
    (line,) = made[name].lines
    assert line.former == ()
    assert line.standing
    assert (line.standing.ahead, line.standing.restocks[-1].units) == (0, 40)
    mine = [part.restock for part in parts_of(line.standing) if part.state == "mine"]
    assert mine == [len(line.standing.restocks) - 1]


def test_whom_others_passed_reads_from_which_place_to_which(made: dict[str, Status]) -> None:
    passed = [event.text for event in made["passed_by"].events if event.kind == "passed_by"]
    assert passed == [
        "We moved an order ahead of yours. Why: it replaces an item that arrived damaged. "
        "You moved from 10th to 11th in line.",
        "An older order reached us late. It was paid before yours, so it's ahead of you. "
        "You moved from 9th to 10th in line.",
    ]


def test_each_order_is_in_the_state_it_is_named_for(made: dict[str, Status]) -> None:
    assert {
        name: shown(status) for name, status in made.items() if len(status.lines) == 1
    } == EXPECTED


def test_the_lines_of_one_order_can_come_to_four_ends(made: dict[str, Status]) -> None:
    lines = made["several_lines_different_fates"].lines
    assert [line.state for line in lines] == ["shipped", "reserved", "waiting", "cancelled"]
    assert [line.asked is not None for line in lines] == [False, False, True, False]


def test_a_second_delay_in_the_united_states_names_the_day_to_answer(
    made: dict[str, Status],
) -> None:
    asked = made["delayed_twice_with_deadline"].lines[0].asked
    assert asked.answer_by > NOON.date()
    assert made["cancelled_by_silence"].lines[0].put_back


def test_an_order_is_missed_when_its_last_day_has_passed_and_nothing_was_said(
    made: dict[str, Status],
) -> None:
    assert made["missed"].lines[0].promised.window.late < NOON.date()
