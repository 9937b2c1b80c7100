"""Rows of a table in a file, and what is wrong with them in words a person can act on:
`file:row: what is wrong; what was expected`."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from orders.imports import damage
from orders.imports.csv import decoding, header, spreadsheets
from orders.imports.csv.dates import DateColumns
from orders.imports.csv.header import MAX_COLUMNS, Unreadable
from orders.imports.csv.records import MAX_LINES, OpenQuote, Record, records
from orders.imports.csv.remarks import Remarks
from orders.imports.csv.rounding import LongNumbers

__all__ = ["MAX_COLUMNS", "Cells", "CsvRow", "CsvTable", "Meaning", "Table", "Unreadable"]

Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A record of the file. `number` is the one a spreadsheet shows."""

    number: int
    cells: Cells
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is known of the columns of a table. `keys`: a row that has none of them is a total, or a
    word beside the table; `dates`: columns, or several that are read as one; `formats`: of their
    dates, besides those that anybody writes; `adds_up`: a row that is there twice counts twice."""

    keys: tuple[str, ...] = ()
    dates: tuple[tuple[str, ...], ...] = ()
    formats: tuple[str, ...] = ()
    adds_up: bool = False


@dataclass(slots=True)
class _Proof:
    """What only all rows together say of a column."""

    dates: DateColumns
    numbers: LongNumbers


class Table(Protocol):
    """What importers need of a table: its rows under our names for its columns."""

    name: str

    def sha256(self) -> str: ...

    def rows(
        self,
        required: Sequence[str],
        optional: Sequence[str] = (),
        meaning: Meaning | None = None,
    ) -> Iterator[CsvRow]: ...


class CsvTable:
    """A table in CSV, or in a spreadsheet. The case of column names does not matter."""

    def __init__(
        self,
        path: Path,
        *,
        delimiter: str = "",
        name: str = "",
        encoding: str = "",
        known: Sequence[Collection[str]] = (),
    ) -> None:
        """`name`: what its faults call it, where that is not its path; `encoding`: where it is not
        UTF-8; `known`: columns, all of which a header may have."""
        self.path = path
        self.name = name or str(path)
        self._has_header = header.knows(known)
        self._proofs: dict[tuple[object, ...], _Proof] = {}
        self.remarks = Remarks()
        with self._open_original() as file:
            start = file.read(4)
        if not start:
            raise Unreadable(f"{self.name}:1: the file is empty; expected a header and rows")
        self._copy: spreadsheets.Copy | None = None
        if spreadsheets.is_spreadsheet(path, start, self.name):
            self._copy = spreadsheets.Copy(path, self.name, self._has_header, most=header.HEAD)
        with self._open() as file:
            self._encoding = decoding.encoding_of(file, encoding)
        with self._open() as file:
            first = next(decoding.lines_of(file, self._encoding), "")
        said = header.said_separator(first)
        self._lines_above = int(bool(said))
        self._header = self._find_header(said or delimiter)
        self.header = self._header.names

    def has(self, column: str) -> bool:
        return column.casefold() in {name.casefold() for name in self.header}

    def sha256(self) -> str:
        with self._open_original() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def rows(
        self,
        required: Sequence[str],
        optional: Sequence[str] = (),
        meaning: Meaning | None = None,
    ) -> Iterator[CsvRow]:
        """Every record after the header that is not blank. With a meaning, dates are in ISO 8601
        where their column proves how they are written, and rows beside the table are passed over.
        Unreadable where a required column is missing."""
        picked = self._places(required, optional)
        if meaning is None:
            yield from self._rows(picked)
            return
        proof = self._proof(picked, meaning)
        self.remarks = remarks = Remarks(meaning.keys, meaning.adds_up)
        for row in self._rows(picked, remarks):
            proof.dates.rewrite(row.cells)
            problem = row.problem or proof.numbers.problem(row.cells)
            yield replace(row, problem=problem) if problem != row.problem else row

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Every record after the header as it is in the file, with its number."""
        return ((number, fields) for number, fields, _problem in self._below())

    def expect_letters(self) -> None:
        """Unreadable where bytes are no letters, so that the rows can't be handed out again."""
        with self._open() as file:
            for number, line in enumerate(decoding.lines_of(file, self._encoding), 1):
                if problem := decoding.lost(line, self._encoding):
                    raise Unreadable(f"{self.name}:{number}: {problem}")

    def _rows(
        self, picked: Sequence[tuple[str, int]], remarks: Remarks | None = None
    ) -> Iterator[CsvRow]:
        for number, cells, fields, problem in self._cells(picked):
            if remarks is None or not remarks.passes_over(number, fields, cells):
                yield CsvRow(number, cells, problem or self._misfit(fields))

    def _cells(
        self, picked: Sequence[tuple[str, int]]
    ) -> Iterator[tuple[int, Cells, list[str], str]]:
        """Of every record that is not blank: its number, the cells that are read, all of its fields
        and what is wrong with them."""
        for number, fields, problem in self._below():
            whole = "".join(fields)
            if not whole or whole.isspace():
                continue
            there = len(fields)
            cells = {
                column: fields[place].strip() if place < there else "" for column, place in picked
            }
            if "'" in whole or "=" in whole:
                cells = {column: damage.without_guard(text) for column, text in cells.items()}
            yield number, cells, fields, problem

    def _misfit(self, fields: Sequence[str]) -> str:
        width = len(self.header)
        if len(fields) != width and (len(fields) < width or any(fields[width:])):
            return f"has {len(fields)} fields; expected {width}, as many as the header"
        if (
            fields[0].strip() == self.header[0]
            and [*map(header.cell, fields[:width])] == self.header
        ):
            return f"is the header again; expected it only in row {self._header.row}"
        return ""

    def _proof(self, picked: Sequence[tuple[str, int]], meaning: Meaning) -> _Proof:
        key = (tuple(picked), meaning)
        if key not in self._proofs:
            proof = _Proof(DateColumns(meaning.dates, meaning.formats), LongNumbers())
            for _number, cells, _fields, problem in self._cells(picked):
                if not problem:
                    proof.dates.see(cells)
                    proof.numbers.see(cells)
            self._proofs[key] = proof
        return self._proofs[key]

    def _places(self, required: Sequence[str], optional: Sequence[str]) -> list[tuple[str, int]]:
        found = [name.casefold() for name in self.header]
        wanted = [column for column in (*required, *optional) if column.casefold() in found]
        faults = []
        if missing := [column for column in required if column.casefold() not in found]:
            faults.append(
                f"no column {', '.join(missing)}; expected {', '.join(required)}; "
                f"found {', '.join(self.header)[:500]}"
            )
        if twice := [column for column in wanted if found.count(column.casefold()) > 1]:
            faults.append(f"column {', '.join(twice)} is there twice; expected it once")
        if faults:
            raise Unreadable(f"{self.name}:{self._header.row}: {'. Also, '.join(faults)}")
        return [(column, found.index(column.casefold())) for column in wanted]

    def _find_header(self, first: str) -> header.Header:
        def read(separator: str) -> Iterator[Record]:
            return records(self._lines(), separator, encoding=self._encoding)

        found = header.find_header(read, self._has_header, first=first)
        if found is None or not found.names:
            raise Unreadable(
                f"{self.name}:1: there is no header; expected a row with the column names"
            )
        if found.problem:
            raise Unreadable(f"{self.name}:{found.row}: {found.problem}")
        if len(found.names) > MAX_COLUMNS:
            raise Unreadable(
                f"{self.name}:{found.row}: there are {len(found.names)} columns; expected "
                f"{MAX_COLUMNS} at most"
            )
        return found

    def _below(self) -> Iterator[tuple[int, list[str], str]]:
        """The records below the header: their numbers, fields and problems."""
        at = self._header
        if self._copy and not self._copy.is_whole:
            self._copy = spreadsheets.Copy(self.path, self.name, self._has_header)
        every = records(
            self._lines(),
            at.separator,
            encoding=self._encoding,
            trailing=at.trailing,
            width=len(at.names),
        )
        number = 0
        try:
            for number, (fields, problem) in enumerate(every, 1):
                if number > at.row:
                    yield number, fields, problem
        except OpenQuote:
            raise Unreadable(
                f"{self.name}:{number + 1}: a quote is opened and not closed for {MAX_LINES:,} "
                "lines; expected CSV with its quotes in pairs"
            ) from None

    def _lines(self) -> Iterator[str]:
        lines = decoding.lines_of(self._open(), self._encoding)
        for _ in range(self._lines_above):
            next(lines)
        return lines

    def _open(self) -> BufferedReader:
        return self._copy.open() if self._copy else self._open_original()

    def _open_original(self) -> BufferedReader:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise Unreadable(f"{self.name}:1: {error.strerror}; expected a file to read") from None
