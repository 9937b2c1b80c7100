"""Take back a shipment that did not leave."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.base import Action, StaffReason
from orders import services
from orders.models import OrderLine, Shipment


class DidNotLeave(Action):
    name = "take-back"
    permission = "orders.correct_shipment"
    label = gettext_lazy("Undo shipment")
    explanation = gettext_lazy(
        "Use this for a shipment recorded by mistake. Its units are reserved again, and the "
        "customer gets an email with an apology."
    )
    impossible = gettext_lazy("This shipment was already undone.")
    dangerous = True
    rehearsed = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Shipment) -> bool:
        return row.corrects_id is None and bool(row.standing())

    def products(self) -> list[int]:
        lines = OrderLine.objects.filter(shipment_lines__shipment__in=self.rows)
        return sorted(set(lines.values_list("product", flat=True)))

    def rests_on(self, row: Shipment) -> Sequence[object]:
        return [row.corrections.count()]

    def perform(self, row: Shipment, *, now: datetime, actor: str) -> str:
        services.correct_shipment(row, reason=self.cleaned_data["reason"], now=now, actor=actor)
        return _("The shipment of order %(number)s is undone.") % {"number": row.order.number}
