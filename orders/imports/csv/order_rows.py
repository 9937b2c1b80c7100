"""From the rows of a file of orders to its orders, wherever their rows are, with only the
unfinished ones in memory.

A dialect says what a row says about its order (Head) and about one line (ShopLine). order_of puts
an order together.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol

from orders.imports import values
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.table import Cells, CsvRow, CsvTable, Meaning
from orders.imports.shop_order import ShopLine, ShopOrder, State, added_up
from orders.imports.values import BadValue

Bad = Callable[[int, object], None]  # row number, what is wrong
Strange = Callable[[int, str, Sequence[str]], None]  # first row, order number, words
Fulfilment = Literal["none", "part", "all"]


@dataclass(frozen=True, slots=True)
class Head:
    """What a row says about an order as a whole, as ShopOrder has it. `fulfilment`: of all its
    lines; `prices_are_final`: False where a discount or tax of the whole order makes what was paid
    for a line another amount, so that nobody can say it. `strange`: words for which nobody has said
    what they mean. `cells`: the row's own words, used to compare the rows of an order."""

    placed_at: datetime
    paid_at: datetime | None = None
    email: str = ""
    customer_name: str = ""
    country: str = ""
    region: str = ""
    locale: str = ""
    currency: str = ""
    total: Decimal | None = None
    prices_are_final: bool = True
    state: State = "open"
    fulfilment: Fulfilment = "none"
    shipped_at: datetime | None = None
    part_refund: str = ""
    terms: str = ""
    strange: Sequence[str] = ()
    cells: Cells = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class RowLines:
    """What a row says of lines. `nameless`: how many have neither a SKU nor a name to go by;
    `not_shipped`: the SKUs or names of those that are never shipped, such as gift cards.
    `strange`: as in Head."""

    lines: list[ShopLine] = field(default_factory=list)
    nameless: int = 0
    not_shipped: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def add(self, other: "RowLines") -> None:
        self.lines += other.lines
        self.nameless += other.nameless
        self.not_shipped += other.not_shipped
        self.strange += other.strange


class Dialect(Protocol):
    """`waiting_only`: the file lists orders that wait, so all of its products join. Otherwise it
    lists all of a shop's orders in full, closed ones too. `status_expected`: where to sort the
    words for what became of an order; empty if they are sorted, or if somebody has said that all of
    them wait. `mapped`: a person has named its columns, and may have overlooked one."""

    @property
    def waiting_only(self) -> bool: ...

    @property
    def status_expected(self) -> str: ...

    @property
    def mapped(self) -> bool: ...

    @property
    def sayings(self) -> Sayings: ...

    @property
    def required(self) -> Sequence[str]: ...

    @property
    def optional(self) -> Sequence[str]: ...

    @property
    def meaning(self) -> Meaning: ...

    def number(self, cells: Cells) -> str:
        """The order's number; empty: the row belongs to the order of the row before."""

    def head(self, cells: Cells, *, now: datetime) -> Head | None:
        """None on a row that carries a line alone."""

    def lines(self, cells: Cells) -> RowLines:
        """`shipped` is what the row says by itself; order_of knows the rest."""

    def merged(self, first: Head, other: Head) -> Head:
        """Both rows describe the order. BadValue where they disagree."""


def order_of(number: str, head: Head, said: RowLines, *, complete: bool) -> ShopOrder:
    """What is said about the whole order decides what its lines leave open."""
    by_sku = added_up(said.lines)
    # Part of the order has left, and no line says it is the one: then any of them may be.
    unsaid = (
        head.fulfilment == "part"
        and all(line.shipped == 0 for line in by_sku.values())
        and not (said.nameless or said.not_shipped)
    )
    for sku, line in by_sku.items():
        if not head.prices_are_final:
            line = replace(line, unit_price=None)
        if head.fulfilment == "all":
            line = replace(line, shipped=line.wanted)
        elif unsaid:
            line = replace(line, shipped=None)
        by_sku[sku] = line
    return ShopOrder(
        number=number,
        placed_at=head.placed_at,
        lines=list(by_sku.values()),
        state=head.state,
        paid_at=head.paid_at,
        email=head.email,
        customer_name=head.customer_name,
        country=head.country,
        region=head.region,
        locale=head.locale,
        currency=head.currency,
        total=head.total,
        shipped_at=head.shipped_at,
        part_refund=head.part_refund,
        complete=complete,
        nameless=said.nameless,
        not_shipped=said.not_shipped,
        terms=head.terms,
    )


@dataclass(slots=True)
class _Gathered:
    number: str
    row: int
    head: Head | None = None
    said: RowLines = field(default_factory=RowLines)
    bad: bool = False

    def add(self, row: CsvRow, dialect: Dialect, now: datetime) -> None:
        if row.problem:
            raise BadValue(row.problem)
        with values.AllFaults() as read:
            head = read(dialect.head, row.cells, now=now)
            lines = read(dialect.lines, row.cells)
        if head:
            self.head = dialect.merged(self.head, head) if self.head else head
            self.said.strange += head.strange
        self.said.add(lines)

    def finished(self, *, complete: bool) -> ShopOrder:
        if self.head is None:
            raise BadValue(
                f"order {self.number} has no row with the time it was placed; expected it on the "
                "first"
            )
        return order_of(self.number, self.head, self.said, complete=complete)


class OrderRows:
    def __init__(self, table: CsvTable, dialect: Dialect, *, now: datetime) -> None:
        """Reads the file once, to learn on which row each order ends."""
        self.table, self.dialect, self.now = table, dialect, now
        self.rows = 0
        self._last: dict[str, int] = {}
        for row, number in self._numbered(bad=lambda row, error: None):
            self._last[number.upper()] = row.number
            self.rows += 1

    @property
    def numbers(self) -> Collection[str]:
        return self._last.keys()

    def orders(
        self, bad: Bad, strange: Strange = lambda row, number, words: None
    ) -> Iterator[tuple[int, ShopOrder]]:
        """The orders all of whose rows are good, each with its first row. `bad` hears of every
        other row, and `strange` of orders that are left out until their words are known."""
        complete = not self.dialect.waiting_only
        unfinished: dict[str, _Gathered] = {}
        for row, number in self._numbered(bad):
            key = number.upper()
            order = unfinished.setdefault(key, _Gathered(number, row.number))
            try:
                order.add(row, self.dialect, self.now)
            except BadValue as error:
                bad(row.number, error)
                order.bad = True
            if self._last[key] > row.number or unfinished.pop(key).bad:
                continue
            if order.said.strange:
                strange(order.row, order.number, order.said.strange)
                continue
            try:
                made = order.finished(complete=complete)
            except BadValue as error:
                bad(order.row, error)
            else:
                yield order.row, made

    def _numbered(self, bad: Bad) -> Iterator[tuple[CsvRow, str]]:
        before = ""
        for row in self.table.rows(
            self.dialect.required, self.dialect.optional, self.dialect.meaning
        ):
            try:
                with values.AllFaults() as read:
                    number = read(self._number, row, before)
                    if not number:
                        _Gathered("", row.number).add(row, self.dialect, self.now)
            except BadValue as error:
                bad(row.number, row.problem or error)
                continue
            before = number
            yield row, number

    def _number(self, row: CsvRow, before: str) -> str:
        if number := self.dialect.number(row.cells) or before:
            return number
        raise BadValue("the order number is missing; expected one")
