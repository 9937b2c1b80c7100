"""--on DATE: run as at noon of that day. For development: a day already passed cannot be made to
pass otherwise."""

from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db.models import Max
from django.utils import timezone

from orders import clock
from orders.models import Event, Promise, Receipt, RestockDate
from orders.services import today_of

UNTIL = date(2100, 1, 1)


def add_on_argument(parser: CommandParser) -> None:
    parser.add_argument(
        "--on",
        metavar="DATE",
        help="run as if it were noon of this day in the shop's time zone (only with DEBUG; not "
        "before the newest record)",
    )


def moment(options: dict[str, Any]) -> datetime:
    """Now; with --on noon of that day, or the newest fact where that is later the same day.
    CommandError where the day is refused, or this machine's clock is wrong."""
    if not options["on"]:
        if wrong := clock.fault():
            raise CommandError(
                f"This machine's clock is {wrong}. Nothing was done. Set the clock, for example "
                "with NTP."
            )
        return timezone.now()
    try:
        on = date.fromisoformat(options["on"])
    except ValueError:
        raise CommandError(
            f"--on is {options['on']!r}; expected a date such as 2026-03-31"
        ) from None
    if on >= UNTIL:
        raise CommandError(f"--on is {on}; expected a date before {UNTIL}")
    if not settings.DEBUG:
        raise CommandError("--on is for development: it runs with DEBUG only")
    noon = timezone.make_aware(datetime.combine(on, time(12)))
    newest = newest_fact()
    if newest and on < today_of(newest):
        raise CommandError(
            f"--on is {on}, but something happened on {today_of(newest)}; expected that day or a "
            "later one, because history is not rewritten"
        )
    return max(noon, newest) if newest else noon


def newest_fact() -> datetime | None:
    """When the last thing happened that a customer or the record may rest on."""
    ats = (
        Event.objects.aggregate(at=Max("at"))["at"],
        Promise.objects.aggregate(at=Max("published_at"))["at"],
        Receipt.objects.aggregate(at=Max("recorded_at"))["at"],
        RestockDate.objects.aggregate(at=Max("recorded_at"))["at"],
    )
    return max((at for at in ats if at), default=None)
