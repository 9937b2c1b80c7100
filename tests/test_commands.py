"""Commands for the clock, the counted index and links."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db import connection
from pytest_django.fixtures import Settings

from orders import services
from orders.access import Purpose, order_url
from orders.models import Event
from tests.factories import NOON, fresh, make_product, order, restock, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
ROOT = Path(__file__).parent.parent
OURS = sorted(name for name, app in get_commands().items() if app == "orders")


def out(capsys: pytest.CaptureFixture[str], *args: str, **options: object) -> list[str]:
    call_command(*args, **options)
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", OURS)
def test_every_command_says_what_it_does_with_an_example(name: str) -> None:
    parser = load_command_class("orders", name).create_parser("manage.py", name)
    assert parser.description
    assert f"manage.py {name}" in (parser.epilog or "")


# review_promises and keep_deadlines


def test_a_review_says_what_it_published_by_kind(capsys: pytest.CaptureFixture[str]) -> None:
    product = make_product()
    order(product)
    restock(product, 5, expected_on=date(2026, 12, 1))
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert out(capsys, "review_promises") == ["Published: 1 earlier."]
        assert out(capsys, "review_promises") == ["Published: nothing."]


def test_on_a_day_to_come_a_delivery_that_has_not_come_is_told(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    product = make_product()
    restock(product, 5, expected_on=date(2026, 11, 20))
    line = order(product)
    review(product)
    assert out(capsys, "review_promises", on="2026-12-15") == ["Published: 1 no_date."]
    event = line.order.events.get(kind="no_date")
    assert event.at == datetime(2026, 12, 15, 17, tzinfo=UTC)  # noon in the shop's New York
    assert event.facts["reason"] == "not_arrived"


def test_on_a_day_to_come_what_was_not_packed_is_told(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    product = make_product()
    expected = restock(product, 5)
    line = order(product)
    services.receive(product, 5, restock=expected, now=NOON)
    last = fresh(line).promise.late.isoformat()
    assert out(capsys, "keep_deadlines", on=last) == [
        "Reserved lines notified that they have not shipped: 1. Waiting lines were reviewed.",
        "Delay notices ended by silence: 0. Reminders: 0. Warnings for staff: 0.",
    ]


@pytest.mark.parametrize("name", ["review_promises", "keep_deadlines"])
def test_a_day_before_the_newest_fact_is_refused(settings: Settings, name: str) -> None:
    settings.DEBUG = True
    order(make_product())
    with pytest.raises(
        CommandError, match="--on is 2026-11-01, but something happened on 2026-11-02"
    ):
        call_command(name, on="2026-11-01")
    with pytest.raises(CommandError, match="--on is 'monday'; expected a date"):
        call_command(name, on="monday")


@pytest.mark.parametrize("name", ["review_promises", "keep_deadlines"])
def test_another_day_is_for_development_only(name: str) -> None:
    with pytest.raises(CommandError, match="it runs with DEBUG only"):
        call_command(name, on="2026-12-01")


def test_later_on_the_day_of_the_newest_fact_time_does_not_go_back(settings: Settings) -> None:
    settings.DEBUG = True
    product = make_product()
    evening = NOON + timedelta(hours=6)
    restock(product, 5, now=evening)
    order(product, now=evening)
    call_command("review_promises", on="2026-11-02")
    assert Event.objects.filter(at__lt=evening).count() == 0


# check_queue


def miscount() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE orders_queuecount SET lines = lines + 1 WHERE width = 'd'")


def test_a_queue_that_is_counted_right(capsys: pytest.CaptureFixture[str]) -> None:
    product = make_product()
    order(product)
    order(product)
    assert json.loads(out(capsys, "check_queue", json=True)[0]) == {
        "products": 1,
        "lines": 2,
        "differences": 0,
    }


def test_a_queue_that_is_counted_wrong_is_named_and_repaired(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = order(make_product(sku="LAMP"))
    miscount()
    with pytest.raises(SystemExit) as stop:
        call_command("check_queue", json=True)
    told = capsys.readouterr()
    assert (stop.value.code, json.loads(told.out)["differences"]) == (1, 1)
    assert told.err.splitlines() == [
        "LAMP, d from 2026-11-02 00:00: counted 2 lines and 1 units, but there are 1 and 1"
    ]
    assert out(capsys, "check_queue", repair=True) == [
        "Waiting lines: 1, products: 1, differences: 0."
    ]
    assert fresh(line).waiting == 1


# order_link


def test_a_link_opens_the_order_to_act_or_only_to_look(capsys: pytest.CaptureFixture[str]) -> None:
    placed = order(make_product(), number="AB-1").order
    assert out(capsys, "order_link", "#ab-1") == [order_url(placed, Purpose.ACT)]
    assert out(capsys, "order_link", "AB-1", look=True) == [order_url(placed, Purpose.LOOK)]


def test_no_such_order_is_said() -> None:
    with pytest.raises(CommandError, match="there is no order 77; expected the number of an order"):
        call_command("order_link", "77")


@pytest.mark.parametrize(
    "words", [["simulate", "--synthetic", "x"], ["order_link"], ["no_such_command"]]
)
def test_words_a_command_cannot_read_end_it_with_one(words: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "Traceback" in ended.stderr, ended.stderr.strip() != "") == (
        1,
        False,
        True,
    )


def test_an_environment_that_is_not_set_is_named_in_a_line() -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "check_queue"],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr.partition(".")[0]) == (1, "SECRET_KEY is not set")
    assert ended.stderr.count("\n") == 1


def test_a_word_that_is_no_text_ends_a_command_in_a_line() -> None:
    words = [sys.executable, "manage.py", "order_link", b"\xff"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "A word of this command is no text in UTF-8.\n")


@pytest.mark.parametrize("seconds", [-1, 86_401, 2**31])
def test_nobody_waits_for_a_lock_for_ever_by_a_slip_of_the_finger(seconds: int) -> None:
    with pytest.raises(CommandError, match=f"--lock-seconds is {seconds}; expected 0 to 86400"):
        call_command("migrate", lock_seconds=seconds)
