"""The staff's site: Django's admin behind a password and a second factor."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.http import urlencode

from backorders_site.staff import second_factor
from orders.access import around, client_network


class StaffLogin(AdminAuthenticationForm):
    """A user name that nobody can have is not looked for: no table of tries could hold it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name: Any = self.fields["username"]
        name.validators = [*name.validators, MaxLengthValidator(name.max_length)]


class StaffSite(AdminSite):
    login_form = StaffLogin

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and second_factor.passed(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Those who have given the password already are asked for the second factor."""
        if super().has_permission(request) and not second_factor.passed(request):
            asked_for = request.GET.get("next", "")
            return redirect(f"{reverse('admin:second_factor')}?{urlencode({'next': asked_for})}")
        return super().login(request, extra_context)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [path("second-factor/", self.second_factor, name="second_factor")]
        return [*own, *super().get_urls()]

    def second_factor(self, request: HttpRequest) -> HttpResponse:
        """For those who have given a password only, so not behind has_permission."""
        if not super().has_permission(request):
            return redirect("admin:login")
        return second_factor.page(request, self.each_context(request))


def address_of_network(request: HttpRequest) -> str | None:
    """Where guesses of passwords are counted: in IPv6 anybody may have all networks of a /48."""
    network = client_network(request)
    return around(str(network)).partition("/")[0] if network else None
