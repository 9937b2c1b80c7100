"""Any shop's export by a column map, and the map for WooCommerce that comes with the product."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from orders.imports.sources.column_map import MAX_BYTES
from orders.models import Import, Order, OrderLine
from tests.test_import_orders import state

ROOT = Path(__file__).parent.parent
WOOCOMMERCE = ROOT / "docs" / "importing" / "woocommerce.toml"
SAMPLE = ROOT / "tests" / "data" / "woocommerce_orders.csv"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

MAP = """
[columns]
order_number = "Ref"
placed_at = "When"
sku = "Item"
quantity = "Ordered"
shipped_quantity = "Sent"
cancelled_quantity = "Dropped"
"""
NO_DELIMITERS = ('""', "5", '";;"', "[1]", "true", '"\\n"', '"\\u0000"')
NO_FORMATS = ('"%d"', "[5]", '["%d %d"]', '["\\u0000"]')


def mapped(tmp_path: Path, rows: str, column_map: str | bytes = MAP) -> None:
    (tmp_path / "map.toml").write_bytes(
        column_map.encode() if isinstance(column_map, str) else column_map
    )
    (tmp_path / "export.csv").write_text(f"Ref,When,Item,Ordered,Sent,Dropped,State\n{rows}\n")
    call_command(
        "import_orders", str(tmp_path / "export.csv"), map=tmp_path / "map.toml", all_products=True
    )


def line() -> dict[str, int]:
    return OrderLine.objects.values("quantity", "waiting", "shipped", "cancelled").get()


def test_woocommerces_export_is_read_by_the_map_that_comes_with_us() -> None:
    call_command("import_orders", str(SAMPLE), map=WOOCOMMERCE, all_products=True)
    assert list(
        OrderLine.objects.order_by("pk").values_list(
            "order__number", "product__sku", "quantity", "queued_at"
        )
    ) == [
        ("501", "LAMP-01", 2, datetime(2026, 9, 6, 10, 29, tzinfo=UTC)),  # the shop's New York
        ("501", "VASE-02", 1, datetime(2026, 9, 6, 10, 29, tzinfo=UTC)),
        ("504", "LAMP-01", 1, datetime(2026, 9, 9, 14, tzinfo=UTC)),
    ]
    nora = Order.objects.get(number="501")
    assert (nora.customer_name, nora.email, nora.country, nora.locale) == (
        "Nora Sample",
        "nora@example.com",
        "PT",
        "pt",
    )
    counts = Import.objects.get().counts
    assert (counts["joined"], counts["left_out_shipped"], counts["left_out_unpaid"]) == (2, 1, 1)
    before = state()
    call_command("import_orders", str(SAMPLE), map=WOOCOMMERCE, all_products=True)
    assert state() == before


def test_units_that_had_left_are_recorded_and_later_ones_shipped(tmp_path: Path) -> None:
    mapped(tmp_path, "7,2026-10-01,LAMP,5,1,0,")
    assert line() == {"quantity": 5, "waiting": 4, "shipped": 1, "cancelled": 0}
    mapped(tmp_path, "7,2026-10-01,LAMP,5,3,1,")
    assert line() == {"quantity": 5, "waiting": 1, "shipped": 3, "cancelled": 1}
    before = state()
    mapped(tmp_path, "7,2026-10-01,LAMP,5,3,1,")
    assert state() == before


def test_a_status_the_map_does_not_know_is_a_bad_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_status = MAP + 'status = "State"\n[status]\nwaiting = ["Open"]\ncancelled = ["Dead"]\n'
    with pytest.raises(CommandError):
        mapped(tmp_path, "7,2026-10-01,LAMP,5,,,odd", with_status)
    assert capsys.readouterr().err.splitlines() == [
        f"{tmp_path / 'export.csv'}:2: State is 'odd'; expected one of dead, open, or add it to "
        f"{tmp_path / 'map.toml'}"
    ]


@pytest.mark.parametrize(
    ("column_map", "says"),
    [
        ("[columns", "expected a column map in TOML"),
        (
            "[columns]\nsku = 'Item'",
            "missing: columns.order_number, columns.placed_at, columns.quantity",
        ),
        (MAP + "colour = 'x'", "unknown: columns.colour"),
        (MAP.replace("Item", "Article"), "no column Article for sku (by the map"),
        (MAP + "[status]\nwaiting = ['open']", "missing: columns.status"),
        (MAP + "[status]\nlost = ['open']", "unknown: status.lost"),
        ("a = " + "9" * 5000, "integer string conversion"),
        ("a = " + "[" * 5000, "too deeply"),
        ("a." * 40_000 + "a = 1", "larger than 10,000 bytes"),
        ("a = '\xff'".encode("latin-1"), "expected a column map in TOML"),
        *[
            (f"delimiter = {wrong}" + MAP, "delimiter has to be one character")
            for wrong in NO_DELIMITERS
        ],
        *[
            (f"time_formats = {wrong}" + MAP, "time_formats has to be a list of formats")
            for wrong in NO_FORMATS
        ],
        ("strip_prefix = 5" + MAP, "strip_prefix has to be a text"),
        ("columns = 5", "columns has to be a table"),
        ("status = []" + MAP, "status has to be a table"),
        (MAP.replace('"Item"', "5"), "columns.sku has to be a text or a list of texts"),
        (
            MAP.replace('"Item"', '["Item", ["Item"]]'),
            "columns.sku has to be a text or a list of texts",
        ),
        (MAP + "[status]\nwaiting = [1]", "status.waiting has to be a text or a list of texts"),
    ],
)
def test_a_map_that_does_not_fit_says_what_is_wrong(
    tmp_path: Path, column_map: str | bytes, says: str
) -> None:
    with pytest.raises(CommandError) as error:
        mapped(tmp_path, "7,2026-10-01,LAMP,5,,,", column_map)
    assert says in str(error.value)


def test_the_worst_map_that_is_read_takes_no_long_time(tmp_path: Path) -> None:
    began = time.process_time()
    with pytest.raises(CommandError, match="missing"):
        mapped(tmp_path, "", "a." * (MAX_BYTES // 2 - 2) + "a=1")
    assert time.process_time() - began < 5


def test_one_word_of_a_status_needs_no_list(tmp_path: Path) -> None:
    mapped(
        tmp_path,
        "7,2026-10-01,LAMP,5,,,Open",
        MAP + 'status = "State"\n[status]\nwaiting = "open"\n',
    )
    assert line()["waiting"] == 5


STATUS_UNREAD = (
    "Ref,When,Item,Ordered,Zustand\n1,2026-09-06,LAMP,1,In Bearbeitung\n"
    "2,2026-09-06,LAMP,1,Storniert\n"
)
WITHOUT_STATUS = (
    '[columns]\norder_number = "Ref"\nplaced_at = "When"\nsku = "Item"\nquantity = "Ordered"\n'
)


def test_a_column_that_says_who_does_not_wait_is_not_passed_over(tmp_path: Path) -> None:
    export, column_map = tmp_path / "export.csv", tmp_path / "map.toml"
    export.write_text(STATUS_UNREAD)
    column_map.write_text(WITHOUT_STATUS)
    with pytest.raises(CommandError) as error:
        call_command("import_orders", str(export), map=column_map, all_products=True)
    assert str(error.value).startswith(
        f"{export}:1: column Zustand says 'In Bearbeitung' (1), 'Storniert' (1): it isn't"
    )
    assert "all_wait = true" in str(error.value)
    column_map.write_text("all_wait = true\n" + WITHOUT_STATUS)
    call_command("import_orders", str(export), map=column_map, all_products=True)
    assert Order.objects.count() == 2


def test_our_own_columns_with_such_a_column_are_refused_too(tmp_path: Path) -> None:
    export = tmp_path / "orders.csv"
    header = (
        "order_number,placed_at,customer_email,customer_name,country,"
        "locale,sku,quantity,status,color"
    )
    export.write_text(
        f"{header}\n1,2026-09-06,,,DE,,LAMP,1,canceled,red\n2,2026-09-06,,,DE,,LAMP,1,paid,blue\n"
    )
    with pytest.raises(
        CommandError, match=r"orders.csv:1: column status says 'canceled' \(1\), 'paid' \(1\)"
    ):
        call_command("import_orders", str(export))
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ('status = "Zustand"\n', "missing: status"),
        ('status = "Zustand"\n[status]\nwaiting = ["a"]\n', "all_wait has to be false"),
    ],
)
def test_a_map_says_one_thing_of_the_status(tmp_path: Path, status: str, said: str) -> None:
    export, column_map = tmp_path / "export.csv", tmp_path / "map.toml"
    export.write_text(STATUS_UNREAD)
    column_map.write_text(
        ("all_wait = true\n" if "[status]" in status else "") + WITHOUT_STATUS + status
    )
    with pytest.raises(CommandError, match=said):
        call_command("import_orders", str(export), map=column_map)
