"""Shopify's orders export as it comes, and how tomorrow's closes what changed in the shop."""

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from orders import services
from orders.access import order_url
from orders.models import Event, Import, Order, OrderLine, Product, Shipment
from orders.words import sentence
from tests.factories import NOON, kinds, make_product, restock
from tests.test_import_orders import state

SAMPLE = Path(__file__).parent / "data" / "shopify_orders_export.csv"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Export = Callable[..., str]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """A full export with the sample's 79 columns; each argument is an order: its columns and its
    lines' columns."""
    columns = next(csv.reader(SAMPLE.open(encoding="utf-8-sig", newline="")))

    def write(*orders: tuple[dict[str, str], list[dict[str, str]]]) -> str:
        path = tmp_path / "orders_export.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            for order, lines in orders:
                for number, line in enumerate(lines):
                    repeated = {name: order[name] for name in ("Name", "Email", "Created at")}
                    writer.writerow((order if number == 0 else repeated) | line)
        return str(path)

    return write


def order(name: str = "#1001", **columns: str) -> dict[str, str]:
    return {
        "Name": name,
        "Email": "ada@example.com",
        "Financial Status": "paid",
        "Paid at": "2026-10-02 05:24:22 +0500",
        "Fulfillment Status": "unfulfilled",
        "Created at": "2026-10-01 05:24:22 +0500",
        "Shipping Name": "Ada Lovelace",
        "Shipping Country": "DE",
        "Refunded Amount": "0.00",
        "Currency": "EUR",
    } | {name.replace("_", " "): value for name, value in columns.items()}


def line(sku: str = "LAMP", quantity: int = 1, status: str = "pending") -> dict[str, str]:
    return {
        "Lineitem quantity": str(quantity),
        "Lineitem name": f"The {sku.lower()}",
        "Lineitem sku": sku,
        "Lineitem fulfillment status": status,
    }


def units(number: str = "1001", sku: str = "LAMP") -> dict[str, int]:
    return OrderLine.objects.values("quantity", "waiting", "allocated", "shipped", "cancelled").get(
        order__number=number, product__sku=sku
    )


def counts() -> dict[str, object]:
    return dict(Import.objects.latest("pk").counts)


def test_the_sample_export_is_read_as_it_comes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_orders", str(SAMPLE), backorder=["LAMP-01"])
    assert list(
        OrderLine.objects.order_by("queued_at").values_list(
            "order__number", "quantity", "held", "queued_at"
        )
    ) == [
        ("1001", 2, False, datetime(2026, 8, 4, 0, 24, 22, tzinfo=UTC)),
        ("1003", 3, True, datetime(2026, 8, 6, 9, 30, tzinfo=UTC)),
        ("1007", 1, False, datetime(2026, 8, 9, 16, 0, 1, tzinfo=UTC)),
    ]
    first = Order.objects.get(number="1001")
    assert (first.country, first.region, first.customer_name, first.locale) == (
        "DE",
        "BE",
        "Grete Minde",
        "de",
    )
    assert Product.objects.get().name == "Reading lamp - brass"
    assert counts() == {
        "joined": 3,
        "left_out_closed": 2,
        "left_out_not_on_backorder": 1,
        "left_out_shipped": 1,
        "left_out_unpaid": 1,
        "unpaid": {"pending, Card": 1},
        "lines_without_sku": 1,
        "quiet": True,
        "not_on_backorder": {"VASE-02": 2},
        "orders_for_a_person": 2,
        "needs_a_person": {"1007": 2, "1003": 1},
        "not_in_file": [],
        "bad_rows": 0,
    }
    assert capsys.readouterr().out.splitlines()[:2] == [
        "Orders: 3 joined.",
        "Orders left out: 1 not paid yet (1 pending, Card), 2 canceled or refunded, 1 shipped, 1 "
        "without a product on backorder.",
    ]


def test_the_sample_export_twice_changes_nothing() -> None:
    call_command("import_orders", str(SAMPLE), all_products=True)
    before = state()
    call_command("import_orders", str(SAMPLE), all_products=True)
    assert state() == before


def test_products_marked_before_join_without_being_named_again(export: Export) -> None:
    make_product(sku="LAMP", on_backorder=True)
    call_command("import_orders", export((order(), [line("LAMP"), line("VASE")])))
    assert list(OrderLine.objects.values_list("product__sku", flat=True)) == ["LAMP"]
    assert list(Product.objects.values_list("sku", flat=True)) == ["LAMP"]


def test_an_unpaid_order_joins_by_the_time_it_was_paid_once_it_is(export: Export) -> None:
    unpaid = order(Financial_Status="pending", Paid_at="")
    call_command("import_orders", export((unpaid, [line()])), all_products=True)
    assert not Order.objects.exists()
    call_command("import_orders", export((order(), [line()])), all_products=True)
    assert OrderLine.objects.get().queued_at == datetime(2026, 10, 2, 0, 24, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    "closed",
    [
        {"Cancelled at": "2026-10-20 10:00:00 +0000"},
        {"Financial Status": "voided"},
        {"Fulfillment Status": "restocked"},
        {"Financial Status": "refunded", "Refunded Amount": "40.00"},
    ],
)
def test_what_the_shop_has_cancelled_is_cancelled_and_stays_so(
    export: Export, closed: dict[str, str]
) -> None:
    call_command("import_orders", export((order(), [line(quantity=2)])), all_products=True)
    call_command("import_orders", export((order() | closed, [line(quantity=2)])), all_products=True)
    before = units()
    assert before["cancelled"] == 2
    call_command("import_orders", export((order(), [line(quantity=2)])), all_products=True)
    assert units() == before


def test_a_refund_the_shop_has_sent_is_no_longer_due(export: Export) -> None:
    call_command("import_orders", export((order(), [line()])), all_products=True)
    cancelled = order(Cancelled_at="2026-10-20 10:00:00 +0000")
    call_command("import_orders", export((cancelled, [line()])), all_products=True)
    refund = OrderLine.objects.get().refunds.get()
    assert refund.sent_at is None
    call_command(
        "import_orders",
        export((cancelled | {"Financial Status": "refunded"}, [line()])),
        all_products=True,
    )
    refund.refresh_from_db()
    assert refund.sent_at == NOON


def test_a_refund_the_shop_had_sent_before_we_heard_is_not_promised_again(export: Export) -> None:
    call_command("import_orders", export((order(), [line()])), all_products=True)
    call_command(
        "import_orders", export((order(Financial_Status="refunded"), [line()])), all_products=True
    )
    cancelled = Event.objects.get(kind="cancelled")
    assert OrderLine.objects.get().refunds.get().sent_at == NOON
    assert sentence(cancelled, locale="en") == "Canceled. Your refund has been sent."
    assert "refund_due_on" not in cancelled.facts
    assert counts()["refunds_confirmed"] == 1


def page_in_english(number: str) -> str:
    return order_url(Order.objects.get(number=number)).removeprefix(settings.SITE_URL) + "?lang=en"


def test_no_day_is_invented_for_what_left_on_a_day_nobody_knows(
    export: Export, tmp_path: Path, client: Client
) -> None:
    file = export((order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")]))
    said = Path(remaining(tmp_path, "#1001,LAMP,1"))
    call_command("import_orders", file, all_products=True, remaining=said)
    call_command("import_orders", export((order("#1002"), [line()])), all_products=True)
    sent = export((order("#1002", Fulfillment_Status="fulfilled"), [line(status="fulfilled")]))
    call_command("import_orders", sent, all_products=True)
    events = Event.objects.filter(kind="shipped").order_by("order__number")
    assert [sentence(event, locale="en") for event in events] == [
        "2 of 3 items have shipped. 1 item is still to come.",
        "Shipped.",
    ]
    page = client.get(page_in_english("1001")).content.decode()
    assert "<span>2 items shipped</span>" in page
    page = client.get(page_in_english("1002")).content.decode()
    assert "<span>1 item shipped</span>" in page


def test_what_the_shop_has_fulfilled_is_shipped(export: Export) -> None:
    call_command(
        "import_orders", export((order(), [line(quantity=2), line("VASE")])), all_products=True
    )
    sent = order(Fulfillment_Status="partial")
    call_command(
        "import_orders",
        export((sent, [line(quantity=2, status="fulfilled"), line("VASE")])),
        all_products=True,
    )
    assert (units()["shipped"], units(sku="VASE")["waiting"]) == (2, 1)
    sent = order(Fulfillment_Status="fulfilled", Fulfilled_at="2026-10-30 09:00:00 +0000")
    lines = [line(quantity=2, status="fulfilled"), line("VASE", status="fulfilled")]
    call_command("import_orders", export((sent, lines)), all_products=True)
    assert units(sku="VASE")["shipped"] == 1
    assert Shipment.objects.latest("pk").shipped_at == datetime(2026, 10, 30, 9, tzinfo=UTC)


def test_a_fulfilled_line_of_a_refunded_order_left_and_came_back(export: Export) -> None:
    call_command("import_orders", export((order(), [line(), line("VASE")])), all_products=True)
    refunded = order(Financial_Status="refunded", Fulfillment_Status="partial")
    call_command(
        "import_orders",
        export((refunded, [line(status="fulfilled"), line("VASE")])),
        all_products=True,
    )
    assert (units()["shipped"], units(sku="VASE")["cancelled"]) == (1, 1)


def test_a_line_of_which_part_has_left_keeps_its_place_and_gets_no_units(export: Export) -> None:
    first = (order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")])
    second = (order("#1002", Paid_at="2026-10-03 00:00:00 +0000"), [line()])
    call_command("import_orders", export(first, second), all_products=True)
    services.receive(Product.objects.get(), 1, now=NOON)
    assert (units("1001")["allocated"], units("1002")["allocated"]) == (0, 1)
    assert Order.objects.get(number="1001").attention == [
        "LAMP: some of 3 units have shipped, but the export doesn't say how many: enter how many "
        "are still to come"
    ]


def test_a_partial_order_none_of_whose_lines_says_it_left_holds_them_all(export: Export) -> None:
    call_command(
        "import_orders",
        export((order(Fulfillment_Status="partial"), [line(), line("VASE")])),
        all_products=True,
    )
    assert OrderLine.objects.filter(held=True).count() == 2


def remaining(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "remaining.csv"
    path.write_text("\n".join(["order_number,sku,units", *rows]))
    return str(path)


@pytest.mark.parametrize(("still", "shipped"), [(0, 3), (1, 2), (3, 0)])
def test_a_file_says_how_many_remain(
    export: Export, tmp_path: Path, still: int, shipped: int
) -> None:
    file = export((order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")]))
    said = remaining(tmp_path, f"#1001,LAMP,{still}")
    call_command("import_orders", file, all_products=True, remaining=Path(said))
    settled = OrderLine.objects.get()
    assert (settled.held, settled.waiting, settled.shipped) == (False, still, shipped)
    assert Order.objects.get().attention == []
    before = state()
    call_command("import_orders", file, all_products=True, remaining=Path(said))
    assert state() == before


def test_a_line_named_wrongly_in_the_file_of_what_remains_stops_the_import(
    export: Export, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = export((order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")]))
    said = remaining(tmp_path, "1001,LAMP,4", "1009,LAMP,1")
    with pytest.raises(CommandError):
        call_command("import_orders", file, all_products=True, remaining=Path(said))
    assert capsys.readouterr().err.splitlines() == [
        f"{said}:2: order 1001: 4 units of LAMP can't be still to come; expected 0 to 3",
        f"{said}:3: order 1009 has no LAMP in line here; expected a line that was imported",
    ]
    assert not Order.objects.exists()


def test_a_line_that_becomes_partial_is_held_once(export: Export) -> None:
    call_command("import_orders", export((order(), [line(quantity=3)])), all_products=True)
    partial = export((order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")]))
    call_command("import_orders", partial, all_products=True)
    held = OrderLine.objects.get()
    assert held.held
    services.count_held(held, 3, now=NOON)  # staff counted: all three are still to come
    call_command("import_orders", partial, all_products=True)
    assert not OrderLine.objects.get().held


def test_a_held_line_that_was_promised_a_day_still_hears_when_it_breaks(export: Export) -> None:
    expected = restock(make_product(sku="LAMP"), 9, expected_on=date(2026, 12, 1))
    call_command("import_orders", export((order(), [line(quantity=3)])))
    partial = export((order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")]))
    call_command("import_orders", partial)
    services.move_restock_date(expected, date(2027, 1, 20), now=NOON)
    services.review([expected.product], now=NOON)
    assert kinds(Order.objects.get()) == ["joined", "later"]


def test_a_partial_line_whose_units_were_shipped_here_is_no_question(export: Export) -> None:
    call_command("import_orders", export((order(), [line(quantity=3)])), all_products=True)
    known = OrderLine.objects.get()
    services.ship(known.order, {known.pk: 1}, now=NOON, beyond_reserved=True)
    before = state()
    call_command(
        "import_orders",
        export((order(Fulfillment_Status="partial"), [line(quantity=3, status="partial")])),
        all_products=True,
    )
    assert state() == before


def test_money_sent_back_for_no_one_knows_what_is_for_a_person(export: Export) -> None:
    refund = order(Financial_Status="partially_refunded", Refunded_Amount="12.50")
    text = (
        "12.50 EUR was sent back, the export doesn't say for which units: cancel those that "
        "aren't still to come"
    )
    call_command(
        "import_orders",
        export((order(), [line(quantity=2)]), (refund | {"Name": "#2"}, [line()])),
        all_products=True,
    )
    call_command("import_orders", export((refund, [line(quantity=2)])), all_products=True)
    assert list(Order.objects.values_list("number", "attention")) == [
        ("2", [text]),
        ("1001", [text]),
    ]
    assert OrderLine.objects.filter(waiting=0).count() == 0


def test_a_line_the_export_lists_no_longer_is_for_a_person(export: Export) -> None:
    call_command("import_orders", export((order(), [line(), line("VASE")])), all_products=True)
    call_command("import_orders", export((order(), [line()])), all_products=True)
    assert Order.objects.get().attention == [
        "VASE: the export no longer lists it: cancel its units if they aren't still to come"
    ]


def test_units_sent_though_cancelled_here_are_for_a_person(export: Export) -> None:
    call_command("import_orders", export((order(), [line()])), all_products=True)
    services.cancel(Order.objects.get(), now=NOON, by="customer")
    sent = export((order(Fulfillment_Status="fulfilled"), [line(status="fulfilled")]))
    call_command("import_orders", sent, all_products=True)
    assert Order.objects.get().attention == [
        "LAMP: units shipped by the shop although canceled here: 1, canceled on 2026-11-02; "
        "it isn't known which came first; the refund stays due: agree with the customer on what "
        "to do about the parcel"
    ]


def test_an_order_that_stands_in_the_file_twice_is_not_counted_twice(
    export: Export, capsys: pytest.CaptureFixture[str]
) -> None:
    file = export((order(), [line()]), (order(), [line()]))
    with pytest.raises(CommandError):
        call_command("import_orders", file, all_products=True)
    assert capsys.readouterr().err.splitlines() == [
        f"{file}:3: the order starts again; expected each order once in the file"
    ]
