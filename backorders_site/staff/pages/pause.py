"""Pause all email, or resume it, with a reason."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from backorders_site.staff.actions.base import StaffReason
from backorders_site.staff.admin.base import actor_of
from backorders_site.staff.pages.base import page, staff_page
from notifications.models import Message, MessageState, Pause
from notifications.outbox.mail_mode import mail_mode
from notifications.outbox.pause import PERMISSION, current_pause, pause_email, resume_email
from orders.services import Refused

SHOWN = 20


class PauseForm(forms.Form):
    reason = StaffReason()


@staff_page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest) -> HttpResponse:
    form = PauseForm(request.POST if request.POST.get("act") == "hold" else None)
    if request.method == "POST":
        actor = actor_of(request, PERMISSION)
        try:
            if request.POST.get("act") == "release":
                resume_email(now=timezone.now(), actor=actor)
                messages.success(request, _("Emails go out again."))
                return redirect("desk:mail")
            if form.is_valid():
                pause_email(form.cleaned_data["reason"], now=timezone.now(), actor=actor)
                messages.success(
                    request, _("Email is paused: nothing goes out until you resume it.")
                )
                return redirect("desk:mail")
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("desk:mail")
    return page(
        request,
        "pause.html",
        title=_("Pause all email"),
        form=form,
        pause=current_pause(),
        waiting=Message.objects.filter(state=MessageState.QUEUED).count(),
        mode=mail_mode().name,
        past=Pause.objects.exclude(ended_at=None)[:SHOWN],
    )
