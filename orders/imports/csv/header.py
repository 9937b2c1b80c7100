"""Where a table begins in a file, and what separates its cells."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from orders.imports import damage
from orders.imports.csv.records import SEPARATORS, OpenQuote, Record

MAX_COLUMNS = 1000  # the widest export of a shop has under a hundred
HEAD = 30  # rows among which the header is

HasHeader = Callable[[Sequence[str]], bool]
Reading = Callable[[str], Iterator[Record]]  # by separator

_SAID = re.compile(r'"?sep=(.)"?[;,\t]*\s*', re.I)


class Unreadable(Exception):
    """The file as a whole cannot be read; the message has the form of a fault."""


@dataclass(frozen=True, slots=True)
class Header:
    """`row`: its number; `trailing`: a sign that a spreadsheet put behind each line."""

    names: list[str]
    row: int
    separator: str
    trailing: str = ""
    problem: str = ""


def said_separator(line: str) -> str:
    """A first line `sep=;` is for spreadsheets, which do not show it."""
    found = _SAID.fullmatch(line)
    return found[1] if found else ""


def cell(text: str) -> str:
    """Where files were joined, a byte order mark is left before it."""
    return damage.without_guard(text.strip("\ufeff \t\r\n"))


def knows(known: Sequence[Collection[str]]) -> HasHeader:
    """Whether a row has all the columns of one of these."""
    sets = [{name.casefold() for name in names} for names in known]

    def has_header(fields: Sequence[str]) -> bool:
        there = {cell(text).casefold() for text in fields}
        return any(names <= there for names in sets)

    return has_header


def find_header(read: Reading, has_header: HasHeader, *, first: str = "") -> Header | None:
    """By the separator that makes a known header appear, `first` before others; else the first full
    row, by the separator that makes most of it."""
    fullest: Header | None = None
    for separator in dict.fromkeys([*first, *SEPARATORS]):
        rows = []
        with suppress(OpenQuote):  # by the wrong separator anything may be
            for row, (fields, problem) in enumerate(islice(read(separator), HEAD), 1):
                rows.append(header := _header(fields, problem, row, separator))
                if has_header(header.names):
                    return header
        most = max((_filled(header) for header in rows), default=0)
        full = next((header for header in rows if _filled(header) * 2 > most), None)
        if full and (fullest is None or _filled(full) > _filled(fullest)):
            fullest = full
    return fullest


def _filled(header: Header) -> int:
    return sum(map(bool, header.names))


def _header(fields: Sequence[str], problem: str, row: int, separator: str) -> Header:
    names = [cell(text) for text in fields]
    while names and not names[-1]:
        names.pop()
    trailing = ""
    if names and len(names) > 1 and (sign := names[-1][-1]) in SEPARATORS and sign != separator:
        trailing = sign
        names[-1] = names[-1].rstrip(sign)
    return Header(names, row, separator, trailing, problem)
