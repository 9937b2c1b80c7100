"""Shipments and restocks under the names that others have for their columns."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders.models import Restock, Shipment
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
STATION = (
    "Order - Number,Date - Shipped Date,Item - SKU,Item - Qty,Shipment - Carrier,"
    "Shipment - Tracking Number"
)
SUPPLIERS = "PO No;Article;Vendor;Pieces;Ready on;Told on"
MAP = """delimiter = ";"
[columns]
reference = "PO No"
sku = "Article"
supplier = "Vendor"
quantity = "Pieces"
expected_on = "Ready on"
posted_on = "Told on"
"""


@pytest.fixture
def line() -> object:
    return factories.order(factories.make_product(sku="LAMP"), 2, number="9")


def file(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "file.csv"
    path.write_text("\n".join(rows) + "\n")
    return str(path)


@pytest.mark.parametrize(
    "header",
    [
        STATION,
        "order-id,ship-date,sku,quantity,carrier-name,tracking-number",
        "Bestellnummer,Versanddatum,Artikelnummer,Menge,Versanddienstleister,Sendungsnummer",
        "Order #,Shipped Date,SKU,Qty,Carrier,Tracking #",
        "Numéro de commande,Date d'expédition,Référence,Quantité,Transporteur,Numéro de suivi",
    ],
)
def test_a_carriers_sheet_is_known_by_its_header(tmp_path: Path, header: str, line: object) -> None:
    sheet = file(tmp_path, header, "9,2026-11-01,LAMP,1,UPS,1Z999")
    call_command("import_shipments", sheet)
    call_command("import_shipments", sheet)
    parcel = Shipment.objects.get()
    assert (parcel.carrier, parcel.tracking_number) == ("UPS", "1Z999")


def test_units_that_left_count_and_not_those_that_were_ordered(
    tmp_path: Path, line: object
) -> None:
    header = "Order Number,SKU,Quantity,Qty Shipped,Ship Date,Tracking Number"
    call_command("import_shipments", file(tmp_path, header, "9,LAMP,2,1,2026-11-01,1Z"))
    assert Shipment.objects.get().lines.get().quantity == 1


@pytest.mark.parametrize(
    ("command", "rows", "word"),
    [
        (
            "import_shipments",
            [
                f"{STATION},Status",
                "9,2026-11-01,LAMP,1,UPS,1Z,Shipped",
                "9,2026-11-01,LAMP,1,UPS,2Z,Voided",
            ],
            "Voided",
        ),
        (
            "import_shipments",
            [f"{STATION},State", "9,2026-11-01,LAMP,1,UPS,1Z,Label voided"],
            "Label voided",
        ),
        (
            "import_shipments",
            [
                f"{STATION},Voided",
                "9,2026-11-01,LAMP,1,UPS,1Z,false",
                "9,2026-11-01,LAMP,1,UPS,2Z,true",
            ],
            "true",
        ),
        (
            "import_restocks",
            [
                "reference,sku,supplier,quantity,expected_on,posted_on,Stand",
                "1,LAMP,Nord,2,2026-12-01,2026-11-01,storniert",
            ],
            "storniert",
        ),
    ],
)
def test_a_status_that_says_it_is_not_so_is_never_passed_over(
    tmp_path: Path, line: object, command: str, rows: list[str], word: str
) -> None:
    with pytest.raises(CommandError, match=f"says '{word}' on 1 of its rows; expected"):
        call_command(command, file(tmp_path, *rows))
    assert Shipment.objects.count() + Restock.objects.count() == 0


def test_new_goods_and_what_is_on_its_way_are_no_such_status(tmp_path: Path, line: object) -> None:
    row = "9,2026-11-01,LAMP,1,UPS,1Z,New,In transit"
    call_command("import_shipments", file(tmp_path, f"{STATION},Condition,Status", row))
    assert Shipment.objects.count() == 1


def test_only_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    sheet = file(tmp_path, "PO,SKU,Supplier,Qty,ETA", "1,LAMP,Nord,2,2026-12-01")
    with pytest.raises(CommandError, match="no column for posted_on; expected one"):
        call_command("import_restocks", sheet)


def test_its_faults_are_named_as_it_names_its_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError):
        call_command("import_shipments", file(tmp_path, STATION, "9,soon,LAMP,few,UPS,1Z"))
    said = capsys.readouterr().err
    assert "Date - Shipped Date is 'soon'; expected" in said
    assert "Item - Qty is 'few'; expected" in said


def test_of_another_header_what_is_missing_is_said(tmp_path: Path) -> None:
    """Without a tracking number it may be a file of orders."""
    sheet = file(tmp_path, "Order - Number,Item - SKU,Item - Qty,Ship Date", "9,LAMP,1,2026-11-01")
    with pytest.raises(CommandError, match="no column order_number, sku"):
        call_command("import_shipments", sheet)


def test_a_map_names_the_columns_of_shipments(tmp_path: Path, line: object) -> None:
    column_map = tmp_path / "map.toml"
    column_map.write_text(
        '[columns]\norder_number = "Auftrag"\nsku = "Artikel"\nquantity = "Stück"\n'
        'shipped_at = "Tag + Zeit"\ntracking_number = ["Paket", "Sendung"]\n'
    )
    sheet = file(
        tmp_path, "Auftrag,Artikel,Stück,Tag,Zeit,Paket,Sendung", "9,LAMP,1,2026-11-01,10:00,,JJ1"
    )
    call_command("import_shipments", sheet, map=column_map)
    assert Shipment.objects.get().tracking_number == "JJ1"


def test_a_map_names_the_columns_of_restocks(tmp_path: Path) -> None:
    column_map = tmp_path / "map.toml"
    column_map.write_text(MAP)
    sheet = file(tmp_path, SUPPLIERS, "PO-1;LAMP;Nordlicht;40;2026-12-01;2026-11-01")
    call_command("import_restocks", sheet, map=column_map)
    assert Restock.objects.get().reference == "PO-1"


def test_a_map_says_what_a_suppliers_sheet_leaves_out(tmp_path: Path) -> None:
    column_map = tmp_path / "map.toml"
    said = MAP.replace('"Vendor"', '"= Nordlicht"').replace('"Told on"', '["Told", "= 2026-11-01"]')
    column_map.write_text(said)
    sheet = file(tmp_path, "PO No;Article;Pieces;Ready on", "PO-1;LAMP;40;2026-12-01")
    call_command("import_restocks", sheet, map=column_map)
    restock = Restock.objects.get()
    assert (restock.supplier.name, str(restock.dates.get().posted_on)) == (
        "Nordlicht",
        "2026-11-01",
    )


@pytest.mark.parametrize(
    ("column_map", "said"),
    [
        (MAP.replace('sku = "Article"\n', ""), "missing: columns.sku"),
        (MAP + 'status = "x"\n', "unknown: columns.status"),
        (MAP.replace("Article", "Item"), "no column Item for sku"),
    ],
)
def test_a_map_that_does_not_fit_says_so(tmp_path: Path, column_map: str, said: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(column_map)
    with pytest.raises(CommandError) as error:
        call_command("import_restocks", file(tmp_path, SUPPLIERS), map=path)
    assert said in str(error.value)
