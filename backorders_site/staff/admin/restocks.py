"""Suppliers, products, stock, restocks and receipts."""

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.products import Discontinue
from backorders_site.staff.actions.receipts import Correct, OtherUnits, Receive, ReceiveUnannounced
from backorders_site.staff.actions.restock_notes import HideNote, WriteToWaiting
from backorders_site.staff.actions.restocks import CancelRest, MoveDate, NewRestock, UndoMove
from backorders_site.staff.admin.base import (
    BackordersAdmin,
    Button,
    ConditionFilter,
    ReadOnlyAdmin,
    RecordTable,
    link,
    list_url,
    moment,
)
from backorders_site.staff.admin.stated_times import stated_times_of_product
from backorders_site.staff.words import Text
from orders import queue
from orders.models import (
    OrderLine,
    Product,
    QueueCount,
    Receipt,
    Restock,
    RestockDate,
    RestockNote,
    StatedTime,
    Stock,
    Supplier,
)
from orders.services.forecasts import shipped_ahead

WEEK = timedelta(days=7)
SHOWN = 20  # rows of a record's table; the list has the rest


def open_restocks() -> Q:
    return Q(cancelled_at__isnull=True, arrived__lt=F("quantity"))


def with_day(restocks: QuerySet[Restock]) -> QuerySet[Any]:
    """Restocks with `day`, the date in force."""
    newest = RestockDate.objects.filter(restock=OuterRef("pk")).order_by("-posted_on", "-id")
    return restocks.annotate(day=Subquery(newest.values("expected_on")[:1]))


def restocks_table(title: str, restocks: QuerySet[Restock]) -> RecordTable:
    rows = with_day(restocks.select_related("product", "supplier")).order_by("day", "pk")[:SHOWN]
    return RecordTable(
        title=title,
        model=Restock,
        columns=[
            _("Reference"),
            _("Product"),
            _("Supplier"),
            _("Expected on"),
            _("Still to come"),
            _("Of"),
        ],
        rows=[
            [
                link(row, row.reference),
                link(row.product),
                row.supplier,
                row.day,
                row.open_units,
                row.quantity,
            ]
            for row in rows
        ],
    )


def open_restocks_of_supplier(supplier: Supplier) -> RecordTable:
    return restocks_table(_("Still to come"), supplier.restocks.filter(open_restocks()))


def open_restocks_of_product(product: Product) -> RecordTable:
    return restocks_table(_("Still to come"), product.restocks.filter(open_restocks()))


def dates_of_restock(restock: Restock) -> RecordTable:
    return RecordTable(
        title=_("Supplier's dates"),
        model=RestockDate,
        columns=[_("Expected on"), _("Posted on"), _("Reason"), _("Recorded"), _("By")],
        rows=[
            [row.expected_on, row.posted_on, row.get_reason_display(), row.recorded_at, row.actor]
            for row in restock.dates.order_by("-posted_on", "-id")
        ],
    )


def receipts_of_restock(restock: Restock) -> RecordTable:
    return receipts_table(restock.receipts.all())


def corrections_of_receipt(receipt: Receipt) -> RecordTable:
    return receipts_table(receipt.corrections.all(), title=_("Corrections"))


def shipped_of_receipt(receipt: Receipt) -> RecordTable:
    return receipts_table(receipt.covers.all(), title=_("Already shipped"))


def receipts_of_product(product: Product) -> RecordTable:
    return receipts_table(product.receipts.all())


def receipt_words(receipt: Receipt) -> str:
    if not receipt.stocked:
        return _("Supplier's history: from before our first order, not in stock")
    if receipt.ahead:
        return _("Shipped before it was received")
    if receipt.came_with_id:
        return _("Came with a restock that was received later")
    return _("Correction") if receipt.corrects_id else _("Into stock")


def receipts_table(receipts: QuerySet[Receipt], title: str = "") -> RecordTable:
    return RecordTable(
        title=title or _("Arrived so far"),
        model=Receipt,
        columns=[_("Units"), _("Arrived on"), _("Kind"), _("Recorded"), _("By"), _("Reason")],
        rows=[
            [
                link(row, f"{row.quantity:+d}"),
                row.arrived_on,
                receipt_words(row),
                row.recorded_at,
                row.actor,
                row.reason,
            ]
            for row in receipts.order_by("-id")[:SHOWN]
        ],
    )


@admin.register(Supplier)
class SupplierAdmin(BackordersAdmin):
    explanation = gettext_lazy(
        "Your suppliers. To see how well each one keeps its dates, open Reports."
    )
    list_display = ["name", "open_restocks"]
    search_fields = ["name"]
    ordering = ["name"]
    tables = [open_restocks_of_supplier]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        still_open = Q(
            restocks__cancelled_at__isnull=True, restocks__arrived__lt=F("restocks__quantity")
        )
        suppliers: QuerySet[Any] = (
            super().get_queryset(request).annotate(still_open=Count("restocks", filter=still_open))
        )
        return suppliers

    @admin.display(description=gettext_lazy("Open restocks"), ordering="still_open")
    def open_restocks(self, supplier: Any) -> int:
        return int(supplier.still_open)


def _shipped_ahead() -> RawSQL:
    ahead = json.dumps(shipped_ahead(day=timezone.localdate()))
    return RawSQL(
        "coalesce((%s::jsonb ->> orders_product.id::text)::int, 0)", [ahead], IntegerField()
    )


class Covered(ConditionFilter):
    title = gettext_lazy("units to come")
    parameter_name = "covered"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        to_come = F("expected_units") + F("stock__arrived") - F("stock__allocated")
        return {
            "no": (_("Not everyone waiting is covered by a restock"), Q(waiting_units__gt=to_come))
        }


@admin.register(Product)
class ProductAdmin(BackordersAdmin):
    explanation = gettext_lazy(
        "Products with a queue. A product's page on the desk compares its supply with its queue."
    )
    list_display = [
        "sku",
        "name",
        "on_backorder",
        "lines_waiting",
        "units_waiting",
        "spare_units",
        "expected",
    ]
    list_filter = [Covered, "on_backorder"]
    search_fields = ["sku", "name"]
    fields = [
        *("sku", "name", "variant", "image_url", "on_backorder", "handling_days"),
        *("line", "spare", "published_next"),
    ]
    readonly_fields = ["line", "spare", "published_next"]
    acts = [ReceiveUnannounced, Discontinue]
    tables = [open_restocks_of_product, receipts_of_product, stated_times_of_product]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        days = QueueCount.objects.filter(product=OuterRef("pk"), width="d").values("product")
        expected = (
            Restock.objects.filter(open_restocks(), product=OuterRef("pk"))
            .order_by()
            .values("product")
        )
        products: QuerySet[Any] = (
            super()
            .get_queryset(request)
            .select_related("stock")
            .annotate(
                waiting_lines=Coalesce(
                    Subquery(days.annotate(total=Sum("lines")).values("total")), 0
                ),
                waiting_units=Coalesce(
                    Subquery(days.annotate(total=Sum("units")).values("total")), 0
                ),
                still_open=Coalesce(
                    Subquery(expected.annotate(total=Count("pk")).values("total")), 0
                ),
                expected_units=Coalesce(
                    Subquery(
                        expected.annotate(total=Sum(F("quantity") - F("arrived"))).values("total")
                    ),
                    0,
                )
                - _shipped_ahead(),
            )
        )
        return products

    def links(self, obj: Product) -> list[Button]:
        return [
            Button(_("On the desk"), reverse("desk:product", args=[obj.sku])),
            Button(_("Show its queue"), list_url(OrderLine, product=obj.pk, state="waiting")),
            Button(_("Add a restock"), f"{list_url(Restock)}add/?product={obj.pk}"),
            Button(_("Say what customers read"), f"{list_url(StatedTime)}add/?product={obj.pk}"),
        ]

    @admin.display(description=gettext_lazy("Orders waiting"), ordering="waiting_lines")
    def lines_waiting(self, product: Any) -> int:
        return int(product.waiting_lines)

    @admin.display(description=gettext_lazy("Units waiting"), ordering="waiting_units")
    def units_waiting(self, product: Any) -> int:
        return int(product.waiting_units)

    @admin.display(description=gettext_lazy("Spare units"))
    def spare_units(self, product: Product) -> int:
        return product.stock.arrived - product.stock.allocated

    @admin.display(description=gettext_lazy("Open restocks"), ordering="still_open")
    def expected(self, product: Any) -> int:
        return int(product.still_open)

    @admin.display(description=gettext_lazy("Line"))
    def line(self, product: Product) -> str:
        if product.pk is None:
            return _("no one yet")
        length = queue.length(product.pk)
        return _("%(lines)d orders are waiting for %(units)d units") % {
            "lines": length.lines,
            "units": length.units,
        }

    @admin.display(description=gettext_lazy("Spare units"))
    def spare(self, product: Product) -> int:
        return self.spare_units(product) if product.pk else 0

    @admin.display(description=gettext_lazy("Next change"))
    def published_next(self, product: Product) -> str:
        if product.review_at is None:
            return _("no change waiting")
        words = {
            "reason": product.get_change_reason_display(),
            "at": f"{timezone.localtime(product.review_at):%H:%M}",
        }
        return _("%(reason)s: takes effect at %(at)s, then customers are notified") % words


@admin.register(Stock)
class StockAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Units that arrived and were reserved, for each product. They change only when you "
        "receive, ship or correct units."
    )
    list_display = ["product", "arrived", "allocated", "spare"]
    list_select_related = ["product"]
    search_fields = ["product__sku", "product__name"]
    fields = ["product", "arrived", "allocated", "spare"]
    ordering = ["product__sku"]

    @admin.display(description=gettext_lazy("Spare units"))
    def spare(self, stock: Stock) -> int:
        return stock.arrived - stock.allocated


class RestockState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        today = timezone.localdate()
        return {
            "open": (_("Still to come"), open_restocks()),
            "week": (_("Due within 7 days"), open_restocks() & Q(day__range=(today, today + WEEK))),
            "overdue": (_("Overdue"), open_restocks() & Q(day__lt=today)),
            "arrived": (_("Arrived"), Q(arrived__gte=F("quantity"))),
            "cancelled": (_("Canceled"), Q(cancelled_at__isnull=False)),
        }


def notes_of_restock(restock: Restock) -> RecordTable:
    return RecordTable(
        title=_("Messages to customers waiting"),
        model=RestockNote,
        columns=[_("When"), _("Message"), _("Hidden")],
        rows=[[link(note, moment(note.at)), note.text, note.hidden_at] for note in _notes(restock)],
    )


def _notes(restock: Restock) -> QuerySet[RestockNote]:
    return restock.notes.all()[:SHOWN]


@admin.register(Restock)
class RestockAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What you expect from suppliers, one restock for each product. Add one when you order, "
        "move its date when the supplier does, and receive its units when they arrive."
    )
    list_display = ["reference", "sku", "supplier", "expected_on", "moved", "came", "state"]
    list_select_related = ["product", "supplier"]
    list_filter = [RestockState, "supplier"]
    search_fields = ["reference", "product__sku", "product__name", "supplier__name"]
    fields = [
        "reference",
        "product",
        "supplier",
        "quantity",
        "arrived",
        "expected_on",
        "state",
        "created_at",
    ]
    adding = NewRestock
    acts = [Receive, MoveDate, UndoMove, WriteToWaiting, CancelRest]
    tables = [dates_of_restock, receipts_of_restock, notes_of_restock]

    def links(self, obj: Restock) -> list[Button]:
        return [
            Button(_("Its product on the desk"), reverse("desk:product", args=[obj.product.sku]))
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        versions = RestockDate.objects.filter(restock=OuterRef("pk")).order_by().values("restock")
        restocks: QuerySet[Any] = with_day(super().get_queryset(request)).annotate(
            versions=Subquery(versions.annotate(total=Count("pk")).values("total"))
        )
        return restocks

    @admin.display(description=gettext_lazy("Expected on"), ordering="day")
    def expected_on(self, restock: Any) -> str | None:
        return date_format(restock.day) if restock.day else None

    @admin.display(description=gettext_lazy("SKU"), ordering="product__sku")
    def sku(self, restock: Restock) -> str:
        return restock.product.sku

    @admin.display(description=gettext_lazy("Arrived"))
    def came(self, restock: Restock) -> str:
        return _("%(arrived)d of %(all)d") % {"arrived": restock.arrived, "all": restock.quantity}

    @admin.display(description=gettext_lazy("Moved"), ordering="versions")
    def moved(self, restock: Any) -> int:
        return max((restock.versions or 1) - 1, 0)

    @admin.display(description=gettext_lazy("State"))
    def state(self, restock: Any) -> str:
        if restock.cancelled_at:
            return _("Canceled")
        if not restock.open_units:
            return _("Arrived")
        if restock.day and restock.day < timezone.localdate():
            return _("Overdue")
        return _("Partly arrived") if restock.arrived else _("Still to come")


@admin.register(RestockDate)
class RestockDateAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Every date a supplier ever gave. Our windows are learned from these and from what then "
        "arrived."
    )
    list_display = ["restock", "expected_on", "posted_on", "reason", "recorded_at", "actor"]
    list_select_related = ["restock__product"]
    list_filter = ["reason"]
    search_fields = ["restock__reference", "restock__product__sku"]
    ordering = ["-id"]


class ReceiptKind(ConditionFilter):
    title = gettext_lazy("kind")
    parameter_name = "what"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "stock": (_("Into stock"), Q(stocked=True, corrects__isnull=True, ahead=False)),
            "ahead": (_("Shipped before it was received"), Q(ahead=True)),
            "corrections": (_("Correction"), Q(corrects__isnull=False)),
            "history": (_("Supplier's history"), Q(stocked=False)),
        }


@admin.register(RestockNote)
class RestockNoteAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What we wrote to customers waiting for a restock. To write, open the restock. To hide a "
        "mistake, open the message."
    )
    list_display = ["at", "restock", "text", "lines", "has_picture", "actor", "hidden_at"]
    list_select_related = ["restock__product"]
    search_fields = ["restock__reference", "text"]
    search_help_text = gettext_lazy("Enter a reference or words from a message.")
    fields = [
        *("restock", "text", "shown_picture", "at", "actor", "lines", "hidden_at", "hidden_by"),
    ]
    acts = [HideNote]

    @admin.display(description=gettext_lazy("Picture"), boolean=True)
    def has_picture(self, note: RestockNote) -> bool:
        return bool(note.picture_name)

    @admin.display(description=gettext_lazy("Picture"))
    def shown_picture(self, note: RestockNote) -> str:
        if not note.picture_name or not note.shown:
            return ""
        return format_html(
            '<img src="{}" width="{}" height="{}" alt="" class="of-note">',
            reverse("note_picture", args=[note.picture_name]),
            note.width,
            note.height,
        )


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "What arrived, as it was counted. To fix a wrong count, open the receipt and choose "
        "“Correct”."
    )
    list_display = [
        "units",
        "product",
        "delivery",
        "arrived_on",
        "what",
        "recorded_at",
        "actor",
        "reason",
    ]
    list_select_related = ["product", "restock__product"]
    list_filter = [ReceiptKind]
    search_fields = ["product__sku", "product__name", "restock__reference"]
    fields = [
        "product",
        "restock",
        "quantity",
        "arrived_on",
        "what",
        "recorded_at",
        "corrects",
        "reason",
        "actor",
    ]
    acts = [Correct, OtherUnits]
    tables = [corrections_of_receipt, shipped_of_receipt]

    @admin.display(description=gettext_lazy("Kind"))
    def what(self, receipt: Receipt) -> str:
        return receipt_words(receipt)

    @admin.display(description=gettext_lazy("Units"), ordering="quantity")
    def units(self, receipt: Receipt) -> str:
        return f"{receipt.quantity:+d}"

    @admin.display(description=gettext_lazy("Restock"), ordering="restock__reference")
    def delivery(self, receipt: Receipt) -> SafeString | None:
        return link(receipt.restock, receipt.restock.reference) if receipt.restock else None
