import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Count

from orders import queue
from orders.management.importing import with_example
from orders.models import OrderLine

SHOWN = 50


class Command(BaseCommand):
    help = (
        "Compare the queue counts with the lines they count. Exit code 1 if they differ. After a "
        "restore or a replication that skipped triggers, run it with --repair."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "check_queue", "check_queue --repair --json")
        parser.add_argument("--repair", action="store_true", help="recount where the counts differ")
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object: products, lines, differences",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        differences = list(queue.differences())
        self._list(differences)
        if differences and options["repair"]:
            queue.rebuild()
            differences = list(queue.differences())
            self.stderr.write("Recounted.")
        queues = OrderLine.objects.filter(waiting__gt=0).aggregate(
            products=Count("product", distinct=True), lines=Count("pk")
        )
        report = {**queues, "differences": len(differences)}
        self.stdout.write(
            json.dumps(report)
            if options["json"]
            else "Waiting lines: {lines:,}, products: {products:,}, differences: "
            "{differences:,}.".format(**report)
        )
        if differences:
            raise SystemExit(1)

    def _list(self, differences: list[queue.WrongCount]) -> None:
        for found in differences[:SHOWN]:
            self.stderr.write(
                f"{found.sku}, {found.width} from {found.start:%Y-%m-%d %H:%M}: counted "
                f"{found.counted.lines} lines and {found.counted.units} units, but there are "
                f"{found.actual.lines} and {found.actual.units}"
            )
        if len(differences) > SHOWN:
            self.stderr.write(f"… and {len(differences) - SHOWN:,} more")
