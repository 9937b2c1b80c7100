"""The customer's pages. A GET changes nothing: mail scanners open every link."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Semaphore
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from orders import access, clock, services
from orders.access import Purpose
from orders.models import Choice, Order
from orders.pages import json_api
from orders.pages import live as polling
from orders.pages.calendar import calendar_of
from orders.pages.choices import refund_by
from orders.pages.language import number_typed, read_as
from orders.pages.public_record import BY_LAST_DAY, FEWEST, RECORD_KEPT, WITHIN, recent_record
from orders.pages.status import LineStatus, Status, is_mailed, order_status
from orders.words import outcome_sentence, zone_of


@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Number and mail address together give a link that may only look; every miss reads alike."""
    if request.method != "POST":
        return render(request, "orders/look_up.html")
    typed = {"number": request.POST.get("number", ""), "email": request.POST.get("email", "")}
    try:
        found = access.find_order(**typed, client=access.client_range(request))
    except access.Throttled as throttled:
        context = typed | {"wait_minutes": -(-throttled.retry_after // 60)}
        headers = {"Retry-After": str(throttled.retry_after)}
        return _with(headers, render(request, "orders/look_up.html", context, status=429))
    if found is None:
        return render(request, "orders/look_up.html", typed | {"missed": True})
    link = reverse("order", args=[access.link_token(found, Purpose.LOOK)])
    return HttpResponse(status=303, headers={"Location": link})


@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    row, purpose = access.open_order(token)
    locale = read_as(request, row.locale)
    return render(request, "orders/order.html", _page(row, purpose, token, locale))


PATIENCE = 2.0  # seconds that a customer waits for an import, which may hold an order for minutes
COME_BACK = {"Retry-After": "60"}

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
    # Of all who look at their pages while they are told of a delay, one poll at a time makes a
    # page: the others keep what they have until they ask again, rather than wait for each other.
    if not _making_page.acquire(blocking=not seen):
        return HttpResponse(status=204)
    try:
        row, purpose = access.open_order(token)
        page = _page(row, purpose, token, locale)
        version = page["status"].version
        polling.keep_version(state, version)
        return (
            HttpResponse(status=204)
            if seen == version
            else render(request, "orders/order.html#live", page)
        )
    finally:
        _making_page.release()


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a customer is about to choose for a line; `quantity` None: all that can still be
    cancelled."""

    line: LineStatus
    choice: Choice
    quantity: int | None


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """What a choice does, until when, and what happens without it. Only the button acts, and only
    with a mailed link."""
    row, purpose = access.open_order(token)
    acts = request.method == "POST"
    now = clock.now() if acts else timezone.now()
    locale = read_as(request, row.locale)
    status = order_status(row, locale=locale, now=now)
    typed = request.POST if acts else request.GET
    chosen = _chosen(typed, status)
    if chosen is None:
        return _not_understood(
            request, row, purpose, token, _chosen_whole(typed, status), now=now, locale=locale
        )
    page = _choice(row, purpose, token, chosen, now=now, locale=locale)
    if not acts:
        return render(request, "orders/answer.html", page)
    if purpose not in access.MAY_ACT:
        return render(request, "orders/answer.html", page, status=403)
    try:
        with services.waiting_at_most(PATIENCE):
            done = services.answer(
                row,
                chosen.line.id,
                chosen.choice,
                units=chosen.quantity,
                seen=_seen(request.POST),
                now=now,
            )
    except services.Held:
        return _with(
            COME_BACK, render(request, "orders/answer.html", page | {"held": True}, status=503)
        )
    except services.Changed:
        chosen = _as_it_is_now(row, chosen, now=now, locale=locale)
        page = _choice(row, purpose, token, chosen, now=now, locale=locale)
        return render(request, "orders/answer.html", page | {"changed": True}, status=409)
    except services.Refused as refused:
        chosen = _as_it_is_now(row, chosen, now=now, locale=locale)
        page = _choice(row, purpose, token, chosen, now=now, locale=locale)
        return render(request, "orders/answer.html", page | {"refused": str(refused)}, status=409)
    messages.success(request, _outcome(row, chosen, done, now=now, locale=locale))
    return HttpResponse(status=303, headers={"Location": reverse("order", args=[token])})


@require_safe
def status_json(request: HttpRequest, token: str) -> HttpResponse:
    row, _ = access.open_order(token, access.MAY_READ)
    locale = read_as(request, row.locale)
    return JsonResponse(
        json_api.status_object(order_status(row, locale=locale, now=timezone.now()))
    )


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Windows as entries of a calendar. A link that may only feed it leads nobody on to the
    page."""
    row, purpose = access.open_order(token, access.MAY_READ)
    locale = read_as(request, row.locale)
    status = order_status(row, locale=locale, now=timezone.now())
    page = "" if purpose == Purpose.FEED else access.order_url(row, purpose)
    return HttpResponse(
        calendar_of(row, status, locale=locale, page=page), content_type="text/calendar"
    )


def _chosen(typed: QueryDict, status: Status) -> _Chosen | None:
    """None: a line of another order, no choice of ours, or no quantity the line could ever have."""
    line = next((line for line in status.lines if str(line.id) == typed.get("line")), None)
    choice, quantity = typed.get("choice"), typed.get("quantity", "").strip()
    if line is None or choice not in Choice.values:
        return None
    if choice == Choice.KEEP or not quantity:
        return _Chosen(line, Choice(choice), None)
    units = number_typed(quantity)
    return _Chosen(line, Choice(choice), units) if units and units <= line.quantity else None


def _chosen_whole(typed: QueryDict, status: Status) -> _Chosen | None:
    """The choice as if no number of units had been typed."""
    whole = typed.copy()
    whole.pop("quantity", None)
    return _chosen(whole, status)


def _not_understood(
    request: HttpRequest,
    row: Order,
    purpose: Purpose,
    token: str,
    whole: _Chosen | None,
    *,
    now: datetime,
    locale: str,
) -> HttpResponse:
    """The form again where only the number of units is none that can be."""
    if whole is None:
        return render(
            request,
            "orders/answer.html",
            {"order": row, "token": token, "unknown": True},
            status=400,
        )
    page = _choice(row, purpose, token, whole, now=now, locale=locale)
    return render(request, "orders/answer.html", page | {"wrong_units": True}, status=400)


def _seen(typed: QueryDict) -> int | None:
    """The units that could still be cancelled when the form was shown, so that a part sent twice is
    cancelled once."""
    seen = typed.get("seen", "")
    return int(seen) if re.fullmatch("[0-9]{1,9}", seen) else None


def _as_it_is_now(row: Order, chosen: _Chosen, *, now: datetime, locale: str) -> _Chosen:
    lines = order_status(row, locale=locale, now=now).lines
    return replace(chosen, line=next(line for line in lines if line.id == chosen.line.id))


def _choice(
    row: Order, purpose: Purpose, token: str, chosen: _Chosen, *, now: datetime, locale: str
) -> dict[str, Any]:
    line = chosen.line
    back = None
    if chosen.choice == Choice.KEEP and line.put_back:
        back = services.way_back(row.lines.get(pk=line.id))
    return {
        "order": row,
        "token": token,
        "line": line,
        "back": back,
        "units": back.units if back else line.open_units or line.quantity,
        "choice": chosen.choice,
        "quantity": chosen.quantity or line.open_units,
        "asked_again": _address_of(chosen),
        "may_act": purpose in access.MAY_ACT,
        "refund_by": refund_by(row, now=now),
        "today": timezone.localtime(now).date(),
        "locale": locale,
        "mailed": is_mailed(row),
    }


def _address_of(chosen: _Chosen) -> QueryDict:
    """What a link to the choice says after the question mark: the address that a form was sent to
    says nothing."""
    asked = QueryDict(mutable=True)
    asked.update({"line": str(chosen.line.id), "choice": chosen.choice.value})
    if chosen.quantity:
        asked["quantity"] = str(chosen.quantity)
    return asked


def _outcome(
    row: Order, chosen: _Chosen, done: services.Answered, *, now: datetime, locale: str
) -> str:
    return outcome_sentence(
        done.done,
        units=done.units,
        refund_by=max((refund.due_on for refund in done.refunds), default=None),
        withdrawn=chosen.choice == Choice.WITHDRAW,
        mailed=is_mailed(row),
        locale=locale,
        today=timezone.localtime(now).date(),
    )


@require_safe
@cache_control(public=True, max_age=RECORD_KEPT)
def record(request: HttpRequest) -> HttpResponse:
    """How often what we told held."""
    kept = recent_record(now=timezone.now())
    aims = {"by_last_day_aim": BY_LAST_DAY, "within_aim": WITHIN, "fewest": FEWEST}
    return render(
        request, "orders/record.html", aims | {"record": kept, "locale": read_as(request)}
    )


def _page(row: Order, purpose: Purpose, token: str, locale: str) -> dict[str, Any]:
    now = timezone.now()
    status = order_status(row, locale=locale, now=now)
    return {
        "order": row,
        "token": token,
        "feed": access.link_token(row, Purpose.FEED),
        "status": status,
        "today": timezone.localtime(now).date(),
        "locale": locale,
        "zone": zone_of(row.country, now),
        "mailed": status.is_mailed,
        "may_act": purpose in access.MAY_ACT,
    }


def _with(headers: dict[str, str], response: HttpResponse) -> HttpResponse:
    for name, value in headers.items():
        response[name] = value
    return response
