import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from backorders_site.ops import status
from orders.management.importing import with_example


class Command(BaseCommand):
    help = (
        "Show the state of everything: database, broker, email, worker, beat, uploads worker, "
        "clock, emails waiting, the last review and cut-off. If something is wrong, it says what "
        "to do and the exit code is 1."
    )
    requires_system_checks = ()  # the database may be what is wrong

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "status", "status --json")
        parser.add_argument(
            "--json",
            action="store_true",
            help="print JSON for programs: ok, and each part with state, wrong, remedy",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        table = status.lines(now=timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(status.as_json(table), indent=2))
        else:
            width = max(len(line.name) for line in table)
            for line in table:
                words = f"{line.state}   <- {line.remedy}" if line.wrong else line.state
                self.stdout.write(f"{line.name:{width}}  {words}")
        if any(line.wrong for line in table):
            raise SystemExit(1)
