from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders import services
from orders.management.clock import add_on_argument, moment
from orders.management.importing import with_example


class Command(BaseCommand):
    help = (
        "Tell everyone whose last promised day is today, or past, and whose units will not leave "
        "on it; remind who has to "
        "answer a delay, and apply what silence means. The worker does this by itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "keep_deadlines", "keep_deadlines --on 2026-12-18")
        add_on_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = moment(options)
        ended, reminded, warned = (
            services.apply_silence(now=now),
            services.remind(now=now),
            services.warn_staff(now=now),
        )
        lines = services.keep_deadlines(now=now)
        self.stdout.write(
            f"Reserved lines told that they have not shipped: {lines:,}. Waiting ones were "
            "reviewed."
        )
        self.stdout.write(
            f"Delays that silence ended: {ended:,}. Reminded: {reminded:,}. Warnings for staff: "
            f"{warned:,}."
        )
        if services.deadlines_left(now=now):
            raise CommandError(
                "some lines are held by another transaction, such as an import: run this again"
            )
