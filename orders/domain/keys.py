"""What orders, products and restocks are known by. People type these, files are compared by them,
and pages have them in their addresses. So they are on one line and look like what they are."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

UNSEEN = {
    "Cc",
    "Cf",
    "Cs",
    "Zl",
    "Zp",
}  # general categories: controls, line breaks, what has no width or turns the text
# Unicode has these for letters, marks and signs, and a font draws nothing: fillers, joiners,
# variants of the sign before.
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# how Unicode says that a character is another one in other clothes
LOOK_ALIKE = ("<wide>", "<font>")
NUMBER_SIGNS = str.maketrans(dict.fromkeys("№º°", "#"))
WORDS_AND_SIGNS = re.compile(r"^(?:[^\W\d_]*[^\w\s/-])+")
# Cyrillic and Greek letters that no font tells from Latin ones, in small letters of either case
LIKE_LATIN = str.maketrans("авекмнорстухѕіјαβεηικμνορτυχ", "abekmhopctyxsijabehikmhoptyx")
SEPARATORS = re.compile(r"[\s_\u2010-\u2015\u2212-]+")


# characters at most
MAX_ORDER_NUMBER = MAX_SKU = MAX_CARRIER = 100
MAX_REFERENCE = MAX_SUPPLIER = MAX_TRACKING_NUMBER = MAX_VARIANT = 200
MAX_URL = 1000


class BadKey(ValueError):
    """What is wrong and what was expected: the rest of a sentence that begins with the name of what
    was typed."""


def key(value: str, *, most: int) -> str:
    """The key on one line, without spaces around it and its runs of spaces made one. BadKey: empty,
    more than `most` characters, one that cannot be seen, one that only looks like a letter or a
    digit, or nothing but signs."""
    value = value.strip()
    if not value.isascii() or not value.isprintable():
        _refuse_characters(value)
    value = " ".join(value.split())
    if not value:
        raise BadKey("is empty; expected a value")
    if len(value) > most:
        raise BadKey(f"has {len(value)} characters; expected {most} at most")
    if not any(map(str.isalnum, value)) or not {".", ".."}.isdisjoint(value.split("/")):
        raise BadKey(f"is {value!r}; expected letters or digits")
    return value


def order_number(value: str) -> str:
    """As the shop writes it, without the # before it and without spaces."""
    return "".join(key(value.strip().lstrip("#"), most=MAX_ORDER_NUMBER).split())


class TypedNumber(NamedTuple):
    """An order number in capitals, without its # and without spaces: all that somebody typed, and
    what of it is left without the words and signs around it."""

    whole: str
    alone: str


def typed_number(typed: str) -> TypedNumber:
    """As people copy it from an email: "Order #1001", "No. 7502", "(1001)"; digits of any
    script."""
    seen = unicodedata.normalize("NFKC", typed.translate(NUMBER_SIGNS))
    words = "".join(map(_spoken, seen)).upper().split()
    numbered = [n for n, word in enumerate(words) if any(map(str.isdigit, word))]
    named = "".join(words[numbered[0] : numbered[-1] + 1] if numbered else words)
    alone = re.sub(r"\W+$", "", WORDS_AND_SIGNS.sub("", named))
    return TypedNumber("".join(words).lstrip("#"), alone)


def _spoken(sign: str) -> str:
    sort = unicodedata.category(sign)
    if sort in UNSEEN:
        return "" if sort == "Cf" else " "
    return str(unicodedata.decimal(sign, sign))


@lru_cache(maxsize=10_000)
def likeness(value: str) -> str:
    """The same for keys that people take for one another: they differ in case, in accents, in the
    alphabet of letters that look alike, in what separates their parts, or in zeros that a
    spreadsheet has lost."""
    signs = unicodedata.normalize("NFKD", value).casefold().translate(LIKE_LATIN)
    seen = "".join(
        sign
        for sign in signs
        if unicodedata.category(sign) not in {*UNSEEN, "Mn"} and not BLANK.match(sign)
    )
    parts = SEPARATORS.sub("-", seen.strip())
    return parts.lstrip("0") if parts.isdecimal() else parts


def key_of_name(name: str) -> str:
    """What a product without a SKU is known by: its name, less what cannot be seen in it, and cut
    where it is too long so that two names that begin alike stay two."""
    seen = unicodedata.normalize("NFKC", name)
    seen = "".join(sign for sign in seen if sign.isspace() or not _is_unseen(sign))
    sku = " ".join(seen.split())
    if len(sku) > MAX_SKU:
        digest = hashlib.sha256(sku.encode()).hexdigest()[:8]
        sku = f"{sku[: MAX_SKU - 9].rstrip()} {digest}"
    return key(sku, most=MAX_SKU)


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) in UNSEEN or bool(BLANK.match(sign))


def _refuse_characters(value: str) -> None:
    for sign in value:
        if _is_unseen(sign):
            raise BadKey(
                f"has a character that cannot be seen (U+{ord(sign):04X}); expected it without"
            )
        if unicodedata.decomposition(sign).startswith(LOOK_ALIKE):
            same = unicodedata.normalize("NFKC", sign)
            if same.isascii() and not same.isspace():
                raise BadKey(f"has “{sign}”, which only looks like “{same}”; expected “{same}”")
