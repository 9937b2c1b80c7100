"""Where a person stands in words and in files: by email address, whole name or tracking number."""

import codecs
import html
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

# Between the words of a name: in one cell, in two, in the name of a file.
BETWEEN = r"(?:[^\w@]|_)+"
BETWEEN_IN_SQL = "[^[:alnum:]@]+"
TAG = re.compile("<[^>]*>")
MAX_UNPACKED = 200_000_000  # bytes of a workbook


def pattern_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of them, in either case, as words of their own. Nothing without any."""
    found = sorted({unicodedata.normalize("NFC", name) for name in names}, key=len, reverse=True)
    return re.compile("|".join(_form(name) for name in found) or "(?!)", re.IGNORECASE)


def pattern_in_sql(names: Iterable[str]) -> str:
    """For PostgreSQL: it finds all that pattern_of does, and some more."""
    orders = (order for name in names for order in _orders(name))
    return "|".join(BETWEEN_IN_SQL.join(map(re.escape, words)) for words in orders)


def holds(content: bytes, pattern: re.Pattern[str], encoding: str = "") -> bool:
    """Whether a file names the person: a workbook, or a CSV in UTF-8, UTF-16 or the `encoding`."""
    texts = _texts(content, encoding or "windows-1252")
    return any(pattern.search(unicodedata.normalize("NFC", text)) for text in texts)


def replaced(value: Any, change: Callable[[str], str]) -> Any:
    """The same with each text in it changed, also in lists and in what JSON holds."""
    match value:
        case str():
            return change(value)
        case list():
            return [replaced(inner, change) for inner in value]
        case dict():
            return {change(name): replaced(inner, change) for name, inner in value.items()}
    return value


def _form(name: str) -> str:
    if "@" in name:
        return rf"(?<![\w.+-]){re.escape(name)}(?![\w-]|\.\w)"
    forms = "|".join(BETWEEN.join(map(re.escape, words)) for words in _orders(name))
    return rf"(?<![^\W_])(?:{forms})(?![^\W_])"


def _orders(name: str) -> list[list[str]]:
    """Its words, and with the last one first, as lists have it."""
    words = name.split()
    return [words] if "@" in name or len(words) < 2 else [words, [words[-1], *words[:-1]]]


def _texts(content: bytes, encoding: str) -> Iterator[str]:
    if content.startswith(b"PK\x03\x04"):
        yield from _unpacked(content)
    elif content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield content.decode("utf-16", "replace")
    else:
        text = content.decode("utf-8", "replace")
        yield text
        if "\ufffd" in text:
            yield content.decode(encoding, "replace")


def _unpacked(content: bytes) -> Iterator[str]:
    left = MAX_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(content)) as workbook:
            for part in workbook.infolist():
                with workbook.open(part) as file:
                    text = file.read(left)
                left -= len(text)
                yield html.unescape(TAG.sub(" ", text.decode("utf-8", "replace")))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        yield content.decode("latin-1")
