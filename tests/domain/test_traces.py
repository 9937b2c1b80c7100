"""A person is found in words and in files, and nobody else is taken for them."""

import zipfile
from io import BytesIO

import pytest

from orders.domain.traces import holds, pattern_of, replaced

VERA = pattern_of(["vera@example.com", "Vera Privat-Müller", "1Z999AA1"])


@pytest.mark.parametrize(
    "words",
    [
        "VERA@EXAMPLE.COM",
        "<vera@example.com>,",
        "asked vera@example.com.",
        "Vera  Privat-Müller",
        "Privat-Müller, Vera",
        '"vera","privat-müller"',
        "orders_vera_privat-müller_2.csv",
        "Vera Privat-Mu\u0308ller",
        "UPS 1Z999AA1;",
    ],
)
def test_who_is_meant(words: str) -> None:
    assert holds(words.encode(), VERA)


@pytest.mark.parametrize(
    "words",
    [
        *("olivera@example.com", "vera@example.com.au", "vera@example.community"),
        *("a.vera@example.com", "Vera Privat", "Severa Privat-Müller", "11Z999AA1", "Vera", ""),
    ],
)
def test_who_is_not_meant(words: str) -> None:
    assert not holds(words.encode(), VERA)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "windows-1252", "windows-1254"])
def test_a_file_is_read_in_the_encoding_it_has(encoding: str) -> None:
    assert holds("1001;Vera Privat-Müller".encode(encoding), VERA, encoding)


def test_a_name_in_cyrillic_is_found_in_the_encoding_that_was_said() -> None:
    wera = pattern_of(["Вера Частная"])
    assert holds("1001;ВЕРА ЧАСТНАЯ".encode("windows-1251"), wera, "windows-1251")


def test_a_workbook_is_read_unpacked() -> None:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", "<t>Vera</t><t>Privat-M&#252;ller</t>")
    assert holds(file.getvalue(), VERA)
    assert not holds(file.getvalue()[:40], VERA)


def test_all_texts_of_json_are_changed_and_numbers_are_not() -> None:
    said = {"a": ["x", 1, None, {"b": "x"}], "x": True}
    assert replaced(said, lambda text: text.replace("x", "y")) == {
        "a": ["y", 1, None, {"b": "y"}],
        "y": True,
    }


def test_nobody_is_found_nowhere() -> None:
    assert not holds(b"anything", pattern_of([]))
