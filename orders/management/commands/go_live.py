from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from django.utils import timezone

from orders import services
from orders.mail_port import mail_port
from orders.management.importing import with_example
from orders.models import Order, Release
from orders.unreleased import TOTAL, who_would_hear_what, with_agreed_date

SHOWN = 10


class Command(BaseCommand):
    help = (
        "Orders of a first import are unreleased: no emails go out about them. Show, by country, "
        "who would be told what, who is past the agreed date and who can't be reached. With "
        "--per-hour, release them, oldest import first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "go_live", "go_live --per-hour 200")
        parser.add_argument(
            "--per-hour",
            type=int,
            metavar="N",
            help="release N orders an hour from now on; without this, nothing is released",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        pace: int | None = options["per_hour"]
        if pace is not None and not 1 <= pace <= services.MAX_PER_HOUR:
            raise CommandError(
                f"--per-hour is {pace}; expected a whole number from 1 to {services.MAX_PER_HOUR}"
            )
        now = timezone.now()
        quiet = Order.objects.filter(released_at__isnull=True)
        self._show(quiet, now=now)
        if pace is None:
            self.stdout.write(
                _under_way() or "Nothing was released. To release them, add --per-hour N."
            )
        elif quiet.exists():
            services.start_release(pace, now=now)
            released = services.release_orders(now=now)
            self.stdout.write(
                f"Release started: {pace:,} orders an hour, {released:,} now. Celery releases "
                "the others."
            )
        else:
            services.start_release(pace, now=now)
            self.stdout.write("From now on, new orders get emails right away.")
        if settings.MAIL_MODE != "send":
            self.stdout.write(
                f"MAIL_MODE is {settings.MAIL_MODE}: emails are written and kept back as it says."
            )
        elif not mail_port().goes_to_all():
            self.stdout.write(
                "Staff have paused email: emails are written and kept back until it is resumed."
            )

    def _show(self, quiet: QuerySet[Order], *, now: datetime) -> None:
        columns = who_would_hear_what(quiet, now=now)
        orders = columns["orders"]
        if not orders[TOTAL]:
            self.stdout.write("There are no unreleased orders.")
            return
        self.stdout.write(
            "".join([f"{'country':9}", *(f"{name:>{len(name) + 3}}" for name in columns)])
        )
        for country in [*sorted(code for code in orders if code != TOTAL), TOTAL]:
            cells = [
                f"{by_country[country]:>{len(name) + 3},}" for name, by_country in columns.items()
            ]
            self.stdout.write("".join([f"{country or '-':9}", *cells]))
        late = with_agreed_date(quiet, now=now, most=SHOWN + 1)
        self._name("Past the agreed date", [f"{number} ({day})" for number, day in late])
        unreachable = quiet.filter(email="").order_by("pk").values_list("number", flat=True)
        self._name("Can't be reached", list(unreachable[: SHOWN + 1]))

    def _name(self, label: str, numbers: list[str]) -> None:
        if numbers:
            more = " …" if len(numbers) > SHOWN else ""
            self.stdout.write(f"{label}: {', '.join(numbers[:SHOWN])}{more}")


def _under_way() -> str:
    release = Release.objects.order_by("-pk").first()
    if not release:
        return ""
    since = timezone.localtime(release.started_at)
    return f"A release of {release.per_hour:,} an hour is under way since {since:%Y-%m-%d %H:%M}."
