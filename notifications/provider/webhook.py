"""Where the mail provider sends its reports. django-anymail compares the secret in the address in
constant time. A report is kept first and acted on later."""

import logging
import re
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import tracking
from django.conf import settings
from django.db import DatabaseError, DataError, transaction
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications.provider.reports import handle_reports, keep

log = logging.getLogger(__name__)

MAX_BYTES = 1_000_000
UNREADABLE = (
    *(
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        DataError,
        AnymailConfigurationError,
    ),
    *(OverflowError, RecursionError),  # times that no calendar has, and lists in lists without end
)


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def mail_reports(request: HttpRequest) -> HttpResponse:
    """404 unless a provider and a secret are set; 400 for what is not its own or cannot be read;
    413 for too much."""
    if not settings.MAIL_PROVIDER or not settings.MAIL_WEBHOOK_SECRET:
        raise Http404
    try:
        view, _, _ = resolve(f"/{settings.MAIL_PROVIDER}/tracking/", urlconf="anymail.urls")
    except Resolver404:
        raise Http404 from None
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch("[0-9]+", length):
        return _refused()
    if len(length) > len(str(MAX_BYTES)) or int(length) > MAX_BYTES:
        return HttpResponse(status=413)
    try:
        with transaction.atomic():
            answer: HttpResponse = view(request)
    except UNREADABLE:
        return _refused()
    except AnymailWebhookValidationFailure:  # anybody can send one: it is no error of ours
        log.warning("a report with a wrong secret was refused")
        return _refused()
    try:
        handle_reports()
    except DatabaseError:
        log.exception("some email reports have not been handled yet")
    return answer


def _refused() -> HttpResponse:
    return HttpResponse("This report cannot be read.\n", status=400, content_type="text/plain")


@receiver(tracking)
def _keep(event: Any, **kwargs: Any) -> None:
    keep(event, now=timezone.now())
