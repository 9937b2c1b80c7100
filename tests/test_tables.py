"""A table is the same table however a spreadsheet, a supplier or an old Mac writes it; what can't
be told is refused."""

import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest

from orders.imports.csv import restocks, shipments
from orders.imports.csv.records import MAX_LINES
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.run import ImportRun
from orders.imports.sources import HEADERS
from tests.factories import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

HEADER = "reference,sku,supplier,quantity,expected_on,posted_on"
ROWS = (
    'PO-7,LAMP-01,"Möbel, Licht & Söhne",40,2026-12-18,2026-10-01',
    "PO-8,VASE-02,Nordlicht,7,2026-12-20,2026-10-02",
)
CLEAN = "\n".join([HEADER, *ROWS]) + "\n"
Rows = list[tuple[int, dict[str, str], str]]


def table(path: Path, content: bytes | str, *, encoding: str = "") -> CsvTable:
    path = path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return CsvTable(path, name="table.csv", encoding=encoding, known=HEADERS)


def read(path: Path, content: bytes | str, *, encoding: str = "") -> Rows:
    rows = table(path, content, encoding=encoding).rows(
        restocks.REQUIRED, restocks.OPTIONAL, restocks.MEANING
    )
    return [(row.number, row.cells, row.problem) for row in rows]


def separated(sign: str) -> str:
    quoted = '"Möbel, Licht & Söhne"'
    return CLEAN.replace(quoted, "MAKER").replace(",", sign).replace("MAKER", quoted)


def wrapped(trailing: str = "") -> str:
    """As a spreadsheet whose separator is another saves it: each line is one cell."""
    lines = [HEADER, *ROWS]
    return "\n".join(
        ('"' + line.replace('"', '""') + '"' if '"' in line else line) + trailing for line in lines
    )


SAME: dict[str, Callable[[], str | bytes]] = {
    "semicolons": lambda: separated(";"),
    "tabs": lambda: separated("\t"),
    "a separator that is said": lambda: "sep=;\n" + separated(";"),
    "a separator that is said and nobody guesses": lambda: "sep=|\r\n" + separated("|"),
    "a byte order mark": lambda: CLEAN.encode("utf-8-sig"),
    "UTF-16": lambda: CLEAN.encode("utf-16"),
    "UTF-16, big end first": lambda: b"\xfe\xff" + CLEAN.encode("utf-16-be"),
    "CRLF": lambda: CLEAN.replace("\n", "\r\n"),
    "CR alone": lambda: CLEAN.replace("\n", "\r"),
    "the end of a DOS file": lambda: CLEAN + "\x1a",
    "the end of a DOS file on the last line": lambda: CLEAN.rstrip("\n") + "\x1a",
    "a line is a cell": wrapped,
    "a line is a cell, with separators behind": lambda: wrapped(";"),
    "a line is a cell, with tabs behind": lambda: wrapped("\t\t"),
    "every line quoted whole": lambda: "\n".join(
        '"' + line.replace('"', '""') + '"' for line in [HEADER, *ROWS]
    ),
    "guards": lambda: CLEAN.replace("PO-7", "'PO-7").replace(",40,", ',"=""40""",'),
    "dates with points": lambda: CLEAN.replace("2026-12-18", "18.12.2026").replace(
        "2026-12-20", "20.12.2026"
    ),
    "midnights": lambda: CLEAN.replace("2026-12-18", "2026-12-18 00:00:00"),
    "dates that one row proves": lambda: CLEAN.replace("2026-12-18", "12/18/2026").replace(
        "2026-12-20", "12/20/26"
    ),
    "months by name": lambda: CLEAN.replace("2026-12-18", "18. Dezember 2026").replace(
        "2026-12-20", "20-Dec-26"
    ),
}


@pytest.mark.parametrize("disguise", SAME.values(), ids=SAME)
def test_a_table_in_disguise_is_the_same_table(
    tmp_path: Path, disguise: Callable[[], str | bytes]
) -> None:
    run = ImportRun("table.csv", NOON)
    disguised = restocks.read_restocks(run, table(tmp_path, disguise()))
    assert disguised == restocks.read_restocks(run, table(tmp_path, CLEAN))


class TestAroundTheTable:
    def test_titles_and_blank_lines_above_are_passed_over_and_rows_keep_their_numbers(
        self, tmp_path: Path
    ) -> None:
        above = "Open orders;;;;;\n\nas of;1 December;;;;\n;;;;;\n"
        assert [number for number, _, _ in read(tmp_path, above + separated(";"))] == [6, 7]
        wide = table(tmp_path, "Stock, as of 1 December\n" + CLEAN)
        assert wide.header[0] == "reference"

    @pytest.mark.parametrize(
        "below", ["Total,,,47,,", ",Summe:,,47,,", "Exported by Ann on Monday,,,,,", "Total"]
    )
    def test_totals_and_sentences_below_are_passed_over_and_said(
        self, tmp_path: Path, below: str
    ) -> None:
        it = table(tmp_path, CLEAN + "\n" + below + "\n")
        rows = list(it.rows(restocks.REQUIRED, (), restocks.MEANING))
        assert ([row.number for row in rows], [row.problem for row in rows]) == ([2, 3], ["", ""])
        (said,) = it.remarks.words()
        assert said.startswith("Passed over, because it is no row of the table: row 5: ")

    def test_a_row_without_its_key_is_no_total(self, tmp_path: Path) -> None:
        assert len(read(tmp_path, CLEAN + "PO-9,,Nordlicht,4,2026-12-20,2026-10-02\n")) == 3
        assert len(read(tmp_path, CLEAN + "PO-9,,,,,\n")) == 3

    def test_rows_that_are_there_twice_are_said(self, tmp_path: Path) -> None:
        header = ",".join(shipments.COLUMNS)
        row = "1001,LAMP-01,1,2026-11-20,DHL,X1"
        it = table(tmp_path, "\n".join([header, row, row.replace("X1", "X2"), row]))
        assert len(list(it.rows(shipments.COLUMNS, (), shipments.MEANING))) == 3
        assert it.remarks.words() == [
            "The same twice, word for word, and both count: row 4 as row 2."
        ]


class TestQuotes:
    def test_that_quote_nothing_are_part_of_a_text_between_tabs(self, tmp_path: Path) -> None:
        text = separated("\t").replace("Nordlicht", '"Nord" licht')
        assert read(tmp_path, text)[1][1]["supplier"] == '"Nord" licht'
        text = separated("\t").replace("Nordlicht", '"Nordlicht')
        assert [row[1]["supplier"] for row in read(tmp_path, text)][1] == '"Nordlicht'

    def test_in_pairs_that_quote_nothing_are_part_of_a_text_between_commas(
        self, tmp_path: Path
    ) -> None:
        assert read(tmp_path, CLEAN.replace("Nordlicht", '"Nord" licht'))[1][1]["supplier"] == (
            '"Nord" licht'
        )

    def test_that_are_opened_alone_cost_their_row_and_no_other(self, tmp_path: Path) -> None:
        rows = ['PO-5,LAMP-01,5" lamps,4,2026-12-20,2026-10-02', *ROWS]
        text = "\n".join([HEADER, 'PO-4,LAMP-01,"Nord,4,2026-12-20,2026-10-02', *rows])
        found = read(tmp_path, text)
        assert [(number, bool(problem)) for number, _, problem in found] == [
            (2, True),
            (3, False),
            (4, False),
            (5, False),
        ]
        assert "quotes are not in pairs" in found[0][2]

    def test_that_swallow_rows_up_to_another_quote_are_told(self, tmp_path: Path) -> None:
        """By the grammar of CSV it is one row of six cells."""
        text = "\n".join(
            [
                HEADER,
                'PO-4,LAMP-01,"Nord,4,2026-12-20,2026-10-02',
                "PO-5,LAMP-01,Nord,4,2026-12-20,2026-10-02",
                'PO-6,LAMP-01,Nord",4,2026-12-20,2026-10-02',
            ]
        )
        found = read(tmp_path, text)
        assert [(number, bool(problem)) for number, _, problem in found] == [
            (2, True),
            (3, False),
            (4, False),
        ]

    def test_around_line_breaks_hold_them(self, tmp_path: Path) -> None:
        text = CLEAN.replace('"Möbel, Licht', '"Möbel\nfein, Licht')
        assert [(n, problem) for n, _, problem in read(tmp_path, text)] == [(2, ""), (3, "")]

    def test_that_never_end_leave_nobody_to_say_what_is_a_row(self, tmp_path: Path) -> None:
        text = CLEAN + 'PO-4,"' + "x\n" * (MAX_LINES + 1)
        with pytest.raises(Unreadable, match=r"table.csv:4: a quote is opened and not closed for"):
            read(tmp_path, text)


class TestLetters:
    def test_of_a_spreadsheets_country_are_read_once_somebody_says_so(self, tmp_path: Path) -> None:
        content = CLEAN.encode("windows-1252")
        (_, _, said), (_, _, fine) = read(tmp_path, content)
        assert "windows-1252 makes “Möbel” of it" in said
        assert fine == ""
        assert read(tmp_path, content, encoding="windows-1252") == read(tmp_path, CLEAN)

    def test_in_utf8_are_read_whatever_somebody_says(self, tmp_path: Path) -> None:
        assert read(tmp_path, CLEAN, encoding="windows-1252") == read(tmp_path, CLEAN)


class TestDates:
    def dates(self, path: Path, *written: str) -> list[str]:
        rows = [f"PO-{n},LAMP,Nordlicht,4,{text},2026-10-02" for n, text in enumerate(written)]
        return [row[1]["expected_on"] for row in read(path, "\n".join([HEADER, *rows]))]

    def test_of_one_column_are_written_in_one_way(self, tmp_path: Path) -> None:
        assert self.dates(tmp_path, "03/11/2026", "14/11/2026") == ["2026-11-03", "2026-11-14"]
        assert self.dates(tmp_path, "03/11/2026", "11/14/2026") == ["2026-03-11", "2026-11-14"]
        assert self.dates(tmp_path, "3-11-2026", "14-11-2026") == ["2026-11-03", "2026-11-14"]
        assert self.dates(tmp_path, "11/11/2026") == ["2026-11-11"]

    @pytest.mark.parametrize(
        "written",
        [
            ("03/11/2026", "04/11/2026"),  # nothing proves which is the day
            ("14/11/2026", "11/14/2026", "03/11/2026"),  # both are proven
            ("12.18.2026", "03.11.2026"),  # with points the day comes first, and here it does not
            ("26-11-14", "26-11-15"),  # may begin with the year
            ("46340",),
        ],
    )
    def test_that_can_not_be_told_stay_as_they_are(
        self, tmp_path: Path, written: tuple[str, ...]
    ) -> None:
        left = self.dates(tmp_path, *written)
        assert set(left) & set(written)
        assert "2026-03-11" not in left
        assert "2026-11-03" not in left

    def test_a_word_among_them_proves_nothing(self, tmp_path: Path) -> None:
        assert self.dates(tmp_path, "soon", "03/11/2026", "14/11/2026") == [
            "soon",
            "2026-11-03",
            "2026-11-14",
        ]


class TestRoundedNumbers:
    def numbers(self, path: Path, *written: str) -> list[str]:
        rows = [f"1001,LAMP,1,2026-11-20,DHL,{text}" for text in written]
        text = "\n".join([",".join(shipments.COLUMNS), *rows])
        found = table(path, text).rows(shipments.COLUMNS, (), shipments.MEANING)
        return [row.problem for row in found]

    def test_are_told_by_their_column(self, tmp_path: Path) -> None:
        rounded = self.numbers(tmp_path, "340434292135100000", "340434292135100000")
        assert all("a number a spreadsheet has rounded" in said for said in rounded)

    def test_are_none_where_others_are_exact(self, tmp_path: Path) -> None:
        assert self.numbers(tmp_path, "340434292135100000", "340434292135100186") == ["", ""]
        assert self.numbers(tmp_path, "1234567890123450") == [""]  # one in ten ends so


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


class TestSpreadsheets:
    ROWS: list[list[Any]] = [
        ["Stock of December"],
        [],
        HEADER.split(","),
        ["PO-7", "LAMP-01", "Möbel, Licht & Söhne", 40.0, date(2026, 12, 18), date(2026, 10, 1)],
        ["PO-8", "VASE-02", "Nordlicht", 7, datetime(2026, 12, 20), "2026-10-02"],
        [None, None, "Total", 47],
    ]

    def test_are_read_from_the_first_sheet_with_the_columns(self, tmp_path: Path) -> None:
        found = read(tmp_path, workbook(Notes=[["Ask Ann"]], Stock=self.ROWS))
        assert [(number - 2, cells, said) for number, cells, said in found] == read(tmp_path, CLEAN)

    @pytest.mark.parametrize("last", [1_048_576, 10**12])
    def test_with_something_far_below_the_table_are_refused_at_once(
        self, tmp_path: Path, last: int
    ) -> None:
        far = f'<row r="{last}"><c r="A{last}"><v>1</v></c></row></sheetData>'.encode()
        content = io.BytesIO()
        with (
            ZipFile(io.BytesIO(workbook(Stock=self.ROWS))) as before,
            ZipFile(content, "w", ZIP_DEFLATED) as after,
        ):
            for part in before.namelist():
                after.writestr(part, before.read(part).replace(b"</sheetData>", far))
        with pytest.raises(Unreadable, match="more than 10,000 empty rows"):
            read(tmp_path, content.getvalue())

    def test_keep_what_a_number_is_and_what_its_format_shows(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append([*shipments.COLUMNS])
        book.active.append([1001.0, 123, 1, datetime(2026, 11, 20, 9, 30), "DHL", 3.4043429213e17])
        book.active["B2"].number_format = "00000"
        file = io.BytesIO()
        book.save(file)
        (row,) = table(tmp_path, file.getvalue()).rows(shipments.COLUMNS, (), shipments.MEANING)
        assert (row.cells["order_number"], row.cells["sku"]) == ("1001", "00123")
        assert row.cells["shipped_at"] == "2026-11-20 09:30:00"

    @pytest.mark.parametrize(
        ("parts", "said"),
        [
            ({"content.xml": b"", "mimetype": b""}, "is a spreadsheet of LibreOffice (.ods)"),
            ({"Index/Document.iwa": b""}, "is a spreadsheet of Numbers"),
            ({"xl/workbook.bin": b""}, "is a binary spreadsheet (.xlsb)"),
            ({"orders.csv": CLEAN.encode()}, "is a spreadsheet or an archive that can't be read"),
            ({"xl/workbook.xml": b"<no"}, "the spreadsheet is damaged"),
        ],
    )
    def test_of_other_kinds_are_refused_with_what_to_do(
        self, tmp_path: Path, parts: dict[str, bytes], said: str
    ) -> None:
        file = io.BytesIO()
        with ZipFile(file, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        with pytest.raises(Unreadable) as error:
            table(tmp_path, file.getvalue())
        assert said in str(error.value)
        assert "save it as one of these" in str(error.value)

    def test_that_unpack_to_gigabytes_are_not_unpacked(self, tmp_path: Path) -> None:
        file = io.BytesIO(workbook(Stock=self.ROWS))
        with ZipFile(file, "a", ZIP_DEFLATED) as archive, archive.open("bomb", "w") as bomb:
            for _ in range(401):
                bomb.write(b"\0" * 1_000_000)
        with pytest.raises(Unreadable, match="larger than 400 MB unpacked"):
            table(tmp_path, file.getvalue())


def test_all_faults_of_a_header_are_named(tmp_path: Path) -> None:
    it = table(tmp_path, HEADER.replace("supplier", "sku").replace("posted_on", "x") + "\n")
    with pytest.raises(Unreadable) as error:
        list(it.rows(restocks.REQUIRED))
    assert "no column supplier, posted_on; expected" in str(error.value)
    assert "Also, column sku is there twice" in str(error.value)
