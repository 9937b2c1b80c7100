"""The first page: an order is found by its number and the email address it was placed with."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from orders import access
from orders.access import Purpose
from orders.pages.typed import AsTyped


class LookUpForm(forms.Form):
    number = AsTyped()
    email = AsTyped()


@require_http_methods(["GET", "HEAD", "POST"])
def look_up(request: HttpRequest) -> HttpResponse:
    """Number and email address together give a view-only link. Every miss reads the same."""
    form = LookUpForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():  # nothing was sent
        return render(request, "orders/look_up.html")
    typed = form.cleaned_data
    try:
        found = access.find_order(**typed, client=access.client_range(request))
    except access.Throttled as throttled:
        context = typed | {"wait_minutes": -(-throttled.retry_after // 60)}
        response = render(request, "orders/look_up.html", context, status=429)
        response["Retry-After"] = str(throttled.retry_after)
        return response
    if found is None:
        return render(request, "orders/look_up.html", typed | {"missed": True})
    link = reverse("order", args=[access.link_token(found, Purpose.LOOK)])
    return HttpResponse(status=303, headers={"Location": link})
