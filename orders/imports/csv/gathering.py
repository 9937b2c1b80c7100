"""From the rows of a file of orders to its orders, wherever their rows stand, with only the
unfinished ones in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from orders.imports.csv.table import BadRow, Row, Table
from orders.imports.sources.dialects import Dialect, ExportLine, ExportOrder, Head, order_of

Bad = Callable[[int, object], None]  # row number, what is wrong


@dataclass(slots=True)
class _Gathered:
    number: str
    row: int
    head: Head | None = None
    lines: list[ExportLine] = field(default_factory=list)
    nameless: int = 0
    bad: bool = False

    def add(self, row: Row, dialect: Dialect, now: datetime) -> None:
        if row.problem:
            raise BadRow(row.problem)
        if head := dialect.head(row.cells, now=now):
            self.head = dialect.merged(self.head, head) if self.head else head
        if line := dialect.line(row.cells):
            self.lines.append(line)
        else:
            self.nameless += 1


class OrdersFile:
    def __init__(self, table: Table, dialect: Dialect, *, now: datetime) -> None:
        """Reads the file once, to learn on which row each order ends."""
        self.table, self.dialect, self.now = table, dialect, now
        self.rows = 0
        self._last: dict[str, int] = {}
        for row, number in self._numbered(bad=lambda row, error: None):
            self._last[number.upper()] = row.number
            self.rows += 1

    def orders(self, bad: Bad) -> Iterator[ExportOrder]:
        """The orders all of whose rows are good; `bad` hears of every other row."""
        unfinished: dict[str, _Gathered] = {}
        for row, number in self._numbered(bad):
            key = number.upper()
            order = unfinished.setdefault(key, _Gathered(number, row.number))
            try:
                order.add(row, self.dialect, self.now)
            except BadRow as error:
                bad(row.number, error)
                order.bad = True
            if self._last[key] == row.number:
                del unfinished[key]
                if order.head and not order.bad:
                    yield order_of(
                        order.number, order.row, order.head, order.lines, nameless=order.nameless
                    )
                elif not order.bad:
                    bad(
                        order.row,
                        f"order {order.number} has no row that says when it was placed; expected "
                        f"its first to",
                    )

    def _numbered(self, bad: Bad) -> Iterator[tuple[Row, str]]:
        before = ""
        for row in self.table.rows(self.dialect.required, self.dialect.optional):
            try:
                number = self.dialect.number(row.cells) or before
                if not number:
                    raise BadRow("there is no order number; expected one")
            except BadRow as error:
                bad(row.number, row.problem or error)
                continue
            before = number
            yield row, number
