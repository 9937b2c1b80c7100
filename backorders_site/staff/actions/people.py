"""Reset a colleague's second factor, or let them in again."""

from collections.abc import Sequence
from datetime import datetime

from axes.utils import reset
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_totp.models import TOTPDevice

from backorders_site.staff import second_factor
from backorders_site.staff.actions.base import Action


class StaffAction(Action):
    permission = "auth.change_user"

    def rests_on(self, row: User) -> Sequence[object]:
        return [row.last_login, TOTPDevice.objects.filter(user=row).count()]


class ResetSecondFactor(StaffAction):
    name = "reset-second-factor"
    label = gettext_lazy("Reset second factor")
    explanation = gettext_lazy(
        "Use this for someone who has lost both phone and recovery codes. At their next login, "
        "they set up a new phone with only their password. Make sure the request really comes "
        "from them."
    )
    dangerous = True

    @classmethod
    def offered(cls, row: User) -> bool:
        return bool(TOTPDevice.objects.filter(user=row, confirmed=True).exists())

    def perform(self, row: User, *, now: datetime, actor: str) -> str:
        second_factor.forget(row)
        return _("The second factor of %(user)s is reset.") % {"user": row}


class LetInAgain(StaffAction):
    name = "let-in-again"
    label = gettext_lazy("Unlock")
    explanation = gettext_lazy("Clears this person's failed logins.")

    def perform(self, row: User, *, now: datetime, actor: str) -> str:
        reset(username=row.get_username())
        return _("%(user)s can log in again.") % {"user": row}
