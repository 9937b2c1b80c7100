"""What an event says: a dataclass for each kind of event, and its form as JSON.

The keys are the names of the fields; dates and amounts are strings. A field that has its default
value is not written here, and may be missing in what is read. SQL that writes more of them names
them.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, TypeAlias, get_args, get_origin, get_type_hints

from orders.domain.money import Money
from orders.domain.supply import Window

DAY_PASSED = "day_passed"
ALL_ORDERS = "orders"


class Unsaid(Enum):
    """Distinguishes what was not said from what was said to be None."""

    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`tag`: what distinguishes it from others of its kind."""

    kind: ClassVar[str]
    tag: ClassVar[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldBefore(Facts):
    """What was promised before, on which day, and whether an email said so."""

    told: Window | None = None
    told_on: date | None = None
    mailed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised(ToldBefore):
    """Only waiting units have a place."""

    units: int
    window: Window
    place: int | None = None
    place_before: int | None = None
    units_ahead: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Promised):
    """`stated`: the day is the one the shop named when it took the order."""

    kind: ClassVar[str] = "joined"
    stated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Promised):
    """`of`: the units ordered, where those that the promise is about are set aside."""

    told: Window
    told_on: date
    mailed: bool
    of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Later(Changed):
    kind: ClassVar[str] = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier(Changed):
    """Better news: an earlier day, or more than was told where no day was."""

    kind: ClassVar[str] = "earlier"

    @property
    def is_clearer(self) -> bool:
        """No day was told before, so none is earlier: to its reader it may well be later."""
        return not self.told.names_a_day


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDate(Changed):
    kind: ClassVar[str] = "no_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTrack(Promised):
    """`held`: nobody knows yet how many units are still to come, and no window is told."""

    kind: ClassVar[str] = "on_track"
    told_on: date
    mailed: bool
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved(ToldBefore):
    """Of the units ordered (`of`) that were not canceled (`wanted`), some arrived; `leaving` ship
    together. The window is that of a line with no waiting units left."""

    kind: ClassVar[str] = "reserved"
    units: int
    of: int
    wanted: int
    still: int
    leaving: int
    window: Window | None
    told: Window | None
    told_on: date | None
    mailed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """A cancellation that a parcel crossed. `withdrawn`: units whose refund is not owed any more;
    `kept`: units whose refund is, or was sent: `refund`, where the price is known. `left_first`:
    None if nobody knows."""

    withdrawn: int
    kept: int
    by: str
    left_first: bool | None
    cancelled_on: date | None
    refund_sent: bool
    refund_due_on: date | None
    refund: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped(Facts):
    """`shipped_on`: None if nobody knows the day."""

    kind: ClassVar[str] = "shipped"
    units: int
    of: int
    still: int
    shipped_on: date | None
    carrier: str
    tracking_number: str
    crossed: Crossed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Facts):
    """`by`: as in services.cancel; `answer_by`: the day that silence was waited for until;
    `refund`: how much, where the price is known."""

    kind: ClassVar[str] = "cancelled"
    units: int
    of: int
    still: int
    by: str
    refund_sent: bool = False
    refund_due_on: date | None = None
    refund: Money | None = None
    answer_by: date | None = None
    window: Window | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Facts):
    """`agreed_by`: None where no day was agreed."""

    kind: ClassVar[str] = "answered"
    choice: str
    units: int
    agreed_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentUndone(Facts):
    kind: ClassVar[str] = "corrected"
    tag: ClassVar[Mapping[str, str]] = {"what": "shipment"}
    units: int
    reason: str
    window: Window | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationUndone(Facts):
    """`agreed_by`: as in an answer, where the customer wanted it undone."""

    kind: ClassVar[str] = "corrected"
    tag: ClassVar[Mapping[str, str]] = {"what": "cancellation"}
    units: int
    reason: str
    agreed_by: date | Unsaid | None = Unsaid.UNSAID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCorrected(Changed):
    """Units that were set aside had not arrived. `overtaken`: a line behind kept its own, as it had
    shipped."""

    kind: ClassVar[str] = "corrected"
    overtaken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedInLine(Facts):
    """`why`: a code of orders.models.MoveReason; of moves before there were any it is unknown."""

    kind: ClassVar[str] = "note"
    tag: ClassVar[Mapping[str, str]] = {"code": "moved"}
    place: int
    place_before: int
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminded(Facts):
    """`answer_by`: None where silence does not cancel."""

    kind: ClassVar[str] = "note"
    tag: ClassVar[Mapping[str, str]] = {"code": "reminder"}
    units: int
    answer_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelNumbered(Facts):
    """A parcel has its tracking number; `changed`: another one than before."""

    kind: ClassVar[str] = "note"
    tag: ClassVar[Mapping[str, str]] = {"code": "tracking"}
    units: int
    of: int
    carrier: str
    tracking_number: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPassed(Facts):
    """The day agreed has passed, and the customer may leave from now on."""

    kind: ClassVar[str] = "note"
    tag: ClassVar[Mapping[str, str]] = {"code": DAY_PASSED}
    units: int
    agreed_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FromShop(Facts):
    """What the shop wrote about the delivery that is waited for (Event.restock_note)."""

    kind: ClassVar[str] = "note"
    tag: ClassVar[Mapping[str, str]] = {"code": "from_shop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWord(Facts):
    """One of orders.models.Word."""

    kind: ClassVar[str] = "note"
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOrdersAsked(Facts):
    """Somebody asked for a link to all orders of the address."""

    kind: ClassVar[str] = "link"
    tag: ClassVar[Mapping[str, str]] = {"code": ALL_ORDERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAsked(Facts):
    """Somebody asked for the link that lets them act on this order; `choice` and `line` (an id):
    what they wanted to choose. `replaces`: nobody asked, and the links sent before were revoked."""

    kind: ClassVar[str] = "link"
    line: int | None = None
    choice: str | None = None
    replaces: bool = False


# Of one kind those with a tag come first.
AnyFacts: TypeAlias = (
    Joined
    | Later
    | Earlier
    | NoDate
    | OnTrack
    | Reserved
    | Shipped
    | Cancelled
    | Answered
    | ShipmentUndone
    | CancellationUndone
    | ReceiptCorrected
    | MovedInLine
    | Reminded
    | ParcelNumbered
    | DayPassed
    | FromShop
    | StaffWord
    | AllOrdersAsked
    | LinkAsked
)
Counted: TypeAlias = Reserved | Shipped | Cancelled  # some of the units ordered; others may follow
# A window is stored with its days, whether it has any or not.
WINDOW_DAYS = ("early", "likely", "late")


def to_json(facts: Facts) -> dict[str, Any]:
    return {**facts.tag, **_written(facts)}


def from_json(kind: str, stored: Mapping[str, Any]) -> AnyFacts:
    for facts in get_args(AnyFacts):
        if facts.kind == kind and facts.tag.items() <= stored.items():
            untagged = {key: value for key, value in stored.items() if key not in facts.tag}
            found: AnyFacts = _read(facts, untagged)
            return found
    raise ValueError(f"there are no facts of the kind {kind!r}")


def _read(of: Any, stored: Mapping[str, Any]) -> Any:
    readers, required = _fields_of(of)
    if not required <= stored.keys() <= readers.keys():
        missing, unknown = required - stored.keys(), stored.keys() - readers.keys()
        raise ValueError(f"{of.__name__} misses {sorted(missing)}, knows no {sorted(unknown)}")
    return of(**{name: readers[name](value) for name, value in stored.items()})


def _written(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if not is_dataclass(value):
        return value
    always = WINDOW_DAYS if isinstance(value, Window) else ()
    return {
        field.name: _written(getattr(value, field.name))
        for field in fields(value)
        if field.name in always or getattr(value, field.name) != field.default
    }


@cache
def _fields_of(of: Any) -> tuple[Mapping[str, Callable[[Any], Any]], frozenset[str]]:
    """What reads each field, and the names of those that have no default."""
    types = get_type_hints(of)
    readers = {field.name: _reader(types[field.name]) for field in fields(of)}
    required = (field.name for field in fields(of) if field.default is MISSING)
    return readers, frozenset(required)


def _reader(of: Any) -> Callable[[Any], Any]:
    if isinstance(of, UnionType):
        (known,) = (_reader(each) for each in get_args(of) if each not in (NoneType, Unsaid))
        return lambda value: None if value is None else known(value)
    if of is date:
        return date.fromisoformat
    if of is Decimal:
        return _amount
    if is_dataclass(of):
        return partial(_read, of)
    if get_origin(of) is Literal:
        return partial(_one_of, get_args(of))
    return partial(_exactly, of)


def _one_of(values: tuple[str, ...], value: str) -> str:
    if value not in values:
        raise ValueError(f"{value!r} is none of {values}")
    return value


def _amount(value: Any) -> Decimal:
    """Written as text: numbers of JSON are binary, and do not keep every cent."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not an amount")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{value!r} is not an amount") from None


def _exactly(of: type, value: Any) -> Any:
    """JSON does not tell 1.0 from 1."""
    if of is float and type(value) is int:
        return float(value)
    if type(value) is not of:
        raise ValueError(f"{value!r} is not of type {of.__name__}")
    return value
