"""Tables as CSV that a spreadsheet shows, and does not run as formulas."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

# Where a formula may begin: in a cell, or inside one for a spreadsheet whose separator is not the
# comma, as in German and French. Quotation marks do not hold it back there. Excel in Japanese takes
# the wide signs as well.
FORMULA = re.compile(r"""(^|[;|\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])""")

# What a spreadsheet that only opens and saves it rounds, strips of zeros, or takes for a date.
DAMAGED = re.compile(r"\d{12,}|0\d+|\d+E\d+|\d{1,2}[-/.]\d{1,2}", re.I)


class _Line:
    """Hands each line of the writer on."""

    def write(self, line: str) -> str:
        return line


def sheet(
    name: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    comes_back: bool = False,
) -> StreamingHttpResponse:
    """UTF-8 with a header row. Rows are read as they are sent, however many there are.
    `comes_back`: what a spreadsheet saves of it has to be what it was."""
    return StreamingHttpResponse(
        _lines(columns, rows, comes_back=comes_back),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _lines(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, comes_back: bool
) -> Iterator[str]:
    """With a byte order mark, Excel does not take UTF-8 for its country's own encoding."""
    writer, written = csv.writer(_Line()), unharmed if comes_back else safe
    yield ("\ufeff" if comes_back else "") + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([written(cell) for cell in row])


def unharmed(cell: object) -> object:
    """As `safe`, and guarded as text where a spreadsheet would change it."""
    is_at_risk = isinstance(cell, str) and DAMAGED.fullmatch(cell)
    return f'="{cell}"' if is_at_risk else safe(cell)


def safe(cell: object) -> object:
    """What a spreadsheet would take for a formula gets the apostrophe that makes it text there;
    numbers stay."""
    return FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell
