from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders import services
from orders.management.clock import add_on_argument, moment
from orders.management.importing import with_example
from orders.models import EventKind


class Command(BaseCommand):
    help = (
        "Review every product with a queue, as the daily review does: make a new forecast and "
        "publish what customers would notice, notify customers who may cancel because the agreed "
        "date has passed, and tell customers who have had no email for long that nothing has "
        "changed. Products with a change that is still settling are left out."
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
    return "1 product is locked" if products == 1 else f"{products:,} products are locked"
