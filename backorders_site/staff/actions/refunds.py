"""Mark a refund sent."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.base import Action
from orders import services
from orders.models import Refund


class MarkSent(Action):
    name = "mark-sent"
    permission = "orders.send_refund"
    label = gettext_lazy("Mark sent")
    explanation = gettext_lazy(
        "Use this for refunds you have sent. Their units can no longer be reinstated."
    )
    impossible = gettext_lazy("This refund is already marked sent.")
    several = True

    @classmethod
    def offered(cls, row: Refund) -> bool:
        return row.sent_at is None

    def rests_on(self, row: Refund) -> Sequence[object]:
        return [row.units, row.sent_at]

    def perform(self, row: Refund, *, now: datetime, actor: str) -> str:
        services.mark_refund_sent(row, now=now, actor=actor)
        return _("The refund for %(refund)s is marked sent.") % {"refund": row}
