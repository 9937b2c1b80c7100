"""Files as shops, suppliers, marketplaces and spreadsheets of other countries write them: read for
what they say, or refused with what is wrong, where, and what was expected."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders.models import Order, OrderLine, Product, Restock
from tests.test_damaged_files import Said, faults, order, write
from tests.test_desk_import import ORDERS, RESTOCKS
from tests.test_import_shopify import Export, export, line
from tests.test_import_shopify import order as head

__all__ = ["export"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
MAP = """
[columns]
order_number = "No"
placed_at = "Date"
sku = "SKU"
quantity = "Qty"
"""


def mapped(path: Path, column_map: str, *rows: str) -> list[str]:
    (path / "map.toml").write_text(column_map)
    return [write(path, *rows), "--all-products", "--map", str(path / "map.toml")]


class TestNumbers:
    @pytest.mark.parametrize(
        ("written", "units"),
        [
            ("1\xa0000", 1000),
            ("1\u202f000", 1000),
            ("1 500", 1500),
            ("1'200", 1200),
            ("12’000’000", 12_000_000),
            ('"1.000,00"', 1000),
            ('"12,000.0"', 12_000),
        ],
    )
    def test_whose_thousands_are_certain_are_read(
        self, tmp_path: Path, written: str, units: int
    ) -> None:
        row = f"PO-1,LAMP,Nordlicht,{written},2026-12-18,2026-10-01"
        call_command("import_restocks", write(tmp_path, RESTOCKS, row))
        assert Restock.objects.get().quantity == units

    @pytest.mark.parametrize("written", ['"1,000.50"', '"1,00,000"', "1.00.000", "1 00", "0 100"])
    def test_that_are_no_count_are_not(self, tmp_path: Path, capsys: Said, written: str) -> None:
        row = f"PO-1,LAMP,Nordlicht,{written},2026-12-18,2026-10-01"
        (said,) = faults(capsys, "import_restocks", write(tmp_path, RESTOCKS, row))
        assert "expected a whole number" in said

    def test_of_money_may_part_thousands(self, tmp_path: Path, capsys: Said) -> None:
        header = f"{ORDERS},unit_price,currency"
        rows = [f'{order("1")},"1.299,00",EUR', f"{order('2')},1'299.50,CHF"]
        call_command("import_orders", write(tmp_path, header, *rows))
        prices = OrderLine.objects.order_by("pk").values_list("unit_price", flat=True)
        assert [str(price) for price in prices] == ["1299.0000", "1299.5000"]
        (said,) = faults(
            capsys, "import_orders", write(tmp_path, header, f"{order('3')},1.299,EUR")
        )
        assert "1 or 1299?" in said


class TestSeveralLinesInACell:
    @pytest.mark.parametrize(
        "skus", ['"LAMP-01,VASE-02"', "LAMP-01|VASE-02", '"LAMP-01;VASE-02"', '"LAMP-01\nVASE-02"']
    )
    def test_are_not_one_product(self, tmp_path: Path, capsys: Said, skus: str) -> None:
        expected = "expected one SKU: set the export to a row for each item"
        args = mapped(tmp_path, MAP, "No,Date,SKU,Qty", f"1,2026-10-01,{skus},3")
        assert expected in faults(capsys, "import_orders", *args)[0]
        assert (
            expected in faults(capsys, "import_orders", write(tmp_path, ORDERS, order(sku=skus)))[0]
        )

    def test_are_several_where_a_comma_is_no_decimal_one(self, tmp_path: Path) -> None:
        rows = [order("1", '"PIPE-12,5"'), order("2", '"Lamp, brass"')]
        call_command("import_orders", write(tmp_path, ORDERS, *rows))
        assert {*Product.objects.values_list("sku", flat=True)} == {"PIPE-12,5", "Lamp, brass"}

    def test_are_all_checked_and_none_is_cut_short(self, tmp_path: Path, capsys: Said) -> None:
        column_map = MAP.replace('"SKU"', '"Items > SKU"').replace('"Qty"', '"Items > Qty"')
        args = mapped(
            tmp_path,
            column_map,
            "No,Date,Items",
            '1,2026-10-01,"SKU: LAMP, Qty: x|SKU: VASE, Qty: y"',
            '2,2026-10-01,"SKU: LAMP, Qty: 1|SKU: VASE, Qt"',
        )
        both, cut = faults(capsys, "import_orders", *args)
        assert "'x'" in both
        assert "'y'" in both
        assert "Items has a line without Qty, 'sku: VASE, Qt'" in cut


class TestQuotesAndLetters:
    def test_a_space_before_a_quote_is_no_part_of_the_cell(self, tmp_path: Path) -> None:
        row = '1001, 2026-10-01, ann@example.com, "Test, Ann", "DE", , "LAMP", 1'
        call_command("import_orders", write(tmp_path, ORDERS, row))
        assert OrderLine.objects.get().product.sku == "LAMP"
        assert Order.objects.get().customer_name == "Test, Ann"

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16_is_known_without_a_mark(self, tmp_path: Path, encoding: str) -> None:
        file = write(tmp_path, ORDERS, order(name="Łukasz"), encoding=encoding)
        call_command("import_orders", file)
        assert Order.objects.get().customer_name == "Łukasz"

    def test_a_second_byte_order_mark_is_passed_over(self, tmp_path: Path) -> None:
        call_command("import_orders", write(tmp_path, f"\ufeff\ufeff{ORDERS}", order()))
        assert Order.objects.exists()

    def test_an_old_macs_letters_can_be_said(self, tmp_path: Path) -> None:
        file = write(tmp_path, ORDERS, order(name="Zoë Müßig"), encoding="mac_roman")
        call_command("import_orders", file, "--encoding", "macintosh")
        assert Order.objects.get().customer_name == "Zoë Müßig"

    def test_a_row_in_utf_8_is_not_read_as_something_else(
        self, tmp_path: Path, capsys: Said
    ) -> None:
        path = Path(write(tmp_path, ORDERS, order("1", name="Zoë")))
        path.write_bytes(path.read_bytes() + order("2", name="Renée").encode("cp1252"))
        said = faults(capsys, "import_orders", str(path), "--encoding", "windows-1252")
        assert said == [
            "2: is UTF-8 in a file that is said to be windows-1252; expected one of them throughout"
        ]

    def test_letters_read_in_a_wrong_encoding_are_no_name(
        self, tmp_path: Path, capsys: Said
    ) -> None:
        rows = [
            order("1", name="MÃ¼ller"),
            order("2", name="JOÃO Ñandú"),
            order("3", name="Łukasz"),
        ]
        assert faults(capsys, "import_orders", write(tmp_path, ORDERS, *rows)) == [
            "2: customer_name is 'MÃ¼ller', which may have been 'Müller' before it was saved; "
            "expected that"
        ]


class TestLinesThatAreNotShipped:
    @pytest.mark.parametrize("word", ["FALSE", "FALSCH", "FAUX", "FALSO", "0", "no"])
    def test_are_left_out_in_any_language_of_a_spreadsheet(
        self, export: Export, word: str, capsys: Said
    ) -> None:
        gift = line("GIFT") | {"Lineitem requires shipping": word}
        call_command("import_orders", export((head(), [line("LAMP"), gift])), "--all-products")
        assert [made.product.sku for made in OrderLine.objects.all()] == ["LAMP"]
        assert "never shipped: GIFT (1)" in capsys.readouterr().out

    def test_are_not_guessed(self, export: Export, capsys: Said) -> None:
        odd = line("GIFT") | {"Lineitem requires shipping": "maybe"}
        (said,) = faults(capsys, "import_orders", export((head(), [odd])), "--all-products")
        assert "Lineitem requires shipping is 'maybe'; expected true or false" in said

    def test_are_asked_about_where_a_person_names_the_columns(self, tmp_path: Path) -> None:
        header = "No,Date,SKU,Qty,Requires Shipping"
        rows = ["1,2026-10-01,LAMP,1,TRUE", "1,2026-10-01,GIFT,1,FALSE"]
        with pytest.raises(CommandError, match=r'only = \{"Requires Shipping" = \["TRUE"\]\}'):
            call_command("import_orders", *mapped(tmp_path, MAP, header, *rows))
        only = 'only = {"Requires Shipping" = ["TRUE"]}'
        call_command("import_orders", *mapped(tmp_path, only + MAP, header, *rows))
        assert [made.product.sku for made in OrderLine.objects.all()] == ["LAMP"]


class TestZonesOfAFormat:
    @pytest.mark.parametrize(
        ("format", "written", "hour"),
        [
            ("%d.%m.%Y UTC %H:%M", "01.10.2026 UTC 09:30", 9),
            ("%d.%m.%Y %H:%M GMT%z", "01.10.2026 09:30 GMT+0200", 7),
        ],
    )
    def test_mean_what_they_say(self, tmp_path: Path, format: str, written: str, hour: int) -> None:
        column_map = f'time_formats = ["{format}"]\n{MAP}'
        call_command(
            "import_orders", *mapped(tmp_path, column_map, "No,Date,SKU,Qty", f"1,{written},LAMP,1")
        )
        assert Order.objects.get().placed_at.hour == hour

    def test_are_refused_where_nobody_can_say(self, tmp_path: Path, capsys: Said) -> None:
        column_map = f'time_formats = ["%d.%m.%Y %H:%M EST"]\n{MAP}'
        args = mapped(tmp_path, column_map, "No,Date,SKU,Qty", "1,01.10.2026 09:30 EST,LAMP,1")
        assert "zone EST is not known" in faults(capsys, "import_orders", *args)[0]


class TestAllFaults:
    def test_of_a_stated_time_are_named(self, tmp_path: Path) -> None:
        file = write(tmp_path, "sku,ordered_from,days", ",soon,x")
        with pytest.raises(CommandError) as refused:
            call_command("import_stated_times", file)
        for said in ("sku is empty", "ordered_from is 'soon'", "days is 'x'"):
            assert said in str(refused.value)

    def test_of_shopifys_line_are_named(self, export: Export, capsys: Said) -> None:
        bad = line("LA\u200bMP") | {"Lineitem quantity": "x"}
        (said,) = faults(capsys, "import_orders", export((head(), [bad])), "--all-products")
        assert "Lineitem sku has" in said
        assert "Lineitem quantity is 'x'" in said
