from collections.abc import Callable, Mapping
from threading import BoundedSemaphore
from time import time

from django.conf import settings
from django.contrib import admin
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers

from backorders_site.ops import health
from backorders_site.ops.errors import unavailable
from backorders_site.ops.hanging_up import hanging_up_after
from backorders_site.ops.metrics import metrics
from orders.pages.language import asked_for, read_as
from orders.words import language_for

# in English, whatever the browser asks for: nobody translates these
FOR_STAFF = ("/admin/", "/demo/")
MAX_BYTES_OF_ANYBODY = 1_048_576  # bytes of a body
WAITING_FOR_BODIES = 2  # threads of a process: README.md has it run four
WAITING_FOR_LARGE_BODIES = 1  # and another for a file of staff, who may have a slow line
SECONDS_TO_WAIT = 0.1  # until one of them is free: where a proxy holds bodies back, at once
SECONDS_FOR_CUSTOMERS, SECONDS_FOR_STAFF = 15, 600  # what lies between us and them waits for 30
SECONDS_UNTIL_SEEN_AGAIN = 300  # not every request writes the session
WITHOUT_COOKIES = "/embed/"  # is shown in other sites' pages

GetResponse = Callable[[HttpRequest], HttpResponse]
FOR_WATCHERS: Mapping[str, GetResponse] = {
    "/livez": health.livez,
    "/readyz": health.readyz,
    "/metrics": metrics,
}


def private_pages(get_response: GetResponse) -> GetResponse:
    """Nothing is cached or indexed unless a view says otherwise: almost every page here belongs to
    one person."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return response

    return respond


def bodies(get_response: GetResponse) -> GetResponse:
    """A thread that waits for a body makes no page, and there are only a few threads. So only a few
    of them may wait for bodies at a time. Bodies larger than the proxy buffers (request_buffers in
    deploy/Caddyfile) are read from staff only."""
    small, large = BoundedSemaphore(WAITING_FOR_BODIES), BoundedSemaphore(WAITING_FOR_LARGE_BODIES)

    def respond(request: HttpRequest) -> HttpResponse:
        length = _length_of_body(request)
        is_large = length > MAX_BYTES_OF_ANYBODY
        if is_large and not admin.site.has_permission(request):
            return render(request, "400.html", status=413)
        if length > 0:
            waiting = large if is_large else small
            if not waiting.acquire(timeout=SECONDS_TO_WAIT):
                return unavailable(request)
            try:  # read now, and kept
                if is_large and request.content_type == "multipart/form-data":
                    request.POST  # noqa: B018 - its files go to the disk
                else:
                    request.body  # noqa: B018
            except UnreadablePostError:  # its sender is gone
                return render(request, "400.html", status=400)
            finally:
                waiting.release()
        return get_response(request)

    return respond


def in_time(get_response: GetResponse) -> GetResponse:
    """Without an answer of the database a page says so (503), rather than hold a thread. What staff
    do may change thousands of promises."""

    def respond(request: HttpRequest) -> HttpResponse:
        of_staff = request.path.startswith(FOR_STAFF)
        with hanging_up_after(SECONDS_FOR_STAFF if of_staff else SECONDS_FOR_CUSTOMERS):
            return get_response(request)

    return respond


def staff_sessions(get_response: GetResponse) -> GetResponse:
    """Whoever does nothing at the desk for STAFF_IDLE_HOURS has to log in again. What a page asks
    by itself (htmx) is nothing they do."""

    def respond(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(reverse("admin:index")) and "HX-Request" not in request.headers:
            session = request.session
            is_old = time() - session.get("seen_at", 0) > SECONDS_UNTIL_SEEN_AGAIN
            if is_old and SESSION_KEY in session:
                session["seen_at"] = int(time())  # its end is put off as it is saved
        return get_response(request)

    return respond


def _length_of_body(request: HttpRequest) -> int:
    """As Django takes it; of a body in chunks it reads nothing."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def watchers(get_response: GetResponse) -> GetResponse:
    """Watchers ask each host by an address of its own, which ALLOWED_HOSTS does not name."""

    def respond(request: HttpRequest) -> HttpResponse:
        ask = FOR_WATCHERS.get(request.path, get_response)
        return ask(request)

    return respond


def languages(get_response: GetResponse) -> GetResponse:
    """Each page in its reader's language (orders.pages.language). Views that know an order turn to
    that order's; what is active in the end is what the response was written in."""

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
            patch_vary_headers(
                response, ("Accept-Language",) if embedded else ("Accept-Language", "Cookie")
            )
            if not embedded:
                _remember(request, response)
        return response

    return respond


def _remember(request: HttpRequest, response: HttpResponse) -> None:
    """A choice made on one page holds for the next ones."""
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
