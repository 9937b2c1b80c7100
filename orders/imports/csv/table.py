"""Rows of a CSV text, and what is wrong with them in words a person can act on: `file:row: what is
wrong; what was expected`."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

BOM = b"\xef\xbb\xbf"
NOT_CSV = {
    b"PK\x03\x04": "is a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "is an old spreadsheet",
    b"\xff\xfe": "is text in UTF-16",
    b"\xfe\xff": "is text in UTF-16",
    b"%PDF": "is a PDF",
}
MAX_COLUMNS = 1000  # the widest export of a shop has under a hundred
FORMULA = tuple("=+-@")

Cells = dict[str, str]


class Unreadable(Exception):
    """The file as a whole cannot be read; the message has the form of a fault."""


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A record of the file. `number` is the one a spreadsheet shows: the header is row 1."""

    number: int
    cells: Cells
    problem: str = ""


def _as_typed(cell: str) -> str:
    """Without the apostrophe that makes a text of what a spreadsheet would take for a formula."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


class CsvTable:
    """A CSV file in UTF-8 with a header row. The case of column names does not matter."""

    def __init__(self, path: Path, *, delimiter: str = ",", name: str = "") -> None:
        """`name`: what its faults call it, where that is not its path."""
        self.path = path
        self.name = name or str(path)
        self.delimiter = delimiter
        self._problem = ""
        with self._open() as file:
            self._refuse_other_formats(file.read(4))
        self.header = self._read_header()

    def has(self, column: str) -> bool:
        return column.casefold() in {name.casefold() for name in self.header}

    def sha256(self) -> str:
        with self._open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def rows(self, required: Sequence[str], optional: Sequence[str] = ()) -> Iterator[CsvRow]:
        """Every record after the header that is not blank. Unreadable where a required column is
        missing."""
        picked = self._places(required, optional)
        width = len(self.header)
        records = self._records()
        next(records)
        for number, fields in records:
            problem, self._problem = self._problem, ""
            if not any(map(str.strip, fields)):
                continue
            if (
                not problem
                and len(fields) != width
                and (len(fields) < width or any(fields[width:]))
            ):
                problem = f"has {len(fields)} fields; expected {width}, as many as the header"
            if not problem and fields[:width] == self.header:
                problem = "is the header again; expected it only in row 1"
            cells = {
                column: _as_typed(fields[place].strip()) if place < len(fields) else ""
                for column, place in picked
            }
            yield CsvRow(number, cells, problem)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every record after the header as it is in the file, with its number."""
        every = self._records()
        next(every)
        return every

    def _places(self, required: Sequence[str], optional: Sequence[str]) -> list[tuple[str, int]]:
        found = [name.casefold() for name in self.header]
        missing = [column for column in required if column.casefold() not in found]
        if missing:
            hint = self._separator_hint()
            raise Unreadable(
                f"{self.name}:1: no column {', '.join(missing)}{hint}; expected "
                f"{', '.join(required)}; "
                f"found {', '.join(self.header)[:500]}"
            )
        wanted = [column for column in (*required, *optional) if column.casefold() in found]
        twice = [column for column in wanted if found.count(column.casefold()) > 1]
        if twice:
            raise Unreadable(
                f"{self.name}:1: column {', '.join(twice)} is there twice; expected it once"
            )
        return [(column, found.index(column.casefold())) for column in wanted]

    def _separator_hint(self) -> str:
        if len(self.header) == 1:
            for separator, name in {";": "semicolons", "\t": "tabs", ",": "commas"}.items():
                if separator in self.header[0]:
                    return f" (the fields are separated by {name}, not by {self.delimiter!r})"
        return ""

    def _read_header(self) -> list[str]:
        for _, fields in self._records():
            if self._problem:
                raise Unreadable(f"{self.name}:1: {self._problem}")
            header = [field.strip() for field in fields]
            while header and not header[-1]:
                header.pop()
            if len(header) > MAX_COLUMNS:
                raise Unreadable(
                    f"{self.name}:1: there are {len(header)} columns; expected {MAX_COLUMNS} at "
                    "most"
                )
            if header:
                return header
            break
        raise Unreadable(f"{self.name}:1: there is no header; expected a row with the column names")

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._lines(), delimiter=self.delimiter, strict=True)
        number = 0
        while True:
            number += 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise Unreadable(
                    f"{self.name}:{number}: {error}; expected CSV with its quotes in pairs"
                ) from None
            yield number, fields

    def _lines(self) -> Iterator[str]:
        with self._open() as file:
            for number, raw in enumerate(file):
                line = raw.removeprefix(BOM) if number == 0 else raw
                if b"\0" in line:
                    self._problem = "contains a NUL byte; expected text"
                try:
                    yield line.decode()
                except UnicodeDecodeError as error:
                    self._problem = (
                        f"byte 0x{line[error.start]:02x} is not UTF-8; expected the file in UTF-8 "
                        "(a spreadsheet saves it as “CSV UTF-8”)"
                    )
                    yield line.decode(errors="replace")

    def _open(self) -> BufferedReader:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise Unreadable(f"{self.name}:1: {error.strerror}; expected a file to read") from None

    def _refuse_other_formats(self, start: bytes) -> None:
        if not start:
            raise Unreadable(f"{self.name}:1: the file is empty; expected a header and rows")
        for magic, what in NOT_CSV.items():
            if start.startswith(magic):
                raise Unreadable(f"{self.name}:1: the file {what}; expected CSV in UTF-8")
