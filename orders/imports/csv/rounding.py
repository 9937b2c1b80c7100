from collections import Counter
from collections.abc import Mapping

from orders.imports import damage

MIN_ZEROS = 3  # that this many zeros stand there by chance is one in a thousand


class LongNumbers:
    """A spreadsheet keeps fifteen digits of a number, and makes zeros of the others. A column all
    of whose longer numbers end so has been through one."""

    def __init__(self) -> None:
        self._exact: set[str] = set()  # columns
        self._zeros: Counter[str] = Counter()  # by column

    def see(self, cells: Mapping[str, str]) -> None:
        for column, cell in cells.items():
            if len(cell) > damage.EXACT_DIGITS and cell.isdigit():
                zeros = damage.zeros_of_rounding(cell)
                self._zeros[column] += zeros
                if not zeros:
                    self._exact.add(column)

    def problem(self, cells: Mapping[str, str]) -> str:
        for column, zeros in self._zeros.items():
            if zeros < MIN_ZEROS or column in self._exact:
                continue
            cell = cells[column]
            if len(cell) > damage.EXACT_DIGITS and cell.isdigit():
                return (
                    f"{column} is {cell!r}, a number a spreadsheet has rounded; expected it as the "
                    "shop writes it"
                )
        return ""
