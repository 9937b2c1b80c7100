"""Tables as CSV that a spreadsheet shows, and does not run as formulas."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

# Where a formula may begin: in a cell, or inside one for a spreadsheet whose separator is not the
# comma, as in German and French. Quotation marks do not hold it back there. Excel in Japanese takes
# the wide signs as well.
FORMULA = re.compile(r"""(^|[;|\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])""")


class _Line:
    """Hands each line of the writer on."""

    def write(self, line: str) -> str:
        return line


def sheet(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """UTF-8 with a header row. Rows are read as they are sent, however many there are."""
    return StreamingHttpResponse(
        _lines(columns, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([safe(cell) for cell in row])


def safe(cell: object) -> object:
    """What a spreadsheet would take for a formula gets the apostrophe that makes it text there;
    numbers stay."""
    return FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell
