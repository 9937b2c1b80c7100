"""calendar.ics: by when each line ships, as an entry in the reader's calendar that follows what we
tell."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe
from icalendar import Calendar, Event, Timezone

from orders import access
from orders.access import Purpose
from orders.models import Order, Promise
from orders.pages.language import read_as
from orders.pages.line_status import LineStatus
from orders.pages.status import Status, order_status
from orders.words import in_language, isolated, window_of, window_parts

REFRESH = timedelta(hours=6)


def calendar_of(order: Order, status: Status, *, locale: str, page: str) -> bytes:
    """An all-day entry for every line that has a latest day; cancelled once it has none any more,
    or has left. `page`: where entries link to, if anywhere. Never without a component, which would
    be no calendar: of one that has nothing to tell yet, programs learn the zone and ask again."""
    calendar = Calendar()
    calendar.add("prodid", "-//Backorders//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"{settings.SHOP_NAME} {status.number}")
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")  # the same, for Outlook
    promises: dict[int, list[Promise]] = {}
    for promise in Promise.objects.filter(line__order=order).order_by("pk"):
        promises.setdefault(promise.line_id, []).append(promise)
    for line in status.lines:
        entry = _entry(line, promises.get(line.id, []), status, locale=locale)
        if entry is not None:
            if page:
                entry.add("url", page)
            calendar.add_component(entry)
    if not calendar.subcomponents:
        calendar.add_component(Timezone.from_tzid(settings.TIME_ZONE))
    return bytes(calendar.to_ical())


def _entry(
    line: LineStatus, promises: Sequence[Promise], status: Status, *, locale: str
) -> Event | None:
    """None where no day was ever named. Each promise is a newer version of the entry, and its end a
    version after that."""
    dated = [promise for promise in promises if window_of(promise).names_a_day and promise.late]
    if not dated:
        return None
    shown = dated[-1]
    stands = line.is_open and shown is promises[-1]
    with in_language(locale):
        product = {"product": isolated(line.name), "shop": isolated(settings.SHOP_NAME)}
        summary = gettext("%(shop)s ships %(product)s") % product
    entry = Event()
    entry.add("summary", summary)
    entry.add("uid", f"{status.number}.{line.sku}@{settings.SITE_URL.partition('://')[2]}")
    entry.add("dtstamp", status.as_of.astimezone(UTC))
    entry.add("created", promises[0].published_at.astimezone(UTC))
    entry.add("last-modified", _changed_at(line, promises, status))
    entry.add("sequence", 2 * (len(promises) - 1) + (not stands))
    entry.add("status", "CONFIRMED" if stands else "CANCELLED")
    entry.add("dtstart", shown.early or shown.late)
    if shown.late:
        entry.add("dtend", shown.late + timedelta(days=1))  # exclusive
    entry.add("transp", "TRANSPARENT")
    if stands:
        entry.add(
            "description",
            str(window_parts(window_of(shown), since=shown.published_on, locale=locale)),
        )
    return entry


def _changed_at(line: LineStatus, promises: Sequence[Promise], status: Status) -> datetime:
    ends = (
        [event.at for event in status.events if event.line == line.id] if not line.is_open else []
    )
    return (
        max(promises[-1].published_at, *ends).astimezone(UTC)
        if ends
        else promises[-1].published_at.astimezone(UTC)
    )


def subscription_url(feed: str) -> str:
    """For calendar programs, which then ask again and follow a date that moves."""
    host = settings.SITE_URL.partition("://")[2]
    return f"webcal://{host}{reverse('calendar', args=[feed])}"


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Windows as entries of a calendar. A link that may only feed a calendar leads nobody to the
    page."""
    row, purpose = access.open_order(token, access.MAY_READ)
    locale = read_as(request, row.locale)
    status = order_status(row, locale=locale, now=timezone.now())
    page = "" if purpose == Purpose.FEED else access.order_url(row, purpose)
    return HttpResponse(
        calendar_of(row, status, locale=locale, page=page), content_type="text/calendar"
    )
