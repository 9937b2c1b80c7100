"""What the shop changed in orders that are here: old and new side by side, to be accepted or
rejected."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Exists, F, Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backorders_site.staff.actions.base import Act
from backorders_site.staff.admin.base import ConditionFilter, ReadOnlyAdmin, Table, link
from backorders_site.staff.words import Text
from orders import services
from orders.models import ShopChange

What = ShopChange.What
OPEN = Q(outcome="", gone_at__isnull=True)


def is_open(row: ShopChange) -> bool:
    return not row.outcome and row.gone_at is None


class ChangeAct(Act):
    impossible = gettext_lazy("This was decided already, or the shop has taken it back.")

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

    def facts(self, row: ShopChange) -> Sequence[object]:
        order = row.order
        return [
            row.outcome,
            row.gone_at,
            order.email,
            order.country,
            order.region,
            row.line and row.line.cancelled,
        ]


class PutBackListed(ChangeAct):
    name = "put-back"
    permission = "orders.restore_orderline"
    label = gettext_lazy("Put back")
    explanation = gettext_lazy(
        "The shop lists these units again, so they wait again at their old place, the refund is "
        "no longer due, and the "
        "customer is told."
    )
    impossible = gettext_lazy(
        "These units cannot be put back, as their refund was sent, or the shop no longer lists "
        "them."
    )
    rehearsed = True

    @classmethod
    def offered(cls, row: ShopChange) -> bool:
        return (
            is_open(row)
            and row.line is not None
            and 0 < cls._units(row) <= row.line.refunds_to_send
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
        services.put_back(
            row.line, units, reason=_("the shop lists them again"), now=now, actor=actor
        )
        return ngettext(
            "%(units)d unit of %(line)s waits again.",
            "%(units)d units of %(line)s wait again.",
            units,
        ) % {
            "units": units,
            "line": row.line,
        }


class Reject(ChangeAct):
    name = "reject"
    permission = "orders.change_order"
    label = gettext_lazy("Reject")
    explanation = gettext_lazy(
        "The order stays as it is here. You won't be asked again while the shop has it so."
    )
    several = True

    def perform(self, row: ShopChange, *, now: datetime, actor: str) -> str:
        services.reject_change(row, now=now, actor=actor)
        return _("%(change)s stays as it is here.") % {"change": row}


def shown(row: ShopChange, values: Mapping[str, Any]) -> str:
    """One side of a change."""
    if row.line:
        return f"{values['units']} × {row.line.product.sku}"
    return ", ".join(filter(None, values.values())) or "–"


def decision_words(row: ShopChange) -> str:
    if row.outcome:
        by = row.decided_by or _("taken over")
        return f"{row.get_outcome_display()} · {by}" if row.decided_by else str(by)
    return _("The shop has taken it back") if row.gone_at else _("To decide")


class ChangeState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {"open": (_("To decide"), OPEN), "decided": (_("Decided"), ~Q(outcome=""))}


@admin.register(ShopChange)
class ShopChangeAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What the shop's files say of an order otherwise than it is here. Accept it or reject it: "
        "until then nothing changes "
        "here. Names, and regions under the same law, are taken over by themselves."
    )
    list_display = ["what", "order_link", "here_words", "there_words", "seen_at", "decision"]
    list_select_related = ["order", "line__product"]
    list_filter = [ChangeState, "what"]
    search_fields = ["=order__number", "=order__email"]
    search_help_text = gettext_lazy("An order number or an email address")
    fields = [
        "order",
        "what",
        "here_words",
        "there_words",
        "seen_at",
        "decision",
        "decided_at",
        "gone_at",
    ]
    ordering = [F("decided_at").desc(nulls_first=True), "-id"]
    acts = [PutBackListed, Reject]

    @admin.display(description=gettext_lazy("Order"), ordering="order__number")
    def order_link(self, row: ShopChange) -> SafeString:
        return link(row.order)

    @admin.display(description=gettext_lazy("Here"))
    def here_words(self, row: ShopChange) -> str:
        return shown(row, row.here)

    @admin.display(description=gettext_lazy("In the shop"))
    def there_words(self, row: ShopChange) -> str:
        return shown(row, row.there)

    @admin.display(description=gettext_lazy("Decision"))
    def decision(self, row: ShopChange) -> str:
        return decision_words(row)


def changes_of_order(rows: QuerySet[ShopChange]) -> Table:
    return Table(
        title=_("Changed in the shop"),
        model=ShopChange,
        columns=[_("What"), _("Here"), _("In the shop"), _("Since"), _("Decision")],
        rows=[
            [
                link(row, row.get_what_display()),
                shown(row, row.here),
                shown(row, row.there),
                row.seen_at,
                decision_words(row),
            ]
            for row in rows.select_related("line__product")
        ],
    )
