"""Any shop's export by a column map: a TOML file that says which of its columns hold what
(docs/importing.md)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from orders.domain import keys
from orders.imports import values
from orders.imports.csv.order_rows import Fulfilment, Head
from orders.imports.csv.table import Cells, Unreadable
from orders.imports.shop_order import ShopLine, State
from orders.imports.values import BadValue

NEEDED = ("order_number", "placed_at", "sku", "quantity")
KNOWN = (
    *NEEDED,
    *(
        "paid_at",
        "customer_email",
        "customer_name",
        "country",
        "region",
        "locale",
        "product_name",
        "promised_by",
        "image_url",
        "variant",
        "unit_price",
        "currency",
        "order_total",
    ),
    *("status", "shipped_quantity", "cancelled_quantity"),
)
GROUPS = ("unpaid", "waiting", "part_shipped", "shipped", "cancelled", "refunded")
STATES: dict[str, State] = {"unpaid": "unpaid", "cancelled": "cancelled", "refunded": "refunded"}
SETTINGS = ("columns", "status", "all_wait", "delimiter", "time_formats", "strip_prefix")
# bytes: dots in a name are read in the square of their number, so many in half a second
MAX_BYTES = 10_000


class MappedColumns:
    """The dialect of one column map. Columns of an order may be filled on its first row only, or on
    each."""

    waiting_only = False

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self.name, self.settings = name, settings
        self._expect_values_of_their_kind(settings)
        self._expect_known(settings)
        self.delimiter: str = settings.get("delimiter", ",")
        self.time_formats: Sequence[str] = settings.get("time_formats", [])
        self.strip_prefix: str = settings.get("strip_prefix", "")
        self.columns = {ours: _alternatives(theirs) for ours, theirs in settings["columns"].items()}
        self.groups: dict[str, str] = {
            word.casefold(): group
            for group, words in settings.get("status", {}).items()
            for word in as_list(words)
        }

        self.all_wait: bool = settings.get("all_wait", False)

    required: Sequence[str] = ()

    @property
    def status_expected(self) -> str:
        if self.groups or self.all_wait:
            return ""
        return (
            f"columns.status and a [status] table in {self.name}, or all_wait = true if all "
            "orders in the file are waiting"
        )

    @property
    def optional(self) -> Sequence[str]:
        names = [name for choices in self.columns.values() for parts in choices for name in parts]
        return list(dict.fromkeys(names))

    def number(self, cells: Cells) -> str:
        found = self._cell(cells, "order_number")
        return values.order_number(found, self._label("order_number")) if found else ""

    def head(self, cells: Cells, *, now: datetime) -> Head | None:
        if not self._cell(cells, "placed_at"):
            return None
        country = values.country(self._cell(cells, "country"), self._label("country"))
        group = self._group(cells)
        state = STATES.get(group, "open")
        fulfilment: Fulfilment = (
            "all" if group == "shipped" else "part" if group == "part_shipped" else "none"
        )
        return Head(
            placed_at=self._moment(cells, "placed_at", now=now),
            paid_at=self._moment(cells, "paid_at", now=now)
            if self._cell(cells, "paid_at")
            else None,
            email=values.email(self._cell(cells, "customer_email"), self._label("customer_email")),
            customer_name=values.text(
                self._cell(cells, "customer_name"), self._label("customer_name"), most=300
            ),
            country=country,
            region=values.text(self._cell(cells, "region"), self._label("region"), most=100),
            locale=values.locale(
                self._cell(cells, "locale"), self._label("locale"), country=country
            ),
            currency=values.currency(self._cell(cells, "currency"), self._label("currency")),
            total=values.amount(self._cell(cells, "order_total"), self._label("order_total")),
            state=state,
            fulfilment=fulfilment,
        )

    def line(self, cells: Cells) -> ShopLine | None:
        sku = values.key(
            self._cell(cells, "sku"), self._label("sku"), most=keys.MAX_SKU, required=False
        )
        if not sku:
            return None
        promised = self._cell(cells, "promised_by")
        return ShopLine(
            sku=sku,
            name=values.text(
                self._cell(cells, "product_name"), self._label("product_name"), most=300
            ),
            ordered=values.units(self._cell(cells, "quantity"), self._label("quantity"), least=0),
            cancelled=self._count(cells, "cancelled_quantity"),
            shipped=self._count(cells, "shipped_quantity"),
            promised_by=values.day(promised, self._label("promised_by")) if promised else None,
            unit_price=values.amount(self._cell(cells, "unit_price"), self._label("unit_price")),
            variant=values.text(
                self._cell(cells, "variant"), self._label("variant"), most=keys.MAX_VARIANT
            ),
            image_url=values.picture(self._cell(cells, "image_url"), self._label("image_url")),
        )

    def merged(self, first: Head, other: Head) -> Head:
        if (first.placed_at, first.email) != (other.placed_at, other.email):
            raise BadValue(
                "time or address differ from the rows of this order above; expected the same on "
                "each"
            )
        return first

    def check(self, header: Sequence[str], file: str) -> None:
        """Unreadable where the file has none of the columns the map names for something that is
        needed."""
        there = {name.casefold() for name in header}
        for ours in (*NEEDED, *(["status"] if self.groups else [])):
            if not any(
                all(part.casefold() in there for part in parts) for parts in self.columns[ours]
            ):
                raise Unreadable(
                    f"{file}:1: no column {self._label(ours)} for {ours} (by the map {self.name}); "
                    f"found {', '.join(header)[:500]}"
                )

    def _group(self, cells: Cells) -> str:
        if not self.groups:
            return "waiting"
        word = self._cell(cells, "status").casefold().removeprefix(self.strip_prefix)
        if word not in self.groups:
            expected = ", ".join(sorted(known or "nothing" for known in self.groups))
            raise BadValue(
                f"is {word!r}; expected one of {expected}, or add it to {self.name}",
                self._label("status"),
            )
        return self.groups[word]

    def _moment(self, cells: Cells, ours: str, *, now: datetime) -> datetime:
        return values.moment(
            self._cell(cells, ours), self._label(ours), now=now, formats=self.time_formats
        )

    def _count(self, cells: Cells, ours: str) -> int:
        """Some exports write refunded units as fewer than zero."""
        found = self._cell(cells, ours).removeprefix("-")
        return values.units(found, self._label(ours), least=0) if found else 0

    def _cell(self, cells: Cells, ours: str) -> str:
        """The first alternative that is filled."""
        for parts in self.columns.get(ours, []):
            if found := " ".join(filter(None, (cells.get(part, "") for part in parts))):
                return found
        return ""

    def _label(self, ours: str) -> str:
        choices = [" + ".join(parts) for parts in self.columns.get(ours, [])]
        return " or ".join(choices) or ours

    def _expect_values_of_their_kind(self, settings: Mapping[str, Any]) -> None:
        faults = {
            f"{table}.{name}": "a text or a list of texts"
            for table in ("columns", "status")
            if isinstance(settings.get(table), Mapping)
            for name, value in settings[table].items()
            if not all(map(_is_text, as_list(value)))
        }
        faults |= {
            name: "a table"
            for name in ("columns", "status")
            if not isinstance(settings.get(name, {}), Mapping)
        }
        if not _is_delimiter(settings.get("delimiter", ",")):
            faults["delimiter"] = "one character, such as a semicolon"
        formats = settings.get("time_formats", [])
        if not (isinstance(formats, list) and all(map(_is_time_format, formats))):
            faults["time_formats"] = "a list of formats such as %d.%m.%Y"
        if not _is_text(settings.get("strip_prefix", "")):
            faults["strip_prefix"] = "a text"
        if not isinstance(settings.get("all_wait", False), bool):
            faults["all_wait"] = "true or false"
        elif settings.get("all_wait") and settings.get("status"):
            faults["all_wait"] = "false, because there is a [status] table"
        if faults:
            expected = "; ".join(f"{name} has to be {kind}" for name, kind in faults.items())
            raise Unreadable(f"{self.name}:1: {expected}")

    def _expect_known(self, settings: Mapping[str, Any]) -> None:
        columns, status = settings.get("columns", {}), settings.get("status", {})
        unknown = [name for name in settings if name not in SETTINGS]
        unknown += [f"columns.{name}" for name in columns if name not in KNOWN]
        unknown += [f"status.{name}" for name in status if name not in GROUPS]
        missing = [f"columns.{name}" for name in NEEDED if name not in columns]
        missing += ["columns.status"] if status and "status" not in columns else []
        missing += (
            ["status"]
            if "status" in columns and not status and not settings.get("all_wait")
            else []
        )
        if unknown or missing:
            faults = [f"unknown: {', '.join(unknown)}"] * bool(unknown) + [
                f"missing: {', '.join(missing)}"
            ] * bool(missing)
            raise Unreadable(
                f"{self.name}:1: {'; '.join(faults)}; expected columns of {', '.join(KNOWN)}"
            )


def read_map(path: Path) -> MappedColumns:
    try:
        with path.open("rb") as file:
            return MappedColumns(str(path), settings_of(str(path), file))
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


def _alternatives(theirs: str | list[str]) -> list[list[str]]:
    """`"a"`: that column; `["a", "b"]`: the first that is filled; `"a + b"`: both, joined by a
    space."""
    return [[part.strip() for part in choice.split(" + ")] for choice in as_list(theirs)]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_text(value: Any) -> bool:
    """PostgreSQL keeps no NUL."""
    return isinstance(value, str) and "\0" not in value


def _is_delimiter(value: Any) -> bool:
    return _is_text(value) and len(value) == 1 and value not in '"\r\n'


def _is_time_format(value: Any) -> bool:
    """No time is read from an empty text, hence the ValueError; a format that names something twice
    is another error."""
    try:
        with suppress(ValueError):
            datetime.strptime("", value)
    except (TypeError, re.error):
        return False
    return _is_text(value)
