"""A file of shipments: parcels recorded once, and units that cannot have left."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders import services
from orders.models import Receipt, Shipment, ShipmentLine, Stock
from tests.factories import NOON, fresh, kinds, make_product, order

HEADER = "order_number,sku,quantity,shipped_at,carrier,tracking_number"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Load = Callable[..., str]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def write(*rows: str, skip_bad: bool = False) -> str:
        path = tmp_path / "shipments.csv"
        path.write_text("\n".join([HEADER, *rows]))
        call_command("import_shipments", str(path), skip_bad=skip_bad)
        return str(path)

    return write


def shipped() -> list[tuple[str, int]]:
    return list(
        ShipmentLine.objects.order_by("pk").values_list("shipment__tracking_number", "quantity")
    )


def test_rows_of_one_parcel_are_one_shipment(load: Load) -> None:
    lamp, vase = make_product(sku="LAMP"), make_product(sku="VASE")
    row = services.place_order(
        services.NewOrder(
            number="AB-1",
            placed_at=NOON,
            lines=[services.NewLine(lamp, 3), services.NewLine(vase, 1)],
        ),
        now=NOON,
    )
    load("#ab-1,LAMP,2,2026-11-01T15:00:00Z,DHL,T1", "ab-1,VASE,1,2026-11-01T15:00:00Z,DHL,T1")
    shipment = Shipment.objects.get()
    assert (shipment.carrier, shipment.shipped_at) == ("DHL", datetime(2026, 11, 1, 15, tzinfo=UTC))
    assert shipped() == [("T1", 2), ("T1", 1)]
    assert kinds(row)[-2:] == ["shipped", "shipped"]


def test_units_that_were_never_received_here_are_received_on_the_way(load: Load) -> None:
    line = order(make_product(sku="LAMP"), 2, number="1")
    load("1,LAMP,2,2026-11-01,DHL,T1")
    assert (fresh(line).shipped, Receipt.objects.get().quantity) == (2, 2)
    assert Stock.objects.values_list("arrived", "allocated").get() == (2, 2)


def test_the_same_file_twice_and_a_file_that_grew_record_only_what_is_new(load: Load) -> None:
    order(make_product(sku="LAMP"), 5, number="1")
    load("1,LAMP,2,2026-11-01,DHL,T1")
    load("1,LAMP,2,2026-11-01,DHL,T1")
    load("1,LAMP,2,2026-11-01,DHL,T1", "1,LAMP,2,2026-11-01,DHL,T1", "1,LAMP,1,2026-11-02,DHL,T2")
    assert shipped() == [("T1", 2), ("T1", 2), ("T2", 1)]


def test_a_shipment_taken_back_here_is_not_recorded_again(load: Load) -> None:
    line = order(make_product(sku="LAMP"), number="1")
    load("1,LAMP,1,2026-11-01,DHL,T1")
    services.correct_shipment(Shipment.objects.get(), now=NOON)
    load("1,LAMP,1,2026-11-01,DHL,T1")
    assert fresh(line).shipped == 0


def test_what_an_orders_export_had_said_to_be_shipped_is_no_fault(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    line = order(make_product(sku="LAMP"), 2, number="1")
    services.ship(line.order, {line.pk: 2}, now=NOON, beyond_reserved=True)
    load("1,LAMP,2,2026-11-01,DHL,T1")
    assert shipped() == [("", 2), ("", -2), ("T1", 2)]
    assert "Parcels: 1 already shipped, tracking number added." in capsys.readouterr().out
    load("1,LAMP,2,2026-11-01,,")
    assert "Lines already shipped according to an orders export: 1." in capsys.readouterr().out


def test_orders_and_products_that_are_not_in_line_here_are_counted(
    load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    order(make_product(sku="LAMP"), number="1")
    load("9,LAMP,1,2026-11-01,DHL,T1", "1,MUG,1,2026-11-01,DHL,T2")
    assert not Shipment.objects.exists()
    assert "Parcels: 2 for orders or products that aren't in line here." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (
            "1,LAMP,4,2026-11-01,DHL,T1",
            "4 of LAMP can't have shipped in order 1; expected 3 at most, as many as are still",
        ),
        (
            "1,LAMP,0,2026-11-01,DHL,T1",
            "quantity is '0'; expected a whole number from 1 to 1000000",
        ),
        (
            "1,LAMP,1,2026-11-09,DHL,T1",
            "shipped_at is '2026-11-09'; expected a time from 2000-01-01 until now",
        ),
        ("1,,1,2026-11-01,DHL,T1", "sku is empty; expected a value"),
        (
            "1,LAMP,1,2026-10-31,DHL,T1",
            "order 1 was placed on 2 November 2026, so it can't have shipped on 31 October 2026",
        ),
        (",LAMP,1,2026-11-01,DHL,T1", "order_number is empty; expected a value"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path, bad: str, says: str
) -> None:
    product = make_product(sku="LAMP")
    order(product, 3, number="1")
    order(product, 1, number="2")
    with pytest.raises(CommandError, match="1 bad row: nothing was imported"):
        load("2,LAMP,1,2026-11-01,DHL,T0", bad)
    assert capsys.readouterr().err.startswith(f"{tmp_path / 'shipments.csv'}:3: {says}")
    assert not Shipment.objects.exists()


def test_all_that_is_wrong_is_named_at_once(
    load: Load, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    order(make_product(sku="LAMP"), 3, number="1")
    with pytest.raises(CommandError, match="4 bad rows"):
        load(
            "1,LAMP,-1,2026-11-01,DHL,T1",
            "1,LAMP,9,2026-11-01,DHL,T2",
            "1,LAMP,1,tomorrow,DHL,T3",
            "1,LAMP,2,2026-11-01,DHL,T4",
            "1,LAMP,2,2026-11-01,DHL,T5",
        )
    named = [
        line.removeprefix(f"{tmp_path / 'shipments.csv'}:")[0]
        for line in capsys.readouterr().err.splitlines()
    ]
    assert sorted(named[:4]) == ["2", "3", "4", "6"]
    assert not Shipment.objects.exists()


def test_skip_bad_records_the_other_parcels(load: Load) -> None:
    order(make_product(sku="LAMP"), 3, number="1")
    load("1,LAMP,9,2026-11-01,DHL,T1", "1,LAMP,1,2026-11-01,DHL,T2", skip_bad=True)
    assert shipped() == [("T2", 1)]
