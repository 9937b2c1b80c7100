"""A column map: a TOML file that says which columns of an export hold what (docs/importing.md)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice, product
from pathlib import Path
from typing import IO, Any, ClassVar

from orders.imports.csv.table import Cells, Meaning, Unreadable

# bytes: dots in a name are read in the square of their number, so many in half a second
MAX_BYTES = 10_000
MAX_HEADERS = 100  # by which a table is found
DATES = (
    *("placed_at", "paid_at", "promised_by", "shipped_at", "cancelled_at"),
    *("expected_on", "posted_on", "arrived_on", "known_on"),
)
Columns = dict[str, list[list[str]]]  # by our name: alternatives, each of columns put together
ALWAYS = "= "  # `= Nordlicht`: not a column but what all rows would say
PART = " > "  # `Details > SKU`: what the cell says after `SKU:`


class ColumnMap:
    """What every map shares. `needed` and `known`: what its columns are called here; `shared`:
    settings beside `columns`."""

    needed: ClassVar[Sequence[str]]
    known: ClassVar[Sequence[str]]
    shared: ClassVar[Sequence[str]] = ("columns", "delimiter", "time_formats")

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self.name, self.settings = name, settings
        if faults := self.faults_of_values():
            expected = "; ".join(f"{what} has to be {kind}" for what, kind in faults.items())
            raise Unreadable(f"{self.name}:1: {expected}")
        self._expect_known()
        self.delimiter: str = settings.get("delimiter", ",")
        self.time_formats: Sequence[str] = settings.get("time_formats", [])
        self.columns: Columns = {
            ours: _alternatives(theirs) for ours, theirs in settings["columns"].items()
        }
        self._there: Sequence[str] = ()

    @property
    def optional(self) -> Sequence[str]:
        """Every column that the map names, one after the other."""
        return list(dict.fromkeys(self._places(list(self.columns))))

    @property
    def meaning(self) -> Meaning:
        told = [name for name in (*self.needed, "product_name") if name != "quantity"]
        dates = (parts for name in DATES for parts in self.columns.get(name, []))
        return Meaning(
            keys=tuple(dict.fromkeys(self._places(told))),
            dates=tuple(map(tuple, dates)),
            formats=tuple(self.time_formats),
            adds_up=True,
        )

    @property
    def headers(self) -> list[set[str]]:
        """What a header may have: of each column that is needed, one of its alternatives."""
        every = product(*(self.columns[name] for name in self.needed))
        found = [
            {
                _place(name)
                for parts in choice
                for name in parts
                if "*" not in name and not name.startswith(ALWAYS)
            }
            for choice in islice(every, MAX_HEADERS)
        ]
        return list(filter(None, found))

    def _places(self, ours: Sequence[str]) -> list[str]:
        names = [part for each in ours for parts in self.columns.get(each, []) for part in parts]
        columns = (name for name in names if not name.startswith(ALWAYS))
        return [there for name in columns for there in self.columns_of(_place(name))]

    def columns_of(self, name: str) -> list[str]:
        """`line_item_*`: all columns that begin so."""
        if "*" not in name:
            return [name]
        return [there for there in self._there if fnmatchcase(there.casefold(), name.casefold())]

    def cell(self, cells: Cells, ours: str) -> str:
        """The first alternative that is filled."""
        for parts in self.columns.get(ours, []):
            if found := " ".join(filter(None, (_said(cells, part) for part in parts))):
                return found
        return ""

    def label(self, ours: str) -> str:
        choices = [" + ".join(parts) for parts in self.columns.get(ours, [])]
        return " or ".join(choices) or ours

    def check(self, header: Sequence[str], file: str) -> None:
        """Unreadable where the file has none of the columns the map names for something that is
        needed."""
        self._there = header
        there = {name.casefold() for name in header}
        for ours in self.must_be_there():
            if not any(self._has(there, parts) for parts in self.columns[ours]):
                raise Unreadable(
                    f"{file}:1: no column {self.label(ours)} for {ours} (by the map {self.name}); "
                    f"found {', '.join(header)[:500]}"
                )

    def must_be_there(self) -> Sequence[str]:
        return self.needed

    def _has(self, there: set[str], parts: Sequence[str]) -> bool:
        found = [self.columns_of(_place(part)) for part in parts if not part.startswith(ALWAYS)]
        return all(names and {name.casefold() for name in names} <= there for names in found)

    def faults_of_values(self) -> dict[str, str]:
        """What is not of its kind, and of which it has to be."""
        settings = self.settings
        faults = faults_of_table(settings, "columns")
        if not _is_delimiter(settings.get("delimiter", ",")):
            faults["delimiter"] = "one character, such as a semicolon"
        formats = settings.get("time_formats", [])
        if not (isinstance(formats, list) and all(map(_is_time_format, formats))):
            faults["time_formats"] = "a list of formats such as %d.%m.%Y"
        return faults

    def strangers(self) -> tuple[list[str], list[str]]:
        """Names that are unknown, and those that are missing."""
        columns = self.settings.get("columns", {})
        unknown = [name for name in self.settings if name not in self.shared]
        unknown += [f"columns.{name}" for name in columns if name not in self.known]
        return unknown, [f"columns.{name}" for name in self.needed if name not in columns]

    def _expect_known(self) -> None:
        unknown, missing = self.strangers()
        if unknown or missing:
            faults = [f"unknown: {', '.join(unknown)}"] * bool(unknown)
            faults += [f"missing: {', '.join(missing)}"] * bool(missing)
            raise Unreadable(
                f"{self.name}:1: {'; '.join(faults)}; expected columns of {', '.join(self.known)}"
            )


def settings_at(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return settings_of(str(path), file)
    except OSError as error:
        raise Unreadable(f"{path}:1: {error.strerror}; expected a column map to read") from None


def settings_of(name: str, file: IO[bytes]) -> dict[str, Any]:
    """What the TOML of a column map says. Unreadable: it is none."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Unreadable(
            f"{name}:1: the file is larger than {MAX_BYTES:,} bytes; expected a column map in TOML"
        )
    try:
        return tomllib.loads(content.decode())
    except RecursionError:
        raise Unreadable(
            f"{name}:1: lists are nested too deeply; expected a column map in TOML"
        ) from None
    except ValueError as error:  # TOML that is none, no UTF-8, or a number with too many digits
        raise Unreadable(f"{name}:1: {error}; expected a column map in TOML") from None


def faults_of_table(settings: Mapping[str, Any], table: str) -> dict[str, str]:
    """A table of texts, or of lists of them."""
    said = settings.get(table, {})
    if not isinstance(said, Mapping):
        return {table: "a table"}
    return {
        f"{table}.{name}": "a text or a list of texts"
        for name, value in said.items()
        if not all(map(is_text, as_list(value)))
    }


def _said(cells: Cells, part: str) -> str:
    return part.removeprefix(ALWAYS) if part.startswith(ALWAYS) else cells.get(part, "")


def _place(name: str) -> str:
    """The column whose cells have the part."""
    return name.partition(PART)[0]


def _alternatives(theirs: str | list[str]) -> list[list[str]]:
    """`"a"`: that column; `["a", "b"]`: the first that is filled; `"a + b"`: both, joined by a
    space; `"= a"`: that text."""
    return [[part.strip() for part in choice.split(" + ")] for choice in as_list(theirs)]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def is_text(value: Any) -> bool:
    """PostgreSQL keeps no NUL."""
    return isinstance(value, str) and "\0" not in value


def _is_delimiter(value: Any) -> bool:
    return is_text(value) and len(value) == 1 and value not in '"\r\n'


def _is_time_format(value: Any) -> bool:
    """No time is read from an empty text, hence the ValueError; a format that names something twice
    is another error."""
    try:
        with suppress(ValueError):
            datetime.strptime("", value)
    except (TypeError, re.error):
        return False
    return is_text(value)
