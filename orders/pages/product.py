"""Before buying: what somebody would be promised who ordered now, as a page, as JSON, and as a
frame in the shop's own page. All of it is public and contains no customer's data."""

import re
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.db.models.functions import Upper
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from orders.models import Product
from orders.pages import json_api
from orders.pages.language import read_as
from orders.pages.offer import Offer, about_units, offer
from orders.pages.public_record import MIN_OUTCOMES, of_product, recent_record
from orders.words import spoken_for_sentence, window_parts

MAX_OFFERED = 999
CACHED_SECONDS = 60  # by browsers and by caches in between
THEMES = ("light", "dark")


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def product(request: HttpRequest, sku: str) -> HttpResponse:
    quantity = _quantity(request)
    shown = offer(sku, quantity or 1, now=timezone.now())
    if shown is None:
        address = reverse("product", args=[_in_another_case(sku)])
        query = request.META["QUERY_STRING"]
        return redirect(f"{address}?{query}" if query else address)
    context = _words(shown, read_as(request)) | {
        "kept": of_product(recent_record(now=shown.as_of), sku),
        "fewest": MIN_OUTCOMES,
        "typed": request.GET.get("quantity", "1"),
        "refused": quantity is None,
        "largest": MAX_OFFERED,
    }
    return render(request, "orders/product.html", context, status=400 if quantity is None else 200)


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
def promise_json(request: HttpRequest, sku: str) -> HttpResponse:
    quantity = _quantity(request)
    # programs write digits in one way
    if quantity is None or not request.GET.get("quantity", "").isascii():
        return JsonResponse(
            {"error": f"quantity: expected a whole number from 1 to {MAX_OFFERED}"}, status=400
        )
    try:
        return JsonResponse(json_api.offer_object(_offer(sku, quantity)))
    except Http404:
        return JsonResponse({"error": f"no product {sku} is on backorder"}, status=404)


@require_safe
@cache_control(public=True, max_age=CACHED_SECONDS)
@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # any page may show it: it takes no click that acts
def embed(request: HttpRequest, sku: str) -> HttpResponse:
    """A small frame: ?lang=de, ?theme=light or dark (else the reader's). An unknown SKU says so, as
    small."""
    locale = read_as(request)
    theme = request.GET.get("theme", "")
    context: dict[str, Any] = {"theme": theme if theme in THEMES else "", "sku": sku}
    shown = offer(sku, 1, now=timezone.now())
    if shown is not None:
        context |= _words(shown, locale)
    return render(request, "orders/embed.html", context, status=200 if shown else 404)


def _words(shown: Offer, locale: str) -> dict[str, Any]:
    today = timezone.localtime(shown.as_of).date()
    return {
        "offer": shown,
        "window": shown.window
        and window_parts(shown.window, since=shown.on, today=today, locale=locale),
        "length": spoken_for_sentence(
            shown.lines, about_units(shown), exact=settings.EXACT_LINE, locale=locale
        ),
        "locale": locale,
        "today": today,
    }


def _offer(sku: str, quantity: int) -> Offer:
    found = offer(sku, quantity, now=timezone.now())
    if found is None:
        raise Http404(f"no product {sku} is on backorder")
    return found


def _in_another_case(sku: str) -> str:
    """The product that somebody means who typed its SKU in other letters. Http404: none is."""
    if "\0" not in sku:  # PostgreSQL refuses it in any text
        found = Product.objects.alias(upper=Upper("sku")).filter(upper=sku.upper())
        meant = found.filter(on_backorder=True).first()
        if meant:
            return meant.sku
    raise Http404(f"no product {sku} is on backorder")


def _quantity(request: HttpRequest) -> int | None:
    """None: not a whole number from 1 to MAX_OFFERED. Without the parameter: 1."""
    typed = request.GET.get("quantity", "1").strip()
    quantity = int(typed) if re.fullmatch(r"\d{1,9}", typed) else 0
    return quantity if 1 <= quantity <= MAX_OFFERED else None
