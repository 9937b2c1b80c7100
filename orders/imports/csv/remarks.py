"""What is said of a table besides its faults."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KEPT = 20

_TOTAL = re.compile(
    r"(grand |sub-?|sous-|zwischen|gesamt)?(total\w*|sums?|summen?|gesamt|somme|suma|totaux"
    r"|المجموع|الإجمالي)\b",
    re.I,
)


@dataclass(slots=True)
class Remarks:
    """`keys`: columns of which every row of the table has some; `adds_up`: a row that is there
    twice counts twice."""

    keys: Sequence[str] = ()
    adds_up: bool = False
    passed_over: dict[int, str] = field(default_factory=dict)  # what each row says
    doubled: dict[int, int] = field(default_factory=dict)  # row by the one it repeats
    left_out: int = 0  # remarks of more rows than are kept
    _seen: dict[int, int] = field(default_factory=dict)  # the first row of each hash

    def passes_over(self, number: int, fields: Sequence[str], cells: Mapping[str, str]) -> bool:
        if self.is_beside(fields, cells):
            said = ", ".join(text for text in map(str.strip, fields) if text)
            self._keep(self.passed_over, number, said[:60])
            return True
        first = self._seen.setdefault(hash(tuple(fields)), number)
        if first != number:
            self._keep(self.doubled, number, first)
        return False

    def words(self) -> list[str]:
        words = []
        if rows := self.passed_over:
            said = "; ".join(f"row {row:,}: {text}" for row, text in rows.items())
            words.append(f"Passed over, because it is no row of the table: {said}.")
        if twins := self.doubled:
            said = "; ".join(f"row {row:,} as row {first:,}" for row, first in twins.items())
            count = "both count" if self.adds_up else "they count once"
            words.append(f"The same twice, word for word, and {count}: {said}.")
        if self.left_out:
            words.append(f"… and {self.left_out:,} more such rows.")
        return words

    def is_beside(self, fields: Sequence[str], cells: Mapping[str, str]) -> bool:
        """A total, or a sentence that stands alone."""
        for key in self.keys:
            text = cells.get(key, "")
            if text and (text[0].isdigit() or not _TOTAL.match(text)):
                return " " in text and sum(map(bool, map(str.strip, fields))) == 1
        return bool(self.keys)

    def _keep(self, kept: dict[int, Any], number: int, value: Any) -> None:
        if len(kept) < KEPT:
            kept[number] = value
        else:
            self.left_out += 1
