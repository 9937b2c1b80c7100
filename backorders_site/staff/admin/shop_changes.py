"""What the shop changed in orders that are here: old and new side by side, to be accepted or
rejected."""

from django.contrib import admin
from django.db.models import Exists, F, Q, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.shop_changes import Accept, PutBackListed, Reject, shown
from backorders_site.staff.admin.base import ConditionFilter, ReadOnlyAdmin, RecordTable, link
from backorders_site.staff.words import Text
from orders.models import ShopChange

OPEN = Q(outcome="", gone_at__isnull=True)


def decision_words(row: ShopChange) -> str:
    if row.outcome:
        by = row.decided_by or _("accepted automatically")
        return f"{row.get_outcome_display()} · {by}" if row.decided_by else str(by)
    return _("Undone in the shop") if row.gone_at else _("To decide")


class ChangeState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {"open": (_("To decide"), OPEN), "decided": (_("Decided"), ~Q(outcome=""))}


@admin.register(ShopChange)
class ShopChangeAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Where the shop's files differ from an order here. Accept or reject each change; until "
        "then nothing changes here. Names, email addresses, and regions under the same law are "
        "accepted automatically."
    )
    list_display = ["what", "order_link", "here_words", "there_words", "seen_at", "decision"]
    list_select_related = ["order", "line__product"]
    list_filter = [ChangeState, "what"]
    search_fields = ["=order__number", "=order__email"]
    search_help_text = gettext_lazy("Enter an order number or an email address.")
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
    acts = [Accept, PutBackListed, Reject]

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


def changes_of_order(rows: QuerySet[ShopChange]) -> RecordTable:
    return RecordTable(
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
