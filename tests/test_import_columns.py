"""What a column map can say of an export: which rows are lines, what is still to come, which filled
date means that it is gone, and how a cell holds several lines."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders.imports.sources.line_cells import lines_in, part_of
from orders.imports.values import BadValue
from orders.models import Import, Order, OrderLine
from tests.test_import_orders import state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Run = Callable[..., None]
MAP = """[columns]
order_number = "Ref"
placed_at = "When"
sku = "Item"
quantity = "Ordered"
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def imported(column_map: str, *rows: str, **options: object) -> None:
        (tmp_path / "map.toml").write_text(column_map)
        (tmp_path / "export.csv").write_text("\n".join(rows) + "\n")
        options = {"map": tmp_path / "map.toml", "all_products": True} | options
        call_command("import_orders", str(tmp_path / "export.csv"), **options)

    return imported


def lines() -> dict[tuple[str, str], tuple[int, int, int]]:
    """Open, shipped and canceled by order and product."""
    return {
        (line.order.number, line.product.sku): (line.open_units, line.shipped, line.cancelled)
        for line in OrderLine.objects.select_related("order", "product").order_by("pk")
    }


class TestAFilledDate:
    HEADER = "Ref,When,Item,Ordered,Date Shipped,Canceled on"
    ROWS = (
        HEADER,
        "1,2026-10-01,LAMP,2,,",
        "2,2026-10-01,LAMP,1,2026-10-03,",
        "3,2026-10-01,LAMP,1,0000-00-00,2026-10-02",
    )
    GONE = MAP + 'shipped_at = "Date Shipped"\ncancelled_at = "Canceled on"\n'

    def test_means_shipped_or_canceled_where_the_map_says_so(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(self.GONE, *self.ROWS)
        assert lines() == {("1", "LAMP"): (2, 0, 0)}
        said = capsys.readouterr().out
        assert "Orders left out: 1 canceled or refunded, 1 shipped." in said

    def test_closes_an_order_that_is_here_with_its_day(self, run: Run) -> None:
        run(self.GONE, self.HEADER, "1,2026-10-01,LAMP,2,,", "1,2026-10-01,VASE,1,,")
        tomorrow = (self.HEADER, "1,2026-10-01,LAMP,2,2026-10-20,", "1,2026-10-01,VASE,1,,")
        run(self.GONE, *tomorrow)
        assert lines() == {("1", "LAMP"): (0, 2, 0), ("1", "VASE"): (1, 0, 0)}
        assert f"{Order.objects.get().shipments.get().shipped_at:%Y-%m-%d}" == "2026-10-20"
        before = state()
        run(self.GONE, *tomorrow)
        assert state() == before

    def test_on_the_first_row_alone_is_of_the_whole_order(self, run: Run) -> None:
        run(self.GONE, self.HEADER, "1,2026-10-01,LAMP,2,2026-10-03,", "1,,VASE,1,,")
        assert lines() == {}

    def test_that_is_no_date_is_a_bad_row(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(CommandError):
            run(self.GONE, self.HEADER, "1,2026-10-01,LAMP,2,soon,")
        assert "Date Shipped is 'soon'; expected a" in capsys.readouterr().err

    def test_that_nobody_has_named_is_asked_about(self, run: Run) -> None:
        with pytest.raises(CommandError) as error:
            run(MAP, *self.ROWS)
        assert (
            "export.csv:1: column Date Shipped is filled on 1 row; column Canceled on is filled on "
            "1 row: it isn't known which of these orders are waiting"
        ) in str(error.value)
        assert "shipped_at or cancelled_at" in str(error.value)
        run("all_wait = true\n" + MAP, *self.ROWS)
        assert len(lines()) == 3

    @pytest.mark.parametrize(
        "column",
        ["Date - Shipped Date", "fulfilled_at", "Qty Shipped", "Versandt am", "Expédié le",
         "Enviado el", "Refunded", "Stornodatum"],
    )  # fmt: skip
    def test_is_seen_by_many_names(self, run: Run, column: str) -> None:
        with pytest.raises(CommandError, match="is filled on 1 row: it isn't known"):
            run(MAP, f"Ref,When,Item,Ordered,{column}", "1,2026-10-01,LAMP,2,1")

    @pytest.mark.parametrize(
        ("column", "filled", "blank"),
        [("Ship Date", "2026-12-01", "2026-12-02"), ("Not shipped", "2", "1"),
         ("Qty Shipped", "0", "0"), ("Ship by", "2026-12-01", ""), ("Returns", "x", "")],
    )  # fmt: skip
    def test_that_is_planned_or_nothing_is_not(
        self, run: Run, column: str, filled: str, blank: str
    ) -> None:
        rows = (f"1,2026-10-01,LAMP,2,{filled}", f"2,2026-10-01,LAMP,2,{blank}")
        run(MAP, f"Ref,When,Item,Ordered,{column}", *rows)
        assert len(lines()) == 2

    def test_of_which_some_are_filled_is_no_plan(self, run: Run) -> None:
        rows = ("1,2026-10-01,LAMP,2,2026-10-03", "2,2026-10-01,LAMP,2,")
        with pytest.raises(CommandError, match="column Ship Date is filled on 1 row"):
            run(MAP, "Ref,When,Item,Ordered,Ship Date", *rows)


class TestASecondStatus:
    SORTED = MAP + 'status = "State"\n[status]\nwaiting = ["open"]\nshipped = ["done"]\n'

    def test_that_is_not_read_is_named(self, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
        run(
            self.SORTED,
            "Ref,When,Item,Ordered,State,Payment",
            "1,2026-10-01,LAMP,2,open,refunded",
            "2,2026-10-01,LAMP,2,open,paid",
        )
        assert (
            "Not read, though it may say which orders don't wait: column Payment says "
            "'refunded' (1), 'paid' (1)."
        ) in capsys.readouterr().out.splitlines()

    def test_of_each_row_is_of_its_line(self, run: Run) -> None:
        header = "Ref,When,Item,Ordered,State"
        run(self.SORTED, header, "1,2026-10-01,LAMP,2,done", "1,2026-10-01,VASE,1,open")
        assert lines() == {("1", "VASE"): (1, 0, 0)}


class TestRowsThatAreNoLines:
    HEADER = "Ref,When,Type,Item,Ordered,Fulfillable"
    ROWS = (
        HEADER,
        "1,2026-10-01,Line Item,LAMP,3,2",
        "1,2026-10-01,Fulfillment Line,LAMP,1,",
        "1,2026-10-01,Discount,,1,",
    )
    REST = MAP + 'remaining_quantity = "Fulfillable"\n[only]\nType = "line item"\n'

    def test_are_passed_over_and_what_is_still_to_come_counts(self, run: Run) -> None:
        run(self.REST, *self.ROWS)
        assert lines() == {("1", "LAMP"): (2, 1, 0)}
        assert Import.objects.get().counts.get("lines_without_sku") is None

    def test_may_still_say_what_the_order_is(self, run: Run) -> None:
        run(self.REST, self.HEADER, "1,2026-10-01,Transaction,,,", "1,,Line Item,LAMP,3,3")
        assert lines() == {("1", "LAMP"): (3, 0, 0)}

    def test_more_to_come_than_ordered_is_a_bad_row(
        self, run: Run, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(CommandError):
            run(self.REST, self.HEADER, "1,2026-10-01,Line Item,LAMP,3,4")
        assert "Fulfillable is 4; expected 3 at most" in capsys.readouterr().err

    def test_what_is_neither_canceled_nor_to_come_has_shipped(self, run: Run) -> None:
        both = self.REST.replace("[only]", 'cancelled_quantity = "Dropped"\n[only]')
        run(both, f"{self.HEADER},Dropped", "1,2026-10-01,Line Item,LAMP,5,2,1")
        assert lines() == {("1", "LAMP"): (2, 2, 0)}

    def test_are_asked_about_where_the_map_does_not_say(self, run: Run) -> None:
        with pytest.raises(CommandError) as error:
            run(MAP, *self.ROWS)
        assert 'expected only = {"Type" = ["Line Item"]} in the column map' in str(error.value)

    def test_a_column_that_is_not_there_is_said(self, run: Run) -> None:
        with pytest.raises(CommandError, match="no column Type for only"):
            run(self.REST, "Ref,When,Item,Ordered,Fulfillable", "1,2026-10-01,LAMP,3,2")


class TestLinesInACell:
    BIG = (
        '"Product ID: 100, Product Qty: 2, Product SKU: LAMP-01, Product Name: Lamp, brass|'
        'Product ID: 115, Product Qty: 1, Product SKU: VASE-02, Product Name: Vase"'
    )

    @pytest.mark.parametrize(
        ("sku", "quantity"),
        [
            ("Details", "Details"),
            ("Details > Product SKU", "Details > Product Qty"),
        ],
    )
    def test_are_read_by_the_names_of_their_parts(self, run: Run, sku: str, quantity: str) -> None:
        column_map = MAP.replace('"Item"', f'"{sku}"').replace('"Ordered"', f'"{quantity}"')
        run(column_map, "Ref,When,Details", f"1,2026-10-01,{self.BIG}")
        assert lines() == {("1", "LAMP-01"): (2, 0, 0), ("1", "VASE-02"): (1, 0, 0)}

    @pytest.mark.parametrize(
        ("sku", "quantity", "named"),
        [
            ('"line_item_* > sku"', '"line_item_* > quantity"', '"line_item_* > name"'),
            ('"line_item_1"', '"line_item_1"', '"line_item_1"'),
            (
                '["line_item_1 > sku", "line_item_2 > sku"]',
                '["line_item_1 > quantity", "line_item_2 > quantity"]',
                '"line_item_1 > name"',
            ),
        ],
    )
    def test_each_in_a_column_of_its_own_are_read_too(
        self, run: Run, sku: str, quantity: str, named: str
    ) -> None:
        column_map = MAP.replace('"Item"', sku).replace('"Ordered"', quantity)
        run(
            column_map + f"product_name = {named}\n",
            "Ref,When,line_item_1,line_item_2",
            "1,2026-10-01,name:Lamp: brass|product_id:100|sku:LAMP-01|quantity:2|total:20.00,"
            "name:Vase|product_id:7|sku:VASE-02|quantity:1|total:5.00",
            "2,2026-10-01,name:Vase|product_id:7|sku:VASE-02|quantity:3|total:5.00,",
        )
        assert lines() == {
            ("1", "LAMP-01"): (2, 0, 0),
            ("1", "VASE-02"): (1, 0, 0),
            ("2", "VASE-02"): (3, 0, 0),
        }
        assert OrderLine.objects.first().product.name == "Lamp: brass"

    def test_of_bigcommerce_are_read_by_the_map_that_comes_with_us(self, run: Run) -> None:
        run(
            (Path(__file__).parent.parent / "docs/importing/bigcommerce.toml").read_text(),
            "Order ID,Order Status,Order Date,Customer Name,Customer Email,Shipping Country,"
            "Product Details",
            f"186,Awaiting Shipment,2026-10-14,Ann Test,ann@example.com,Germany,{self.BIG}",
            f"187,Completed,2026-10-14,Ben Test,ben@example.com,Germany,{self.BIG}",
            f"188,Incomplete,2026-10-14,Eve Test,eve@example.com,Germany,{self.BIG}",
        )
        assert lines() == {("186", "LAMP-01"): (2, 0, 0), ("186", "VASE-02"): (1, 0, 0)}
        assert (Order.objects.get().country, Order.objects.get().customer_name) == (
            "DE",
            "Ann Test",
        )
        assert Import.objects.get().counts["unpaid"] == {"Incomplete": 1}

    @pytest.mark.parametrize(
        ("details", "said"),
        [
            ("2 x Lamp | 1 x Vase", "Details is '2 x Lamp | 1 x Vase'; expected lines such as"),
            ("SKU: LAMP-01 | SKU: VASE-02", "Details has a line without quantity, 'sku: LAMP-01'"),
        ],
    )
    def test_that_cannot_be_read_are_refused_with_what_to_set(
        self, run: Run, capsys: pytest.CaptureFixture[str], details: str, said: str
    ) -> None:
        column_map = MAP.replace('"Item"', '"Details"').replace('"Ordered"', '"Details"')
        with pytest.raises(CommandError):
            run(column_map, "Ref,When,Details", f'1,2026-10-01,"{details}"')
        told = capsys.readouterr().err
        assert said in told
        assert "a row for each item" in told

    @pytest.mark.parametrize("row", ["LAMP|VASE,3", '"LAMP","2|1"', '"LAMP","2, 1"'])
    def test_side_by_side_in_several_columns_are_refused(
        self, run: Run, capsys: pytest.CaptureFixture[str], row: str
    ) -> None:
        with pytest.raises(CommandError):
            run(MAP, "Ref,When,Item,Ordered", f"1,2026-10-01,{row}")
        assert "set the export to a row for each item" in capsys.readouterr().err

    def test_a_part_keeps_its_colons_and_commas(self) -> None:
        (parts,) = lines_in("SKU: LAMP-01, Qty: 2, Name: Lamp, 40 W: the big one", "Details")
        assert (part_of(parts, "sku"), part_of(parts, "quantity")) == ("LAMP-01", "2")
        with pytest.raises(BadValue):
            list(lines_in("LAMP", "Details"))
