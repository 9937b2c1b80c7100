from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders import services
from orders.management.clock import add_on_argument, moment
from orders.management.importing import with_example
from orders.models import EventKind


class Command(BaseCommand):
    help = (
        "Review every product that has a queue: forecast it anew and publish what customers would "
        "notice, as the daily "
        "review does; tell those who may cancel since the agreed day has passed; and tell those "
        "who heard nothing for long "
        "that nothing changed. Products whose changes are still "
        "settling are left to their own time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "review_promises", "review_promises --on 2026-12-01")
        add_on_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        now = moment(options)
        published = services.review_all(now=now)
        published[EventKind.NOTE] = services.say_day_passed(now=now)
        published[EventKind.ON_TRACK] = services.reassure(now=now)
        self.stdout.write(f"Published: {words(published)}.")
        if left := services.unreviewed(now=now, since=now).count():
            raise CommandError(
                f"{_locked(left)} by another transaction, such as an import: run this again"
            )


def words(published: Counter[str]) -> str:
    """`12 later, 3 earlier`, by the kinds of events; `nothing`."""
    return (
        ", ".join(f"{published[kind]:,} {kind}" for kind in EventKind.values if published[kind])
        or "nothing"
    )


def _locked(products: int) -> str:
    return "1 product is held" if products == 1 else f"{products:,} products are held"
