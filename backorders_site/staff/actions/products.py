"""Discontinue a product."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Action, StaffReason
from orders import services
from orders.models import Product
from orders.tasks import discontinue_parts


class Discontinue(Action):
    name = "discontinue"
    permission = "orders.discontinue_product"
    label = gettext_lazy("Discontinue")
    explanation = gettext_lazy(
        "No more units will come, and no new orders join the queue. Every waiting order is "
        "canceled and gets one email with its refund date. Refunds and tasks in your shop are "
        "listed on the desk. Reserved units still ship."
    )
    weight = 5
    impossible = gettext_lazy(
        "No one is waiting for this product or can join its queue, or it's already being "
        "discontinued. Its page on the desk shows the progress."
    )
    dangerous = True
    rehearsed = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Product) -> bool:
        return (row.on_backorder or row.lines.filter(waiting__gt=0).exists()) and services.ending(
            row
        ) is None

    def products(self) -> list[int]:
        return sorted(row.pk for row in self.rows)

    def rests_on(self, row: Product) -> Sequence[object]:
        return [
            row.on_backorder,
            *row.restocks.order_by("pk").values_list("arrived", "cancelled_at"),
        ]

    def perform(self, row: Product, *, now: datetime, actor: str) -> str:
        asked = services.discontinue(row, reason=self.cleaned_data["reason"], now=now, actor=actor)
        # Without a broker the next tick sees the row.
        transaction.on_commit(discontinue_parts.delay, robust=True)
        return ngettext(
            "%(sku)s is being discontinued: %(n)s order will be canceled, notified, and owed a "
            "refund. This page shows the progress.",
            "%(sku)s is being discontinued: %(n)s orders will be canceled, notified, and owed a "
            "refund. This page shows the progress.",
            asked.lines,
        ) % {"sku": row.sku, "n": number_format(asked.lines, force_grouping=True)}

    def after(self) -> str:
        return reverse("desk:product", args=[self.rows[0].sku])

    def finish(self, row: Product, *, now: datetime) -> None:
        while services.discontinue_part(now=now, product=row):
            pass
