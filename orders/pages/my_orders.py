"""My orders: an emailed link opens all orders of one email address for a quarter of an hour. There
is no account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.db.models import Prefetch
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orders import access, queue, services
from orders.mail_port import mail_port
from orders.models import Order, OrderLine
from orders.pages.choices import asked, newest_notice, with_choices
from orders.pages.language import read_as
from orders.pages.typed import AsTyped
from orders.words import line_briefly

NEWEST_ORDERS = 200


class AddressForm(forms.Form):
    email = AsTyped()


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer, in the same time, whether or not an order has the address, and whether or
    not it takes part in a trial (MAIL_MODE=only)."""
    paused = not mail_port().goes_out_to(None)
    form = AddressForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():  # nothing was sent
        return render(request, "orders/my_orders_ask.html", {"paused": paused})
    typed = form.cleaned_data["email"]
    if paused:
        return render(request, "orders/my_orders_ask.html", {"paused": True}, status=409)
    try:
        email = access.count_mail(typed, client=access.client_range(request))
    except access.Throttled as throttled:
        response = render(
            request, "orders/my_orders_ask.html", {"email": typed, "too_often": True}, status=429
        )
        response["Retry-After"] = str(throttled.retry_after)
        return response
    services.ask_for_orders(email, now=timezone.now())
    return render(request, "orders/my_orders_ask.html", {"email": typed, "asked": True})


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    try:
        order = access.open_address(token)
    except access.Expired:
        return render(request, "orders/my_orders_ask.html", {"expired": True}, status=410)
    now = timezone.now()
    locale = read_as(request, order.locale)
    orders = orders_of(order.email, locale=locale, now=now)
    context = {
        "email": order.email,
        "orders": [(each, access.link_token(each.order, access.Purpose.ACT)) for each in orders],
        "minutes": access.MINE_SECONDS // 60,
        "locale": locale,
        "today": timezone.localtime(now).date(),
    }
    return render(request, "orders/my_orders.html", context)


@dataclass(frozen=True, slots=True)
class LineAtAGlance:
    quantity: int
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class OrderAtAGlance:
    """`is_open`: something of it is still to leave."""

    order: Order
    lines: tuple[LineAtAGlance, ...]
    is_open: bool


def orders_of(email: str, *, locale: str, now: datetime) -> Sequence[OrderAtAGlance]:
    """The newest orders of an email address, those still open first. Three queries, however many
    there are."""
    today = timezone.localtime(now).date()
    of_orders = OrderLine.objects.select_related("product", "promise")
    lines = Prefetch("lines", with_choices(of_orders))
    mine = Order.objects.alias(upper=Upper("email")).filter(upper=email.upper()).exclude(email="")
    orders = list(mine.order_by("-placed_at", "-pk").prefetch_related(lines)[:NEWEST_ORDERS])
    positions = queue.positions(line.pk for order in orders for line in order.lines.all())

    def glance(line: OrderLine) -> LineAtAGlance:
        position = positions.get(line.pk)
        question = asked(line, newest_notice(line), locale=locale, today=today)
        words = line_briefly(
            line,
            place=position.place if position else None,
            today=today,
            locale=locale,
            answer_by=question.answer_by if question else None,
        )
        return LineAtAGlance(line.quantity, line.product.name, words)

    glances = [
        OrderAtAGlance(
            order,
            tuple(glance(line) for line in order.lines.all()),
            any(line.waiting or line.reserved for line in order.lines.all()),
        )
        for order in orders
    ]
    return sorted(glances, key=lambda each: not each.is_open)
