"""What a reader sees when there is no such page or when something fails, and where errors are
reported."""

import sys
from typing import Any

import sentry_sdk
from django.contrib import admin
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.urls import reverse
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint

from backorders_site.ops.logs import all_without_secrets, present_ids
from orders.clock import WrongClock

COME_BACK_SECONDS = 30
NOT_TO_BE_SENT = ("user", "server_name", "extra", "modules")
KEPT_OF_REQUEST = ("method",)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After while the database is away, or this machine's clock is wrong; else a
    fault of ours, 500."""
    if not isinstance(sys.exception(), (OperationalError, InterfaceError, WrongClock)):
        return HttpResponse(loader.get_template("500.html").render(), status=500)
    return unavailable(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """In the form that was asked for: a program that reads JSON gets JSON."""
    headers = {"Retry-After": str(COME_BACK_SECONDS)}
    if request.path.endswith(".json"):
        said = {"error": f"We'll be back in a moment: ask again in {COME_BACK_SECONDS} seconds"}
        return JsonResponse(said, status=503, headers=headers)
    page = loader.get_template("503.html").render()
    return HttpResponse(page, status=503, headers=headers)


# Not Django's own: they read the form once more, which may be what failed.
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(loader.get_template("400.html").render(), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _of_the_desk(request, "admin/403.html", 403) or render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _of_the_desk(request, "admin/404.html", 404) or render(request, "404.html", status=404)


def _of_the_desk(request: HttpRequest, template: str, status: int) -> HttpResponse | None:
    """Staff stay in the desk; everyone else reads the customers' page."""
    if not request.path.startswith(reverse("admin:index")) or not admin.site.has_permission(
        request
    ):
        return None
    return render(request, template, admin.site.each_context(request), status=status)


def report_errors(dsn: str, *, release: str, transport: Any = None) -> None:
    """To Sentry, from now on: where it failed and under which ids, without requests' contents,
    variables or people."""
    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        data_collection={
            "user_info": False,
            "http_bodies": [],
            "stack_frame_variables": False,
            "database_query_data": False,
            "queues": False,
        },
        max_breadcrumbs=0,
        default_integrations=False,
        integrations=[DjangoIntegration(), CeleryIntegration(), LoggingIntegration(level=None)],
        before_send=scrubbed,
        transport=transport,
    )


def scrubbed(event: Event, hint: Hint) -> Event | None:
    """Nothing that names a person or opens an order; nothing at all of a database that is away,
    which metrics tell."""
    if hint.get("exc_info") and isinstance(hint["exc_info"][1], (OperationalError, InterfaceError)):
        return None
    kept: dict[str, Any] = {
        name: value for name, value in event.items() if name not in NOT_TO_BE_SENT
    }
    request = kept.get("request", {})
    kept["request"] = {name: request[name] for name in KEPT_OF_REQUEST if name in request}
    kept["tags"] = {**kept.get("tags", {}), **(present_ids.get() or {})}
    clean: Event = all_without_secrets(kept)
    return clean
