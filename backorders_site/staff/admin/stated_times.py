"""What customers read about a product when they ordered."""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.admin.base import BackordersAdmin, RecordTable, link
from orders.models import Product, StatedTime


@admin.register(StatedTime)
class StatedTimeAdmin(BackordersAdmin):
    explanation = gettext_lazy(
        "What customers read when they ordered: how long it takes, or by when it ships. It counts "
        "for orders that are imported from now on and don't bring a date of their own."
    )
    list_display = ["product", "ordered_from", "ordered_until", "days", "ships_by"]
    list_select_related = ["product"]
    search_fields = ["product__sku", "product__name"]
    fields = ["product", "ordered_from", "ordered_until", "days", "ships_by"]


def stated_times_of_product(product: Product) -> RecordTable:
    return RecordTable(
        title=_("What customers read when they ordered"),
        model=StatedTime,
        columns=[_("From"), _("Until"), _("Days"), _("Ships by")],
        rows=[
            [link(row, row.ordered_from), row.ordered_until, row.days, row.ships_by]
            for row in product.stated_times.all()
        ],
    )
