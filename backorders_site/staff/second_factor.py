"""A code from the phone besides the password: set up once, asked for at each login. A passkey can
replace the code, and recovery codes help when the phone is lost."""

import time
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login, verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import WebAuthnCredential

RECOVERY_CODES = 10
SECONDS_TO_ADD = 300  # a passkey, after the code
MAY_ADD_UNTIL = "may_add_passkey_until"
DEVICES = (TOTPDevice, StaticDevice, WebAuthnCredential)


class CodeInput(forms.TextInput):
    """Empty again after a wrong code: the next is another."""

    def format_value(self, value: Any) -> None:
        return None


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=CodeInput(
            {"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split()).lower()


def passed(request: HttpRequest) -> bool:
    """Whether this session may see staff's pages, as far as the second factor goes."""
    return not settings.SECOND_FACTOR or bool(request.user.is_verified())  # type: ignore[union-attr]


def may_add_passkey(request: HttpRequest) -> bool:
    """For a few minutes after a code of the phone."""
    return bool(request.session.get(MAY_ADD_UNTIL, 0) > time.time())


@sensitive_post_parameters("code")
@never_cache
def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Asks for a code; sets a phone up if there is none yet; makes new recovery codes for those who
    have passed, and adds and removes their passkeys. Those who have not passed can log out here,
    because the admin's own way out is closed to them."""
    if request.method == "POST" and "leave" in request.POST:
        logout(request)
        return redirect("admin:login")
    device = TOTPDevice.objects.filter(user=request.user, confirmed=True).first()
    if device is None:
        return _set_up(request, context)
    verified = request.user.is_verified()  # type: ignore[union-attr]
    passkeys = WebAuthnCredential.objects.filter(user=request.user).order_by("pk")
    if verified and request.POST.get("remove", "").isdecimal():
        passkeys.filter(pk=request.POST["remove"]).delete()
        return redirect("admin:second_factor")
    form = CodeForm(request.POST or None)
    if form.is_valid():
        code = form.cleaned_data["code"]
        accepted = _accepted(request.user, device, code, only_phone=verified)
        if accepted and verified and "passkey" in request.POST:
            request.session[MAY_ADD_UNTIL] = time.time() + SECONDS_TO_ADD
            return redirect("admin:second_factor")
        if accepted and verified:
            return _show_codes(request, context)
        if accepted:
            let_in(request, accepted)
            return redirect(_next(request))
        form.add_error(
            "code",
            _why_not(device if code.isdigit() or verified else _recovery_device(request.user)),
        )
    left = StaticToken.objects.filter(device__user=request.user).count()
    shown = {
        "title": _("Recovery codes") if verified else _("Second factor"),
        "form": form,
        "verified": verified,
        "left": left,
        "passkeys": passkeys,
        "may_add": may_add_passkey(request),
    }
    return TemplateResponse(request, "staff/login/second_factor.html", {**context, **shown})


def recovery_codes(user: AbstractBaseUser) -> list[str]:
    """New ones, each good once; the former end."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        device = StaticDevice.objects.create(user=user, name="recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def forget(user: AbstractBaseUser) -> None:
    """The phone is lost and so are the codes: at the next login another one is set up. Open
    sessions end at once."""
    with transaction.atomic():
        for device in DEVICES:
            device.objects.filter(user=user).delete()


def let_in(request: HttpRequest, device: Any) -> None:
    request.session.cycle_key()
    login(request, device)


def _set_up(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The phone counts once it has shown a right code; until then the page shows the same
    secret."""
    device, _created = TOTPDevice.objects.get_or_create(
        user=request.user, confirmed=False, defaults={"name": "phone"}
    )
    form = CodeForm(request.POST or None)
    if form.is_valid():
        if accepted := verify_token(request.user, device.persistent_id, form.cleaned_data["code"]):
            accepted.confirmed = True
            accepted.save(update_fields=["confirmed"])
            let_in(request, accepted)
            return _show_codes(request, context)
        form.add_error("code", _why_not(device))
    shown = {
        "title": _("Set up your second factor"),
        "form": form,
        "qr": _qr(device),
        "secret": _secret(device),
    }
    return TemplateResponse(request, "staff/login/set_up_second_factor.html", {**context, **shown})


def _show_codes(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    codes = recovery_codes(request.user)  # type: ignore[arg-type]
    shown = {"title": _("Recovery codes"), "codes": codes, "go_on": _next(request)}
    return render(request, "staff/login/recovery_codes.html", {**context, **shown})


def _accepted(user: Any, phone: TOTPDevice, code: str, *, only_phone: bool) -> Any:
    """The device that took the code: digits are the phone's, all else is a recovery code."""
    devices = [phone] if code.isdigit() or only_phone else StaticDevice.objects.filter(user=user)
    return next(
        (taken for device in devices if (taken := verify_token(user, device.persistent_id, code))),
        None,
    )


def _recovery_device(user: Any) -> StaticDevice | None:
    return StaticDevice.objects.filter(user=user).first()


def _why_not(device: TOTPDevice | StaticDevice | None) -> str:
    """After each wrong code the next one has to wait twice as long."""
    said = _("This code is wrong or was already used.")
    if device is None:
        return said
    device.refresh_from_db()
    allowed, _reason = device.verify_is_allowed()
    if allowed:
        return said
    seconds = 2 ** max(device.throttling_failure_count - 1, 0)
    wait = ngettext(
        "Wait %(seconds)d second, then type the next code.",
        "Wait %(seconds)d seconds, then type the next code.",
        seconds,
    )
    return f"{said} {wait % {'seconds': seconds}}"


def _next(request: HttpRequest) -> str:
    asked_for = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        asked_for, {request.get_host()}, require_https=request.is_secure()
    )
    return asked_for if safe else reverse("admin:index")


def _qr(device: TOTPDevice) -> SafeString:
    """Drawn here, so that the secret goes nowhere else."""
    drawn = segno.make_qr(device.config_url).svg_inline(
        scale=4, border=4, dark="#000", light="#fff", omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 - segno's own drawing, of squares alone


def _secret(device: TOTPDevice) -> str:
    """To type where no camera is at hand, in fours."""
    secret = device.config_url.partition("secret=")[2].partition("&")[0].replace("%3D", "")
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
