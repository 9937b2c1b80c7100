"""The page for customers with a view-only link: its button emails them the link that may act. What
they had chosen on the page goes with it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from notifications.reach import reach_of
from orders import access, services
from orders.pages.answer import AnswerForm
from orders.pages.language import read_as
from orders.templatetags.order_words import masked


@require_http_methods(["GET", "HEAD", "POST"])
def acting_link(request: HttpRequest, token: str) -> HttpResponse:
    """Says where the link goes or, if no email goes out, what to do instead. Only the button sends
    it."""
    order, purpose = access.open_order(token)
    if purpose in access.MAY_ACT:
        return redirect("order", token)
    form = AnswerForm(request.POST if request.method == "POST" else request.GET, order)
    form.is_valid()
    page = {"form": form, "order": order, "token": token, "is_reached": reach_of(order).is_reached}
    read_as(request, order.locale)
    if request.method != "POST":
        return render(request, "notifications/acting_link.html", page)
    if not page["is_reached"]:
        return render(request, "notifications/acting_link.html", page, status=409)
    wanted = form.cleaned_data if form.names_a_choice else None
    if not services.ask_for_link(
        order,
        now=timezone.now(),
        line=wanted["line"].pk if wanted else None,
        choice=wanted["choice"].value if wanted else None,
    ):
        return render(
            request, "notifications/acting_link.html", page | {"asked_before": True}, status=429
        )
    words = gettext(
        "We're emailing the link to %(address)s. It should arrive within a few minutes."
    )
    messages.success(request, words % {"address": masked(order.email)})
    return HttpResponse(status=303, headers={"Location": reverse("order", args=[token])})
