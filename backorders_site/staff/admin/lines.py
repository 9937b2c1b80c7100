"""The lines of the queues, and what was reserved, shipped and refunded of them."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.lines import CountHeld, KeepsPlace, MoveInLine, PutBack
from backorders_site.staff.actions.refunds import MarkSent
from backorders_site.staff.actions.shipments import DidNotLeave
from backorders_site.staff.admin.base import (
    COUNTED,
    ConditionFilter,
    ReadOnlyAdmin,
    RecordTable,
    link,
)
from backorders_site.staff.admin.history import event_words, promise_words, told
from backorders_site.staff.finding import with_number, with_tracking
from backorders_site.staff.words import Text, in_money
from orders import queue
from orders.domain.money import money
from orders.domain.working_days import add_working_days
from orders.models import (
    FINAL,
    Allocation,
    Event,
    OrderLine,
    Product,
    Promise,
    QueueCount,
    Reason,
    Refund,
    Shipment,
    ShipmentLine,
)
from orders.queue import Position

MAX_PRODUCTS = 50  # in the filter; of others the product's page has a link
STATES = {
    "waiting": gettext_lazy("Waiting"),
    "part_reserved": gettext_lazy("Partly reserved"),
    "reserved": gettext_lazy("Reserved"),
    "part_shipped": gettext_lazy("Partly shipped"),
    "shipped": gettext_lazy("Shipped"),
    "cancelled": gettext_lazy("Canceled"),
}


def state_words(line: OrderLine) -> str:
    return _("Held: units need counting") if line.held else str(STATES[line.state])


def promises_of_line(line: OrderLine) -> RecordTable:
    return RecordTable(
        title=_("What was promised"),
        model=Promise,
        columns=[_("Published"), _("Window"), _("Place at that time"), _("Told")],
        rows=[
            [
                link(row, date_format(row.published_on)),
                promise_words(row, line.order),
                row.place,
                told(row),
            ]
            for row in line.promises.order_by("-id")
        ],
    )


def events_of_line(line: OrderLine) -> RecordTable:
    events = Event.objects.filter(order=line.order_id, line=line).select_related(
        "order", "line__product"
    )
    return RecordTable(
        title=_("What happened"),
        model=Event,
        columns=[_("When"), _("What"), _("What the customer reads"), _("By"), _("Told")],
        rows=[
            [row.at, row.get_kind_display(), event_words(row), row.actor, told(row)]
            for row in events
        ],
    )


def allocations_of_line(line: OrderLine) -> RecordTable:
    return RecordTable(
        title=_("Units reserved"),
        model=Allocation,
        columns=[_("When"), _("Units"), _("Reason")],
        rows=[
            [row.at, f"{row.quantity:+d}", row.get_reason_display()]
            for row in line.allocations.all()
        ],
    )


def refunds_of_line(line: OrderLine) -> RecordTable:
    return refunds_table(line.refunds.all())


def refunds_table(refunds: QuerySet[Refund]) -> RecordTable:
    return RecordTable(
        title=_("Refunds"),
        model=Refund,
        columns=[_("For"), _("Amount"), _("Due on"), _("Sent")],
        rows=[
            [
                link(row, f"{row.units} × {row.line.product.sku}"),
                in_money(row.amount),
                row.due_on,
                row.sent_at,
            ]
            for row in refunds.select_related("line__product")
        ],
    )


def lines_of_shipment(shipment: Shipment) -> RecordTable:
    return RecordTable(
        title=_("Units"),
        model=ShipmentLine,
        columns=[_("Product"), _("Units")],
        rows=[
            [link(row.line, row.line.product), row.quantity]
            for row in shipment.lines.select_related("line__product")
        ],
    )


class QueueOf(admin.SimpleListFilter):
    title = gettext_lazy("product")
    parameter_name = "product"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        """Products somebody waits for, and the one chosen."""
        in_use = Q(pk__in=QueueCount.objects.filter(width="d").values("product"))
        chosen = self.used_parameters.get(self.parameter_name, "")
        if _is_key(str(chosen)):
            in_use |= Q(pk=chosen)
        rows = list(Product.objects.filter(in_use)[:MAX_PRODUCTS])
        return [(str(row.pk), row.sku) for row in rows] or [("0", _("No one waiting"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(product=value) if _is_key(value or "") else queryset


def _is_key(value: str) -> bool:
    """Written in digits of ASCII, and as short as a key of the database is."""
    return re.fullmatch("[0-9]{1,18}", value) is not None


SOON = timedelta(days=7)


def promised_soon() -> Q:
    """Found from the promises of those days: few, however long the queue."""
    today = timezone.localdate()
    days = (today, today + SOON)
    return Q(
        pk__in=Promise.objects.filter(late__range=days).order_by().values("line"),
        promise__late__range=days,
    )


SET_ASIDE = Q(allocated__gt=F("shipped"))
# of what is still to come: its promise is the day to ship by
ALL_SET_ASIDE = SET_ASIDE & Q(waiting=0)


def to_ship_soon() -> Q:
    """Today or the day before it is due. Lines whose customers were told a later day once are among
    those not recorded in time."""
    today = timezone.localdate()
    days = (today, add_working_days(today, 1, settings.SHOP_COUNTRY))
    due = Promise.objects.filter(late__range=days).order_by().values("line")
    return ALL_SET_ASIDE & Q(pk__in=due, promise__late__range=days) & ~not_recorded()


def not_recorded() -> Q:
    """Their day has passed and no parcel was recorded: it did not leave, or nobody recorded it."""
    told = Event.objects.filter(
        order=OuterRef("order"), promise=OuterRef("promise"), facts__reason=Reason.PACKING
    )
    return ALL_SET_ASIDE & (Q(promise__late__lt=timezone.localdate()) | Q(Exists(told)))


OF_FEW = ("reserved", "to-ship", "not-recorded")  # few lines have units set aside


class LineState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "waiting": (_("Waiting"), Q(waiting__gt=0)),
            "at-risk": (_("Promises at risk within 7 days"), Q(waiting__gt=0) & promised_soon()),
            "reserved": (_("Reserved, not shipped"), SET_ASIDE),
            "to-ship": (_("To ship by the next working day"), to_ship_soon()),
            "not-recorded": (_("Not recorded as shipped in time"), not_recorded()),
            "held": (_("Held: units need counting"), Q(held=True)),
            "cancelled": (_("Canceled"), Q(cancelled__gt=0)),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value() or ""
        of_few = self.conditions()[value][1] if value in OF_FEW else None
        keys = few(OrderLine.objects.filter(of_few)) if of_few else None
        return super().queryset(request, queryset) if keys is None else queryset.filter(pk__in=keys)


def few(lines: QuerySet[OrderLine]) -> list[int] | None:
    """Their keys, unless there are many. The database takes a third of all lines to have units set
    aside: it would look for fifty of them from the newest line on, and they are the oldest."""
    keys = [*lines.order_by().values_list("pk", flat=True)[: COUNTED + 1]]
    return keys if len(keys) <= COUNTED else None


def read_positions(lines: Sequence[OrderLine]) -> None:
    positions = queue.positions(line.pk for line in lines)
    for line in lines:
        vars(line)["position"] = positions.get(line.pk)


class PlacedList(ChangeList):
    """Lines with their positions, read for the page in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        read_positions(self.result_list)


def position_of(line: OrderLine) -> Position | None:
    """As read for the list, else read now."""
    if "position" not in vars(line):
        vars(line)["position"] = queue.positions([line.pk]).get(line.pk)
    position: Position | None = vars(line)["position"]
    return position


class QueuePaginator(Paginator):  # type: ignore[type-arg]
    """A product's waiting lines in order. Their number, and the line at the top of each page, come
    from the counted index."""

    def __init__(
        self,
        lines: QuerySet[OrderLine],
        per_page: int,
        *,
        product_id: int,
        length: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(lines, per_page, **kwargs)
        self.product_id = product_id
        vars(self)["count"] = length

    def page(self, number: int | str) -> "Page[Any]":
        number = self.validate_number(number)
        lines: Any = self.object_list
        first = queue.key_at(self.product_id, (number - 1) * self.per_page + 1)
        if first:
            at, pk = first
            lines = lines.filter(queued_at__gte=at).exclude(queued_at=at, pk__lt=pk)
        return Page(lines[: self.per_page], number, self)


@admin.register(OrderLine)
class OrderLineAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "A line is one product in an order. Choose a product and “Waiting” to see its queue."
    )
    list_display = [
        "what",
        "order_link",
        "state",
        "place",
        "units_ahead",
        "waiting",
        "reserved",
        "leaves_by",
        "queued_at",
    ]
    list_select_related = ["order", "product", "promise"]
    list_filter = [LineState, QueueOf]
    search_fields = ["=order__number", "=order__email", "=product__sku"]
    search_help_text = gettext_lazy("Enter an order number, an email address or a SKU.")
    fields = [
        "order",
        "product",
        "state",
        ("quantity", "waiting", "allocated", "shipped", "cancelled"),
        "price",
        ("place", "units_ahead"),
        "promised",
        ("queued_at", "joined_at"),
        "agreed_by",
    ]
    acts = [CountHeld, KeepsPlace, MoveInLine, PutBack]
    tables = [promises_of_line, events_of_line, allocations_of_line, refunds_of_line]

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """The lines of one product are in the order of its queue."""
        return ["queued_at", "id"] if QueueOf.parameter_name in request.GET else ["-id"]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PlacedList

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[Any], per_page: int, *args: Any
    ) -> "Paginator[Any]":
        """A product's queue, and nothing else asked of it, is opened at any place."""
        asked = {
            name: str(value) for name, value in request.GET.items() if name != PAGE_VAR and value
        }
        product = asked.pop(QueueOf.parameter_name, "")
        if asked == {LineState.parameter_name: "waiting"} and _is_key(product):
            length = queue.length(int(product)).lines
            return QueuePaginator(queryset, per_page, product_id=int(product), length=length)
        paginator: Paginator[Any] = super().get_paginator(request, queryset, per_page, *args)
        return paginator

    def read_for_list(self, rows: Sequence[OrderLine]) -> None:
        read_positions(rows)

    @admin.display(description=gettext_lazy("Line"))
    def what(self, line: OrderLine) -> str:
        return f"{line.quantity} × {line.product.sku}"

    @admin.display(description=gettext_lazy("Order"), ordering="order__number")
    def order_link(self, line: OrderLine) -> SafeString:
        return link(line.order)

    @admin.display(description=gettext_lazy("State"))
    def state(self, line: OrderLine) -> str:
        return state_words(line)

    @admin.display(description=gettext_lazy("Place"))
    def place(self, line: OrderLine) -> int | None:
        position = position_of(line)
        return position.place if position else None

    @admin.display(description=gettext_lazy("Units ahead"))
    def units_ahead(self, line: OrderLine) -> int | None:
        position = position_of(line)
        return position.units_ahead if position else None

    @admin.display(description=gettext_lazy("Ships by"), ordering="promise__late")
    def leaves_by(self, line: OrderLine) -> date | str | None:
        if line.promise is None or not (line.waiting or line.reserved):
            return None
        return line.promise.late or line.promise.get_kind_display()

    @admin.display(description=gettext_lazy("Price"))
    def price(self, line: OrderLine) -> str:
        return in_money(money(line.unit_price, line.order.currency))

    @admin.display(description=gettext_lazy("Promise"))
    def promised(self, line: OrderLine) -> str:
        return promise_words(line.promise, line.order)


@admin.register(Allocation)
class AllocationAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Units that were reserved for a line, and units that were taken back from one."
    )
    list_display = ["at", "line", "quantity", "reason"]
    list_select_related = ["line__order", "line__product"]
    list_filter = ["reason"]
    search_fields = ["=line__order__number", "=line__product__sku"]
    search_help_text = gettext_lazy("Enter an order number or a SKU.")


@admin.register(Shipment)
class ShipmentAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Parcels that shipped. If one was recorded by mistake, open it and choose “Undo shipment”."
    )
    list_display = ["shipped_at", "order", "carrier", "tracking_number", "actor", "correction"]
    list_select_related = ["order"]
    search_fields = ["=order__number", "=tracking_number"]
    search_help_text = gettext_lazy("Enter an order number or a tracking number.")
    acts = [DidNotLeave]
    tables = [lines_of_shipment]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Shipment], bool]:
        term = " ".join(search_term.replace("\0", "").split())
        if not term:
            return queryset, False
        orders = {
            order.pk for found in (with_number, with_tracking) for order in found(term).only("pk")
        }
        return queryset.filter(order__in=orders), False

    @admin.display(description=gettext_lazy("Undoes a shipment"), boolean=True)
    def correction(self, shipment: Shipment) -> bool:
        return shipment.corrects_id is not None


@admin.register(ShipmentLine)
class ShipmentLineAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy("What each parcel contained.")
    list_display = ["shipment", "line", "quantity"]
    list_select_related = ["shipment", "line__order", "line__product"]
    search_fields = ["=line__order__number", "=line__product__sku"]
    search_help_text = gettext_lazy("Enter an order number or a SKU.")
    ordering = ["-id"]


class RefundState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "due": (_("To send"), FINAL & Q(sent_at__isnull=True)),
            "sent": (_("Sent"), Q(sent_at__isnull=False)),
        }


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy(
        "Money owed for canceled units. Send it in your shop by the due date, then mark it sent "
        "here. Nothing is paid from here."
    )
    list_display = [
        "due_on",
        "order_link",
        "product",
        "units",
        "amount",
        "created_at",
        "undo_until",
        "sent_at",
    ]
    list_select_related = ["line__order", "line__product"]
    list_filter = [RefundState]
    search_fields = ["=line__order__number", "=line__order__email"]
    search_help_text = gettext_lazy("Enter an order number or an email address.")
    ordering = [F("sent_at").desc(nulls_first=True), "due_on"]
    acts = [MarkSent]

    @admin.display(description=gettext_lazy("Order"), ordering="line__order__number")
    def order_link(self, refund: Refund) -> SafeString:
        return link(refund.line.order)

    @admin.display(description=gettext_lazy("Product"), ordering="line__product__sku")
    def product(self, refund: Refund) -> str:
        return refund.line.product.sku

    @admin.display(description=gettext_lazy("Amount"))
    def amount(self, refund: Refund) -> str:
        return in_money(refund.amount)
