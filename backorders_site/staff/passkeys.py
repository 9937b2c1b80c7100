"""Passkeys instead of the code from the phone: the views that django-otp-webauthn's scripts
call."""

from typing import Any

from django.urls import path
from django.views.i18n import JavaScriptCatalog
from django_otp_webauthn import views
from django_otp_webauthn.exceptions import NotVerified

from backorders_site.staff import second_factor

app_name = "otp_webauthn"  # its template tags look the addresses up by this name


class Adding:
    """Somebody who finds a desk left open cannot add a passkey of their own."""

    request: Any

    def check_can_register(self) -> None:
        if not second_factor.may_add_passkey(self.request):
            raise NotVerified


class BeginAdding(Adding, views.BeginCredentialRegistrationView):  # type: ignore[misc]
    pass


class CompleteAdding(Adding, views.CompleteCredentialRegistrationView):  # type: ignore[misc]
    pass


class CompleteUsing(views.CompleteCredentialAuthenticationView):  # type: ignore[misc]
    def complete_auth(self, device: Any) -> Any:
        second_factor.let_in(self.request, device)
        return device.user


urlpatterns = [
    path("add/", BeginAdding.as_view(), name="credential-registration-begin"),
    path("added/", CompleteAdding.as_view(), name="credential-registration-complete"),
    path(
        "use/",
        views.BeginCredentialAuthenticationView.as_view(),
        name="credential-authentication-begin",
    ),
    path("used/", CompleteUsing.as_view(), name="credential-authentication-complete"),
    path(
        "texts.js",
        JavaScriptCatalog.as_view(packages=["django_otp_webauthn"]),
        name="js-i18n-catalog",
    ),
]
