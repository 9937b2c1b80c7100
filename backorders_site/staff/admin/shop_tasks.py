"""What staff have to do in the shop's own system."""

from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.shop_tasks import Confirm
from backorders_site.staff.admin.base import ConditionFilter, ReadOnlyAdmin, RecordTable, link
from backorders_site.staff.words import Text
from orders.models import FINAL, OrderLine, ShopTask

# Somebody may be packing it this minute: the units were set aside when they were cancelled, or
# others of the order are.
OTHERS_SET_ASIDE = Exists(
    OrderLine.objects.filter(order=OuterRef("line__order"), allocated__gt=F("shipped"))
)
PACKED_NOW = Q(kind=ShopTask.Kind.CANCEL, confirmed_at__isnull=True) & (
    Q(set_aside__gt=0) | Q(OTHERS_SET_ASIDE)
)

# Of the order, in lines other than the one that was cancelled.
REST_SET_ASIDE = Exists(
    OrderLine.objects.filter(order=OuterRef("line__order"), allocated__gt=F("shipped")).exclude(
        pk=OuterRef("line")
    )
)
IS_PACKED_NOW = Case(
    When(PACKED_NOW, then=Value(True)), default=Value(False), output_field=BooleanField()
)


def shop_tasks_table(tasks: QuerySet[ShopTask]) -> RecordTable:
    return RecordTable(
        title=_("To do in your shop"),
        model=ShopTask,
        columns=[_("What"), _("Units"), _("Since"), _("Done")],
        rows=[
            [
                link(row, row.get_kind_display()),
                f"{row.units} × {row.line.product.sku}",
                row.created_at,
                row.confirmed_at,
            ]
            for row in tasks.select_related("line__product")
        ],
    )


class TaskState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "todo": (_("To do"), FINAL & Q(confirmed_at__isnull=True)),
            "packed": (_("On a pick list"), PACKED_NOW),
            "done": (_("Done"), Q(confirmed_at__isnull=False)),
        }


@admin.register(ShopTask)
class ShopTaskAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What was decided here and has to be done in your shop's own system. Select what you have "
        "done there and choose “Mark done in the shop”. An import that shows it marks it done, "
        "too. Orders in red may be in packing right now."
    )
    list_display = [
        "what",
        "units",
        "product",
        "order_link",
        "pick_list",
        "created_at",
        "undo_until",
        "confirmed_at",
        "confirmed_by",
    ]
    list_select_related = ["line__order", "line__product"]
    list_filter = [TaskState, "kind"]
    search_fields = ["=line__order__number", "=line__order__email", "=line__product__sku"]
    search_help_text = gettext_lazy("Enter an order number, an email address or a SKU.")
    ordering = [F("confirmed_at").desc(nulls_first=True), IS_PACKED_NOW.desc(), "id"]
    acts = [Confirm]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShopTask]:
        rows: QuerySet[ShopTask] = super().get_queryset(request)
        return rows.annotate(packed_now=IS_PACKED_NOW, rest_set_aside=REST_SET_ASIDE)

    @admin.display(description=gettext_lazy("To do in your shop"))
    def what(self, task: ShopTask) -> str:
        return task.get_kind_display()

    @admin.display(description=gettext_lazy("Product"), ordering="line__product__sku")
    def product(self, task: ShopTask) -> str:
        return task.line.product.sku

    @admin.display(description=gettext_lazy("Order"), ordering="line__order__number")
    def order_link(self, task: ShopTask) -> SafeString:
        return link(task.line.order)

    @admin.display(description=gettext_lazy("Pick list"))
    def pick_list(self, task: Any) -> SafeString | str:
        """Red while somebody may be packing what was cancelled."""
        return (
            format_html('<strong class="urgent">{}</strong>', _packing_words(task))
            if task.packed_now
            else ""
        )


def _packing_words(task: Any) -> str:
    """What to tell the person who packs: the rest of the line and of the order still ships."""
    line = task.line
    if line.reserved:
        return _("On it: only %(n)d of %(all)d units") % {
            "n": line.reserved,
            "all": line.quantity - line.shipped,
        }
    return _("Its order is on it: leave this out") if task.rest_set_aside else _("On it: stop it")
