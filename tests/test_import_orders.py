"""Our own orders CSV: what joins, what a bad file says, and that a file read twice changes
nothing."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from orders import queue, services
from orders.access import Purpose, link_token
from orders.domain.money import Money
from orders.models import (
    Event,
    Import,
    Order,
    OrderLine,
    Product,
    QueueChange,
    Reason,
    Refund,
    ShopChange,
)
from orders.services.locks import AdvisoryLock
from orders.words import sentence
from tests.factories import NOON, fresh, kinds, make_product, restock

HEADER = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
Csv = Callable[..., str]


@pytest.fixture
def csv(tmp_path: Path) -> Csv:
    def write(*rows: str, header: str = HEADER, name: str = "orders.csv") -> str:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return str(path)

    return write


def row(
    number: str = "1001",
    sku: str = "LAMP",
    quantity: object = 1,
    *,
    placed_at: str = "2026-10-01T12:00:00Z",
    email: str = "ada@example.com",
    country: str = "US",
    locale: str = "",
) -> str:
    return f"{number},{placed_at},{email},Ada Lovelace,{country},{locale},{sku},{quantity}"


def refused(capsys: pytest.CaptureFixture[str], *args: str) -> list[str]:
    """What the command said on standard error before it gave up, without the last word."""
    with pytest.raises(CommandError) as error:
        call_command("import_orders", *args)
    return [*capsys.readouterr().err.splitlines(), str(error.value)]


def state() -> Sequence[object]:
    """Everything an import may change."""
    return [
        list(
            Order.objects.order_by("pk").values_list(
                "number", "email", "attention", "flagged", "released_at"
            )
        ),
        list(
            OrderLine.objects.order_by("pk").values_list(
                "pk", "quantity", "allocated", "shipped", "cancelled", "held"
            )
        ),
        list(
            Product.objects.order_by("pk").values_list("sku", "name", "on_backorder", "review_at")
        ),
        [model.objects.count() for model in (Event, QueueChange, Refund, ShopChange)],
    ]


def test_an_order_takes_its_place_by_when_it_was_paid(csv: Csv) -> None:
    paid = f"{HEADER},paid_at"
    file = csv(
        row("1", placed_at="2026-10-01") + ",2026-10-20T09:00:00+02:00",
        row("2", placed_at="2026-10-10") + ",",
        header=paid,
    )
    call_command("import_orders", file)
    assert list(
        OrderLine.objects.order_by("queued_at").values_list("order__number", "queued_at")
    ) == [
        ("2", datetime(2026, 10, 10, 4, tzinfo=UTC)),  # midnight in the shop's New York
        ("1", datetime(2026, 10, 20, 7, tzinfo=UTC)),
    ]


def test_lines_of_one_product_add_up_wherever_their_rows_stand(csv: Csv) -> None:
    call_command(
        "import_orders",
        csv(row("#7", quantity=1), row("8"), row(" 7", quantity=2), row("7", "VASE", 4)),
    )
    lines = OrderLine.objects.filter(order__number="7").order_by("quantity")
    assert list(lines.values_list("product__sku", "quantity")) == [("LAMP", 3), ("VASE", 4)]


def test_a_first_import_is_quiet_and_promises_at_once(csv: Csv) -> None:
    restock(make_product(sku="LAMP"), 100, expected_on=date(2026, 12, 1))
    call_command("import_orders", csv(row()))
    order = Order.objects.get()
    assert order.released_at is None
    assert kinds(order) == ["joined"]
    assert not Event.objects.filter(message_due=True).exists()
    assert fresh(order.lines.get()).promise.kind == "unrated"


@pytest.mark.parametrize("few", [0, 2000])
def test_after_the_release_has_begun_imported_orders_hear_at_once(
    csv: Csv, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("orders.services.import_records.FEW_LINES", few)
    services.start_release(10, now=NOON)
    call_command("import_orders", csv(row()))
    assert Order.objects.get().released_at == NOON
    assert Event.objects.get().message_due


def test_an_import_does_not_publish_a_change_that_is_settling(csv: Csv) -> None:
    services.start_release(10, now=NOON)
    product = make_product(sku="LAMP")
    expected = restock(product, 100, expected_on=date(2026, 12, 1))
    services.review([product], now=NOON)
    services.move_restock_date(expected, date(2027, 2, 1), now=NOON)
    call_command("import_orders", csv(row()))
    assert fresh(OrderLine.objects.get()).promise.late == date(2026, 12, 2)
    assert Product.objects.get().review_at is not None


def test_spare_units_go_to_the_oldest_order_of_the_file_not_to_its_first(
    csv: Csv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.imports.csv.orders.BATCH", 1)
    product = make_product(sku="LAMP")
    services.receive(product, 1, now=NOON)
    new, old, mid = (row(day, placed_at=f"2026-10-{day}") for day in ("20", "01", "09"))
    call_command("import_orders", csv(new, old, mid))
    assert list(OrderLine.objects.filter(allocated=1).values_list("order__number", flat=True)) == [
        "01"
    ]


def test_the_same_file_twice_changes_nothing(csv: Csv) -> None:
    file = csv(row("1", quantity=2), row("2", email=""), row("1", "VASE"))
    call_command("import_orders", file)
    before = state()
    call_command("import_orders", file)
    assert state() == before
    assert Import.objects.order_by("pk").last().counts["unchanged"] == 2


def test_order_numbers_that_differ_in_case_are_the_same(csv: Csv) -> None:
    call_command("import_orders", csv(row("ab-1")))
    call_command("import_orders", csv(row("AB-1")))
    assert Order.objects.get().number == "ab-1"


def test_an_older_order_that_comes_late_takes_its_place_and_the_others_can_read_why(
    csv: Csv,
) -> None:
    call_command("import_orders", csv(row("2", placed_at="2026-10-02", quantity=2)))
    call_command("import_orders", csv(row("1", placed_at="2026-10-01", quantity=3)))
    second = OrderLine.objects.get(order__number="2")
    assert queue.positions([second.pk])[second.pk] == queue.Position(2, 3)
    change = QueueChange.objects.get()
    assert (change.reason, change.step, change.lines, change.units) == (Reason.LATE_JOIN, 1, 1, 3)


def test_fewer_units_waiting_may_have_shipped_so_a_person_says_and_nobody_is_told(
    csv: Csv,
) -> None:
    """The list says what waits, and not what became of the others."""
    call_command("import_orders", csv(row(quantity=5)))
    for _ in range(2):
        call_command("import_orders", csv(row(quantity=3)))
    line = OrderLine.objects.get()
    assert (line.quantity, line.cancelled, line.waiting) == (5, 0, 5)
    assert not Event.objects.filter(kind="cancelled").exists()
    assert line.order.attention == [
        "LAMP: the export lists 3 units, but 5 are still to come here: record what has shipped, or "
        "cancel the others"
    ]


def test_what_it_no_longer_lists_because_it_was_shipped_here_is_no_question(csv: Csv) -> None:
    call_command("import_orders", csv(row(quantity=3)))
    line = OrderLine.objects.get()
    services.ship(line.order, {line.pk: 2}, now=NOON, beyond_reserved=True)
    before = state()
    call_command("import_orders", csv(row(quantity=1)))
    assert state() == before
    assert Order.objects.get().attention == []


def test_what_an_export_no_longer_says_leaves_the_list(csv: Csv) -> None:
    call_command("import_orders", csv(row(quantity=2)))
    call_command("import_orders", csv(row(quantity=3)))
    assert len(Order.objects.get().attention) == 1
    call_command("import_orders", csv(row(quantity=2)))
    assert Order.objects.get().attention == []


def test_of_one_sku_twice_the_earlier_stated_date_counts(csv: Csv) -> None:
    dated = [f"{row(sku='LAMP')},{day}" for day in ("2027-01-15", "2026-12-20", "")]
    call_command("import_orders", csv(*dated, header=f"{HEADER},promised_by"))
    assert OrderLine.objects.get().stated_by == date(2026, 12, 20)


def test_more_units_than_before_need_a_person_and_are_said_once(csv: Csv) -> None:
    call_command("import_orders", csv(row(quantity=2)))
    call_command("import_orders", csv(row(quantity=3)))
    text = "LAMP: the export lists 3 units, but 2 joined the line: add the others as a new order"
    assert Order.objects.get().attention == [text]
    Order.objects.update(attention=[])  # staff have dealt with it
    call_command("import_orders", csv(row(quantity=3)))
    assert Order.objects.get().attention == []


def test_what_was_cancelled_here_is_not_reopened_by_the_file(csv: Csv) -> None:
    file = csv(row(quantity=2))
    call_command("import_orders", file)
    services.cancel(Order.objects.get(), now=NOON, by="customer")
    before = state()
    call_command("import_orders", file)
    assert state() == before


def test_an_order_missing_from_a_later_file_stays_as_it_is(csv: Csv) -> None:
    call_command("import_orders", csv(row("1"), row("2")))
    call_command("import_orders", csv(row("2")))
    assert OrderLine.objects.filter(waiting=1).count() == 2


def test_a_product_put_on_backorder_later_takes_the_lines_of_known_orders(csv: Csv) -> None:
    make_product(sku="VASE", on_backorder=True)
    file = csv(row("1", "VASE"), row("1", "LAMP", 2))
    call_command("import_orders", file, backorder=["VASE"])
    assert list(OrderLine.objects.values_list("product__sku", flat=True)) == ["VASE"]
    call_command("import_orders", file, backorder=["LAMP"])
    assert OrderLine.objects.get(product__sku="LAMP").queued_at == datetime(
        2026, 10, 1, 12, tzinfo=UTC
    )


def test_a_product_taken_off_backorder_is_left_out_and_named(
    csv: Csv, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_orders", csv(row("1")))
    Product.objects.update(on_backorder=False)
    call_command("import_orders", csv(row("2"), row("2", "VASE")))
    assert list(OrderLine.objects.values_list("order__number", "product__sku")) == [
        ("1", "LAMP"),
        ("2", "VASE"),
    ]
    assert (
        "Lines left out because the product is not on backorder: LAMP (1)."
        in capsys.readouterr().out
    )


def test_a_product_known_from_a_restock_alone_joins(csv: Csv) -> None:
    make_product(sku="LAMP", name="LAMP", on_backorder=False)
    call_command("import_orders", csv(row() + ",Reading lamp", header=f"{HEADER},product_name"))
    product = Product.objects.get()
    assert (product.on_backorder, product.name, product.lines.count()) == (True, "Reading lamp", 1)


def test_a_day_stated_when_ordering_is_a_promise_that_was_told(csv: Csv) -> None:
    call_command("import_orders", csv(row() + ",2026-11-20", header=f"{HEADER},promised_by"))
    line = fresh(OrderLine.objects.get())
    stated = line.promises.earliest("pk")
    assert (line.agreed_by, stated.late) == (date(2026, 11, 20), date(2026, 11, 20))
    assert stated.told_at == datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_an_order_that_comes_late_is_not_the_reason_why_its_own_stated_day_cannot_hold(
    csv: Csv,
) -> None:
    call_command("import_orders", csv(row("2", placed_at="2026-10-02")))
    restock(Product.objects.get(), 10)
    call_command("import_orders", csv(row("1") + ",2026-11-03", header=f"{HEADER},promised_by"))
    services.review(Product.objects.all(), now=NOON)
    assert Event.objects.get(kind="later").facts.get("reason") is None


@pytest.mark.parametrize(
    ("country", "locale", "expected"),
    [
        ("DE", "", "de"),
        ("BR", "", "pt"),
        ("", "", "en"),
        ("US", "", "en-US"),
        ("DE", "en_GB", "en-GB"),
        ("TW", "", "zh-Hant"),
    ],
)
def test_no_language_means_the_countrys_then_the_shops(
    csv: Csv, country: str, locale: str, expected: str
) -> None:
    call_command("import_orders", csv(row(country=country, locale=locale)))
    assert Order.objects.get().locale == expected


def test_an_order_without_an_address_keeps_its_place_and_is_listed_until_it_has_one(
    csv: Csv,
) -> None:
    call_command("import_orders", csv(row(email="")))
    order = Order.objects.get()
    assert (order.attention, order.lines.get().waiting) == (
        ["can't be reached: no email address"],
        1,
    )
    call_command("import_orders", csv(row()))
    order.refresh_from_db()
    assert (order.email, order.attention) == ("ada@example.com", [])


# Bad files


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (row(quantity=0), "quantity is '0'; expected a whole number from 1 to 1000000"),
        (row(quantity=-2), "quantity is '-2'; expected a whole number from 1 to 1000000"),
        (
            row(quantity="99999999999999"),
            "quantity is '99999999999999'; expected a whole number from 1 to 1000000",
        ),
        (row(quantity="١"), "quantity is '١'; expected a whole number from 1 to 1000000"),
        (row(placed_at="soon"), "placed_at is 'soon'; expected a time such as"),
        (
            row(placed_at="9999-01-01"),
            "placed_at is '9999-01-01'; expected a time from 2000-01-01 until now",
        ),
        (
            row(placed_at="0001-01-01"),
            "placed_at is '0001-01-01'; expected a time from 2000-01-01 until now",
        ),
        (row(email="ada@"), "customer_email is 'ada@'; expected an email address or nothing"),
        (
            row(country="XX"),
            "country is 'XX', which is not a country we know; expected its name, or a code such",
        ),
        (row(country="Freedonia"), "country is 'Freedonia', which is not a country we know"),
        (row(locale="klingon!"), "locale is 'klingon!'; expected a language such as en or de-AT"),
        (row(sku=""), "sku is empty; expected a value"),
        (row(number="#"), "order_number is empty; expected a value"),
        (row(number="1" * 101), "order_number has 101 characters; expected 100 at most"),
        (row() + ",and more", "has 9 fields; expected 8, as many as the header"),
        ("1001,2026-10-01", "has 2 fields; expected 8, as many as the header"),
        (HEADER, "is the header again; expected it only in row 1"),
        (row(number="a\0b"), "contains a NUL byte; expected text"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_written(
    csv: Csv, capsys: pytest.CaptureFixture[str], bad: str, says: str
) -> None:
    file = csv(row("1"), bad, row("3"))
    said = refused(capsys, file)
    assert said[0].startswith(f"{file}:3: {says}")
    assert said[1:] == [
        "1 bad row: nothing was imported. Fix the file, or leave them out with --skip-bad."
    ]
    assert not Order.objects.exists()
    assert not Import.objects.exists()


def test_skip_bad_imports_the_rest_and_keeps_the_list(
    csv: Csv, capsys: pytest.CaptureFixture[str]
) -> None:
    file = csv(row("1"), row("2", quantity="two"), row("2", "VASE"), row("3"))
    call_command("import_orders", file, skip_bad=True)
    fault = f"{file}:3: quantity is 'two'; expected a whole number from 1 to 1000000"
    assert set(Order.objects.values_list("number", flat=True)) == {"1", "3"}  # nothing of order 2
    assert Import.objects.get().rejected == [fault]
    assert capsys.readouterr().err.splitlines() == [fault]


def test_rows_of_one_order_that_disagree_are_bad(
    csv: Csv, capsys: pytest.CaptureFixture[str]
) -> None:
    file = csv(row("1"), row("1", "VASE", email="eve@example.com"))
    assert refused(capsys, file)[0] == (
        f"{file}:3: customer_email is 'eve@example.com'; expected 'ada@example.com' as on the "
        "rows of this order above"
    )


def test_rows_that_disagree_are_told_what_the_file_said(
    csv: Csv, capsys: pytest.CaptureFixture[str]
) -> None:
    file = csv(row("1", placed_at="2026-10-01"), row("1", "VASE", placed_at="2026-10-02"))
    assert refused(capsys, file)[0] == (
        f"{file}:3: placed_at is '2026-10-02'; expected '2026-10-01' as on the rows of this order "
        "above"
    )


def test_every_bad_row_is_listed_up_to_fifty(csv: Csv, capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(capsys, csv(*(row(str(n), quantity=0) for n in range(60))))
    assert len(said) == 52
    assert said[-2:] == [
        "… and 10 more",
        "60 bad rows: nothing was imported. Fix the file, or leave them out with --skip-bad.",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ":1: the file is empty; expected a header and rows"),
        (b"\n\n", ":1: there is no header; expected a row with the column names"),
        (
            b"PK\x03\x04\x14\x00",
            ":1: the file is a spreadsheet or an archive that is damaged; expected .xlsx, or CSV",
        ),
        (
            b"\xd0\xcf\x11\xe0 rest",
            ":1: the file is an old spreadsheet (.xls), or has a password; expected .xlsx, or CSV",
        ),
        (
            HEADER.replace("sku,", "article,").encode(),
            ":1: no column sku; expected order_number, placed_at",
        ),
        (f"{HEADER},SKU".encode(), ":1: column sku is there twice; expected it once"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError) as error:
        call_command("import_orders", str(path))
    assert says in str(error.value)
    assert str(error.value).startswith(f"{path}:")


def test_a_file_in_another_encoding_is_refused_by_the_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "orders.csv"
    rows = [HEADER, row("1"), row("2").replace("Ada", "Zoë")]
    path.write_bytes("\n".join(rows).encode("cp1252"))
    assert refused(capsys, str(path))[0] == (
        f"{path}:3: byte 0xeb is not UTF-8; expected the file in UTF-8 (a spreadsheet saves it as "
        "“CSV UTF-8”), or its encoding said (windows-1252 makes “Zoë” of it)"
    )


def test_a_byte_order_mark_and_names_in_any_script_are_read(csv: Csv, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "\n".join([HEADER, row().replace("Ada Lovelace", "أحمد  Öz\tI")]), encoding="utf-8-sig"
    )
    call_command("import_orders", str(path))
    assert Order.objects.get().customer_name == "أحمد Öz I"


def test_two_imports_do_not_run_at_once(csv: Csv) -> None:
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [AdvisoryLock.ONE_IMPORT])
        with pytest.raises(CommandError, match="another import is running"):
            call_command("import_orders", csv(row()))
    call_command("import_orders", csv(row()))
    assert Order.objects.count() == 1


PRICED = f"{HEADER},image_url,variant,unit_price,currency,order_total"
PICTURE = "https://shop.example/lamp.jpg"


def test_what_was_paid_and_how_it_looks_is_known_and_follows_the_shop(csv: Csv) -> None:
    call_command("import_orders", csv(f"{row()},{PICTURE},Brass,59.00,usd,64.90", header=PRICED))
    line = OrderLine.objects.select_related("order", "product").get()
    assert (line.unit_price, line.order.total) == (Decimal("59"), Decimal("64.9"))
    assert line.order.currency == "USD"
    assert (line.product.image_url, line.product.variant) == (PICTURE, "Brass")

    call_command("import_orders", csv(f'{row()},,Copper,"58,5",USD,', header=PRICED))
    call_command("import_orders", csv(row()))
    line = OrderLine.objects.select_related("order", "product").get()
    assert (line.unit_price, line.order.total) == (Decimal("58.5"), Decimal("64.9"))
    assert (line.product.image_url, line.product.variant) == (PICTURE, "Copper")
    assert line.order.attention == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (",,fifty,USD,", "unit_price is 'fifty'; expected an amount such as 59.00"),
        (",,-5.00,USD,", "unit_price is '-5.00'; expected an amount such as 59.00"),
        (",,,USD,1.00e5", "order_total is '1.00e5'; expected an amount such as 59.00"),
        (',,"1,234",USD,', "unit_price is '1,234': 1 or 1234?"),
        (",,5.00,,", "currency is empty; expected one such as USD, as there is a price"),
        (",,5.00,XQX,", "currency is 'XQX'; expected a currency of three letters"),
        ("http://shop.example/a.jpg,,,,", "expected an address such as https://shop.example/"),
        ("javascript:alert(1),,,,", "image_url is 'javascript:alert(1)'; expected an address"),
    ],
)
def test_a_price_or_picture_that_cannot_be_is_named(
    csv: Csv, capsys: pytest.CaptureFixture[str], cells: str, says: str
) -> None:
    path = csv(f"{row()},{cells}", header=PRICED)
    said = refused(capsys, path)
    assert said[0].startswith(f"{path}:2: ")
    assert says in said[0]
    assert not Order.objects.exists()


def test_a_cancellation_names_the_amount_and_keeps_it_when_the_price_changes(csv: Csv) -> None:
    call_command("import_orders", csv(f"{row(quantity=3)},,,59.00,USD,", header=PRICED))
    line = OrderLine.objects.get()
    services.cancel(line.order, units={line.pk: 2}, now=NOON, by="customer")
    call_command("import_orders", csv(f"{row(quantity=3)},,,40.00,USD,", header=PRICED))
    refund = Refund.objects.get()
    assert (refund.amount, refund.units) == (Money(Decimal("118"), "USD"), 2)
    event = line.order.events.get(kind="cancelled")
    said = "refund $118.00 to your original payment method by"
    assert said in sentence(event, locale="en-US")
    assert "118,00\xa0$" in sentence(event, locale="de")


def test_without_a_price_no_amount_is_named(csv: Csv) -> None:
    call_command("import_orders", csv(row()))
    line = OrderLine.objects.get()
    [refund] = services.cancel(line.order, now=NOON, by="customer")
    assert refund.amount is None
    assert "$" not in sentence(line.order.events.get(kind="cancelled"), locale="en-US")


def test_pictures_load_from_their_own_host_on_their_own_page_alone(
    csv: Csv, client: Client
) -> None:
    call_command(
        "import_orders",
        csv(f"{row()},{PICTURE},,,,", row(number="1002", sku="VASE") + ",,,,,", header=PRICED),
    )
    policies = {
        order.number: client.get(f"/o/{link_token(order, Purpose.LOOK)}/")[
            "Content-Security-Policy"
        ]
        for order in Order.objects.all()
    }
    assert "img-src 'self' data: https://shop.example;" in f"{policies['1001']};"
    assert "shop.example" not in policies["1002"]


def test_the_customer_reads_the_amount_before_and_after(csv: Csv, client: Client) -> None:
    call_command("import_orders", csv(f"{row(quantity=2)},,,59.00,USD,", header=PRICED))
    line = OrderLine.objects.get()
    address = f"/o/{link_token(line.order, Purpose.ACT)}/answer/"
    choice = {"line": line.pk, "choice": "cancel"}
    asked = client.get(address, choice).content.decode()
    assert "refund $59.00 for each item to your original payment method by" in asked
    done = client.post(address, {**choice, "quantity": 2, "seen": 2})
    said = unescape(client.get(done["Location"]).content.decode())
    assert "refund $118.00 to your original payment method by" in said
