import json
import time
from argparse import ArgumentTypeError
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backorders_site.simulation.charts import calibration_chart, windows_chart
from backorders_site.simulation.report import SimulationReport, report_on, table
from backorders_site.simulation.run import NoScratchDatabase, Shop, scratch_database
from backorders_site.simulation.story import Purchase, Story, Wanted, draw_orders, synthetic
from orders import services
from orders.imports.csv.order_rows import OrderRows
from orders.imports.csv.restocks import read_restocks
from orders.imports.csv.table import CsvTable, Unreadable
from orders.imports.run import ImportRun, NothingWritten
from orders.imports.sources import dialect_of
from orders.management.importing import with_example

SHOWN = 20
TWO_YEARS = timedelta(days=730)
OF_RESTOCKS = {
    "--orders": "orders",
    "--draw-orders": "draw_orders",
    "--from": "first",
    "--to": "last",
}


class Command(BaseCommand):
    help = (
        "Simulate a shop over time with the product's own services, and report how well its "
        "promises were kept. It runs in a new database next to DATABASE_URL's and drops it at the"
        " end; on a fresh clone, without DATABASE_URL, on a server of its own. The shop's own "
        "data is neither read nor changed. Restocks before --from are the suppliers' record. Exit"
        " code 1 if a promise was broken without notice, a place rose without a reason, a unit "
        "went out of turn, or one was lost."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(
            parser,
            "simulate --synthetic 1",
            "simulate --restocks restocks.csv --draw-orders 1 --from 2024-01-01 --to 2025-12-31 "
            "--json",
            "simulate --restocks restocks.csv --orders orders.csv --svg charts",
        )
        world = parser.add_mutually_exclusive_group(required=True)
        world.add_argument(
            "--restocks", metavar="FILE", type=Path, help="restocks, as for import_restocks"
        )
        world.add_argument(
            "--synthetic",
            metavar="SEED",
            type=int,
            help="a made-up shop in which everything happens",
        )
        whose = parser.add_mutually_exclusive_group()
        whose.add_argument(
            "--orders", metavar="FILE", type=Path, help="orders, as for import_orders"
        )
        whose.add_argument(
            "--draw-orders",
            metavar="SEED",
            type=int,
            help="draw random orders; restocks are scaled to them",
        )
        parser.add_argument(
            "--from",
            dest="first",
            metavar="DATE",
            type=_day,
            help="first day (two years before --to)",
        )
        parser.add_argument(
            "--to", dest="last", metavar="DATE", type=_day, help="last day (of the newest delivery)"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object instead of a table"
        )
        parser.add_argument(
            "--svg",
            metavar="DIR",
            type=Path,
            help="write windows.svg and calibration.svg to this directory",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        try:
            story = _story(options)
        except (Unreadable, OSError) as error:
            raise CommandError(str(error)) from None
        if options["svg"]:
            _must_be_writable(options["svg"])
        try:
            with scratch_database():
                shop = Shop(story, progress=self._progress(story))
                shop.play()
                report = report_on(shop)
        except NoScratchDatabase as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("interrupted; the temporary database was dropped") from None
        self._say(
            f"{(story.last - story.first).days + 1:,} days in {time.monotonic() - started:.0f} s."
        )
        if options["svg"]:
            _write_charts(options["svg"], report)
        self.stdout.write(
            json.dumps(report.as_json(), indent=2) if options["json"] else table(report)
        )
        self._list_failures(shop, report)
        figures = report.figures
        if (
            figures.silent_breaks
            or figures.unexplained_rises
            or figures.fifo_inversions
            or not figures.units_conserved
        ):
            raise SystemExit(1)

    def _progress(self, story: Story) -> Any:
        def say(day: date) -> None:
            if day.day == 1:
                self._say(f"{day:%B %Y} …")

        return say

    def _say(self, text: str) -> None:
        self.stderr.write(text)

    def _list_failures(self, shop: Shop, report: SimulationReport) -> None:
        for broken in report.breaks[:SHOWN]:
            self._say(
                f"broken without notice: line {broken.line_id}, told at {broken.told_at} that it "
                f"ships by {broken.last_day}"
            )
        for rise in shop.rises[:SHOWN]:
            self._say(
                f"rose without a reason: line {rise.line_id} from place {rise.before} to "
                f"{rise.after} at {rise.seen_at}"
            )
        for inversion in report.inversions[:SHOWN]:
            self._say(
                f"out of turn: {inversion.units} units at {inversion.at}, line "
                f"{inversion.waiting_line} waited"
            )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is not a date; expected one such as 2026-03-31"
        ) from None


def _story(options: dict[str, Any]) -> Story:
    if options["synthetic"] is not None:
        for name, value in OF_RESTOCKS.items():
            if options[value] is not None:
                raise CommandError(
                    f"{name} needs --restocks: a made-up shop has its own orders and days"
                )
        return synthetic(options["synthetic"])
    if options["orders"] is None and options["draw_orders"] is None:
        raise CommandError(
            "--restocks needs orders: name a file with --orders or draw some with --draw-orders "
            "SEED"
        )
    deliveries = _deliveries(options["restocks"])
    newest = max((day for delivery in deliveries for day in _days(delivery)), default=date.today())
    last = options["last"] or newest
    first = options["first"] or last - TWO_YEARS
    if first >= last:
        raise CommandError(f"the first day, {first}, is not before the last, {last}")
    if options["orders"] is None:
        return draw_orders(deliveries, first=first, last=last, seed=options["draw_orders"])
    return Story(first, last, deliveries, _purchases(options["orders"], first, last), seed=0)


def _days(delivery: services.RestockRecord) -> list[date]:
    return [version.expected_on for version in delivery.dates] + [
        arrival.known_on for arrival in delivery.arrivals
    ]


def _deliveries(path: Path) -> list[services.RestockRecord]:
    run = ImportRun(str(path), timezone.now())
    try:
        return read_restocks(run, CsvTable(path))
    except NothingWritten:
        raise CommandError("\n".join(run.faults.kept[:SHOWN])) from None


def _purchases(path: Path, first: date, last: date) -> list[Purchase]:
    table_of_orders = CsvTable(path)
    run = ImportRun(table_of_orders.name, timezone.now())
    rows = OrderRows(table_of_orders, dialect_of(table_of_orders), now=run.now)
    orders = [order for _, order in rows.orders(run.bad)]
    if run.faults.total:
        raise CommandError("\n".join(run.faults.kept[:SHOWN]))
    purchases = []
    for order in orders:
        at = order.paid_at or order.placed_at
        on = services.today_of(at)
        wanted = [
            Wanted(line.sku, line.wanted, line.promised_by)
            for line in order.by_sku.values()
            if line.wanted
        ]
        if wanted and first <= on <= last:
            purchases.append(Purchase(order.number, at, on, wanted, order.country, order.region))
    return purchases


def _must_be_writable(directory: Path) -> None:
    """Before the long run, not after it."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise CommandError(
            f"{directory}: {error.strerror}; expected a directory to write charts to"
        ) from None


def _write_charts(directory: Path, report: SimulationReport) -> None:
    (directory / "windows.svg").write_text(windows_chart(report), encoding="utf-8")
    (directory / "calibration.svg").write_text(calibration_chart(report), encoding="utf-8")
