"""Orders of any shop's export by a column map (docs/importing.md)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from orders.domain import keys
from orders.imports import values
from orders.imports.csv.order_rows import Fulfilment, Head, RowLines
from orders.imports.csv.sayings import Sayings
from orders.imports.csv.statuses import GROUPS
from orders.imports.csv.table import Cells, Unreadable
from orders.imports.shop_order import ShopLine, State
from orders.imports.sources.column_map import (
    ColumnMap,
    as_list,
    faults_of_table,
    is_text,
    settings_at,
)
from orders.imports.sources.line_cells import cells_by_line, place_of_lines
from orders.imports.values import BadValue

T = TypeVar("T")

NEEDED = ("order_number", "placed_at", "sku", "quantity")
KNOWN = (
    *NEEDED,
    *("paid_at", "customer_email", "customer_name", "country", "region", "locale"),
    *("product_name", "promised_by", "image_url", "variant"),
    *("unit_price", "currency", "order_total"),
    *("status", "shipped_at", "shipped_quantity", "remaining_quantity"),
    *("cancelled_at", "cancelled_quantity"),
)
STATES: dict[str, State] = {"unpaid": "unpaid", "cancelled": "cancelled", "refunded": "refunded"}
PARTS: dict[str, Fulfilment] = {"part_shipped": "part", "shipped": "all"}
NO_DATE = re.compile(r"[0:\-/. ]*")  # 0000-00-00 00:00:00 and - are nothing


class MappedColumns(ColumnMap):
    """The dialect of one column map. Columns of an order may be filled on its first row only, or on
    each."""

    needed, known = NEEDED, KNOWN
    shared = (*ColumnMap.shared, "status", "all_wait", "strip_prefix", "only")
    waiting_only = False
    mapped = True
    required: Sequence[str] = ()

    def __init__(
        self, name: str, settings: Mapping[str, Any], sayings: Sayings | None = None
    ) -> None:
        super().__init__(name, settings)
        self.sayings = sayings or Sayings()
        self.strip_prefix: str = settings.get("strip_prefix", "")
        self.all_wait: bool = settings.get("all_wait", False)
        self.groups: dict[str, str] = {
            word.casefold(): group
            for group, words in settings.get("status", {}).items()
            for word in as_list(words)
        }
        self.only = {
            column: {word.casefold() for word in as_list(words)}
            for column, words in settings.get("only", {}).items()
        }
        self._place = place_of_lines(self.columns)

    @property
    def status_expected(self) -> str:
        if self.groups or self.all_wait:
            return ""
        return (
            f"columns.status and a [status] table in {self.name}, shipped_at or cancelled_at for a "
            "column that is filled once it is so, or all_wait = true if all orders in the file are "
            "waiting"
        )

    @property
    def optional(self) -> Sequence[str]:
        return list(dict.fromkeys([*super().optional, *self.only]))

    def must_be_there(self) -> Sequence[str]:
        return [*super().must_be_there(), *(["status"] if self.groups else [])]

    def check(self, header: Sequence[str], file: str) -> None:
        super().check(header, file)
        there = {name.casefold() for name in header}
        if missing := [column for column in self.only if column.casefold() not in there]:
            raise Unreadable(
                f"{file}:1: no column {', '.join(missing)} for only (by the map {self.name}); "
                f"found {', '.join(header)[:500]}"
            )

    def number(self, cells: Cells) -> str:
        found = self.cell(cells, "order_number")
        return values.order_number(found, self.label("order_number")) if found else ""

    def head(self, cells: Cells, *, now: datetime) -> Head | None:
        if not self.cell(cells, "placed_at"):
            return None
        with values.AllFaults() as read:
            country = read(self._value, values.country, cells, "country")
            group = read(self._group, cells)
            return Head(
                placed_at=read(self._moment, cells, "placed_at", now=now),
                paid_at=read(self._moment, cells, "paid_at", now=now)
                if self.cell(cells, "paid_at")
                else None,
                email=read(self._value, values.email, cells, "customer_email"),
                customer_name=read(self._text, cells, "customer_name", most=300),
                country=country,
                region=read(self._text, cells, "region", most=100),
                locale=read(
                    values.locale, self.cell(cells, "locale"), self.label("locale"), country=country
                ),
                currency=read(self._value, values.currency, cells, "currency"),
                total=read(self._amount, cells, "order_total"),
                state=STATES.get(group, "open"),
                fulfilment=PARTS.get(group, "none"),
                shipped_at=read(self._moment, cells, "shipped_at", now=now)
                if self._date(cells, "shipped_at")
                else None,
                terms=self.cell(cells, "status") if group == "unpaid" else "",
            )

    def lines(self, cells: Cells) -> RowLines:
        said = RowLines()
        if all(cells.get(column, "").casefold() in words for column, words in self.only.items()):
            with values.AllFaults() as read:
                for one in self._by_line(cells):
                    if line := read(self._line, one):
                        said.add(line)
        return said

    def _by_line(self, cells: Cells) -> Iterable[Cells]:
        if not self._place:
            return [cells]
        return cells_by_line(cells, self.columns_of(self._place), self.columns)

    def merged(self, first: Head, other: Head) -> Head:
        """Rows that differ in what became of them say it of their lines."""
        if (first.placed_at, first.email) != (other.placed_at, other.email):
            raise BadValue(
                "time or address differ from the rows of this order above; expected the same on "
                "each"
            )
        states = {first.state, other.state}
        mixed: State = "unpaid" if "unpaid" in states else "open"
        if states == {"cancelled", "refunded"}:
            mixed = "cancelled"
        return replace(
            first,
            state=first.state if len(states) == 1 else mixed,
            fulfilment=first.fulfilment if first.fulfilment == other.fulfilment else "none",
            shipped_at=max(filter(None, (first.shipped_at, other.shipped_at)), default=None),
            terms=first.terms or other.terms,
        )

    def _line(self, cells: Cells) -> RowLines:
        with values.AllFaults() as read:
            name = read(self._text, cells, "product_name", most=300) or ""
            sku = read(self._sku, cells)
            if sku == "":
                sku = read(self.sayings.sku_of, name, self.label("product_name"))
            if sku == "":
                return RowLines(nameless=1)
            promised_by = (
                read(self._value, values.day, cells, "promised_by")
                if self.cell(cells, "promised_by")
                else None
            )
            ordered, cancelled, shipped = read(self._units, cells) or (0, 0, 0)
            line = ShopLine(
                sku=sku,
                name=name,
                ordered=ordered,
                cancelled=cancelled,
                shipped=shipped,
                promised_by=promised_by,
                unit_price=read(self._amount, cells, "unit_price"),
                variant=read(self._text, cells, "variant", most=keys.MAX_VARIANT),
                image_url=read(self._value, values.picture, cells, "image_url"),
            )
            return RowLines([line])

    def _sku(self, cells: Cells) -> str:
        return values.one_sku(self.cell(cells, "sku"), self.label("sku"), required=False)

    def _units(self, cells: Cells) -> tuple[int, int, int | None]:
        """Ordered, canceled and shipped. What is neither canceled nor still to come has shipped."""
        found, label = self.cell(cells, "quantity"), self.label("quantity")
        ordered = values.units(found, label, least=0)
        cancelled = self._count(cells, "cancelled_quantity") or 0
        shipped = self._count(cells, "shipped_quantity")
        remaining = self._count(cells, "remaining_quantity")
        if remaining is not None:
            if remaining > ordered:
                raise BadValue(
                    f"is {remaining}; expected {ordered} at most, as many as were ordered",
                    self.label("remaining_quantity"),
                )
            if shipped is None:
                shipped = max(ordered - cancelled - remaining, 0)
            cancelled = max(cancelled, ordered - remaining - shipped)
        group = self._group(cells) if self.cell(cells, "placed_at") else ""
        if group == "shipped" and not shipped:
            shipped = ordered - cancelled
        elif group in ("cancelled", "refunded"):
            cancelled = max(ordered - (shipped or 0), 0)
        elif group == "part_shipped" and not {"shipped_quantity", "remaining_quantity"} & set(
            self.columns
        ):
            return ordered, cancelled, None
        return ordered, cancelled, shipped or 0

    def _group(self, cells: Cells) -> str:
        """A date that is filled says more than a word that stayed."""
        group = self._word(cells)
        if group in ("waiting", "unpaid", "part_shipped") and self._date(cells, "cancelled_at"):
            return "cancelled"
        if group in ("waiting", "unpaid") and self._date(cells, "shipped_at"):
            return "shipped"
        return group

    def _word(self, cells: Cells) -> str:
        if not self.groups:
            return "waiting"
        word = self.cell(cells, "status").casefold().removeprefix(self.strip_prefix)
        if word not in self.groups:
            expected = ", ".join(sorted(known or "nothing" for known in self.groups))
            raise BadValue(
                f"is {word!r}; expected one of {expected}, or add it to {self.name}",
                self.label("status"),
            )
        return self.groups[word]

    def _moment(self, cells: Cells, ours: str, *, now: datetime) -> datetime:
        return values.moment(
            self.cell(cells, ours), self.label(ours), now=now, formats=self.time_formats
        )

    def _value(self, read: Callable[[str, str], T], cells: Cells, ours: str) -> T:
        return read(self.cell(cells, ours), self.label(ours))

    def _amount(self, cells: Cells, ours: str) -> Decimal | None:
        currency = self.cell(cells, "currency").upper()
        return values.amount(self.cell(cells, ours), self.label(ours), currency=currency)

    def _date(self, cells: Cells, ours: str) -> bool:
        return not NO_DATE.fullmatch(self.cell(cells, ours))

    def _text(self, cells: Cells, ours: str, *, most: int) -> str:
        return values.text(self.cell(cells, ours), self.label(ours), most=most)

    def _count(self, cells: Cells, ours: str) -> int | None:
        """None where nothing is said. Some exports write refunded units as fewer than zero."""
        found = self.cell(cells, ours).removeprefix("-")
        return values.units(found, self.label(ours), least=0) if found else None

    def faults_of_values(self) -> dict[str, str]:
        settings = self.settings
        faults = super().faults_of_values()
        faults |= faults_of_table(settings, "status") | faults_of_table(settings, "only")
        if not is_text(settings.get("strip_prefix", "")):
            faults["strip_prefix"] = "a text"
        if not isinstance(settings.get("all_wait", False), bool):
            faults["all_wait"] = "true or false"
        elif settings.get("all_wait") and settings.get("status"):
            faults["all_wait"] = "false, because there is a [status] table"
        return faults

    def strangers(self) -> tuple[list[str], list[str]]:
        unknown, missing = super().strangers()
        columns, status = self.settings.get("columns", {}), self.settings.get("status", {})
        unknown += [f"status.{name}" for name in status if name not in GROUPS]
        missing += ["columns.status"] if status and "status" not in columns else []
        if "status" in columns and not status and not self.settings.get("all_wait"):
            missing += ["status"]
        return unknown, missing


def read_map(path: Path, sayings: Sayings | None = None) -> MappedColumns:
    return MappedColumns(str(path), settings_at(path), sayings)
