"""Files that a spreadsheet only opened and saved, or that say one thing twice: what they mean is
imported, or the row says what is wrong with it."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from backorders_site.staff.uploads import work_off
from orders.models import Order, OrderLine, Product, Restock, Shipment, Upload
from tests.test_desk_import import INDEX, ORDERS, RESTOCKS, SHIPMENTS, confirm, left_out, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Said = pytest.CaptureFixture[str]


def order(number: str = "1001", sku: str = "LAMP-01", **cells: str) -> str:
    row = {
        "number": number,
        "placed_at": "2026-10-01",
        "email": "ann@example.com",
        "name": "Ann Test",
        "country": "DE",
        "locale": "",
        "sku": sku,
        "quantity": "2",
    } | cells
    return ",".join(row.values())


def write(path: Path, *rows: str, encoding: str = "utf-8") -> str:
    path = path / "file.csv"
    path.write_bytes(("\n".join(rows) + "\n").encode(encoding))
    return str(path)


def faults(capsys: Said, command: str, file: str, *args: str) -> list[str]:
    with pytest.raises(CommandError):
        call_command(command, file, *args)
    return [line.removeprefix(f"{file}:") for line in capsys.readouterr().err.splitlines()]


class TestIdentifiers:
    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("4.00638E+12", "a number a spreadsheet has rounded"),
            ('"4,00638E+12"', "a number a spreadsheet has rounded"),
            ("1e+12", "a number a spreadsheet has rounded"),
            ("#N/A", "which a spreadsheet writes where a formula fails"),
            ("#REF!", "which a spreadsheet writes where a formula fails"),
            ("#BEZUG!", "which a spreadsheet writes where a formula fails"),
            ("#####", "which a spreadsheet writes where a formula fails"),
            ("02-Jan", "a date that a spreadsheet made of it"),
            ("Mar-01", "a date that a spreadsheet made of it"),
            ("2026-01-02 00:00:00", "a date that a spreadsheet made of it"),
            ("01/02/2026", "a date that a spreadsheet made of it"),
            ("2026-02-01", "a date that a spreadsheet made of it"),
            ("2-févr.", "a date that a spreadsheet made of it"),
            ("Mär 26", "a date that a spreadsheet made of it"),
            ("3-ago", "a date that a spreadsheet made of it"),
            ("1.000", "1 or 1000?"),
            ("None", "a program's word for nothing"),
            ("NaN", "a program's word for nothing"),
            ("LAMP\ufffd", "letters were lost"),
        ],
    )
    def test_that_were_damaged_join_nothing(
        self, tmp_path: Path, capsys: Said, written: str, said: str
    ) -> None:
        file = write(tmp_path, ORDERS, order(sku=written), order(written))
        by_sku, by_number, *_ = faults(capsys, "import_orders", file)
        assert (by_sku.startswith("2: sku is "), said in by_sku) == (True, True)
        assert (by_number.startswith("3: order_number is "), said in by_number) == (True, True)

    @pytest.mark.parametrize(
        "written",
        ["1001.0", '"1001,0"', "'1001", "’1001", "'#1001", '"=""1001"""', "#1001", "1001.0000"],
    )
    def test_that_can_be_repaired_are_what_they_were(self, tmp_path: Path, written: str) -> None:
        call_command("import_orders", write(tmp_path, ORDERS, order(written, sku=written)))
        line = OrderLine.objects.select_related("order", "product").get()
        assert (line.order.number, line.product.sku.lstrip("#")) == ("1001", "1001")

    def test_that_only_look_odd_are_left_alone(self, tmp_path: Path) -> None:
        skus = ["12E4", "10-DEC", "E-12", "1.5", "1.250", "MARCH-1", "A#REF", "2-set"]
        rows = [order(str(n), sku) for n, sku in enumerate(skus, 1)]
        call_command("import_orders", write(tmp_path, ORDERS, *rows))
        assert set(Product.objects.values_list("sku", flat=True)) == set(skus)

    def test_of_a_carrier_lose_their_guard(self, tmp_path: Path) -> None:
        call_command("import_orders", write(tmp_path, ORDERS, order()))
        row = '1001,LAMP-01,1,2026-10-20,DHL,"=""00340434292135100186"""'
        call_command("import_shipments", write(tmp_path, SHIPMENTS, row))
        assert Shipment.objects.get().tracking_number == "00340434292135100186"

    def test_that_lost_their_zeros_are_not_taken_for_others(
        self, tmp_path: Path, capsys: Said
    ) -> None:
        call_command("import_orders", write(tmp_path, ORDERS, order("00123")))
        said = "2: order_number is '123', and '00123' is here; expected it with the zeros that"
        parcel = write(tmp_path, SHIPMENTS, "123,LAMP-01,1,2026-10-20,DHL,")
        assert faults(capsys, "import_shipments", parcel)[0].startswith(said)
        same = write(tmp_path, ORDERS, order("123"))
        assert faults(capsys, "import_orders", same)[0].startswith(said)
        other = order("123", email="ben@example.com", name="Ben", placed_at="2026-09-01")
        call_command("import_orders", write(tmp_path, ORDERS, other))
        assert Order.objects.count() == 2

    def test_a_delivery_may_be_known_by_a_date(self, tmp_path: Path) -> None:
        row = "2026-10-01,LAMP,Nordlicht,4,2026-12-18,2026-10-01"
        call_command("import_restocks", write(tmp_path, RESTOCKS, row))
        assert Restock.objects.get().reference == "2026-10-01"


class TestNumbersAndTimes:
    @pytest.mark.parametrize(
        "written",
        ["18/Dec/2026", "Dec-18-26", "18.12.2026 00:00 Uhr", "18 dic 2026", "18-déc.-26"],
    )
    def test_a_date_may_name_its_month(self, tmp_path: Path, written: str) -> None:
        row = f"PO-1,LAMP,Nordlicht,4,{written},2026-10-01"
        call_command("import_restocks", write(tmp_path, RESTOCKS, row))
        assert str(Restock.objects.get().dates.get().expected_on) == "2026-12-18"

    def test_a_thousand_that_may_be_one_is_asked_about(self, tmp_path: Path, capsys: Said) -> None:
        rows = [
            f"PO-{n},LAMP,Nordlicht,{text},2026-12-18,2026-10-01"
            for n, text in enumerate(["1.000", '"1,000"', "12.345", "1.000.000"])
        ]
        said = faults(capsys, "import_restocks", write(tmp_path, RESTOCKS, *rows))
        assert said[0] == (
            "2: quantity is '1.000': 1 or 1000? Expected it without a separator of thousands"
        )
        assert ["12 or 12345?" in said[2], "1 or 1000000?" in said[3]] == [True, True]

    def test_a_fraction_of_zeros_is_none(self, tmp_path: Path) -> None:
        rows = [
            f"PO-{n},LAMP,Nordlicht,{text},2026-12-18,2026-10-01"
            for n, text in enumerate(["2", "2.0", "2.00", "2.0000", '"2,0"'])
        ]
        call_command("import_restocks", write(tmp_path, RESTOCKS, *rows))
        assert list(Restock.objects.values_list("quantity", flat=True)) == [2] * 5

    def test_a_price_that_may_be_thousands_is_asked_about_but_where_money_has_three_decimals(
        self, tmp_path: Path, capsys: Said
    ) -> None:
        header = f"{ORDERS},unit_price,currency"
        file = write(tmp_path, header, f"{order()},12.500,EUR")
        assert faults(capsys, "import_orders", file)[0].startswith("2: unit_price is '12.500': 12")
        call_command("import_orders", write(tmp_path, header, f"{order()},12.500,KWD"))
        assert OrderLine.objects.get().unit_price == 12.5

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("2026-W40", "a week and not a day"),
            ("KW 40", "a week and not a day"),
            ("03/10/2026", "which may be October 3, 2026 or March 10, 2026"),
            ("2026-10-01 10:00:00 CET", "whose zone CET is not known"),
            ("1.10.2026 10:00 +99:39", "whose zone +99:39 is not known"),
            ("46340", "expected a time such as"),
        ],
    )
    def test_a_time_that_can_not_be_told_says_why(
        self, tmp_path: Path, capsys: Said, written: str, said: str
    ) -> None:
        file = write(tmp_path, ORDERS, order(placed_at=written))
        assert said in faults(capsys, "import_orders", file)[0]

    @pytest.mark.parametrize(
        "written",
        [
            "2026-10-01 10:00:00 UTC",
            "2026-10-01 10:00 GMT",
            "2026-10-01T10:00:00Z",
            "01.10.2026 10:00 UTC",
            "Oct 1 2026 10:00 AM UTC",
            "1. Oktober 2026 12:00 +02:00",
            "1 octobre 2026 12:00 GMT+0200",
            "2026/10/01 10:00:00 UTC",
        ],
    )
    def test_a_zone_means_what_it_says(self, tmp_path: Path, written: str) -> None:
        call_command("import_orders", write(tmp_path, ORDERS, order(placed_at=written)))
        assert Order.objects.get().placed_at.isoformat() == "2026-10-01T10:00:00+00:00"


def test_all_faults_of_a_row_are_named(tmp_path: Path, capsys: Said) -> None:
    file = write(
        tmp_path,
        ORDERS,
        order(placed_at="soon", email="ann", country="Utopia", sku="", quantity="few"),
    )
    (said, *_) = faults(capsys, "import_orders", file)
    assert [fault.partition(" ")[0] for fault in said.removeprefix("2: ").split(". Also, ")] == [
        "country",
        "placed_at",
        "customer_email",
        "sku",
        "quantity",
    ]
    row = ",LAMP,,1.000,2026-W51,soon"
    (said, *_) = faults(capsys, "import_restocks", write(tmp_path, RESTOCKS, row))
    assert said.count(". Also, ") == 4
    row = ",,few,soon,DHL,#REF!"
    (said, *_) = faults(capsys, "import_shipments", write(tmp_path, SHIPMENTS, row))
    assert said.count(". Also, ") == 4


def test_what_is_beside_the_table_and_what_is_there_twice_is_said(
    tmp_path: Path, capsys: Said
) -> None:
    file = write(tmp_path, "Open orders,,,", "", ORDERS, order(), order(), "Total,,,,,,,4")
    call_command("import_orders", file)
    said = capsys.readouterr().out
    assert "The same twice, word for word, and both count: row 5 as row 4." in said
    assert "Passed over, because it is no row of the table: row 6: Total, 4." in said


class TestAnotherEncoding:
    ZOE = order("1002", name="Zoë Mäßig")

    def test_is_read_once_somebody_says_so(self, tmp_path: Path, capsys: Said) -> None:
        file = write(tmp_path, ORDERS, self.ZOE, encoding="windows-1252")
        assert "byte 0xeb is not UTF-8" in faults(capsys, "import_orders", file)[0]
        call_command("import_orders", file, encoding="windows-1252")
        assert Order.objects.get().customer_name == "Zoë Mäßig"

    def test_is_asked_for_at_the_desk_before_anything_is_kept(self, admin_client: Client) -> None:
        content = "\n".join([ORDERS, self.ZOE]).encode("windows-1252")
        answer = admin_client.post(INDEX, {"file": SimpleUploadedFile("o.csv", content)})
        (said,) = answer.context["form"].errors["file"]
        assert said.startswith("o.csv:2: byte 0xeb is not UTF-8")
        assert not Upload.objects.exists()
        again = SimpleUploadedFile("o.csv", content)
        admin_client.post(INDEX, {"file": again, "encoding": "windows-1252"})
        work_off()
        confirm(admin_client, Upload.objects.get())
        assert Order.objects.get().customer_name == "Zoë Mäßig"

    def test_has_no_place_for_letters_that_were_lost(self, tmp_path: Path, capsys: Said) -> None:
        file = write(tmp_path, ORDERS, order(name="Zo\ufffd"))
        assert "letters were lost" in faults(capsys, "import_orders", file)[0]


class TestTheSheetOfRejectedRows:
    ROWS = (
        "1002,soon,zoe@example.com,Zoë Mäßig;=1+1,DE,,4006381333931,1",
        "1003,soon,ann@example.com,'t Hart,DE,,00123,1",
        "1004,soon,ann@example.com,Ann,DE,,12E4,1",
        "1005,soon,ann@example.com,Ann,DE,,10-12,1",
    )

    def rows(self) -> list[tuple[str, str, str]]:
        lines = OrderLine.objects.order_by("order__number").select_related("order", "product")
        return [(x.order.number, x.order.customer_name, x.product.sku) for x in lines]

    @pytest.mark.parametrize(
        ("separator", "encoding"), [(",", "utf-8"), (";", "windows-1252"), ("\t", "utf-16")]
    )
    def test_comes_back_unharmed_through_a_spreadsheet_of_any_country(
        self, admin_client: Client, separator: str, encoding: str
    ) -> None:
        sheet = left_out(admin_client, send(admin_client, ORDERS, *self.ROWS))
        assert sheet.startswith(b"\xef\xbb\xbf")
        again = saved(sheet, separator, encoding)
        admin_client.post(
            INDEX,
            {
                "file": SimpleUploadedFile("again.csv", again),
                "encoding": encoding if encoding.startswith("windows") else "",
            },
        )
        work_off()
        confirm(admin_client, Upload.objects.first())
        assert self.rows() == [
            ("1002", "Zoë Mäßig;=1+1", "4006381333931"),
            ("1003", "'t Hart", "00123"),
            ("1004", "Ann", "12E4"),
            ("1005", "Ann", "10-12"),
        ]


def saved(sheet: bytes, separator: str, encoding: str) -> bytes:
    """As a spreadsheet saves what it opened: formulas are what they give, numbers are rounded."""

    def seen(cell: str) -> str:
        if cell.startswith('="'):
            return cell[2:-1]
        return f"{float(cell):.5E}" if cell.isdigit() and len(cell) > 11 else cell

    rows = [[seen(cell) for cell in row] for row in csv.reader(io.StringIO(sheet.decode()[1:]))]
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue().replace("soon", "01.10.2026").encode(encoding)


def test_a_spreadsheet_is_uploaded_as_it_is(admin_client: Client) -> None:
    book = openpyxl.Workbook()
    for row in [["Stock"], RESTOCKS.split(","), ["PO-7", "LAMP", "Nordlicht", 40, None, None]]:
        book.active.append(row)
    book.active["E3"], book.active["F3"] = "18.12.2026", "2026-10-01"
    content = io.BytesIO()
    book.save(content)
    admin_client.post(INDEX, {"file": SimpleUploadedFile("stock.xlsx", content.getvalue())})
    work_off()
    assert confirm(admin_client, Upload.objects.get()).state == "done"
    restock = Restock.objects.get()
    assert (restock.quantity, str(restock.dates.get().expected_on)) == (40, "2026-12-18")
