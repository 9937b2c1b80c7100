"""How spreadsheets, suppliers and old programs write a table that means the same. A disguise is
made of rows first and of bytes then; several may lie on top of each other."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime

import openpyxl

from tests.fuzz.hostile import Hostile

Rows = list[list[str]]
Words = Callable[[Hostile, Rows], None]  # changes what the cells say
Bytes = Callable[[Hostile, Rows], bytes]

DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
FORMATS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%d.%m.%y", "%m/%d/%y"),
    *("%d %b %Y", "%B %d %Y", "%d-%b-%y", "%Y-%m-%d 00:00:00", "%d.%m.%Y 00:00"),
)


def dates(hostile: Hostile, rows: Rows) -> None:
    """Each column in a format of its own; now and then one cell in another."""
    for place in range(len(rows[0])):
        written = hostile.choice(FORMATS)
        for row in rows[1:]:
            if place < len(row) and DATE.fullmatch(row[place]):
                odd = hostile.random() < 0.05
                on = datetime.fromisoformat(row[place])
                row[place] = on.strftime(hostile.choice(FORMATS) if odd else written)


def numbers(hostile: Hostile, rows: Rows) -> None:
    for row in rows[1:]:
        for place, cell in enumerate(row):
            if cell.isdigit() and len(cell) < 4 and hostile.random() < 0.5:
                row[place] = cell + hostile.choice((".0", ".00", ".0000", ",0", ".000", ",000"))


def guards(hostile: Hostile, rows: Rows) -> None:
    for row in rows[1:]:
        for place, cell in enumerate(row):
            if cell and cell[0].isdigit() and hostile.random() < 0.4:
                row[place] = hostile.choice((f'="{cell}"', f"'{cell}"))


def damage(hostile: Hostile, rows: Rows) -> None:
    """Nothing that can be repaired: it has to be refused."""
    row = hostile.choice(rows[1:])
    filled = [place for place, cell in enumerate(row) if cell] or [0]
    place = hostile.choice(filled)
    kinds = ["#N/A", "#REF!", "\ufffd", "#####"]
    if any(map(str.isdigit, row[place])):  # a name may be a number, and a key a week
        kinds += ["4.00638E+12", "1.000"]
    if DATE.match(row[place]):
        kinds += ["2026-W51"]
    row[place] = hostile.choice(kinds)


def beside(hostile: Hostile, rows: Rows) -> None:
    width = len(rows[0])
    for _ in range(hostile.randrange(4)):
        rows.insert(0, hostile.choice(([], [""] * width, ["Open orders"], ["as of", "1 December"])))
    for _ in range(hostile.randrange(3)):
        rows.append(hostile.choice(([], [""] * width, ["Total", *[""] * (width - 2), "9"])))


def separators(hostile: Hostile, rows: Rows) -> bytes:
    sign = hostile.choice(";\t|")
    said = f"sep={sign}\n" if sign == "|" or hostile.random() < 0.3 else ""
    return (said + text_of(rows, delimiter=sign)).encode()


def encodings(hostile: Hostile, rows: Rows) -> bytes:
    """Windows-1252 is refused, as nobody says so."""
    return text_of(rows).encode(
        hostile.choice(("utf-8-sig", "utf-16", "windows-1252")), errors="replace"
    )


def line_ends(hostile: Hostile, rows: Rows) -> bytes:
    text = text_of(rows, lineterminator=hostile.choice(("\r", "\r\n", "\n")))
    return (text + hostile.choice(("", "\x1a", "\n\x1a"))).encode()


def wrapped(hostile: Hostile, rows: Rows) -> bytes:
    trailing = hostile.choice(("", ";", ";;;", "\t"))
    always = hostile.random() < 0.3
    lines = []
    for row in rows:
        line = text_of([row]).rstrip("\n")
        quoted = always or '"' in line
        lines.append(('"' + line.replace('"', '""') + '"' if quoted else line) + trailing)
    return "\n".join(lines).encode()


def unquoted(hostile: Hostile, rows: Rows) -> bytes:
    """Between tabs, where quotes are part of a text."""
    return "\n".join("\t".join(row) for row in rows).encode()


def spreadsheet(hostile: Hostile, rows: Rows) -> bytes:
    book = openpyxl.Workbook()
    if hostile.random() < 0.3:
        book.active.append(["Notes"])
        book.create_sheet("Table")
    sheet = book.worksheets[-1]
    for row in rows:
        sheet.append([_typed(hostile, cell) for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _typed(hostile: Hostile, cell: str) -> object:
    if cell.isdigit() and not cell.startswith("0") and hostile.random() < 0.7:
        return float(cell)
    if DATE.fullmatch(cell) and hostile.random() < 0.7:
        return datetime.fromisoformat(cell)
    return cell or None


def text_of(rows: Rows, *, delimiter: str = ",", lineterminator: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=lineterminator).writerows(rows)
    return out.getvalue()


OF_WORDS: dict[str, Words] = {
    "dates": dates,
    "numbers": numbers,
    "guards": guards,
    "damage": damage,
    "beside": beside,
}
OF_BYTES: dict[str, Bytes] = {
    "separators": separators,
    "encodings": encodings,
    "line ends": line_ends,
    "wrapped": wrapped,
    "unquoted": unquoted,
    "spreadsheet": spreadsheet,
}
