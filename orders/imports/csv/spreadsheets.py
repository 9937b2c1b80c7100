"""A spreadsheet (.xlsx) as the CSV it stands for, and files that are neither."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from io import BufferedReader
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook

from orders.imports.csv.header import HEAD, MAX_COLUMNS, HasHeader, Unreadable

MAX_UNPACKED = 400_000_000  # bytes: a hundred thousand orders of the widest export
MAX_GAP = 10_000  # rows
MAX_STRINGS = 100_000_000  # bytes: the part that is read whole

SAVE_IT = "expected .xlsx, or CSV in UTF-8: open it in a spreadsheet and save it as one of these"
_OTHERS = {
    b"\xd0\xcf\x11\xe0": "is an old spreadsheet (.xls), or has a password",
    b"\xff\xfe\0\0": "is text in UTF-32",
    b"%PDF": "is a PDF",
    b"\x1f\x8b": "is an archive",
    b"Rar!": "is an archive",
    b"7z\xbc\xaf": "is an archive",
    b"<htm": "is a web page",
    b"<HTM": "is a web page",
    b"<!do": "is a web page",
    b"<!DO": "is a web page",
    b"<tab": "is a web page",
    b"<?xm": "is XML",
}
_ZIP = b"PK\x03\x04"


def is_spreadsheet(path: Path, start: bytes, name: str) -> bool:
    """Unreadable: it is neither that nor text."""
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise Unreadable(f"{name}:1: the file {what}; {SAVE_IT}")
    if not start.startswith(_ZIP):
        return False
    try:
        with ZipFile(path) as archive:
            _refuse_other_archives(archive, name)
    except (BadZipFile, OSError, ValueError, NotImplementedError):
        raise Unreadable(
            f"{name}:1: the file is a spreadsheet or an archive that is damaged; {SAVE_IT}"
        ) from None
    return True


def _refuse_other_archives(archive: ZipFile, name: str) -> None:
    parts = {part.filename: part.file_size for part in archive.infolist()}
    if "xl/workbook.xml" not in parts:
        what = "is a spreadsheet or an archive that can't be read"
        if "content.xml" in parts:
            what = "is a spreadsheet of LibreOffice (.ods)"
        elif "xl/workbook.bin" in parts:
            what = "is a binary spreadsheet (.xlsb)"
        elif any(part.startswith("Index/") for part in parts):
            what = "is a spreadsheet of Numbers"
        raise Unreadable(f"{name}:1: the file {what}; {SAVE_IT}")
    if sum(parts.values()) > MAX_UNPACKED or parts.get("xl/sharedStrings.xml", 0) > MAX_STRINGS:
        raise Unreadable(
            f"{name}:1: the spreadsheet is larger than {MAX_UNPACKED // 1_000_000:,} MB unpacked; "
            "expected it in parts, each with the header"
        )


class TooFar(Exception):
    """A row stands so far below the one before that reading what is between takes for ever."""


class Copy:
    """The sheet as CSV, in a file that goes with this. Rows keep their numbers."""

    def __init__(
        self, path: Path, name: str, has_header: HasHeader, *, most: int | None = None
    ) -> None:
        """`most`: rows that are wanted; None: all of them."""
        self.is_whole = most is None
        self._file = NamedTemporaryFile(suffix=".csv")  # noqa: SIM115 - closed with this
        with open(self._file.name, "w", encoding="utf-8", newline="") as text:
            csv.writer(text).writerows(islice(_rows(path, name, has_header), most))

    def open(self) -> BufferedReader:
        return open(self._file.name, "rb")


def _rows(path: Path, name: str, has_header: HasHeader) -> Iterator[list[str]]:
    """Of the first sheet that has the header; else of the first that can be seen and has any."""
    try:
        with path.open("rb") as file:  # whatever it is called
            book = load_workbook(file, read_only=True, data_only=True)
            yield from _padded(_sheet(book, has_header))
    except TooFar:
        raise Unreadable(
            f"{name}:1: the spreadsheet has more than {MAX_GAP:,} empty rows in a row; expected "
            "the rows of the table one below the other: delete what stands far below it"
        ) from None
    except Exception:  # noqa: BLE001 - whatever the library meets in what was sent
        raise Unreadable(f"{name}:1: the spreadsheet is damaged; {SAVE_IT}") from None


def _sheet(book: Any, has_header: HasHeader) -> Any:
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    filled = None
    for sheet in seen:
        sheet.reset_dimensions()  # some programs write them wrong
        for row in islice(_texts(sheet), HEAD):
            if has_header(row):
                return sheet
            filled = filled or (sheet if any(row) else None)
    return filled or seen[0]


def _padded(sheet: Any) -> Iterator[list[str]]:
    """A spreadsheet has no short rows."""
    width = 0
    for row in _texts(sheet):
        width = max(width, len(row))
        yield row + [""] * (width - len(row))


def _texts(sheet: Any) -> Iterator[list[str]]:
    before, gap = None, 0
    for row in sheet.iter_rows(max_col=MAX_COLUMNS + 1):
        gap = gap + 1 if row is before else 0  # the library has one row for all that are missing
        if gap > MAX_GAP:
            raise TooFar
        before = row
        yield [] if gap else [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    """As it would be typed: dates in ISO 8601, a whole number without a fraction, and with the
    zeros its format shows."""
    match cell.value:
        case None:
            return ""
        case str(text):
            return text
        case bool(truth):
            return str(truth).upper()
        case datetime() as at:
            at = (at + timedelta(microseconds=500_000)).replace(microsecond=0)
            return at.date().isoformat() if at.time() == time_of_day() else at.isoformat(" ")
        case date() as on:
            return on.isoformat()
        case int() | float() as number:
            format = cell.number_format or ""
            text = f"{number:d}" if isinstance(number, int) else f"{number:.15g}"
            return text.zfill(len(format)) if format and not format.strip("0") else text
        case other:
            return str(other)
