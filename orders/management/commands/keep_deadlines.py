from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders import services
from orders.management.clock import add_on_argument, moment
from orders.management.importing import with_example


class Command(BaseCommand):
    help = (
        "Notify everyone whose last promised day is today or past and whose units won't ship on "
        "it. Remind everyone who has to answer a delay notice, and apply what silence means. The "
        "worker does this automatically."
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
            f"Reserved lines notified that they have not shipped: {lines:,}. Waiting lines were "
            "reviewed."
        )
        self.stdout.write(
            f"Delay notices ended by silence: {ended:,}. Reminders: {reminded:,}. Warnings for "
            f"staff: {warned:,}."
        )
        if services.deadlines_left(now=now):
            raise CommandError(
                "some lines are locked by another transaction, such as an import: run this again"
            )
