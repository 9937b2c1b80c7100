import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from orders.domain.backtest import BacktestReport, BadFile, Score, backtest, read_versions


class Command(BaseCommand):
    help = (
        "Score ship windows on past restocks: each one is forecast on the day it was first "
        "promised, using what was known on that day. FILE is CSV in UTF-8 with one row for each "
        "date a supplier posted, with the columns of import_restocks or reference, supplier, "
        "posted_on, promised_on, arrived_on, known_on, quantity. Changes nothing."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = "Example: manage.py backtest_windows deliveries.csv --json"
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object instead of a table"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                report = backtest(read_versions(lines, str(file)))
        except (BadFile, OSError, UnicodeDecodeError) as error:
            self.stderr.write(_fault(file, error))
            raise SystemExit(1) from None
        self.stdout.write(
            json.dumps(report.as_json(), indent=2) if options["json"] else _table(report)
        )


def _fault(file: Path, error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return (
            f"{file}:1: not UTF-8 ({error.reason} at byte {error.start}); "
            "expected a CSV text in UTF-8"
        )
    if isinstance(error, OSError):
        return f"{file}:1: {error.strerror}; expected a file to read"
    return str(error)


def _table(report: BacktestReport) -> str:
    lines = [f"{'':44}{'window':>10}{'face value':>12}"]
    for label, ours, face in zip(
        _LABELS, _figures(report.windows), _figures(report.face_value), strict=True
    ):
        lines.append(f"{label:44}{_number(ours):>10}{_number(face):>12}")
    lines.append(
        f"{report.rows} rows; {report.scored} restocks that arrived and had a window when "
        f"promised, {report.open_ended} of them without a last day."
    )
    return "\n".join(lines)


_LABELS = (
    "80% window: share of arrivals within it",
    "80% window: mean width, days",
    "80% window: share of arrivals after it",
    "90% window: share of arrivals within it",
    "90% window: mean width, days",
    "90% window: share of arrivals after it",
    "pinball loss at 0.1, days",
    "pinball loss at 0.5, days",
    "pinball loss at 0.9, days",
    "mean distance from the likely day, days",
    "suppliers with few dates: restocks",
    "suppliers with few dates: 80% window holds",
)


def _figures(score: Score) -> tuple[float | None, ...]:
    narrow, wide = score.window80, score.window90
    return (
        *(narrow.coverage, narrow.mean_width, narrow.late),
        *(wide.coverage, wide.mean_width, wide.late),
        *score.pinball.values(),
        score.median_absolute_error,
        score.few.n,
        score.few.coverage80,
    )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.3f}"
