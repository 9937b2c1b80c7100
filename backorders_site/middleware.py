from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from backorders_site import health
from backorders_site.metrics import metrics
from orders.presentation import language_for
from orders.reader import asked_for, read_as

FOR_STAFF = ("/admin/", "/demo/")  # in English, whatever the browser asks for: nobody translates these
WITHOUT_COOKIES = "/embed/"  # stands in foreign pages

GetResponse = Callable[[HttpRequest], HttpResponse]
FOR_WATCHERS: Mapping[str, GetResponse] = {"/livez": health.livez, "/readyz": health.readyz, "/metrics": metrics}


def private_pages(get_response: GetResponse) -> GetResponse:
    """Nothing is cached or indexed unless a view says otherwise: almost every page here belongs to one person."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return response

    return respond


def watchers(get_response: GetResponse) -> GetResponse:
    """Who watches asks each host by an address of its own, which ALLOWED_HOSTS does not name."""

    def respond(request: HttpRequest) -> HttpResponse:
        ask = FOR_WATCHERS.get(request.path, get_response)
        return ask(request)

    return respond


def languages(get_response: GetResponse) -> GetResponse:
    """Each page in its reader's language (orders.reader). Views that know an order turn to that order's; what is active in
    the end is what the response was written in."""

    def respond(request: HttpRequest) -> HttpResponse:
        with translation.override("en"):
            if request.path.startswith(FOR_STAFF):
                return get_response(request)
            embedded = request.path.startswith(WITHOUT_COOKIES)
            if embedded:
                request.COOKIES.clear()
            read_as(request)
            response = get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language() or "")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, ("Accept-Language",) if embedded else ("Accept-Language", "Cookie"))
            if not embedded:
                _remember(request, response)
        return response

    return respond


def _remember(request: HttpRequest, response: HttpResponse) -> None:
    """What somebody chose on a page holds for the next ones."""
    chosen = asked_for(request)
    if not chosen:
        return
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language_for(chosen),
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    if "public" in response.headers.get("Cache-Control", ""):
        patch_cache_control(response, private=True)
