"""Whatever is pasted, uploaded or answered is read in a time that grows with its length, and not
with its square."""

import io
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import pytest

from backorders_site.ops.logs import without_secrets
from backorders_site.staff.finding import with_name
from backorders_site.staff.pages.ship import MAX_BYTES, MAX_LINE_LENGTH, MAX_ROWS, rows_of
from notifications.transport.smtp import _without_addresses
from orders.access import without_tokens
from orders.imports import values
from orders.imports.csv.order_rows import OrderRows
from orders.imports.csv.table import MAX_COLUMNS, CsvTable, Unreadable
from orders.imports.sources.column_map import settings_of
from orders.imports.sources.our_columns import OurColumns
from orders.imports.sources.shopify_export import ShopifyExport
from orders.imports.values import BadValue
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LENGTH = 100_000
SECONDS = 3  # of the processor; with the square of the length it would be minutes

TEXTS = {
    "spaces": " " * LENGTH + "x",
    "tabs": "\t" * LENGTH + "x",
    "letters": "a" * LENGTH,
    "digits": "1" * LENGTH,
    "words": "a " * (LENGTH // 2),
    "quotes": '"' * LENGTH,
    "quoted letters": '"a' * (LENGTH // 2),
    "an open quote": '"' + "a" * LENGTH,
    "commas": "," * LENGTH,
    "semicolons in quotes": '";' * (LENGTH // 2),
    "at signs": "a@" * (LENGTH // 2),
    "slashes": "/" * LENGTH,
    "links": "/o/a" * (LENGTH // 4),
    "line breaks": "a\n" * (LENGTH // 2),
    "blank lines": "\n" * LENGTH,
    "brackets": "[" * LENGTH,
    "equals": "a=" * (LENGTH // 2),
    "signs before a time": " +" * (LENGTH // 2),
    "invisible": "\u200b" * LENGTH,
}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    def give_up(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"took more than {seconds} s of the processor")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def table_of(path: Path, text: str) -> CsvTable:
    path.write_text(text)
    return CsvTable(path)


def read_orders(path: Path, text: str) -> None:
    """As a file of its own, and as a cell and a line of ours and of Shopify's."""
    for dialect in (OurColumns(), ShopifyExport()):
        header = ",".join(dialect.required)
        cell = text.replace('"', '""')
        row = ",".join([f'"{cell}"'] * len(dialect.required))
        for content in (text, f"{header}\n{text}\n", f"{header}\n{row}\n"):
            with suppress(Unreadable):
                for _ in OrderRows(table_of(path, content), dialect, now=NOON).orders(
                    lambda row, error: None
                ):
                    pass


def read_cells(text: str) -> None:
    readers: list[Callable[[], object]] = [
        lambda: values.text(text, "name", most=300),
        lambda: values.order_number(text),
        lambda: values.moment(text, "placed_at", now=NOON, formats=["%d/%m/%Y %H:%M"]),
        lambda: values.day(text, "day"),
        lambda: values.units(text, "quantity"),
        lambda: values.email(text, "email"),
        lambda: values.country(text, "country"),
        lambda: values.locale(text, "locale", country=""),
    ]
    for read in readers:
        with suppress(BadValue):
            read()


def read_column_map(text: str) -> None:
    for content in (text, f'[columns]\nsku = "{text}"\n'):
        with suppress(Unreadable):
            settings_of("map.toml", io.BytesIO(content.encode()))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
class TestALongText:
    def test_pasted_into_ship(self, text: str) -> None:
        with within(SECONDS):
            rows_of(text)
            rows_of(f"1001,1Z9,UPS\n{text}\n1002,1Z8,UPS\n")

    def test_in_a_file_of_orders(self, text: str, tmp_path: Path) -> None:
        with within(2 * SECONDS):
            read_orders(tmp_path / "orders.csv", text)

    def test_in_a_cell(self, text: str) -> None:
        with within(SECONDS):
            read_cells(text)

    def test_as_a_column_map(self, text: str) -> None:
        with within(SECONDS):
            read_column_map(text)

    def test_searched_logged_answered_by_a_mail_server_or_shown(self, text: str) -> None:
        with within(SECONDS):
            with_name(text)
            without_secrets(text)
            _without_addresses(text)
            without_tokens(text)


def test_of_a_pasted_line_that_is_too_long_only_it_is_refused() -> None:
    rows = rows_of(f"1001,1Z9,UPS\n{' ' * MAX_LINE_LENGTH}x\n1002,1Z8,UPS\n")
    assert [(row.number, row.said, row.order_number) for row in rows] == [
        (1, "", "1001"),
        (2, "The line is longer than 5000 characters. Put each parcel on its own line.", ""),
        (3, "", "1002"),
    ]


@pytest.mark.parametrize("line", ["a\n", "\n", '"\n'])
def test_of_a_megabyte_of_short_lines_no_more_are_read_than_may_be_pasted(line: str) -> None:
    with within(SECONDS):
        assert len(rows_of(line * (MAX_BYTES // len(line)))) <= MAX_ROWS + 1


def test_a_file_with_more_columns_than_any_export_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=f"there are 1001 columns; expected {MAX_COLUMNS} at most"):
        table_of(tmp_path / "wide.csv", ",".join(f"c{n}" for n in range(1001)) + "\n")
