"""What only the shop can say of its exports: whether unpaid orders wait, what a new word means,
whether a line without a SKU has a queue. It is said once, and counted until then."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders.domain import keys
from orders.models import Import, Order, OrderLine, Product, ShopWord
from tests.factories import make_product
from tests.test_import_orders import state
from tests.test_import_shopify import Export, export, line, order

__all__ = ["export"]  # a fixture
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
COD = "Cash on Delivery (COD)"


def run(file: str, *options: str) -> None:
    call_command("import_orders", file, "--all-products", *options)


def joined() -> list[tuple[str, str]]:
    rows = OrderLine.objects.order_by("order__number", "product__sku")
    return list(rows.values_list("order__number", "product__sku"))


def nameless(name: str = "Lamp - brass") -> dict[str, str]:
    return line("") | {"Lineitem name": name}


class TestLinesWithoutASku:
    def test_are_counted_for_what_they_are(
        self, export: Export, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(export((order(), [nameless()]), (order("#2"), [nameless("Lamp - steel")])))
        assert capsys.readouterr().out.splitlines()[1:3] == [
            "Orders left out: 2 none of whose lines has a SKU.",
            "Lines left out because they have no SKU: 2. To include them by their names, use "
            "--by-name.",
        ]

    def test_go_by_name_when_asked_and_from_then_on(self, export: Export) -> None:
        run(export((order(), [nameless(), line("LAMP")])), "--by-name")
        assert joined() == [("1001", "LAMP"), ("1001", "Lamp - brass")]
        run(export((order(), [nameless(), line("LAMP")]), (order("#2"), [nameless()])))
        assert Order.objects.get(number="1001").attention == []
        assert joined()[2:] == [("2", "Lamp - brass")]
        run(export((order("#3"), [nameless("Vase")])))
        assert not Product.objects.filter(sku="Vase").exists()

    def test_with_a_long_or_odd_name_keep_a_key_of_their_own(self, export: Export) -> None:
        long = "Lamp of brass " * 12
        run(
            export(
                (order(), [nameless(long + "A")]),
                (order("#2"), [nameless(long + "B")]),
                (order("#3"), [nameless("Va\u00adse\u200b with\u00a0lid")]),
            ),
            "--by-name",
        )
        skus = [sku for _, sku in joined()]
        assert (len(set(skus)), max(map(len, skus))) == (3, keys.MAX_SKU)
        assert "Vase with lid" in skus

    def test_in_our_own_columns_go_by_product_name(self, tmp_path: Path) -> None:
        file = tmp_path / "orders.csv"
        file.write_text(
            "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity,"
            "product_name\n1,2026-10-01,,,DE,,,1,Lamp\n"
        )
        with pytest.raises(CommandError):
            call_command("import_orders", str(file))
        call_command("import_orders", str(file), "--by-name")
        assert joined() == [("1", "Lamp")]


class TestOrdersThatAreNotPaid:
    def unpaid(self, number: str = "#1001", status: str = "pending", by: str = COD) -> object:
        columns = {"Financial_Status": status, "Paid_at": "", "Payment_Method": by}
        return (order(number, **columns), [line()])

    def test_are_counted_by_how_they_are_to_be_paid(
        self, export: Export, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(
            export(
                self.unpaid(),
                self.unpaid("#2"),
                self.unpaid("#3", "authorized", ""),
                self.unpaid("#4", "partially_paid", "Deposit"),
            )
        )
        assert capsys.readouterr().out.splitlines()[1:3] == [
            "Orders left out: 4 not paid yet (2 pending, Cash on Delivery (COD); 1 authorized; "
            "1 partially_paid, Deposit).",
            "If such orders join before they are paid, say so once with --word "
            '"Cash on Delivery (COD)=waiting".',
        ]

    def test_join_by_when_they_were_placed_once_the_shop_says_so(self, export: Export) -> None:
        file = export(self.unpaid(), self.unpaid("#2", by="Bank Deposit"))
        run(file, "--word", f"{COD.upper()}=waiting")
        assert joined() == [("1001", "LAMP")]
        first = Order.objects.get()
        assert (first.lines.get().queued_at, first.paid_at) == (first.placed_at, None)
        run(export(self.unpaid(), self.unpaid("#3")))
        assert joined() == [("1001", "LAMP"), ("3", "LAMP")]

    def test_join_by_the_status_too_and_no_more_when_it_is_taken_back(self, export: Export) -> None:
        run(export(self.unpaid(status="authorized")), "--word", "authorized=waiting")
        assert joined() == [("1001", "LAMP")]
        run(export(self.unpaid("#2", "authorized")), "--word", "authorized=unpaid")
        assert joined() == [("1001", "LAMP")]

    def test_that_are_paid_later_or_voided_follow_the_shop(self, export: Export) -> None:
        run(export(self.unpaid(), self.unpaid("#2")), "--word", f"{COD}=waiting")
        run(export((order(), [line()]), self.unpaid("#2", "voided")))
        open_units = {it.order.number: it.open_units for it in OrderLine.objects.all()}
        assert open_units == {"1001": 1, "2": 0}

    def test_whose_payment_lapsed_stay_out_whatever_was_said(
        self, export: Export, capsys: pytest.CaptureFixture[str]
    ) -> None:
        lapsed = (self.unpaid(status="expired"), self.unpaid("#2", "voided"), self.unpaid("#3", ""))
        run(export(*lapsed), "--word", f"{COD}=waiting")
        assert joined() == []
        said = capsys.readouterr().out.splitlines()
        assert said[1] == (
            "Orders left out: 2 not paid yet (1 expired; 1 no payment status), 1 canceled or "
            "refunded."
        )
        assert not any("say so once" in line for line in said)

    def test_nothing_is_remembered_of_an_import_that_wrote_nothing(self, export: Export) -> None:
        bad = export((order(Email="ada"), [line()]))
        with pytest.raises(CommandError):
            run(bad, "--word", f"{COD}=waiting")
        assert not ShopWord.objects.exists()

    @pytest.mark.parametrize(
        "wrong", ["authorized", "=waiting", "authorized=perhaps", f"{'a' * 101}=waiting"]
    )
    def test_what_is_said_of_a_word_has_to_be_a_meaning(self, export: Export, wrong: str) -> None:
        with pytest.raises(CommandError, match="expected WORD=MEANING, cancelled, refunded"):
            run(export(self.unpaid()), "--word", wrong)


class TestLinesThatAreNeverShipped:
    def test_are_left_out_counted_and_named(
        self, export: Export, capsys: pytest.CaptureFixture[str]
    ) -> None:
        never = {"Lineitem requires shipping": "false"}
        tip = nameless("Tip") | {"Lineitem fulfillment status": "not_eligible"}
        run(
            export(
                (order(), [line("PROTECT-10") | never]),
                (order("#2"), [line(), line("PROTECT-10") | never, tip]),
            )
        )
        assert joined() == [("2", "LAMP")]
        assert capsys.readouterr().out.splitlines()[1:3] == [
            "Orders left out: 1 with nothing that is shipped.",
            "Lines left out because they are never shipped: PROTECT-10 (2), Tip (1).",
        ]

    def test_leave_the_rest_of_a_part_shipped_order_in_line(self, export: Export) -> None:
        card = line("CARD", status="fulfilled") | {"Lineitem requires shipping": "FALSE"}
        run(export((order(Fulfillment_Status="partial"), [line(), card])))
        assert OrderLine.objects.get().held is False


class TestWordsNobodyKnows:
    def test_leave_out_their_order_alone_and_are_named(
        self, export: Export, capsys: pytest.CaptureFixture[str]
    ) -> None:
        file = export(
            (order(), [line()]),
            (order("#2", Financial_Status="payed"), [line(status="lost")]),
        )
        run(file)
        told = capsys.readouterr()
        assert joined() == [("1001", "LAMP")]
        assert told.err.splitlines() == [
            f"{file}:3: order 2 says 'payed', 'lost': it isn't known what that means; the order "
            "was left out"
        ]
        assert told.out.splitlines()[1:3] == [
            "Orders left out: 1 with a word whose meaning isn't known.",
            "Words whose meaning isn't known: payed (1), lost (1). Say it once with --word "
            '"payed=MEANING".',
        ]
        assert Import.objects.get().counts["bad_rows"] == 0

    @pytest.mark.parametrize(
        ("means", "done"),
        [
            ("waiting", "joined"),
            ("part_shipped", "joined"),
            ("shipped", "left_out_shipped"),
            ("cancelled", "left_out_without_lines"),
        ],
    )
    def test_mean_what_the_shop_says(self, export: Export, means: str, done: str) -> None:
        run(export((order(), [line(status="Odd One")])), "--word", f"odd_one={means}")
        assert Import.objects.get().counts[done] == 1

    def test_that_are_whole_texts_are_bad_rows(
        self, export: Export, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(CommandError):
            run(export((order(Financial_Status="x" * 101), [line(status="y" * 101)])))
        said = capsys.readouterr().err
        assert "Financial Status has 101 characters; expected 100 at most" in said

    def test_change_nothing_of_an_order_that_is_here(self, export: Export) -> None:
        run(export((order(), [line()])))
        before = state()
        run(export((order(Fulfillment_Status="lost"), [line(status="fulfilled")])))
        assert state() == before


def test_a_product_on_backorder_needs_no_name_of_its_own_to_be_known(export: Export) -> None:
    """A name that a product goes by is known, wherever the product came from."""
    make_product(sku="Lamp - brass", on_backorder=True)
    call_command("import_orders", export((order(), [nameless()])))
    assert joined() == [("1001", "Lamp - brass")]
