"""From the bytes of a file to its lines."""

import codecs
import re
from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper

from orders.imports.damage import LOST

# Spreadsheets of these countries save so, and no file says it of itself.
ENCODINGS = {
    "windows-1252": "Western Europe",
    "windows-1250": "Central Europe",
    "windows-1251": "Cyrillic",
    "windows-1253": "Greek",
    "windows-1254": "Turkish",
    "windows-1256": "Arabic",
    "windows-1257": "Baltic",
    "macintosh": "old Mac, Western Europe",
}
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_UNDECODED = re.compile("[\udc80-\udcff]")  # how Python hands on bytes that are no letters
_WORD = re.compile('[^\\s,;"]*[\udc80-\udcff][^\\s,;"]*')
_END = "\x1a"  # of a file, to DOS
_CHUNK = 1 << 20


def encoding_of(file: BufferedReader, said: str) -> str:
    """By its byte order mark, or the zeros of UTF-16; else UTF-8 if it is that throughout; else
    what was said of it."""
    start = file.read(4)
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    if 0 not in start[1::2] and start[::2] == b"\0\0":
        return "utf-16-be"
    if 0 not in start[::2] and start[1::2] == b"\0\0":
        return "utf-16-le"
    return said if said and not _is_utf8(file, start) else "utf-8"


def _is_utf8(file: BufferedReader, start: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(start)
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def lines_of(file: BufferedReader, encoding: str) -> Iterator[str]:
    """With their ends as they are: LF, CRLF or, of an old Mac, CR. What is no letter stays marked
    (`lost`)."""
    errors = "replace" if encoding.startswith("utf-16") else "surrogateescape"
    with TextIOWrapper(file, encoding=encoding, errors=errors, newline="") as text:
        for line in text:
            yield _without_end(line) if _END in line[-3:] else line


def _without_end(line: str) -> str:
    body = line.rstrip("\r\n")
    return body.rstrip(_END) if body == line or body.strip() == _END else line


def lost(line: str, encoding: str) -> str:
    """What is wrong with the letters of a line; empty: nothing."""
    if "\0" in line:
        return "contains a NUL byte; expected text"
    if line.isascii():
        return ""
    if encoding in ENCODINGS and _is_utf8_line(line, encoding):
        return f"is UTF-8 in a file that is said to be {encoding}; expected one of them throughout"
    if not (found := _UNDECODED.search(line)):
        return ""
    byte = ord(found[0]) & 0xFF
    if encoding != "utf-8":
        return f"byte 0x{byte:02x} is not {encoding.removesuffix('-sig')}; expected its letters"
    word = _WORD.search(line) or found
    meant = word[0].encode("utf-8", "surrogateescape").decode("windows-1252", "replace")[:40]
    return (
        f"byte 0x{byte:02x} is not UTF-8; expected the file in UTF-8 (a spreadsheet saves it as "
        f"“CSV UTF-8”), or its encoding said (windows-1252 makes “{meant}” of it)"
    )


def _is_utf8_line(line: str, encoding: str) -> bool:
    try:
        line.encode(encoding, "surrogateescape").decode("utf-8")
    except UnicodeError:
        return False
    return True


def without_lost(line: str) -> str:
    return _UNDECODED.sub(LOST, line)
