"""What programs read: status.json and promise.json. Others build on these keys: keep them
stable."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urljoin

from babel.numbers import get_currency_precision
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orders import access
from orders.domain.money import Money
from orders.domain.supply import Window
from orders.models import EventKind
from orders.pages.language import read_as
from orders.pages.line_status import LineStatus
from orders.pages.offer import Offer, about_units
from orders.pages.status import Status, order_status
from orders.pages.timeline import CLEARER


def status_object(status: Status) -> dict[str, Any]:
    return {
        "order": {
            "number": status.number,
            "placed_at": _moment(status.placed_at),
            "total": _money(status.total),
        },
        "as_of": _moment(status.as_of),
        "next_update_by": _day(status.next_update_by),
        "lines": [_line_object(line) for line in status.lines],
        "events": [
            {"at": _moment(event.at), "kind": _kind(event.kind), "text": event.text}
            for event in status.events
        ],
    }


def _kind(kind: str) -> str:
    """The kinds that others build on."""
    return EventKind.NOTE if kind in (EventKind.LINK, CLEARER) else kind


def _line_object(line: LineStatus) -> dict[str, Any]:
    promised = line.promised
    return {
        "sku": line.sku,
        "name": line.name,
        "variant": line.variant,
        "image_url": urljoin(settings.SITE_URL, line.image_url) if line.image_url else None,
        "unit_price": _money(line.unit_price),
        "quantity": line.quantity,
        "allocated": line.allocated,
        "shipped": line.shipped,
        "cancelled": line.cancelled,
        "state": line.state,
        "place": line.place,
        "units_ahead": line.units_ahead,
        "window": _window_object(promised.window) if promised else None,
        "arrives_by": _day(line.arrives_by),
        "told_at": _moment(promised.told_at) if promised and promised.told_at else None,
        "agreed_by": _day(line.agreed_by),
    }


def offer_object(offer: Offer) -> dict[str, Any]:
    """Strangers read how long the line is, rounded: the exact number is the shop's business
    (EXACT_LINE)."""
    return {
        "sku": offer.sku,
        "name": offer.name,
        "quantity": offer.quantity,
        "lines": offer.lines,
        "units": about_units(offer),
        "window": _window_object(offer.window) if offer.window else None,
        "as_of": _moment(offer.as_of),
    }


def _window_object(window: Window) -> dict[str, Any]:
    """Days too far apart to be a promise are kept to compare, but not shown."""
    hidden = window.kind == "chances"
    return {
        "kind": window.kind,
        "early": None if hidden else _day(window.early),
        "likely": None if hidden else _day(window.likely),
        "late": None if hidden else _day(window.late),
        "sure": window.sure,
        "within_14": window.within_14,
        "within_30": window.within_30,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _money(money: Money | None) -> dict[str, str] | None:
    """The amount is a text with the currency's decimals: numbers of JSON do not keep every cent."""
    if money is None:
        return None
    exact = f"{money.amount:.{get_currency_precision(money.currency)}f}"
    return {"amount": exact, "currency": money.currency}


def _moment(at: datetime) -> str:
    """RFC 3339 with the offset of the shop's zone."""
    return timezone.localtime(at).isoformat(timespec="seconds")


@require_safe
def status_json(request: HttpRequest, token: str) -> JsonResponse:
    row, _ = access.open_order(token, access.MAY_READ)
    locale = read_as(request, row.locale)
    return JsonResponse(status_object(order_status(row, locale=locale, now=timezone.now())))
