"""The site with one view more: an indexed query and a small template, behind the same middleware. Granian serves it."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import URLPattern, URLResolver, path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")
if static := os.environ.get("COLLECTED"):
    settings.STATIC_ROOT = static
settings.ROOT_URLCONF = "benchmarks.yardstick"

TEMPLATE = """<!doctype html><html lang="en"><head><title>{{ order.number }}</title></head><body>
<h1>Order {{ order.number }}</h1><p>Placed {{ order.placed_at|date:"j F Y" }} by {{ order.customer_name }}</p></body></html>"""


def one_query(request: HttpRequest, pk: int) -> HttpResponse:
    from orders.models import Order

    template = engines["django"].from_string(TEMPLATE) if not _kept else _kept[0]
    _kept[:] = [template]
    return HttpResponse(template.render({"order": Order.objects.get(pk=pk)}, request))


_kept: list[object] = []
application = get_wsgi_application()

from backorders_site.urls import urlpatterns as site  # noqa: E402 - the site's admin needs the apps

urlpatterns: list[URLPattern | URLResolver] = [path("one-query/<int:pk>/", one_query), *site]
