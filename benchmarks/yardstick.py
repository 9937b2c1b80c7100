"""The site with one view more: an indexed query and a small template, behind the same middleware.
Granian serves it."""

import os
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")
if static := os.environ.get("COLLECTED"):
    settings.STATIC_ROOT = static
settings.ROOT_URLCONF = "benchmarks.yardstick"

TEMPLATE = """<!doctype html><html lang="en"><head><title>{{ order.number }}</title></head><body>
<h1>Order {{ order.number }}</h1>
<p>Placed {{ order.placed_at|date:"j F Y" }} by {{ order.customer_name }}</p></body></html>"""


def one_query(request: HttpRequest, pk: int) -> HttpResponse:
    from orders.models import Order

    return HttpResponse(_template().render({"order": Order.objects.get(pk=pk)}, request))


@lru_cache
def _template() -> Any:
    return engines["django"].from_string(TEMPLATE)


application = get_wsgi_application()
urlpatterns = [path("one-query/<int:pk>/", one_query), path("", include("backorders_site.urls"))]
