"""The customer's pages. A GET changes nothing, because mail scanners open every link."""

from threading import Semaphore
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from orders import access
from orders.access import Purpose
from orders.pages import json_api
from orders.pages import live as polling
from orders.pages.calendar import calendar_of
from orders.pages.language import read_as
from orders.pages.public_record import BY_LAST_DAY, MIN_OUTCOMES, RECORD_KEPT, WITHIN, recent_record
from orders.pages.status import order_status
from orders.pages.typed import AsTyped
from orders.words import zone_of


class LookUpForm(forms.Form):
    number = AsTyped()
    email = AsTyped()


@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Number and email address together give a view-only link. Every miss reads the same."""
    form = LookUpForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():  # nothing was sent
        return render(request, "orders/look_up.html")
    typed = form.cleaned_data
    try:
        found = access.find_order(**typed, client=access.client_range(request))
    except access.Throttled as throttled:
        context = typed | {"wait_minutes": -(-throttled.retry_after // 60)}
        response = render(request, "orders/look_up.html", context, status=429)
        response["Retry-After"] = str(throttled.retry_after)
        return response
    if found is None:
        return render(request, "orders/look_up.html", typed | {"missed": True})
    link = reverse("order", args=[access.link_token(found, Purpose.LOOK)])
    return HttpResponse(status=303, headers={"Location": link})


@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    return render(request, "orders/order.html", _page(request, token))


def _page(request: HttpRequest, token: str) -> dict[str, Any]:
    row, purpose = access.open_order(token)
    feed = access.link_token(row, Purpose.FEED)
    locale = read_as(request, row.locale)
    now = timezone.now()
    status = order_status(row, locale=locale, now=now)
    return {
        "order": row,
        "token": token,
        "feed": feed,
        "status": status,
        "today": timezone.localtime(now).date(),
        "locale": locale,
        "zone": zone_of(row.country, now),
        "mailed": status.is_mailed,
        "may_act": purpose in access.MAY_ACT,
    }


_making_page = Semaphore()


@require_safe
def live(request: HttpRequest, token: str) -> HttpResponse:
    """The part of the page that changes; 204 while it is what the page shows (?seen=HASH)."""
    key, _ = access.order_named(token)
    look = polling.look(key)
    if look is None:
        raise Http404("no such link")
    locale, seen = read_as(request, look.locale), request.GET.get("seen", "")
    state = look.state(locale=locale, today=timezone.localdate())
    if seen and polling.version_shown(state) == seen:
        return HttpResponse(status=204)
    # When many customers look at their pages while they are told of a delay, one poll at a time
    # makes a page. The others keep what they have until they ask again, rather than wait for each
    # other.
    if not _making_page.acquire(blocking=not seen):
        return HttpResponse(status=204)
    try:
        page = _page(request, token)
        version = page["status"].version
        polling.keep_version(state, version)
        return (
            HttpResponse(status=204)
            if seen == version
            else render(request, "orders/order.html#live", page)
        )
    finally:
        _making_page.release()


@require_safe
def status_json(request: HttpRequest, token: str) -> HttpResponse:
    row, _ = access.open_order(token, access.MAY_READ)
    locale = read_as(request, row.locale)
    return JsonResponse(
        json_api.status_object(order_status(row, locale=locale, now=timezone.now()))
    )


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


@require_safe
@cache_control(public=True, max_age=RECORD_KEPT)
def record(request: HttpRequest) -> HttpResponse:
    """How often the dates we told were met."""
    kept = recent_record(now=timezone.now())
    aims = {"by_last_day_aim": BY_LAST_DAY, "within_aim": WITHIN, "fewest": MIN_OUTCOMES}
    return render(
        request, "orders/public_record.html", aims | {"record": kept, "locale": read_as(request)}
    )
