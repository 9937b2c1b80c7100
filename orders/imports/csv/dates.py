"""How the dates of each column of a file are written: in one way, proven by all of its rows."""

from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from orders.imports import times

ALLOWED: dict[str, set[times.Order]] = {".": {"day first"}}  # between points
Columns = Sequence[str]  # whose texts are read as one, with a space between: a day and its time


@dataclass(slots=True)
class _Way:
    """What is still possible of one column. A text that fits nothing proves nothing: it is a bad
    row by itself."""

    formats: list[str]
    orders: dict[str, set[times.Order]] = field(default_factory=dict)  # by separator
    differ: set[str] = field(default_factory=set)  # separators of a date that may be two

    def see(self, text: str) -> None:
        meant = times.readings(text)
        fitting = [format for format in self.formats if times.formatted(text, format)]
        if fitting or meant:
            self.formats = fitting
        if meant:
            sign = times.separator(text)
            before = self.orders.get(sign, ALLOWED.get(sign, set(meant)))
            self.orders[sign] = before & meant.keys()
            if len(set(meant.values())) > 1:
                self.differ.add(sign)

    def read(self, text: str) -> datetime | None:
        if self.formats and (at := times.formatted(text, self.formats[0])):
            return at
        meant, sign = times.readings(text), times.separator(text)
        possible = [at for order, at in meant.items() if order in self.orders.get(sign, ())]
        if len(possible) == 1 or (possible and sign not in self.differ):
            return possible[0]
        return None


class DateColumns:
    """Sees all rows, then writes ISO 8601 in place of what they prove. What stays as it was is
    refused where it is read."""

    def __init__(self, columns: Sequence[Columns], formats: Sequence[str] = ()) -> None:
        self._ways = {tuple(names): _Way(list(formats)) for names in columns}
        self._all_are_iso = True

    def see(self, cells: MutableMapping[str, str]) -> None:
        for names, way in self._ways.items():
            if (text := _joined(cells, names)) and not _is_iso(text):
                self._all_are_iso = False
                with suppress(times.BadTime):
                    way.see(text)

    def rewrite(self, cells: MutableMapping[str, str]) -> None:
        if self._all_are_iso:
            return
        written: dict[str, str] = {}
        for names, way in self._ways.items():
            if (text := _joined(cells, names)) and not _is_iso(text):
                try:
                    at = way.read(text)
                except times.BadTime:
                    continue
                if at is not None:
                    written |= dict.fromkeys(names, "") | {names[0]: times.as_iso(at)}
        cells.update(written)


def _joined(cells: MutableMapping[str, str], names: Columns) -> str:
    if len(names) == 1:
        return cells.get(names[0], "")
    return " ".join(filter(None, (cells.get(name, "") for name in names)))


def _is_iso(text: str) -> bool:
    return len(text) >= 10 and text[4] == text[7] == "-" and text[:4].isdigit()
