"""A SKU that is almost one that is here: a file is asked about it, and makes no product of it."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from orders import services
from orders.domain.keys import likeness
from orders.models import OrderLine, Product, Restock, Shipment
from tests import factories
from tests.factories import NOON
from tests.test_desk_import import ORDERS, send
from tests.test_desk_shipping import said, ship
from tests.test_import_orders import Csv, csv, row, state  # noqa: F401
from tests.test_import_restocks import Load, load  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
CORRECT_IT = "If it's the same product, correct the SKU in the file. If not, add the product first."


@pytest.mark.parametrize(
    "typed",
    [
        *("lamp-01", "LAMP_01", "LAMP 01", "LAMP–01"),
        *("LАМР-01", "LÁMP-01", "ＬＡＭＰ-01", "LAMP-01\u200b"),
    ],
)
def test_what_people_take_for_one_another_looks_the_same(typed: str) -> None:
    assert typed != "LAMP-01"
    assert likeness(typed) == likeness("LAMP-01")


@pytest.mark.parametrize(
    ("one", "other"), [("LAMPE-01", "LAMP-01"), ("TEE-L", "TEE-1"), ("ROD-1-12", "ROD-11-2")]
)
def test_what_shops_tell_apart_looks_different(one: str, other: str) -> None:
    assert likeness(one) != likeness(other)


def test_zeros_that_a_spreadsheet_lost_are_missed_in_numbers_alone() -> None:
    assert likeness("0815") == likeness("815")
    assert likeness("A0815") != likeness("A815")


def test_restocks_of_products_that_nobody_ordered_are_named_with_what_may_be_meant(
    load: Load,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    factories.order(factories.make_product(sku="LAMP-01"))
    load(
        "PO-7,lamp-01,Nordlicht,40,2026-12-18,2026-10-01",
        "PO-8,LAMPE-01,Nordlicht,40,2026-12-18,2026-10-01",
    )
    out = capsys.readouterr().out
    assert "Restocks: 1 new, 1 left out; 1 dates added." in out
    assert "2 products nobody has ordered here: lamp-01 (LAMP-01 is), LAMPE-01." in out
    assert (
        "Left out because their SKU is almost one that is here: lamp-01 (here LAMP-01). "
        f"{CORRECT_IT}" in out
    )
    assert [each.product.sku for each in Restock.objects.select_related("product")] == ["LAMPE-01"]
    assert not Product.objects.filter(sku="lamp-01").exists()


def test_a_product_that_was_added_by_hand_is_another_one(load: Load) -> None:  # noqa: F811
    factories.make_product(sku="LAMP-01")
    factories.make_product(sku="lamp-01")
    load("PO-7,lamp-01,Nordlicht,40,2026-12-18,2026-10-01")
    assert Restock.objects.get().product.sku == "lamp-01"


def test_two_spellings_in_one_file_of_restocks_are_not_two_products(load: Load) -> None:  # noqa: F811
    load(
        "PO-7,LAMP-01,Nordlicht,40,2026-12-18,2026-10-01",
        "PO-7,lamp-01,Nordlicht,40,2026-12-18,2026-10-01",
    )
    assert Product.objects.get().sku == "LAMP-01"


def test_an_order_of_another_spelling_is_left_out_and_named(
    csv: Csv,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("import_orders", csv(row("1302", "Case-1"), row("1303", "CASE-1", 2)))
    out = capsys.readouterr().out
    assert [line.product.sku for line in OrderLine.objects.select_related("product")] == ["Case-1"]
    assert "Orders left out: 1 with a SKU that is almost one here." in out
    assert (
        "Lines left out because their SKU is almost one that is here: CASE-1 (1; here Case-1). "
        f"{CORRECT_IT}" in out
    )
    call_command("import_orders", csv(row("1303", "CASE-1")), backorder=["CASE-1"])
    assert Product.objects.count() == 2


def test_a_known_order_spelled_otherwise_is_the_same(csv: Csv) -> None:  # noqa: F811
    call_command("import_orders", csv(row(sku="Case-1")))
    before = state()
    call_command("import_orders", csv(row(sku="CASE-1")))
    assert state() == before


def test_a_parcel_is_of_the_only_line_its_sku_can_mean(tmp_path: Path) -> None:
    line = factories.order(factories.make_product(sku="LAMP-01"), number="1")
    path = tmp_path / "shipments.csv"
    path.write_text(
        "order_number,sku,quantity,shipped_at,carrier,tracking_number\n"
        "1,lamp_01,1,2026-11-01,DHL,T1\n"
    )
    call_command("import_shipments", str(path))
    assert (factories.fresh(line).shipped, Shipment.objects.get().tracking_number) == (1, "T1")


def test_at_the_desk_too(admin_client: Client) -> None:
    line = factories.order(factories.make_product(sku="LAMP-01"), number="1")
    services.receive(line.product, 1, now=NOON)
    assert said(ship(admin_client, "1,T1,DHL,lamp_01,1")) == {1: "1 unit shipped."}


def test_the_preview_asks(admin_client: Client) -> None:
    factories.order(factories.make_product(sku="LAMP-01"), number="1")
    preview = send(admin_client, ORDERS, row("2", "lamp-01"))
    assert "is almost one that is here: lamp-01 (1; here LAMP-01)." in " ".join(preview.summary)
