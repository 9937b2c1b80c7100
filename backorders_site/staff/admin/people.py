"""Staff themselves: who they are, what they may do, and how they get in again."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from axes.utils import reset
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from backorders_site.staff import second_factor
from backorders_site.staff.actions.base import Act
from backorders_site.staff.admin.base import BackordersAdmin, ModelAdmin

if TYPE_CHECKING:
    Users = UserAdmin[User]
else:
    Users = UserAdmin


class StaffAct(Act):
    permission = "auth.change_user"

    def facts(self, row: User) -> Sequence[object]:
        return [row.last_login, TOTPDevice.objects.filter(user=row).count()]


class ResetSecondFactor(StaffAct):
    name = "reset-second-factor"
    label = gettext_lazy("Reset second factor")
    explanation = gettext_lazy(
        "For somebody who has lost phone and recovery codes: at the next login they set up a new "
        "phone with their "
        "password alone. Make sure that it is they who ask."
    )
    dangerous = True

    @classmethod
    def offered(cls, row: User) -> bool:
        return bool(TOTPDevice.objects.filter(user=row, confirmed=True).exists())

    def perform(self, row: User, *, now: datetime, actor: str) -> str:
        second_factor.forget(row)
        return _("The second factor of %(user)s is reset.") % {"user": row}


class LetInAgain(StaffAct):
    name = "let-in-again"
    label = gettext_lazy("Let in again")
    explanation = gettext_lazy("Forgets the wrong passwords that were typed for this person.")

    def perform(self, row: User, *, now: datetime, actor: str) -> str:
        reset(username=row.get_username())
        return _("%(user)s can try again.") % {"user": row}


admin.site.unregister(User)


@admin.register(User)
class StaffAdmin(BackordersAdmin, Users):
    explanation = gettext_lazy(
        "Who works here. Give each a group: Warehouse, Support or Manager. Who is locked out is "
        "let in again from here."
    )
    acts = [LetInAgain, ResetSecondFactor]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Who is no superuser neither sees nor makes one."""
        people: QuerySet[User] = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fixed = [*super().get_readonly_fields(request, obj), "last_login", "date_joined"]
        return fixed if request.user.is_superuser else [*fixed, "is_superuser", "user_permissions"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        ModelAdmin.save_model(self, request, obj, form, change)


for device in (TOTPDevice, StaticDevice):
    if admin.site.is_registered(device):  # their pages show secrets
        admin.site.unregister(device)
