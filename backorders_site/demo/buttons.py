"""The buttons of the demo page. They do through the services what would happen in a shop, to the
delivery that the customer one looks at waits for."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from backorders_site.demo import progress, showing, worker
from backorders_site.demo import shop as demo_shop
from backorders_site.demo.customers import Customer
from orders import services
from orders.models import Order, OrderLine, Restock

SLIP = timedelta(weeks=3)
UNITS = 30
NOTES = (
    "The ship that carries your order left Gdansk on Monday.",
    "Your order is in the harbor. Customs has started to check it.",
    "A truck is bringing your order to our warehouse.",
)
REMEMBERED = 120  # seconds: the last click, and a killed worker
TRACKING = "1Z999AA10123456784"


@require_POST
def slip(request: HttpRequest) -> HttpResponse:
    """The supplier says three weeks later."""
    waits = _who_waits(request)
    restock = delivery(waits.line)
    if restock is None:
        return _nothing_comes(request)
    before = restock.dates.latest("posted_on", "id").expected_on
    return _told(
        request,
        lambda: services.move_restock_date(
            restock, before + SLIP, reason="customs", now=timezone.now(), actor="demo"
        ),
        f"The supplier moved the delivery from {before:%B %-d} to {before + SLIP:%B %-d}. "
        f"If nobody corrects that within {settings.SETTLE_SECONDS} seconds, everyone whose date no "
        "longer holds is emailed.",
        who=waits.order.number,
    )


@require_POST
def arrive(request: HttpRequest) -> HttpResponse:
    """Thirty units arrive, of the delivery while it has as many to come."""
    waits = _who_waits(request)
    restock = delivery(waits.line)
    return _told(
        request,
        lambda: services.receive(
            waits.line.product,
            UNITS,
            restock=restock if restock and restock.open_units >= UNITS else None,
            now=timezone.now(),
            actor="demo",
        ),
        f"{UNITS} units arrived and are reserved for the first people in line. Everyone else has "
        "moved up.",
        who=waits.order.number,
    )


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """A person at the shop writes to everyone whom the delivery serves."""
    waits = _who_waits(request)
    restock = delivery(waits.line)
    if restock is None:
        return _nothing_comes(request)
    note = NOTES[restock.notes.count() % len(NOTES)]
    return _told(
        request,
        lambda: services.write_to_waiting(restock, note, now=timezone.now(), actor="demo"),
        "Everyone who waits for this delivery can read the note, and is emailed it once.",
        who=waits.order.number,
    )


@require_POST
def ship(request: HttpRequest) -> HttpResponse:
    """What is reserved for one customer goes to the carrier."""
    order = Order.objects.filter(number=request.POST.get("order", "")).first()
    reserved = {line.pk: line.reserved for line in order.lines.all()} if order else {}
    if order is None or not any(reserved.values()):
        messages.warning(request, "Nothing is reserved for that customer any more.")
        return _answer(request)
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
    if worker.kill(REMEMBERED):
        messages.success(
            request,
            "Emails wait in the database for the next worker. Press another button and watch.",
        )
    else:
        messages.warning(request, "No worker is running right now. The supervisor starts one soon.")
    return _answer(request)


@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Other lamps, another Ada, and an empty inbox."""
    with transaction.atomic():
        demo_shop.start_over(timezone.now())
    if emails := showing.mailbox():
        emails.empty()
    cache.delete_many([progress.CLICKED, worker.KILLED])
    messages.success(request, "A new Ada is 37th in line, and the inbox is empty again.")
    return _turn_to(request, "")


def delivery(line: OrderLine) -> Restock | None:
    """What brings the line's last unit, as its order page says; else what comes next."""
    still_open = line.product.restocks.filter(cancelled_at=None).prefetch_related("dates")
    expected = [restock for restock in still_open if restock.open_units]
    told = line.promise.reference if line.promise else ""
    return min(
        expected,
        key=lambda restock: (
            restock.reference != told,
            list(restock.dates.all())[-1].expected_on,
        ),
        default=None,
    )


def _who_waits(request: HttpRequest) -> Customer:
    """Whom the button is about: the customer one looks at, or somebody who still waits."""
    on_stage = showing.offered()
    shown = showing.chosen(request, on_stage)
    return next((each for each in (shown, *on_stage) if each.line.waiting), shown)


def _nothing_comes(request: HttpRequest) -> HttpResponse:
    messages.warning(request, "No more lamps are on their way. Start over to get some.")
    return _answer(request)


def _told(request: HttpRequest, act: Callable[[], object], message: str, who: str) -> HttpResponse:
    clicked = timezone.now()
    try:
        act()
    except services.Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        cache.set(progress.CLICKED, clicked.isoformat(), REMEMBERED)
        messages.success(request, message)
    return _answer(request, who)


def _answer(request: HttpRequest, who: str = "") -> HttpResponse:
    """Into the page as it stands, so that one sees it change; a page of its own where somebody else
    is to be seen, or without scripts."""
    seen = request.GET.get("who", "")
    if request.htmx and who in ("", seen):  # type: ignore[attr-defined]
        return render(request, "demo/pressed.html", showing.opened(request))
    return _turn_to(request, who or seen)


def _turn_to(request: HttpRequest, who: str) -> HttpResponse:
    seen = {"who": who, "lang": request.GET.get("lang", "")}
    address = f"{reverse('demo')}?{urlencode(seen)}"
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRedirect(address)
    return redirect(address)
