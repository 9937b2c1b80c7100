"""My orders: a mailed link, good for a quarter of an hour, opens all orders of one mail address.
There is no account."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from orders import access, services
from orders.mail_port import mail_port
from orders.pages.language import read_as
from orders.pages.my_orders_overview import orders_of


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The same answer, in the same time, whether or not an order has the address."""
    goes_out_to = mail_port().goes_out_to
    if request.method != "POST":
        return render(request, "orders/mine.html", {"held": not goes_out_to(None)})
    typed = request.POST.get("email", "")
    if not goes_out_to(typed):
        return render(request, "orders/mine.html", {"held": True}, status=409)
    try:
        email = access.count_mail(typed, client=access.client_range(request))
    except access.Throttled as throttled:
        response = render(
            request, "orders/mine.html", {"email": typed, "too_often": True}, status=429
        )
        response["Retry-After"] = str(throttled.retry_after)
        return response
    services.ask_for_orders(email, now=timezone.now())
    return render(request, "orders/mine.html", {"email": typed, "asked": True})


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    try:
        order = access.open_address(token)
    except access.Expired:
        return render(request, "orders/mine.html", {"expired": True}, status=410)
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
    return render(request, "orders/mine_orders.html", context)
