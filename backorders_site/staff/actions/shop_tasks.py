"""Confirm what was done in the shop's own system."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.base import Action
from orders import services
from orders.models import ShopTask


class Confirm(Action):
    name = "confirm"
    permission = "orders.confirm_shoptask"
    label = gettext_lazy("Mark done in the shop")
    explanation = gettext_lazy(
        "Use this for what you have done in the shop's own system. Nothing else happens here."
    )
    impossible = gettext_lazy("This is already marked done.")
    several = True

    @classmethod
    def offered(cls, row: ShopTask) -> bool:
        return row.confirmed_at is None

    def rests_on(self, row: ShopTask) -> Sequence[object]:
        return [row.units, row.confirmed_at]

    def perform(self, row: ShopTask, *, now: datetime, actor: str) -> str:
        services.confirm_in_shop(row, now=now, actor=actor)
        return _("Done: %(task)s.") % {"task": row}
