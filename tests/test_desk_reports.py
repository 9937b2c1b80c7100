"""Reports: their figures by hand, as tables and as sheets."""

from datetime import date, timedelta

import pytest
from django.test import Client

from backorders_site.staff.csv_export import safe
from backorders_site.staff.pages.reports import REPORTS
from orders import services
from orders.models import Supplier
from tests import factories
from tests.factories import NOON
from tests.test_admin import queries_of
from tests.test_roles import W, somebody

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


def rows(client: Client, slug: str) -> list[list[str]]:
    """Of the sheet, without its header."""
    answer = client.get(f"/admin/desk/reports/{slug}.csv")
    return [line.split(",") for line in answer.getvalue().decode().splitlines()[1:]]


def came(supplier: Supplier, *, promised: date, late: int) -> None:
    product = factories.make_product()
    posted = NOON - 300 * DAY
    row = factories.restock(product, 5, supplier=supplier, expected_on=promised, now=posted)
    services.receive(product, 5, restock=row, arrived_on=promised + timedelta(days=late), now=NOON)


def test_suppliers_are_judged_by_the_first_day_they_gave(admin_client: Client) -> None:
    supplier = factories.make_supplier(name="Nordlicht")
    for late in (-2, 0, 2, 40):
        came(supplier, promised=date(2026, 3, 1), late=late)
    for late in (0, 5):
        came(supplier, promised=date(2026, 10, 1), late=late)
    moved = factories.restock(
        factories.make_product(),
        supplier=supplier,
        expected_on=date(2026, 9, 1),
        now=NOON - 90 * DAY,
    )
    services.move_restock_date(moved, date(2026, 10, 20), now=NOON - 60 * DAY)
    assert rows(admin_client, "suppliers") == [
        ["Nordlicht", "6", "50", "0", "40", "3", "1", "1", "0", "0", "1", "50", "0", "1", "1"]
    ]


def test_a_queue_is_as_old_as_whoever_waits_longest(admin_client: Client) -> None:
    lamp, rug = (
        factories.make_product(sku="LAMP", name="Lamp"),
        factories.make_product(sku="RUG", name="Rug"),
    )
    for days in (0, 10, 100):
        factories.order(lamp, 2, placed_at=NOON - days * DAY)
    factories.order(rug, placed_at=NOON - 200 * DAY)
    assert rows(admin_client, "queue-age") == [
        ["All products", "", "4", "7", "200", "1", "1", "0", "1", "1"],
        ["RUG", "Rug", "1", "1", "200", "0", "0", "0", "0", "1"],
        ["LAMP", "Lamp", "3", "6", "100", "1", "1", "0", "1", "0"],
    ]


def test_what_nobody_has_ordered_comes_before_what_will_run_out(admin_client: Client) -> None:
    lamp, rug, vase = (factories.make_product(sku=sku, name=sku) for sku in ("LAMP", "RUG", "VASE"))
    factories.order(lamp, 8)
    factories.restock(lamp, 16)
    factories.order(rug, 3)
    factories.restock(rug, 1)
    factories.order(vase, 1, placed_at=NOON - 60 * DAY)
    factories.restock(vase, 5)
    assert rows(admin_client, "reorder") == [
        ["RUG", "RUG", "3", "0", "1", "2", "0.8", "now"],
        ["LAMP", "LAMP", "8", "0", "16", "0", "2.0", "2026-11-30"],
        ["VASE", "VASE", "1", "0", "5", "0", "0.0", ""],
    ]


def test_delays_are_counted_by_reason(admin_client: Client) -> None:
    product = factories.make_product()
    delivery = factories.restock(product, expected_on=date(2026, 11, 20), now=NOON - 20 * DAY)
    for _ in range(2):
        factories.order(product)
    factories.review(product)
    services.move_restock_date(delivery, date(2027, 1, 19), reason="customs", now=NOON)
    factories.review(product, now=NOON + timedelta(minutes=11))
    assert rows(admin_client, "delays") == [["Held at customs", "1", "60", "2", "2"]]


def test_our_windows_are_those_of_the_public_record(admin_client: Client) -> None:
    assert rows(admin_client, "windows") == [
        ["All products", "", days, "0", "", "", "90", "80"] for days in ("100", "365")
    ]


def test_every_report_asks_as_many_questions_for_thirty_as_for_one(admin_client: Client) -> None:
    def one() -> None:
        supplier = factories.make_supplier()
        came(supplier, promised=date(2026, 10, 1), late=3)
        factories.order(factories.make_product())

    def asked() -> dict[str, int]:
        return {slug: queries_of(admin_client, f"/admin/desk/reports/{slug}/") for slug in REPORTS}

    one()
    few = asked()
    for _ in range(29):
        one()
    assert asked() == few


@pytest.mark.parametrize("slug", sorted(set(REPORTS) - {"windows"}))
def test_a_report_without_rows_says_what_to_do_first(admin_client: Client, slug: str) -> None:
    assert (
        str(REPORTS[slug].empty)
        in admin_client.get(f"/admin/desk/reports/{slug}/").content.decode()
    )


def test_a_sheet_has_all_and_runs_no_formula(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backorders_site.staff.pages.reports.SHOWN", 1)
    for sku in ("=cmd()", "RUG"):
        factories.order(factories.make_product(sku=sku, name="@x"))
    assert (
        "The CSV has them all"
        in admin_client.get("/admin/desk/reports/queue-age/").content.decode()
    )
    assert [row[:2] for row in rows(admin_client, "queue-age")[1:]] == [
        ["'=cmd()", "'@x"],
        ["RUG", "'@x"],
    ]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("Eve;=1+2;x", "Eve;'=1+2;x"),
        ('Eve;"=1+2"', 'Eve;\'"=1+2"'),
        ("a\n+1", "a\n'+1"),
        ("a\t @x", "a\t' @x"),
        (" =1", "' =1"),
        ("＝1+1", "'＝1+1"),
        ("Anna-Maria; a+b@example.com", "Anna-Maria; a+b@example.com"),
        (-1, -1),
    ],
)
def test_no_formula_begins_in_a_cell_whatever_separates_cells(cell: object, shown: object) -> None:
    assert safe(cell) == shown


def test_reports_open_for_staff_and_what_there_is_not_is_not_found(client: Client) -> None:
    client.force_login(somebody(W))
    statuses = [
        client.get(f"/admin/desk/reports/{path}").status_code
        for path in ("", "reorder/", "x/", "x.csv")
    ]
    assert statuses == [200, 200, 404, 404]
