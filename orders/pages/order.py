"""An order's page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import access
from orders.access import Purpose
from orders.pages.calendar import subscription_url
from orders.pages.headline import cards, summary
from orders.pages.language import read_as
from orders.pages.pictures import allow_pictures
from orders.pages.status import order_status
from orders.words import zone_of

NEWEST = 3  # events that stand open


@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    page = order_page(request, token)
    pictures = [line.image_url for line in page["status"].lines]
    return allow_pictures(render(request, "orders/order.html", page), pictures)


def order_page(request: HttpRequest, token: str) -> dict[str, Any]:
    row, purpose = access.open_order(token)
    feed = access.link_token(row, Purpose.FEED)
    locale = read_as(request, row.locale)
    now = timezone.now()
    status = order_status(row, locale=locale, now=now)
    today = timezone.localtime(now).date()
    # One alone is not worth a fold.
    events = status.told_events
    shown_events = NEWEST if len(events) > NEWEST + 1 else NEWEST + 1
    shown = cards(status.lines, today=today, locale=locale)
    return {
        "order": row,
        "token": token,
        "feed": feed,
        "subscription": subscription_url(feed),
        "status": status,
        "cards": shown,
        "summary": summary(shown, today=today, locale=locale) if len(shown) > 1 else [],
        "newest": events[:shown_events],
        "older": events[shown_events:],
        "share_url": access.order_url(row, Purpose.LOOK),
        "today": today,
        "locale": locale,
        "zone": zone_of(row.country, now),
        "mailed": status.is_mailed,
        "may_act": purpose in access.MAY_ACT,
    }
