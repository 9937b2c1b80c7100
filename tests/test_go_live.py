"""Before anybody hears of a first import: who would hear what, and the release in steps."""

import re
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from notifications.outbox.pause import pause_email
from orders import services
from orders.models import Event, Order, Release
from tests.factories import NOON, make_product, restock, review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def quiet() -> list[Order]:
    """Three orders of a first import: one long past its agreed day, one without an address, one
    with a later day now."""
    lamp, vase = make_product(), make_product()
    expected = restock(vase, 9, expected_on=date(2026, 12, 1))
    days = timedelta(days=1)
    orders = [
        services.NewOrder(
            "1", NOON - 60 * days, [services.NewLine(lamp, 1)], "a@example.com", country="DE"
        ),
        services.NewOrder("2", NOON - 5 * days, [services.NewLine(lamp, 1)], "", country="US"),
        services.NewOrder(
            "3", NOON - 5 * days, [services.NewLine(vase, 1)], "c@example.com", country="US"
        ),
    ]
    placed = services.place_orders(orders, now=NOON, quiet=True)
    services.move_restock_date(expected, date(2027, 3, 1), now=NOON)
    review(vase)
    return placed


def said(capsys: pytest.CaptureFixture[str], **options: int) -> list[str]:
    call_command("go_live", **options)
    return capsys.readouterr().out.splitlines()


def table(lines: list[str]) -> list[list[str]]:
    """The rows of the table, cell by cell; the header's names have two spaces or more between
    them."""
    return [re.split(r"\s{2,}", row.strip()) for row in lines]


def test_it_shows_by_country_who_would_hear_what_and_releases_nobody(
    quiet: list[Order], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(capsys)
    assert table(lines[:4]) == [
        [
            *(
                "country",
                "orders",
                "told: joined",
                "told of a delay",
                "must answer",
                "past agreed date",
            ),
            *("can't be reached", "need attention"),
        ],
        ["DE", "1", "1", "1", "0", "1", "0", "0"],
        ["US", "2", "1", "1", "1", "0", "1", "0"],
        ["all", "3", "2", "2", "1", "1", "1", "0"],
    ]
    assert lines[4:7] == [
        "Past the agreed date: 1 (Oct. 3, 2026)",
        "Can't be reached: 2",
        "Nothing was released. To release them, add --per-hour N.",
    ]
    assert not Order.objects.filter(released_at__isnull=False).exists()
    assert not Event.objects.filter(message_due=True).exists()


def test_a_release_begins_at_once_and_goes_on_by_the_hour(
    quiet: list[Order], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Release started: 60 orders an hour, 1 now. Celery releases the others." in said(
        capsys, per_hour=60
    )
    services.release_orders(now=NOON + timedelta(minutes=2))
    assert Order.objects.filter(released_at__isnull=True).count() == 0


def test_orders_imported_meanwhile_take_nobodys_turn(quiet: list[Order]) -> None:
    call_command("go_live", per_hour=60)
    row = services.begin_import("import_orders", file_name="a.csv", sha256="", now=NOON)
    late = services.NewOrder("9", NOON, [services.NewLine(make_product(), 1)])
    services.place_orders([late], now=NOON + timedelta(seconds=30), imported_by=row)
    assert services.release_orders(now=NOON + timedelta(minutes=1)) == 1


def test_without_quiet_orders_it_says_so_and_opens_the_way_for_new_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys)[:2] == [
        "There are no unreleased orders.",
        "Nothing was released. To release them, add --per-hour N.",
    ]
    assert "From now on, new orders get emails right away." in said(capsys, per_hour=5)
    assert Release.objects.count() == 1


def test_it_says_what_the_mail_mode_does(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.MAIL_MODE = "hold"
    assert "MAIL_MODE is hold: emails are written and kept back as it says." in said(capsys)


def test_it_says_that_staff_hold_mail(capsys: pytest.CaptureFixture[str]) -> None:
    pause_email("a wrong date", now=NOON, actor="mia")
    assert "Staff have paused email: emails are written and kept back until it is resumed." in said(
        capsys
    )


def test_a_pace_below_one_is_refused() -> None:
    with pytest.raises(CommandError, match="expected a whole number from 1"):
        call_command("go_live", per_hour=0)
