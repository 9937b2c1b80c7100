"""Which emails a customer gets. The choice is for an email address; a page of one order shows
nothing of its others."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from notifications import may_send
from notifications.may_send import Topic
from notifications.preferences import choose
from orders import access
from orders.models import Order
from orders.pages.language import read_as


class PreferencesForm(forms.Form):
    good_news = forms.BooleanField(required=False)
    no_change = forms.BooleanField(required=False)
    delivery_notes = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Only a mailed link may change them: it shows that the address is the reader's."""
    order, purpose = access.open_order(token)
    _need_address(order)
    may_act = purpose in access.MAY_ACT
    read_as(request, order.locale)
    form = PreferencesForm(request.POST if request.method == "POST" and may_act else None)
    if form.is_valid():
        choose(order.email, **form.cleaned_data, now=timezone.now())
        messages.success(request, gettext("Saved."))
        return HttpResponse(status=303, headers={"Location": reverse("preferences", args=[token])})
    context = {
        "order": order,
        "token": token,
        "kept": may_send.of_address(order.email),
        "may_act": may_act,
    }
    status = 403 if request.method == "POST" else 200
    return render(request, "notifications/preferences.html", context, status=status)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: email programs POST without cookie or CSRF token, so the link can do nothing but
    stop optional emails. The page that says so turns on again, at once, what was on before."""
    order, _ = access.open_order(token, access.MAY_STOP)
    _need_address(order)
    read_as(request, order.locale)
    kept, before = may_send.of_address(order.email), []
    if request.method == "POST":
        again = request.POST.getlist("again")
        before = [] if again else [topic for topic in Topic if getattr(kept, topic)]
        wanted = {str(topic): topic in again for topic in Topic}
        choose(order.email, **wanted, now=timezone.now())
        kept = may_send.of_address(order.email)
    context = {
        "order": order,
        "stop_token": token,
        "before": before,
        "stopped": not any(getattr(kept, topic) for topic in Topic),
    }
    return render(request, "notifications/unsubscribe.html", context)


def _need_address(order: Order) -> None:
    if not order.email:
        raise Http404("this order has no email address")
