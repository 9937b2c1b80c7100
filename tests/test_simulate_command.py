"""manage.py simulate as people type it: what it refuses, what it counts, and what it leaves
behind."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from backorders_site.simulation.checks import places_now, rises_between
from backorders_site.simulation.report import report_on
from backorders_site.simulation.run import NoScratchDatabase, Shop, scratch_database
from backorders_site.simulation.story import synthetic
from orders import services
from orders.models import OrderLine, Promise
from tests.factories import NOON, make_product, order, restock

RESTOCKS = """reference,sku,supplier,quantity,expected_on,posted_on,arrived_on
PO-1,LAMP,Lindqvist,3,2026-01-20,2026-01-02,2026-01-22
"""
ORDERS = """order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity
1,2026-01-31T15:00:00Z,a@example.com,A,US,en,LAMP,4
"""


@pytest.fixture
def restocks(tmp_path: Path) -> Path:
    path = tmp_path / "restocks.csv"
    path.write_text(RESTOCKS)
    return path


def scratch_databases() -> list[str]:
    """Those beside the database in use; other processes' tests have their own."""
    own, _, _ = connection.settings_dict["NAME"].partition("_simulate_")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [f"{own}_simulate_"]
        )
        return [name for (name,) in cursor.fetchall()]


def refusal(*words: object) -> str:
    with pytest.raises(CommandError) as refused:
        call_command("simulate", *map(str, words))
    assert refused.value.returncode == 1
    return str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    assert refusal("--restocks", missing, "--draw-orders", 1) == (
        f"{missing}:1: No such file or directory; expected a file to read"
    )


@pytest.mark.django_db(transaction=True)
def test_a_column_of_another_name_is_refused_in_one_line(restocks: Path) -> None:
    restocks.write_text(RESTOCKS.replace("expected_on", "eta"))
    said = refusal("--restocks", restocks, "--draw-orders", 1)
    assert said.startswith(f"{restocks}:1: ")
    assert "expected_on" in said
    assert "\n" not in said


@pytest.mark.django_db(transaction=True)
def test_goods_known_before_they_arrived_are_refused_with_their_row(restocks: Path) -> None:
    restocks.write_text(
        RESTOCKS.replace("arrived_on\n", "arrived_on,known_on\n").replace(
            "01-22\n", "01-22,2026-01-02\n"
        )
    )
    said = refusal("--restocks", restocks, "--draw-orders", 1)
    assert (
        said == f"{restocks}:2: known_on is 2026-01-02; expected a day from 2026-01-22 to "
        f"{services.today_of(timezone.now())}"
    )


@pytest.mark.django_db(transaction=True)
def test_a_first_day_after_the_last_is_refused(restocks: Path) -> None:
    words = (
        "--restocks",
        restocks,
        "--draw-orders",
        1,
        "--from",
        "2026-03-01",
        "--to",
        "2026-02-01",
    )
    assert refusal(*words) == "the first day, 2026-03-01, is not before the last, 2026-02-01"


@pytest.mark.parametrize(
    "option", ["--from=2026-01-01", "--to=2026-03-01", "--orders=orders.csv", "--draw-orders=1"]
)
def test_a_made_up_shop_takes_nothing_that_belongs_to_files(option: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("simulate", "--synthetic=1", option)
    assert str(error.value) == (
        f"{option.partition('=')[0]} needs --restocks: a made-up shop has its own orders and days"
    )


def test_a_day_that_is_none_is_refused_with_what_was_expected(restocks: Path) -> None:
    with pytest.raises(CommandError) as error:
        call_command("simulate", f"--restocks={restocks}", "--draw-orders=1", "--from=2026-02-30")
    assert "'2026-02-30' is not a date; expected one such as 2026-03-31" in str(error.value)


@pytest.mark.django_db(transaction=True)
def test_a_place_for_charts_that_is_a_file_is_refused_before_the_run(restocks: Path) -> None:
    said = refusal("--synthetic", 1, "--svg", restocks)
    assert said == f"{restocks}: File exists; expected a directory to write charts to"
    assert scratch_databases() == []


@pytest.mark.django_db(transaction=True)
def test_the_scratch_database_is_gone_and_the_shops_own_in_use_when_the_play_fails() -> None:
    own = connection.settings_dict["NAME"]
    kept = order(make_product())
    playing: list[str] = []

    def play() -> None:
        with scratch_database():
            playing.extend(scratch_databases())
            playing.append(connection.settings_dict["NAME"])
            assert not OrderLine.objects.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        play()
    scratch, in_use = playing
    assert scratch == in_use
    assert connection.settings_dict["NAME"] == own
    assert scratch_databases() == []
    assert OrderLine.objects.get() == kept


@pytest.mark.django_db(transaction=True)
def test_a_role_that_may_not_create_databases_is_told_so_and_keeps_its_own() -> None:
    kept = order(make_product())
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS no_creator")
        cursor.execute("CREATE ROLE no_creator")
        cursor.execute("SET ROLE no_creator")
    with (
        pytest.raises(NoScratchDatabase, match="permission denied to create database"),
        scratch_database(),
    ):
        pytest.fail("there is none to play in")
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE no_creator")
    assert OrderLine.objects.get() == kept


@pytest.mark.django_db(transaction=True)
def test_what_a_killed_run_left_is_swept_and_what_a_living_one_uses_is_not() -> None:
    own = connection.settings_dict["NAME"]
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, living = f"{own[:40]}_simulate_{dead.pid}", f"{own[:40]}_simulate_{os.getppid()}"
    with connection.cursor() as cursor:
        for name in (left, living):
            cursor.execute(f'CREATE DATABASE "{name}"')
    with scratch_database():
        assert left not in scratch_databases()
        assert living in scratch_databases()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{living}"')


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_run_ends_with_one_line_and_leaves_no_database(
    restocks: Path, tmp_path: Path
) -> None:
    (tmp_path / "orders.csv").write_text(ORDERS)
    days = ["--from", "2026-01-31", "--to", "2028-12-31"]
    running = subprocess.Popen(
        [
            sys.executable,
            "manage.py",
            "simulate",
            "--restocks",
            restocks,
            "--orders",
            tmp_path / "orders.csv",
            *days,
        ],
        cwd=Path(__file__).parent.parent,
        stderr=subprocess.PIPE,
        text=True,
        # whoever runs the tests may ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stderr
    said = running.stderr.readline()  # the first month is over
    running.send_signal(signal.SIGINT)
    _, rest = running.communicate(timeout=60)
    assert said == "February 2026 …\n"
    assert rest == "CommandError: interrupted; the temporary database was dropped\n"
    assert running.returncode == 1
    assert scratch_databases() == []


@pytest.mark.django_db
def test_every_fault_that_is_planted_is_counted_in_the_report() -> None:
    """Each as the rows would show it had a service gone wrong: the report cannot be clean by being
    blind."""
    shop = Shop(synthetic(1, orders=1, days=30, products=2))
    product, other = make_product(), make_product()
    restock(product)
    passed, served, lost = (
        order(product),
        order(product, now=NOON + timedelta(days=1)),
        order(other),
    )
    before = places_now()
    OrderLine.objects.filter(pk=served.pk).update(allocated=1)
    served.allocations.create(quantity=1, at=NOON + timedelta(days=2), reason="arrived")
    OrderLine.objects.filter(pk=lost.pk).update(allocated=1)  # no ledger knows of it
    Promise.objects.create(
        line=passed,
        kind="dated",
        early=NOON.date(),
        likely=NOON.date(),
        late=NOON.date(),
        published_at=NOON,
        published_on=NOON.date(),
        told_at=NOON,
    )
    pushed_in = order(product, now=NOON + timedelta(days=3))
    OrderLine.objects.filter(pk=pushed_in.pk).update(queued_at=NOON - timedelta(days=2))
    shop.day, shop.now = NOON.date() + timedelta(days=5), NOON + timedelta(days=5)
    shop.rises = rises_between(before, places_now(), until=shop.now)
    figures = report_on(shop).figures
    assert (figures.silent_breaks, figures.unexplained_rises, figures.fifo_inversions) == (1, 1, 1)
    assert not figures.units_conserved
