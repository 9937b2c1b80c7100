"""From lines to records, as programs write them and not only as they should."""

import csv
from collections import deque
from collections.abc import Iterator
from typing import Self

from orders.imports.csv.decoding import lost, without_lost

SEPARATORS = (",", ";", "\t")
MAX_LINES = 1000  # of a record: a cell with more is a quote that never ends
MAX_CELL = csv.field_size_limit()

_NOT_PAIRED = (
    "its quotes are not in pairs; expected CSV, unopened by a spreadsheet, with each quote inside "
    "a cell doubled"
)


Record = tuple[list[str], str]  # its fields, and what is wrong with it


class OpenQuote(Exception):
    """A quote is opened that does not end, so nobody can say what else is a row."""


class _Lines:
    """Hands lines to the reader of CSV, and keeps those of the record under way, so that all but
    the first can be read again."""

    def __init__(self, lines: Iterator[str], encoding: str, trailing: str) -> None:
        self._lines, self._encoding, self._trailing = lines, encoding, trailing
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.problem = ""  # of the letters of these

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next()
        self.taken.append(line)
        if len(self.taken) > MAX_LINES:
            raise OpenQuote
        if line.isascii() and "\0" not in line:
            return line
        self.problem = self.problem or lost(line, self._encoding)
        return without_lost(line)

    def begin(self) -> None:
        self.taken.clear()
        self.problem = ""

    def first_alone(self) -> str:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]
        self.problem = lost(self.taken[0], self._encoding)
        return without_lost(self.taken[0])

    def _next(self) -> str:
        line = next(self._lines)
        if self._trailing:
            body = line.rstrip("\r\n")
            return body.rstrip(self._trailing) + line[len(body) :]
        return line


def records(
    lines: Iterator[str],
    separator: str,
    *,
    encoding: str = "utf-8",
    trailing: str = "",
    width: int = 0,
) -> Iterator[Record]:
    """Each record of the text. `trailing`: what a spreadsheet appended to each line; `width`: of
    the header, where it is known."""
    source = _Lines(lines, encoding, trailing)
    reader = csv.reader(source, delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        source.begin()
        try:
            fields = next(reader)
            is_sound = len(source.taken) == 1 or not _swallows(source.taken, separator, width)
        except StopIteration:
            return
        except csv.Error:
            is_sound = False
        problem = ""
        if not is_sound:
            fields, problem = _unquoted(source.first_alone(), separator, width)
        elif fields and separator in fields[0]:
            fields, problem = _unwrapped(fields, separator)
        yield fields, source.problem or problem


def _swallows(lines: list[str], separator: str, width: int) -> bool:
    """A quote that quotes nothing goes on until the next one, and takes whole rows with it. Where
    it began in the first cell, the last line may be the rest of a sound record."""
    if width < 3:
        return False
    inside = lines[1:-1] if lines[0].startswith('"') else lines[1:]
    return any(len(_loosely(line, separator)) >= width for line in inside)


def _loosely(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator))
    except csv.Error:
        return []


def _unwrapped(fields: list[str], separator: str) -> Record:
    """A spreadsheet that separates by another sign takes a whole line for one cell, and saves it
    so."""
    if any(fields[1:]):
        return fields, ""
    try:
        return next(csv.reader([fields[0]], delimiter=separator, strict=True)), ""
    except (csv.Error, StopIteration):
        return fields, _NOT_PAIRED


def _unquoted(line: str, separator: str, width: int) -> Record:
    """A line in which quoting fails: one cell that a spreadsheet wrapped, or a text that does not
    quote."""
    text = line.rstrip("\r\n;\t, ")
    if len(text) > 2 and text[0] == text[-1] == '"' and '"' not in text[1:-1].replace('""', ""):
        return _unwrapped([text[1:-1].replace('""', '"')], separator)
    cells = line.rstrip("\r\n").split(separator)
    in_pairs = separator == "\t" or all(cell.count('"') % 2 == 0 for cell in cells)
    if not in_pairs or len(cells) != width or len(line) > MAX_CELL:
        return cells, _NOT_PAIRED
    return [_without_quotes(cell) for cell in cells], ""


def _without_quotes(cell: str) -> str:
    inside = cell[1:-1]
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' not in inside.replace('""', "")
    return inside.replace('""', '"') if is_quoted else cell
