import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from backorders_site.simulation import checks
from backorders_site.simulation.charts import calibration_chart, windows_chart
from backorders_site.simulation.checks import (
    Inversion,
    LineStory,
    PromiseTold,
    SilentBreak,
    UnitsStep,
)
from backorders_site.simulation.report import coverage, kept, report_on
from backorders_site.simulation.run import Shop
from backorders_site.simulation.story import draw_orders, synthetic
from orders import services
from orders.models import Order, OrderLine
from tests.factories import NOON, make_product, order, restock

NINE = datetime(2026, 11, 2, 14, tzinfo=UTC)
DAY = timedelta(days=1)


def told(day: int, late: int, *, kind: str = "dated", early: int = 1) -> PromiseTold:
    return PromiseTold(NINE + day * DAY, kind, date(2026, 11, early), date(2026, 11, late))


def line(*promises: PromiseTold, gone_on: int | None = None) -> LineStory:
    """A line of one unit that joined on the 2nd and was shipped on a day of November."""
    gone = datetime(2026, 11, gone_on, 15, tzinfo=UTC) if gone_on else None
    units = [(NINE, 1), (gone, 0)] if gone else [(NINE, 1)]
    return LineStory(7, promises, units, shipped=1 if gone else 0, shipped_on=gone and gone.date())


END = datetime(2026, 11, 30, tzinfo=UTC)


def test_a_line_still_here_after_its_last_day_and_told_nothing_broke_in_silence() -> None:
    assert checks.silent_breaks([line(told(0, 10))], until=END) == [
        SilentBreak(7, NINE, date(2026, 11, 10))
    ]


def test_news_after_the_last_day_comes_too_late() -> None:
    late_news = line(told(0, 10), told(9, 20), gone_on=18)  # told on the 11th
    assert [broken.last_day for broken in checks.silent_breaks([late_news], until=END)] == [
        date(2026, 11, 10)
    ]


@pytest.mark.parametrize(
    "story",
    [
        line(told(0, 10), gone_on=10),
        line(told(0, 10), told(8, 20), gone_on=18),  # told on the 10th
        line(told(0, 10, kind="chances")),
        line(told(0, 30)),
    ],
    ids=["shipped on the last day", "told in time", "no day was named", "not over yet"],
)
def test_a_promise_kept_or_replaced_in_time_is_no_silent_break(story: LineStory) -> None:
    assert checks.silent_breaks([story], until=END) == []


def test_a_unit_given_to_a_later_line_while_an_earlier_one_waits_is_found() -> None:
    first, second = (NINE, 1), (NINE + DAY, 2)
    joined = [UnitsStep(NINE, 1, first, 2), UnitsStep(NINE + DAY, 2, second, 1)]
    passed = NINE + 2 * DAY
    assert checks.inversions([*joined, UnitsStep(passed, 2, second, -1, True)]) == [
        Inversion(passed, 1, 1)
    ]
    assert (
        checks.inversions(
            [*joined, UnitsStep(passed, 1, first, -2, True), UnitsStep(passed, 2, second, -1, True)]
        )
        == []
    )


@pytest.mark.django_db
def test_a_unit_given_out_of_turn_is_found_in_the_ledgers() -> None:
    product = make_product()
    earlier, later = order(product), order(product, now=NOON + DAY)
    OrderLine.objects.filter(pk=later.pk).update(allocated=1)
    later.allocations.create(quantity=1, at=NOON + 2 * DAY, reason="arrived")
    assert checks.fifo_inversions() == [Inversion(NOON + 2 * DAY, 1, earlier.pk)]


@pytest.mark.django_db
def test_units_in_turn_after_a_move_are_no_inversion() -> None:
    product = make_product()
    order(product)
    moved = order(product, now=NOON + DAY)
    services.move_in_queue(
        moved, 1, now=NOON + 2 * DAY, reason="promised by telephone", actor="kim"
    )
    services.receive(product, 1, now=NOON + 3 * DAY)
    assert OrderLine.objects.get(pk=moved.pk).allocated == 1
    assert checks.fifo_inversions() == []


@pytest.mark.django_db
def test_a_place_that_rose_is_unexplained_until_a_change_of_the_queue_covers_it() -> None:
    product = make_product()
    behind = order(product)
    before = checks.places_now()
    order(product, placed_at=NOON - DAY, now=NOON + DAY)
    explained = checks.places_now()
    assert (before[behind.pk].place, explained[behind.pk].place) == (1, 2)
    assert checks.rises_between(before, explained, until=NOON + DAY) == []
    pushed_in = order(product, now=NOON + 2 * DAY)
    OrderLine.objects.filter(pk=pushed_in.pk).update(queued_at=NOON - 2 * DAY)
    (_, rise) = checks.rises_between(explained, checks.places_now(), until=NOON + 3 * DAY)
    assert (rise.line_id, rise.before, rise.after, rise.unexplained) == (behind.pk, 2, 3, 1)


@pytest.mark.django_db
def test_a_unit_that_no_ledger_knows_is_found() -> None:
    product = make_product()
    restock(product)
    lost = order(product, 3)
    services.receive(product, 2, now=NOON)
    assert checks.units_conserved()
    OrderLine.objects.filter(pk=lost.pk).update(allocated=1)
    assert checks.broken_sums() == [("line", lost.pk), ("product", product.pk)]


def test_shares_count_what_the_design_says() -> None:
    held, missed = (
        line(told(0, 10), told(5, 20), gone_on=9),
        line(told(0, 10), told(7, 20), gone_on=15),
    )
    overdue = line(told(0, 10))
    cancelled = LineStory(7, [told(0, 10)], [(NINE, 1), (NINE + DAY, 0)])
    assert kept([held, missed], 0) == 0.5
    assert kept([held, missed], -1) == 1
    assert coverage([held, missed, overdue, cancelled], today=date(2026, 11, 30)) == 0.6
    assert coverage([overdue], today=date(2026, 11, 10)) is None


@pytest.mark.django_db
def test_a_made_up_shop_in_which_everything_happens_breaks_no_promise_in_silence() -> None:
    shop = Shop(synthetic(3, orders=160, days=80, products=3))
    shop.play()
    report = report_on(shop)
    figures = report.figures
    assert (report.breaks, shop.rises, report.inversions, figures.units_conserved) == (
        [],
        [],
        [],
        True,
    )
    assert figures.orders == Order.objects.count() > 140
    assert figures.lines_shipped > 50
    assert figures.refunds.due == figures.refunds.in_time
    for chart in (windows_chart(report), calibration_chart(report)):
        assert (chart[:4], chart[-7:]) == ("<svg", "</svg>\n")


def test_drawn_orders_are_covered_by_the_deliveries_scaled_to_them() -> None:
    story = synthetic(1)
    drawn = draw_orders(story.deliveries, first=story.first, last=story.last, seed=2)
    known = {(delivery.reference, delivery.sku): delivery for delivery in story.deliveries}
    scaled = [
        delivery
        for delivery in drawn.deliveries
        if delivery != known[delivery.reference, delivery.sku]
    ]
    wanted = sum(line.quantity for purchase in drawn.purchases for line in purchase.wanted)
    brought = sum(delivery.quantity for delivery in scaled)
    assert wanted <= brought <= wanted + len(scaled)
    for delivery in scaled:
        assert sum(arrival.quantity for arrival in delivery.arrivals) == delivery.quantity


RESTOCKS = """reference,sku,supplier,quantity,expected_on,posted_on,arrived_on
PO-1,LAMP,Lindqvist,3,2026-01-20,2026-01-02,2026-01-22
PO-2,LAMP,Lindqvist,3,2026-02-20,2026-01-05,2026-02-18
"""
ORDERS = """order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity
1,2026-01-10T10:00:00Z,a@example.com,A,US,en,LAMP,2
2,2026-01-11T10:00:00Z,b@example.com,B,DE,de,LAMP,2
"""


@pytest.mark.django_db(transaction=True)
def test_the_command_plays_a_shops_own_files_beside_its_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order(make_product())
    before = connection.settings_dict["NAME"]
    for name, text in {"restocks.csv": RESTOCKS, "orders.csv": ORDERS}.items():
        (tmp_path / name).write_text(text)
    files = {"restocks": tmp_path / "restocks.csv", "orders": tmp_path / "orders.csv"}
    call_command(
        "simulate",
        **files,
        first=date(2026, 1, 8),
        last=date(2026, 3, 1),
        json=True,
        svg=tmp_path / "charts",
    )
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == [
        *(
            "orders",
            "lines_shipped",
            "silent_breaks",
            "unexplained_rises",
            "fifo_inversions",
            "units_conserved",
        ),
        *(
            "first_window_kept",
            "told_window_coverage",
            "last_window_kept",
            "notices_per_line",
            "mails_per_order",
        ),
        *("warning_days", "refunds"),
    ]
    assert (figures["orders"], figures["lines_shipped"], figures["silent_breaks"]) == (2, 2, 0)
    assert sorted(path.name for path in (tmp_path / "charts").iterdir()) == [
        "calibration.svg",
        "windows.svg",
    ]
    assert connection.settings_dict["NAME"] == before
    assert Order.objects.count() == 1
