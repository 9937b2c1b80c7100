"""What every page of the desk shares: it is part of the admin, behind its login, and asks for a
permission."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from backorders_site.staff.admin.base import BackordersAdmin

View = Callable[..., HttpResponseBase]

shows_mails = csp_update({"frame-src": [SELF]})  # in frames, each with a policy of its own


def staff_page(permission: str) -> Callable[[View], View]:
    """For people with the permission to see the page. What is done there asks for its own
    permission, with the actor (actor_of)."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            return view(request, **kwargs)

        return admin.site.admin_view(guarded)

    return decorate


def page(request: HttpRequest, template: str, **context: object) -> TemplateResponse:
    """A page of the desk, in the frame of the admin: `template` under staff/pages/."""
    return TemplateResponse(
        request, f"staff/pages/{template}", {**admin.site.each_context(request), **context}
    )


def admin_of(model: type[Model]) -> BackordersAdmin:
    """The admin of one of our models, for its buttons and its permissions."""
    found: Any = admin.site.get_model_admin(model)
    assert isinstance(found, BackordersAdmin)  # noqa: S101 - for the type checker
    return found
