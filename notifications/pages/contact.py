"""Contact us: a message goes to the mailbox of support, from a page of an order with the link to
look at it. While no email goes there, the page says the address instead."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from notifications.models import MAX_INQUIRY_LENGTH, Inquiry
from notifications.reach import goes_out_to
from orders import access
from orders.models import Order
from orders.pages.language import read_as
from orders.words import reply_within_sentence


class InquiryForm(forms.Form):
    """Where the order has an address that email reaches, the answer goes there."""

    message = forms.CharField(
        max_length=MAX_INQUIRY_LENGTH,
        error_messages={"required": gettext_lazy("Please write your message.")},
    )
    email = forms.EmailField(
        max_length=254,
        error_messages={"required": gettext_lazy("Please give us an address to reply to.")},
    )

    def __init__(self, *args: Any, answer_to: str) -> None:
        super().__init__(*args)
        if answer_to:
            del self.fields["email"]


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, token: str = "") -> HttpResponse:
    order, purpose = access.open_order(token) if token else (None, None)
    read_as(request, order.locale if order else "")
    answer_to = order.email if order and order.unreachable_at is None else ""
    sent = request.method == "POST"
    form = InquiryForm(request.POST if sent else None, answer_to=answer_to)
    page: dict[str, Any] = {
        "form": form,
        "order": order,
        "token": token,
        "answer_to": answer_to,
        "is_open": goes_out_to(settings.SUPPORT_EMAIL),
        "reply_within": reply_within_sentence(),
    }
    if not sent:
        return render(request, "notifications/contact.html", page)
    if not page["is_open"]:
        return render(request, "notifications/contact.html", page, status=409)
    if not form.is_valid():
        return render(request, "notifications/contact.html", page, status=400)
    try:
        access.count_message(
            order, form.cleaned_data.get("email", ""), client=access.client_range(request)
        )
    except access.Throttled as throttled:
        page["wait_minutes"] = -(-throttled.retry_after // 60)
        response = render(request, "notifications/contact.html", page, status=429)
        response["Retry-After"] = str(throttled.retry_after)
        return response
    _keep(order, form.cleaned_data, answer_to, only_looks=purpose == access.Purpose.LOOK)
    said = [gettext("Thank you, we have your message."), page["reply_within"]]
    messages.success(request, " ".join(filter(None, said)))
    goes_to = reverse("order", args=[token]) if token else reverse("contact")
    return HttpResponse(status=303, headers={"Location": goes_to})


def _keep(order: Order | None, typed: dict[str, str], answer_to: str, *, only_looks: bool) -> None:
    Inquiry.objects.create(
        order=order,
        answer_to=answer_to or typed["email"],
        text=typed["message"],
        only_looks=only_looks,
        at=timezone.now(),
    )
