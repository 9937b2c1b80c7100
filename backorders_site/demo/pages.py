"""The demo's first page: a customer's order page beside their inbox, and buttons that do through
the services what would happen in a shop.

Everything is at this site's own address, also the emails: only so may a link in an email open in
the frame beside it, without a script.
"""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_POST

from backorders_site.demo import customers, progress, worker
from backorders_site.demo import shop as demo_shop
from backorders_site.demo.customers import Customer
from backorders_site.demo.goods import lamp as the_lamp
from backorders_site.demo.mailbox import Mail, Mailbox, read
from orders import access, services
from orders.models import Order, Product, Restock
from orders.pages.language import read_as
from orders.words import language_for

SLIP = timedelta(weeks=3)
UNITS = 30
NOTES = (
    "The ship with your lamps left Gdansk on Monday.",
    "Your lamps are in the harbor. Customs has started to check them.",
    "A truck is bringing your lamps to our warehouse.",
)
SHOWN = 30  # emails of one person
EVERY = 3  # seconds between the page's questions
REMEMBERED = 3600  # seconds: when the last button was pressed
OTHER_NAME = ("//localhost", "//127.0.0.1")  # the same machine, and another origin to a browser
TRACKING = "1Z999AA10123456784"
MAIL_POLICY = {
    "default-src": [NONE],
    "script-src": [NONE],
    "connect-src": [NONE],
    "font-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "frame-ancestors": [SELF],
    "base-uri": [NONE],
    "form-action": [NONE],
}


@csp_update({"frame-src": [SELF]})
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    product, showing = lamp(), _showing(request)
    shown, language = showing["shown"], showing["language"]
    context = showing | {
        "page": f"{_own(access.order_url(shown.order))}?{urlencode({'lang': language})}",
        "parcel": _parcel(shown, showing["customers"]),
        "product": product,
        "shop": settings.SITE_URL.replace(*OTHER_NAME, 1) + reverse("demo-shop"),
        "inbox": os.environ.get("MAIL_INBOX_URL", ""),
        "admin": demo_shop.ADMIN,
        "units": UNITS,
        "every": EVERY,
    }
    return render(request, "demo/demo.html", context)


def _language(request: HttpRequest) -> str:
    """The visitor's, for what customers read; the demo's own words are English."""
    with translation.override("en"):
        return language_for(read_as(request))


def _chosen(request: HttpRequest, offered: list[Customer]) -> Customer:
    """Also one who was used up meanwhile: what the visitor did is to be seen."""
    who = request.GET.get("who", "")
    known = next((each for each in offered if each.order.number == who), None)
    if known is None and (order := Order.objects.filter(number=who).first()):
        return customers.introduce(order)
    return known or offered[0]


def _parcel(shown: Customer, offered: list[Customer]) -> Customer | None:
    """Whose the button ships: that of the customer one looks at, or of whoever has one."""
    return next((each for each in (shown, *offered) if each.line.reserved), None)


@require_GET
def now(request: HttpRequest) -> HttpResponse:
    """What the page asks for every few seconds."""
    lamp()
    return render(request, "demo/now.html", _showing(request))


def _showing(request: HttpRequest) -> dict[str, Any]:
    """The customers as they are now, the emails of the one shown, and what is under way."""
    with transaction.atomic():
        demo_shop.restock_the_stage(timezone.now())
    offered = customers.introduced()
    language = _language(request)
    customers.speak(language, [each.order for each in offered])
    shown = _chosen(request, offered)
    mailbox = _mailbox()
    return {
        "customers": offered if shown in offered else [*offered, shown],
        "shown": shown,
        "language": language,
        "mails": list(mailbox.newest_first(shown.order.email))[:SHOWN] if mailbox else [],
        "progress": progress.of(shown.order, lamp()),
        "worker": worker.after_a_kill(),
    }


@xframe_options_sameorigin
@csp_replace(MAIL_POLICY)  # type: ignore[arg-type]  # it is typed for views of a request alone
@require_GET
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """An email as its reader sees it, or its text. Nothing in it runs. Its links to this site open
    in the frame of the order page."""
    mailbox = _mailbox()
    found = mailbox.find(mail_id) if mailbox else None
    if found is None:
        raise Http404
    kept = read(found)
    if "text" in request.GET or not kept.html:
        return HttpResponse(kept.text, "text/plain; charset=utf-8")
    return HttpResponse(_with_links_in_the_frame(kept))


def _with_links_in_the_frame(kept: Mail) -> str:
    ours = re.compile(rf'href="{re.escape(settings.SITE_URL)}(?=/)')
    return '<base target="_blank">' + ours.sub('target="order-page" href="', kept.html)


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
        messages.warning(request, "No more lamps are on their way. Start over to get some.")
        return _back(request)
    before = restock.dates.latest("posted_on", "id").expected_on
    return _told(
        request,
        lambda: services.move_restock_date(
            restock, before + SLIP, reason="customs", now=timezone.now(), actor="demo"
        ),
        f"The supplier moved {restock.reference} from {before:%B %-d} to {before + SLIP:%B %-d}. "
        f"We wait {settings.SETTLE_SECONDS} seconds in case that was a typo. Then the order page "
        "changes, and the email follows.",
    )


@require_POST
def arrive(request: HttpRequest) -> HttpResponse:
    """Thirty lamps arrive, of the next restock while it has as many to come."""
    product = lamp()
    restock = next_restock(product)
    return _told(
        request,
        lambda: services.receive(
            product,
            UNITS,
            restock=restock if restock and restock.open_units >= UNITS else None,
            now=timezone.now(),
            actor="demo",
        ),
        f"{UNITS} lamps arrived and are reserved for the first people in line. Everyone else has "
        "moved up.",
    )


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """A person at the shop writes to everyone whom the next delivery serves."""
    restock = next_restock(lamp())
    if restock is None:
        messages.warning(request, "No more lamps are on their way. Start over to get some.")
        return _back(request)
    note = NOTES[restock.notes.count() % len(NOTES)]
    return _told(
        request,
        lambda: services.write_to_waiting(restock, note, now=timezone.now(), actor="demo"),
        "Everyone whose lamp is in the next delivery can read the note, and is emailed it once.",
    )


@require_POST
def ship(request: HttpRequest) -> HttpResponse:
    """What is reserved for one customer goes to the carrier."""
    order = Order.objects.filter(number=request.POST.get("order", "")).first()
    reserved = {line.pk: line.reserved for line in order.lines.all()} if order else {}
    if order is None or not any(reserved.values()):
        messages.warning(request, "Nothing is reserved for that customer any more.")
        return _back(request)
    units = {pk: number for pk, number in reserved.items() if number}
    return _told(
        request,
        lambda: services.ship(
            order,
            units,
            now=timezone.now(),
            carrier="UPS",
            tracking_number=TRACKING,
            actor="demo",
        ),
        f"{order.customer_name}'s order is with the carrier.",
        who=order.number,
    )


@require_POST
def kill_worker(request: HttpRequest) -> HttpResponse:
    if not worker.kill(REMEMBERED):
        messages.warning(request, "No worker is running right now. The supervisor starts one soon.")
    return _back(request)


@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Other lamps, another Ada, and an empty inbox."""
    with transaction.atomic():
        demo_shop.start_over(timezone.now())
    if mailbox := _mailbox():
        mailbox.empty()
    cache.delete_many([progress.CLICKED, worker.KILLED])
    messages.success(request, "A new Ada is 37th in line, and the inbox is empty again.")
    return redirect(f"{reverse('demo')}?{urlencode({'lang': request.POST.get('lang', '')})}")


def _told(
    request: HttpRequest, act: Callable[[], object], message: str, *, who: str = ""
) -> HttpResponse:
    clicked = timezone.now()
    try:
        act()
    except services.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        cache.set(progress.CLICKED, clicked.isoformat(), REMEMBERED)
        messages.success(request, message)
    return _back(request, who)


def _back(request: HttpRequest, who: str = "") -> HttpResponse:
    seen = {"who": who or request.POST.get("who", ""), "lang": request.POST.get("lang", "")}
    return redirect(f"{reverse('demo')}?{urlencode(seen)}")


def _mailbox() -> Mailbox | None:
    """None where emails go to a real mail server."""
    directory = worker.run_directory()
    if directory is None or not os.environ.get("MAIL_INBOX_URL"):
        return None
    return Mailbox(directory.with_name("mail"))


def _own(url: str) -> str:
    return url.removeprefix(settings.SITE_URL)


def lamp() -> Product:
    try:
        return the_lamp()
    except Product.DoesNotExist:
        raise Http404("The demo shop is not loaded: run manage.py demo.") from None


def next_restock(product: Product) -> Restock | None:
    still_open = product.restocks.filter(cancelled_at=None).prefetch_related("dates")
    expected = [restock for restock in still_open if restock.open_units]
    return min(
        expected, key=lambda restock: list(restock.dates.all())[-1].expected_on, default=None
    )


urlpatterns = [
    path("", start, name="demo"),
    path("now/", now, name="demo-now"),
    path("mail/<str:mail_id>/", mail, name="demo-mail"),
    path("shop/", shop, name="demo-shop"),
    path("slip/", slip, name="demo-slip"),
    path("arrive/", arrive, name="demo-arrive"),
    path("write/", write, name="demo-write"),
    path("ship/", ship, name="demo-ship"),
    path("kill-worker/", kill_worker, name="demo-kill-worker"),
    path("start-over/", start_over, name="demo-start-over"),
]
