"""What a spreadsheet does to a number or a name that it only opened and saved: some of it can be
taken back, the rest can only be recognized."""

import re
from contextlib import suppress
from functools import lru_cache

LOST = "\ufffd"  # stands where a letter was when a file was read in the wrong encoding

_GUARD = re.compile(r'="([^"]*)"')
# as our own sheets have it, too: before what a spreadsheet would take for a formula
_GUARDED = re.compile(r"""^'(?=\d)|(?:^|(?<=[;|\t\r\n]))'(?=[\s"]*[=+\-@＝＋－＠])""")
_ROUNDED = re.compile(r"\d[.,]\d+E[+-]?\d{1,3}|\d+E\+\d{1,3}", re.I)
# as spreadsheets cut them short in English, German, French, Spanish and Italian
_MONTH = (
    "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Mrz|Mär|Mai|Okt|Dez|janv|févr|mars|avr"
    r"|mai|juin|juil|août|sept|oct|nov|déc|ene|feb|mar|abr|may|jun|jul|ago|dic|gen|giu|lug|ott)\.?"
)
_DATE = re.compile(rf"\d{{1,2}}[-. ]{{1,2}}{_MONTH}|{_MONTH}[- ]\d\d|\d{{4}}-\d\d-\d\d[T ]00:00:00")
_DAY = re.compile(r"\d{1,2}([./])\d{1,2}\1(19|20)\d\d|(19|20)\d\d-(0\d|1[0-2])-[0-3]\d")
_ERROR = re.compile(
    r"#(?:N/?A|N/?D|NV|[¡¿]?(?:REF|BEZUG|DIV/0|NAME|NOM|NOME|NOMBRE|NULL|NUL|NULO|NULLO|NUM|NÚM"
    r"|VALUE|VALEUR|VALOR|VALORE|WERT|ZAHL|SPILL|CALC|ÜBERLAUF)[!?]|#{3,})",  # in a narrow column
    re.I,
)
_APOSTROPHES = ("'", "’", "‘", "`", "´")
_NOTHING = {"nan", "null", "(null)", "<null>", "none", "nil", "n/a", "undefined"}
_FRACTION = re.compile(r"(\d{1,15})[.,](?:0{1,2}|0{4,})")
_THOUSAND = re.compile(r"[1-9]\d{0,2}[.,]000")

EXACT_DIGITS = 15  # of a number in a spreadsheet; those behind become zeros


def without_guard(cell: str) -> str:
    """`="0034"` and `'0034` are texts to a spreadsheet, and no part of what they hold."""
    if guard := _GUARD.fullmatch(cell):
        return guard[1].strip()
    return _GUARDED.sub("", cell)


@lru_cache(maxsize=10_000)
def repaired_key(value: str) -> tuple[str, str]:
    """What things are known by, and what is wrong with it. 1001.0 was a whole number before it was
    a number."""
    if whole := _FRACTION.fullmatch(value):
        return whole[1], ""
    value = value[1:] if value.startswith(_APOSTROPHES) else value
    return value, of_key(value)


def of_day(value: str) -> str:
    """A whole date is no SKU; a delivery may be known by one."""
    if _DAY.fullmatch(value):
        return (
            f"is {value!r}, a date that a spreadsheet made of it; expected it as the shop writes it"
        )
    return ""


def of_text(value: str) -> str:
    """What is wrong with a text; empty: nothing that can be told."""
    if LOST in value:
        return f"is {value!r}: letters were lost when it was saved; expected them"
    if not value.isascii() and (meant := _meant(value)):
        return f"is {value!r}, which may have been {meant!r} before it was saved; expected that"
    if "#" in value and any(map(_ERROR.fullmatch, value.split())):
        return f"is {value!r}, which a spreadsheet writes where a formula fails; expected a value"
    return ""


def _meant(value: str) -> str:
    """What was UTF-8 and read as Windows-1252: Müller is MÃ¼ller then. Empty: it was not."""
    for encoding in ("windows-1252", "latin-1"):
        with suppress(UnicodeError):
            return value.encode(encoding).decode("utf-8")
    return ""


def of_key(value: str) -> str:
    """What is wrong with something that things are known by."""
    expected = "expected it as the shop writes it"
    if _ROUNDED.fullmatch(value):
        return f"is {value!r}, a number a spreadsheet has rounded; {expected}"
    if _DATE.fullmatch(value):
        return f"is {value!r}, a date that a spreadsheet made of it; {expected}"
    if _THOUSAND.fullmatch(value):
        return f"is {value!r}: {value[:-4]} or {value[:-4]}000? {expected.capitalize()}"
    if value.casefold() in _NOTHING:
        return f"is {value!r}, a program's word for nothing; {expected}"
    return of_text(value)


def zeros_of_rounding(cell: str) -> int:
    """How many digits at the end of a long number are zeros, where a spreadsheet would have lost
    them all; 0: it has lost none."""
    behind = cell[EXACT_DIGITS:]
    return len(behind) if not behind.strip("0") else 0
