"""Accept what the shop changed in an order, reject it, or put units back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Action
from orders import services
from orders.models import ShopChange


def is_open(row: ShopChange) -> bool:
    return not row.outcome and row.gone_at is None


class ShopChangeAction(Action):
    impossible = gettext_lazy("This was already decided, or the shop has undone it.")

    @classmethod
    def offered(cls, row: ShopChange) -> bool:
        return is_open(row)

    def subjects(self) -> list[str]:
        """Old and new side by side."""
        words = _("%(change)s: here %(here)s, in the shop %(there)s")
        return [
            words % {"change": row, "here": shown(row, row.here), "there": shown(row, row.there)}
            for row in self.rows
        ]

    def rests_on(self, row: ShopChange) -> Sequence[object]:
        order = row.order
        return [
            row.outcome,
            row.gone_at,
            order.email,
            order.country,
            order.region,
            row.line and row.line.cancelled,
        ]


class Accept(ShopChangeAction):
    name = "accept"
    permission = "orders.change_order"
    label = gettext_lazy("Accept")
    explanation = gettext_lazy(
        "The order takes the shop's value. That place's rules apply to delays from now on; open "
        "delay notices stay as they are."
    )
    several = True

    @classmethod
    def offered(cls, row: ShopChange) -> bool:
        return super().offered(row) and row.what == ShopChange.What.PLACE

    def perform(self, row: ShopChange, *, now: datetime, actor: str) -> str:
        services.accept_place(row, now=now, actor=actor)
        return _("%(change)s: now as in the shop.") % {"change": row}


class PutBackListed(ShopChangeAction):
    name = "put-back"
    permission = "orders.restore_orderline"
    label = gettext_lazy("Reinstate")
    explanation = gettext_lazy(
        "The shop lists these units again. They go back to their old place in line, the refund is "
        "no longer due, and we'll email the customer."
    )
    impossible = gettext_lazy(
        "These units can't be reinstated: their refund was sent, or the shop no longer lists them."
    )
    rehearsed = True

    @classmethod
    def offered(cls, row: ShopChange) -> bool:
        return (
            is_open(row)
            and row.line is not None
            and 0 < cls._units(row) <= row.line.may_be_put_back
        )

    @staticmethod
    def _units(row: ShopChange) -> int:
        return services.listed_again(row.line, row.there["units"]) if row.line else 0

    def products(self) -> list[int]:
        return sorted({row.line.product_id for row in self.rows})

    def perform(self, row: ShopChange, *, now: datetime, actor: str) -> str:
        if row.line is None:
            raise services.Refused(str(self.impossible))
        units = self._units(row)
        services.put_back_by_staff(
            row.line, units, reason=_("the shop lists them again"), now=now, actor=actor
        )
        return ngettext(
            "%(units)d unit of %(line)s is back in line.",
            "%(units)d units of %(line)s are back in line.",
            units,
        ) % {
            "units": units,
            "line": row.line,
        }


class Reject(ShopChangeAction):
    name = "reject"
    permission = "orders.change_order"
    label = gettext_lazy("Reject")
    explanation = gettext_lazy(
        "The order stays as it is here. You won't be asked again unless the shop changes it again."
    )
    several = True

    def perform(self, row: ShopChange, *, now: datetime, actor: str) -> str:
        services.reject_change(row, now=now, actor=actor)
        return _("%(change)s: kept as it is here.") % {"change": row}


def shown(row: ShopChange, values: Mapping[str, Any]) -> str:
    """One side of a change."""
    if row.line:
        return f"{values['units']} × {row.line.product.sku}"
    return ", ".join(filter(None, values.values())) or "–"
