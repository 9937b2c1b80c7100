"""A file of restocks: what is expected, moved and arrived, and what it leaves alone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import services
from orders.models import Import, Product, Receipt, Restock, RestockDate, Stock
from tests.factories import NOON, fresh, make_product, order

HEADER = "reference,sku,supplier,quantity,expected_on,posted_on"
FULL = f"{HEADER},reason,arrived_on,quantity_arrived,known_on"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Load = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Import these rows; short ones have no optional columns."""

    def write(*rows: str, skip_bad: bool = False) -> str:
        path = tmp_path / "restocks.csv"
        header = FULL if any(row.count(",") > HEADER.count(",") for row in rows) else HEADER
        path.write_text("\n".join([header, *rows]))
        call_command("import_restocks", str(path), skip_bad=skip_bad)
        return str(path)

    return write


def dates() -> list[tuple[str, str]]:
    return [
        (f"{day.expected_on:%m-%d}", f"{day.posted_on:%m-%d}") for day in RestockDate.objects.all()
    ]


def state() -> list[object]:
    return [
        list(Restock.objects.order_by("pk").values_list("reference", "quantity", "arrived")),
        dates(),
        list(Receipt.objects.order_by("pk").values_list("quantity", "arrived_on")),
        list(Stock.objects.order_by("pk").values_list("arrived", "allocated")),
        list(Product.objects.order_by("pk").values_list("sku", "review_at")),
    ]


def test_a_restock_is_expected_and_settles_before_customers_hear(load: Load) -> None:
    line = order(make_product(sku="LAMP"))
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-30")
    restock = Restock.objects.get()
    assert (restock.supplier.name, restock.quantity, dates()) == ("Acme", 40, [("12-01", "10-30")])
    product = Product.objects.get()
    assert (product.review_at, product.change_reason) == (
        NOON + timedelta(seconds=600),
        "new_delivery",
    )
    assert fresh(line).promise.kind == "none"


def test_rows_of_one_restock_are_versions_by_the_day_posted_in_file_order_within_a_day(
    load: Load,
) -> None:
    load(
        "PO-1,LAMP,Acme,40,2026-12-20,2026-10-20",
        "PO-1,LAMP,Acme,40,2026-12-05,2026-10-20",
        "PO-1,LAMP,Acme,50,2026-12-01,2026-10-01",
    )
    assert dates() == [("12-01", "10-01"), ("12-20", "10-20"), ("12-05", "10-20")]
    assert Restock.objects.get().quantity == 50  # as the last row says


def test_what_was_posted_on_an_earlier_day_counts_from_that_day(load: Load) -> None:
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01", "PO-1,LAMP,Acme,40,2026-12-05,2026-10-01")
    first, second = RestockDate.objects.all()
    assert first.recorded_at == datetime(2026, 10, 1, 16, tzinfo=UTC)  # noon in the shop's New York
    # So far apart that the first is not taken for a slip of the finger, which would leave the
    # supplier's record.
    assert second.recorded_at - first.recorded_at > timedelta(seconds=600)


def test_a_newer_file_moves_the_date_and_an_older_one_changes_nothing(load: Load) -> None:
    line = order(make_product(sku="LAMP"))
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01")
    services.review_settled(now=NOON + timedelta(hours=1))
    load("PO-1,LAMP,Acme,40,2026-12-22,2026-11-01")
    product = Product.objects.get()
    assert (dates(), product.change_reason) == (
        [("12-01", "10-01"), ("12-22", "11-01")],
        "supplier_late",
    )
    services.review([product], now=NOON + timedelta(hours=2))
    assert fresh(line).promise.late == date(2026, 12, 23)
    before = state()
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01")
    assert state() == before


@pytest.mark.parametrize(
    ("known", "said", "after"),
    [
        (["12-01"], ["12-01", "12-05"], ["12-01", "12-05"]),
        (["12-01", "12-05"], ["12-05"], ["12-01", "12-05"]),
        (["12-01", "12-05"], ["12-01"], ["12-01", "12-05"]),
        (["12-01", "12-05"], ["12-05", "12-09"], ["12-01", "12-05", "12-09"]),
        (["12-01", "12-05"], ["12-01", "12-05", "12-01"], ["12-01", "12-05", "12-01"]),
        (["12-01"], ["12-09"], ["12-01", "12-09"]),
    ],
)
def test_a_days_versions_are_told_on_from_what_is_known(
    load: Load, known: list[str], said: list[str], after: list[str]
) -> None:
    for versions in (known, said, said):
        load(*(f"PO-1,LAMP,Acme,40,2026-{version},2026-10-01" for version in versions))
    assert [expected for expected, _ in dates()] == after


def test_the_same_file_twice_changes_nothing(load: Load) -> None:
    order(make_product(sku="LAMP"), 5)
    rows = [
        "PO-1,LAMP,Acme,40,2026-12-01,2026-10-01,customs,,,",
        "PO-1,LAMP,Acme,40,2026-12-09,2026-10-09,,2026-11-02,3,",
        "PO-2,LAMP,Acme,40,2026-12-01,2026-10-01,,,,",
    ]
    load(*rows)
    before = state()
    load(*rows)
    assert state() == before


def test_units_that_arrive_go_to_the_front_of_the_line_at_once(load: Load) -> None:
    product = make_product(sku="LAMP")
    first, second = order(product, 2), order(product, 2)
    load("PO-1,LAMP,Acme,4,2026-12-01,2026-10-01,,,,")
    load("PO-1,LAMP,Acme,4,2026-12-01,2026-10-01,,2026-10-31,3,2026-11-01")
    assert (fresh(first).allocated, fresh(second).allocated) == (2, 1)
    receipt = Receipt.objects.get()
    assert (receipt.quantity, receipt.arrived_on) == (3, date(2026, 10, 31))
    assert receipt.recorded_at == datetime(2026, 11, 1, 17, tzinfo=UTC)
    load(
        "PO-1,LAMP,Acme,4,2026-12-01,2026-10-01,,2026-10-31,3,2026-11-01",
        "PO-1,LAMP,Acme,4,2026-12-01,2026-10-01,,2026-11-02,1,",
    )
    assert (fresh(second).allocated, Restock.objects.get().open_units) == (2, 0)


def test_units_from_before_our_first_order_are_the_suppliers_record_and_nobodys(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    line = order(make_product(sku="LAMP"))
    load("PO-0,LAMP,Acme,40,2026-06-01,2026-05-01,,2026-06-03,,")
    assert (fresh(line).allocated, Stock.objects.get().arrived) == (0, 0)
    assert Restock.objects.get().open_units == 0
    assert "Arrivals from before the first order here: 1." in capsys.readouterr().out


def test_units_that_arrived_since_our_first_order_are_ours_though_never_announced(
    load: Load,
) -> None:
    line = order(make_product(sku="LAMP"))
    load("PO-1,LAMP,Acme,40,2026-11-01,2026-10-01,,2026-11-02,,")
    assert fresh(line).allocated == 1


def test_units_received_here_are_not_received_again(load: Load) -> None:
    order(make_product(sku="LAMP"), 50)
    load("PO-1,LAMP,Acme,40,2026-11-01,2026-10-01,,,,")
    restock = Restock.objects.get()
    receipt = services.receive(restock.product, 40, restock=restock, now=NOON)
    services.correct_receipt(receipt, 30, now=NOON, reason="counted again")
    load("PO-1,LAMP,Acme,40,2026-11-01,2026-10-01,,2026-11-01,,")
    assert Stock.objects.get().arrived == 30


def test_a_restock_cancelled_here_stays_cancelled(load: Load) -> None:
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01")
    services.cancel_restock(Restock.objects.get(), now=NOON)
    load("PO-1,LAMP,Acme,40,2026-12-09,2026-11-01")
    assert dates() == [("12-01", "10-01")]


def test_a_restock_alone_puts_no_product_on_backorder(load: Load) -> None:
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01")
    assert not Product.objects.get().on_backorder


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            "PO-2,LAMP,Acme,0,2026-12-01,2026-10-01,,,,",
            "quantity is '0'; expected a whole number from 1 to 100000000",
        ),
        (
            "PO-2,LAMP,Acme,4,soon,2026-10-01,,,,",
            "expected_on is 'soon'; expected a date such as 2026-03-31",
        ),
        (
            "PO-2,LAMP,Acme,4,2029-12-01,2026-10-01,,,,",
            "expected_on is 2029-12-01; expected a day from 2024-10-01 to 2028-",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-12-01,,,,",
            "posted_on is 2026-12-01; expected a day from 2000-01-01 to 2026-11-02",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-10-01,rain,,,",
            "reason is 'rain'; expected nothing or one of supplier_late,",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-10-01,receipt_corrected,,,",
            "reason is 'receipt_corrected'; expected nothing or one of supplier_late, production, "
            "customs, transport, "
            "quality, short_delivery, supplier_early, clerical\n",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-10-01,,2026-11-02,41,",
            "quantity_arrived is '41'; expected a whole number from 1 to 40",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-10-01,,2026-11-03,,",
            "arrived_on is 2026-11-03; expected a day from",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-10-01,,2026-11-02,,2026-11-01",
            "known_on is 2026-11-01; expected a day from",
        ),
        (
            "PO-2,LAMP,Acme,4,2026-12-01,2026-10-01,,,4,",
            "known_on or quantity_arrived is given without arrived_on",
        ),
        (",LAMP,Acme,4,2026-12-01,2026-10-01,,,,", "reference is empty; expected a value"),
        (
            "PO-1,LAMP,Bolt,4,2026-12-01,2026-10-01,,,,",
            "supplier is 'Bolt'; expected 'Acme' as on row 2 of this restock",
        ),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path, bad: str, says: str
) -> None:
    with pytest.raises(CommandError, match="1 bad row: nothing was imported"):
        load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01,,,,", bad)
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'restocks.csv'}:3: {says}")
    assert not Restock.objects.exists()


def test_skip_bad_leaves_a_restock_with_a_bad_row_out_whole(load: Load) -> None:
    load(
        "PO-1,LAMP,Acme,40,2026-12-01,2026-10-01",
        "PO-2,LAMP,Acme,40,2026-12-01,2026-10-01",
        "PO-2,LAMP,Acme,40,someday,2026-10-05",
        skip_bad=True,
    )
    assert list(Restock.objects.values_list("reference", flat=True)) == ["PO-1"]
    assert len(Import.objects.get().rejected) == 1


def test_a_supplier_does_not_change(load: Load, capsys: pytest.CaptureFixture[str]) -> None:
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01")
    with pytest.raises(CommandError):
        load("PO-1,LAMP,Bolt,40,2026-12-01,2026-10-01")
    assert (
        "supplier is 'Bolt'; expected 'Acme', which this restock was ordered from"
        in capsys.readouterr().err
    )


def test_a_reference_in_another_case_is_the_same_restock(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    load("PO-7a,LAMP,Acme,10,2026-12-01,2026-11-01")
    load("po-7A,LAMP,Acme,10,2026-12-09,2026-11-02")
    assert Restock.objects.get().dates.count() == 2
    with pytest.raises(CommandError):
        load("po-7A,LAMP,Bolt,10,2026-12-09,2026-11-02")
    assert "expected 'Acme'" in capsys.readouterr().err


def test_a_restock_never_becomes_smaller_than_what_came_of_it(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    row = "PO-1,LAMP,Acme,{},2026-12-01,2026-11-01"
    load(row.format(10))
    services.receive(Product.objects.get(), 4, restock=Restock.objects.get(), now=NOON)
    with pytest.raises(CommandError):
        load(row.format(2))
    assert "quantity is 2; expected 4 or more, as many arrived" in capsys.readouterr().err
    load(row.format(4))
    assert Restock.objects.get().quantity == 4


def test_many_restocks_take_as_many_queries_as_few(load: Load) -> None:
    order(make_product(sku="LAMP"))
    counts = []
    for many in (1, 30):
        with CaptureQueriesContext(connection) as queries:
            load(*(f"PO-{many}-{n},LAMP,Acme,40,2026-12-01,2026-10-01" for n in range(many)))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_none_of_it_received_is_no_arrival(load: Load) -> None:
    load("PO-1,LAMP,Acme,40,2026-12-01,2026-10-01,,,0,")
    assert Restock.objects.get().arrived == 0


def test_a_row_that_is_there_twice_counts_once_and_is_named(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    load(*["PO-1,LAMP,Acme,40,2026-12-01,2026-10-01,,,,"] * 2)
    assert "The same twice, word for word, and they count once: row 3 as row 2." in (
        capsys.readouterr().out
    )
