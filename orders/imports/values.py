"""From one text of a source to one value. Every function raises a BadValue that says what the field
holds and what was expected. `field`: its name in the source, such as a column or a key of JSON."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import ParamSpec, Self, TypeVar, cast

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils import timezone

from orders import services
from orders.domain import keys
from orders.imports import countries, damage, times

EARLIEST = date(2000, 1, 1)
FAULTS_NAMED = 8  # of a row

P = ParamSpec("P")
T = TypeVar("T")

_AMOUNT = re.compile(r"\d{1,9}([.,]\d{1,4})?", re.ASCII)
_THREE_DECIMALS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}  # ISO 4217
_CURRENCY = re.compile("[A-Z]{3}")
_of_pictures = URLValidator(schemes=["https"])
_WHOLE_NUMBER = re.compile(r"\d{1,12}([.,]0+)?", re.ASCII)
_THOUSANDS = re.compile(r"([1-9]\d{0,2})([.,]\d{3})+", re.ASCII)
_GROUPS = re.compile(r"([1-9]\d{0,2}(?:([.,'’ \xa0\u202f])\d{3})(?:\2\d{3})*)([.,]\d+)?", re.ASCII)
_SEVERAL = re.compile(r"\d\s*[|;\n]\s*\d|\d, +\d")
_PARTS_OF_LIST = re.compile(r"[|;,\n]")


class BadValue(ValueError):
    """What is wrong with what a source says, and what was expected. `field`: where; empty: in all
    of it."""

    def __init__(self, problem: str, field: str = "") -> None:
        super().__init__(f"{field} {problem}" if field else problem)
        self.field, self.problem = field, problem
        self.faults = [str(self)]  # more than one where a whole row was read


class AllFaults:
    """Reads the values of a row, and names at its end all that are wrong, and not the first alone.
    What could not be read is None until then, which nobody sees."""

    def __init__(self) -> None:
        self._faults: list[BadValue] = []

    def __enter__(self) -> Self:
        return self

    def __call__(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return read(*args, **kwargs)
        except BadValue as error:
            self._faults.append(error)
            return cast(T, None)

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if isinstance(error, BadValue):
            self._faults.append(error)
        if not self._faults:
            return
        every = list(dict.fromkeys(fault for one in self._faults for fault in one.faults))
        if len(every) == 1:
            raise self._faults[0] from None
        whole = BadValue(". Also, ".join(every[:FAULTS_NAMED]))
        whole.faults = every
        raise whole from None


def text(value: str, field: str, *, most: int, required: bool = False) -> str:
    """On one line, its runs of spaces made one."""
    value = " ".join(value.split())
    if ("#" in value or not value.isascii()) and (fault := damage.of_text(value)):
        raise BadValue(fault, field)
    if required and not value:
        raise BadValue("is empty; expected a value", field)
    if len(value) > most:
        raise BadValue(f"has {len(value)} characters; expected {most} at most", field)
    return value


def key(
    value: str, field: str, *, most: int, required: bool = True, may_be_day: bool = False
) -> str:
    """What something is known by (domain.keys)."""
    value = _undamaged(value, field, may_be_day=may_be_day)
    if not required and not value:
        return ""
    try:
        return keys.key(value, most=most)
    except keys.BadKey as error:
        raise BadValue(str(error), field) from None


def one_sku(value: str, field: str, *, required: bool = True) -> str:
    """The SKU of a row that a person's choice of columns may have taken for one line."""
    parts = [part.strip() for part in _PARTS_OF_LIST.split(value)]
    is_list = len(parts) > 1 and all(len(part) > 2 and re.search(r"\d", part) for part in parts)
    if is_list or any(sign in value.strip() for sign in "|;\n"):
        raise BadValue(
            f"is {value[:80]!r}; expected one SKU: set the export to a row for each item", field
        )
    return key(value, field, most=keys.MAX_SKU, required=required)


def order_number(value: str, field: str = "order_number") -> str:
    """As the shop writes it, without the `#` before it and without spaces."""
    if fault := damage.of_text(value):
        raise BadValue(fault, field)
    try:
        return keys.order_number(_undamaged(value.strip().lstrip("#"), field))
    except keys.BadKey as error:
        raise BadValue(str(error), field) from None


def _undamaged(value: str, field: str, *, may_be_day: bool = False) -> str:
    value = value.strip()
    if value.isdigit():
        return value
    value, fault = damage.repaired_key(value)
    if fault := fault or ("" if may_be_day else damage.of_day(value)):
        raise BadValue(fault, field)
    return value


def moment(value: str, field: str, *, now: datetime, formats: Sequence[str] = ()) -> datetime:
    """A time in the past. Without an offset it is the shop's zone, without a time of day its
    midnight. `formats`: what else its column may be written in (csv/dates.py)."""
    at = _time(value, field, " or ".join(["2026-08-04 05:24:22 +0500", "2026-08-04", *formats]))
    plausible = EARLIEST.year <= at.year <= now.year + 1
    if plausible and timezone.is_naive(at):
        at = timezone.make_aware(at)
    if not plausible or at > now + timedelta(days=1):
        raise BadValue(f"is {value!r}; expected a time from {EARLIEST} until now", field)
    return at.astimezone(UTC)


def day(value: str, field: str, *, first: date = EARLIEST, last: date = date(2100, 1, 1)) -> date:
    """A midnight beside a day is no time."""
    at = _time(value, field, times.EXPECTED, what="date")
    if at.time() != time():
        raise BadValue(f"is {value!r}; expected a date such as {times.EXPECTED}", field)
    if not first <= at.date() <= last:
        raise BadValue(f"is {value}; expected a day from {first} to {last}", field)
    return at.date()


def _time(value: str, field: str, expected: str, *, what: str = "time") -> datetime:
    try:
        at = times.read(value)
        if at is None:
            times.refuse_ambiguous(value)
    except times.BadTime as error:
        raise BadValue(f"is {value!r}{error}", field) from None
    if at is None:
        raise BadValue(f"is {value!r}; expected a {what} such as {expected}", field)
    return at


def units(value: str, field: str, *, least: int = 1, most: int = services.MAX_UNITS) -> int:
    written, value = value, _without_thousands(value, field)
    whole = value.replace(",", ".").partition(".")[0]
    if not _WHOLE_NUMBER.fullmatch(value) or not least <= int(whole) <= most:
        hint = "; set the export to a row for each item" if _SEVERAL.search(written) else ""
        raise BadValue(
            f"is {written!r}; expected a whole number from {least} to {most}{hint}", field
        )
    return int(whole)


def _without_thousands(value: str, field: str) -> str:
    """A sign before exactly three digits may begin a fraction, or part thousands. It parts
    thousands where it is none of a fraction, or where another one follows."""
    if found := _THOUSANDS.fullmatch(value):
        many = re.sub("[.,]", "", value)
        raise BadValue(
            f"is {value!r}: {found[1]} or {many}? Expected it without a separator of thousands",
            field,
        )
    found = _GROUPS.fullmatch(value)
    if not found or (found[3] or "").startswith(found[2]):
        return value
    return found[1].replace(found[2], "") + (found[3] or "")


def amount(value: str, field: str, *, currency: str = "") -> Decimal | None:
    """As exact as it is written; None where there is none. `currency`: some have three decimals."""
    if not value:
        return None
    plain = value
    if currency not in _THREE_DECIMALS or not _THOUSANDS.fullmatch(value):
        plain = _without_thousands(value, field)
    if not _AMOUNT.fullmatch(plain):
        raise BadValue(f"is {value!r}; expected an amount such as 59.00", field)
    return Decimal(plain.replace(",", "."))


def currency(value: str, field: str) -> str:
    """ISO 4217; empty where it is not known."""
    code = value.upper()
    if code and not (_CURRENCY.fullmatch(code) and code in _currencies()):
        raise BadValue(
            f"is {value!r}; expected a currency of three letters such as USD or EUR", field
        )
    return code


def picture(value: str, field: str) -> str:
    """Where a picture is: https only. Empty where there is none."""
    if not value:
        return ""
    if len(value) > keys.MAX_URL:
        raise BadValue(f"has {len(value)} characters; expected {keys.MAX_URL} at most", field)
    try:
        _of_pictures(value)
    except ValidationError:
        raise BadValue(
            f"is {value!r}; expected an address such as https://shop.example/lamp.jpg", field
        ) from None
    return value


def email(value: str, field: str) -> str:
    """Empty where there is none."""
    if not value:
        return ""
    try:
        validate_email(value)
    except ValidationError:
        raise BadValue(f"is {value!r}; expected an email address or nothing", field) from None
    if len(value) > 254:
        raise BadValue(f"has {len(value)} characters; expected 254 at most", field)
    return value


def country(value: str, field: str) -> str:
    """ISO 3166 alpha-2; empty where it is not known."""
    code = countries.code_of(value)
    if value and not code:
        raise BadValue(
            f"is {value!r}, which is not a country we know; expected its name, or a code such as "
            "US or DE",
            field,
        )
    return code


def locale(value: str, field: str, *, country: str) -> str:
    """A language tag: the one given, else the country's language, else the shop's."""
    if not value:
        return language_of(country)
    try:
        return _language_tag(value)
    except (ValueError, UnknownLocaleError):
        raise BadValue(
            f"is {value!r}; expected a language such as en or de-AT, or nothing", field
        ) from None


@lru_cache(maxsize=1000)
def _language_tag(value: str) -> str:
    return str(Locale.parse(value.replace("_", "-"), sep="-")).replace("_", "-")


@cache
def language_of(country: str) -> str:
    """The language most spoken in a country, else the shop's. English names its country: dates
    differ."""
    if not country:
        return str(settings.LANGUAGE_CODE)
    try:
        likely = Locale.parse(f"und_{country}")
    except (ValueError, UnknownLocaleError):
        return str(settings.LANGUAGE_CODE)
    if likely.language == "en":
        return f"en-{country.upper()}"
    return f"{likely.language}-{likely.script}" if likely.script else likely.language


@cache
def _currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies"))
