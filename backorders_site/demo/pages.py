"""The demo's first page: three customers, and buttons that do through the services what would
happen in a shop."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from backorders_site.demo import shop as demo_shop
from orders import access, queue, services
from orders.models import Product, Restock

SLIP = timedelta(weeks=3)
UNITS = 30
OTHER_NAME = ("//localhost", "//127.0.0.1")  # the same machine, and another origin to a browser


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    product = lamp()
    context = {
        "customers": [
            {
                "order": order,
                "url": access.order_url(order),
                "shows": shows,
                "line": order.lines.first(),
            }
            for order, shows in demo_shop.customers()
        ],
        "product": product,
        "length": queue.length(product.pk),
        "next_restock": next_restock(product),
        "shop": settings.SITE_URL.replace(*OTHER_NAME, 1) + reverse("demo-shop"),
        "inbox": os.environ.get("MAIL_INBOX_URL", ""),
        "admin": demo_shop.ADMIN,
        "settle_seconds": settings.SETTLE_SECONDS,
        "units": UNITS,
    }
    return render(request, "demo/demo.html", context)


@csp_update({"script-src": [settings.SITE_URL], "frame-src": [settings.SITE_URL]})
@require_GET
def shop(request: HttpRequest) -> HttpResponse:
    """A product page of a shop that looks like somebody else's, at another origin where this
    machine has two names."""
    script = f"{settings.SITE_URL}{static('js/embed.js')}"
    return render(
        request, "demo/shop.html", {"product": lamp(), "site": settings.SITE_URL, "script": script}
    )


@require_POST
def slip(request: HttpRequest) -> HttpResponse:
    """The supplier of the next lamps says three weeks later."""
    restock = next_restock(lamp())
    if restock is None:
        messages.warning(
            request, "No lamps are on their way any more: expect a restock in the admin first."
        )
        return redirect("demo")
    before = restock.dates.latest("posted_on", "id").expected_on
    return told(
        request,
        lambda: services.move_restock_date(
            restock, before + SLIP, reason="customs", now=timezone.now(), actor="demo"
        ),
        f"The supplier moved {restock.reference} from {before:%-d %B} to {before + SLIP:%-d %B}. "
        "The change settles for "
        f"{settings.SETTLE_SECONDS} seconds; then page and mail change together.",
    )


@require_POST
def arrive(request: HttpRequest) -> HttpResponse:
    """Thirty lamps arrive, of the next restock while it has as many to come."""
    product = lamp()
    restock = next_restock(product)
    return told(
        request,
        lambda: services.receive(
            product,
            UNITS,
            restock=restock if restock and restock.open_units >= UNITS else None,
            now=timezone.now(),
            actor="demo",
        ),
        f"{UNITS} lamps arrived and were set aside for the first in line. Open pages show it "
        "within 20 seconds.",
    )


@require_POST
def kill_worker(request: HttpRequest) -> HttpResponse:
    """SIGKILL to the Celery worker and its children; the supervisor starts another."""
    pid_file = Path(os.environ.get("DEMO_RUN_DIR", "")) / "worker.pid"
    try:
        os.killpg(int(pid_file.read_text().split()[0]), signal.SIGKILL)
    except (OSError, ValueError, IndexError):
        messages.warning(
            request, "No worker is running just now. The supervisor starts one within seconds."
        )
    else:
        messages.success(
            request,
            "The worker is dead. A new one takes over; no mail is lost, because the rows are the "
            "truth.",
        )
    return redirect("demo")


def told(request: HttpRequest, act: Callable[[], object], message: str) -> HttpResponse:
    try:
        act()
    except services.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, message)
    return redirect("demo")


def lamp() -> Product:
    product = Product.objects.filter(sku=demo_shop.LAMP.sku).first()
    if product is None:
        raise Http404("The demo shop is not loaded: run manage.py demo.")
    return product


def next_restock(product: Product) -> Restock | None:
    still_open = product.restocks.filter(cancelled_at=None).prefetch_related("dates")
    expected = [restock for restock in still_open if restock.open_units]
    return min(
        expected, key=lambda restock: list(restock.dates.all())[-1].expected_on, default=None
    )


urlpatterns = [
    path("", start, name="demo"),
    path("shop/", shop, name="demo-shop"),
    path("slip/", slip, name="demo-slip"),
    path("arrive/", arrive, name="demo-arrive"),
    path("kill-worker/", kill_worker, name="demo-kill-worker"),
]
