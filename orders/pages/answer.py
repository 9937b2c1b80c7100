"""The page of a choice: what it does, until when, and what happens without it. Only the button
acts, and only with an emailed link."""

from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from orders import access, clock, services
from orders.mail_port import mail_port
from orders.models import Choice, DelayNotice, Order, Outcome
from orders.pages.choices import refund_by
from orders.pages.language import read_as
from orders.pages.status import order_status
from orders.pages.typed import AsTyped, number_typed
from orders.words import outcome_sentence, zone_of

PATIENCE = 2.0  # seconds that a customer waits for an import, which may lock an order for minutes
COME_BACK = "60"  # seconds


class AnswerForm(forms.Form):
    """A choice for a line of the order. `quantity` None: all that can still be cancelled; `seen`:
    what that was when the form was shown, so that a part sent twice is cancelled once."""

    choice = forms.TypedChoiceField(choices=Choice.choices, coerce=Choice)
    quantity = AsTyped()
    seen = AsTyped()

    def __init__(self, typed: QueryDict, order: Order) -> None:
        super().__init__(typed)
        self.fields = {"line": forms.ModelChoiceField(order.lines)} | self.fields

    def clean_quantity(self) -> int | None:
        typed, line = self.cleaned_data["quantity"].strip(), self.cleaned_data.get("line")
        of_units = self.cleaned_data.get("choice") in (Choice.CANCEL, Choice.WITHDRAW)
        if not typed or line is None or not of_units:
            return None
        units = number_typed(typed)
        if not units or units > line.quantity:
            raise ValidationError("no quantity that the line could ever have")
        return units

    def clean_seen(self) -> int | None:
        return number_typed(self.cleaned_data["seen"])

    @property
    def names_a_choice(self) -> bool:
        """Whether it can be shown again, whatever was typed as quantity."""
        return {"line", "choice"} <= self.cleaned_data.keys()

    def address(self) -> QueryDict:
        """What a link to the choice says after the question mark: the address that a form was sent
        to says nothing."""
        said = {"line": self.cleaned_data["line"].pk, "choice": self.cleaned_data["choice"].value}
        if quantity := self.cleaned_data.get("quantity"):
            said["quantity"] = quantity
        return QueryDict(urlencode(said))


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    order, purpose = access.open_order(token)
    acts = request.method == "POST"
    now = clock.now() if acts else timezone.now()
    locale = read_as(request, order.locale)
    form = AnswerForm(request.POST if acts else request.GET, order)
    known: dict[str, Any] = {
        "order": order,
        "token": token,
        "may_act": purpose in access.MAY_ACT,
        "locale": locale,
        "today": timezone.localtime(now).date(),
        "zone": zone_of(order.country, now),
    }
    page = partial(_page, request, form, known, now)
    if not form.is_valid():
        return page(400, wrong_units=True)
    if not acts:
        return page()
    if not known["may_act"]:
        return page(403)
    chosen = form.cleaned_data
    try:
        with services.waiting_at_most(PATIENCE):
            done = services.answer(
                order,
                chosen["line"].pk,
                chosen["choice"],
                units=chosen["quantity"],
                seen=chosen["seen"],
                now=now,
            )
    except services.Locked:
        response = page(503, locked=True)
        response["Retry-After"] = COME_BACK
        return response
    except services.Changed:
        return page(409, changed=True)
    except services.Refused as refused:
        return page(409, refused=str(refused))
    said = outcome_sentence(
        done.done,
        units=done.units,
        refund_by=max((refund.due_on for refund in done.refunds), default=None),
        refund=done.refunds[0].amount if done.refunds else None,  # one line was asked about
        withdrawn=chosen["choice"] == Choice.WITHDRAW,
        mailed=mail_port().reach_of(order).is_reached,
        locale=locale,
        today=known["today"],
    )
    messages.success(request, said)
    return HttpResponse(status=303, headers={"Location": reverse("order", args=[token])})


def _page(
    request: HttpRequest,
    form: AnswerForm,
    known: dict[str, Any],
    now: datetime,
    code: int = 200,
    **said: Any,
) -> HttpResponse:
    """The choice as it is now, and what is `said` about the button."""
    if not form.names_a_choice:
        return render(request, "orders/answer.html", known | {"unknown": True}, status=code)
    order, choice = known["order"], form.cleaned_data["choice"]
    status = order_status(order, locale=known["locale"], now=now)
    line = next(line for line in status.lines if line.id == form.cleaned_data["line"].pk)
    back = None
    if choice == Choice.KEEP and line.put_back:
        back = services.what_may_be_put_back(order.lines.get(pk=line.id))
    shown = {
        "line": line,
        "back": back,
        "kept": choice == Choice.KEEP and not line.asked and _was_kept(line.id),
        "units": back.units if back else line.open_units or line.quantity,
        "choice": choice,
        "quantity": form.cleaned_data.get("quantity") or line.open_units,
        "asked_again": form.address(),
        "refund_by": refund_by(order, now=now),
        "mailed": status.is_mailed,
    }
    return render(request, "orders/answer.html", known | shown | said, status=code)


def _was_kept(line_id: int) -> bool:
    return DelayNotice.objects.filter(line=line_id, outcome=Outcome.KEPT).exists()
