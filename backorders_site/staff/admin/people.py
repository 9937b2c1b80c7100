"""Staff themselves: who they are, what they may do, and how they get in again."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.people import LetInAgain, ResetSecondFactor
from backorders_site.staff.admin.base import BackordersAdmin, ModelAdmin
from backorders_site.staff.second_factor import DEVICES

if TYPE_CHECKING:
    Users = UserAdmin[User]
else:
    Users = UserAdmin


admin.site.unregister(User)


@admin.register(User)
class StaffAdmin(BackordersAdmin, Users):
    explanation = gettext_lazy(
        "People who work here. Give each one a group: Warehouse, Support or Manager. You can "
        "unlock accounts here."
    )
    acts = [LetInAgain, ResetSecondFactor]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Only a superuser sees or makes one."""
        people: QuerySet[User] = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fixed = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fixed if request.user.is_superuser else [*fixed, "is_superuser", "user_permissions"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        ModelAdmin.save_model(self, request, obj, form, change)


for device in DEVICES:
    if admin.site.is_registered(device):  # their pages show secrets
        admin.site.unregister(device)
