"""Orders: what is known of a customer, and everything that happened to the order."""

from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.db import connection, transaction
from django.db.models import Exists, F, Func, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.lookups import Contains
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.orders import (
    Cancel,
    CorrectAddress,
    EnterOrder,
    Ship,
    TellCustomer,
    WriteNote,
)
from backorders_site.staff.admin.base import (
    BackordersAdmin,
    Button,
    ConditionFilter,
    ReadOnlyAdmin,
    RecordTable,
    actor_of,
    link,
    moment,
    sees_addresses,
)
from backorders_site.staff.admin.emails import messages_of_order
from backorders_site.staff.admin.history import event_words, promise_words, told
from backorders_site.staff.admin.lines import SET_ASIDE, few, refunds_table, state_words
from backorders_site.staff.admin.shop_changes import changes_of_order
from backorders_site.staff.admin.shop_tasks import shop_tasks_table
from backorders_site.staff.finding import (
    with_address,
    with_name,
    with_number,
    with_sku,
    with_tracking,
)
from backorders_site.staff.words import Text, in_money
from orders import queue, services
from orders.access import Purpose, order_url
from orders.domain.money import money
from orders.models import Event, Note, Order, OrderLine, Refund, Shipment, ShopTask

EDITABLE = ["attention", "customer_name", "locale", "country", "region"]
OF_A_PERSON = {"customer_name", "region"}  # what an erased order learns no more


def lines_of_order(order: Order) -> RecordTable:
    lines = list(order.lines.select_related("product", "promise"))
    positions = queue.positions(line.pk for line in lines)
    return RecordTable(
        title=_("Lines"),
        model=OrderLine,
        columns=[
            _("Product"),
            _("Ordered"),
            _("State"),
            _("Waiting"),
            _("Reserved"),
            _("Shipped"),
            _("Canceled"),
            _("Place"),
            _("Units ahead"),
            _("Promise"),
            _("Agreed by"),
        ],
        rows=[
            [
                link(line, line.product),
                line.quantity,
                state_words(line),
                line.waiting,
                line.reserved,
                line.shipped,
                line.cancelled,
                position and position.place,
                position and position.units_ahead,
                promise_words(line.promise, order) if line.waiting or line.reserved else "",
                line.agreed_by,
            ]
            for line, position in ((line, positions.get(line.pk)) for line in lines)
        ],
    )


def events_of_order(order: Order) -> RecordTable:
    events = order.events.select_related("order", "line__product")
    return RecordTable(
        title=_("What happened"),
        model=Event,
        columns=[
            _("When"),
            _("What"),
            _("Product"),
            _("What the customer reads"),
            _("By"),
            _("Our reason"),
            _("Told"),
        ],
        rows=[
            [
                row.at,
                link(row, row.get_kind_display()),
                row.line.product.sku if row.line else "",
                event_words(row),
                row.actor,
                row.note,
                told(row),
            ]
            for row in events
        ],
    )


def shipments_of_order(order: Order) -> RecordTable:
    return RecordTable(
        title=_("Shipments"),
        model=Shipment,
        columns=[_("Shipped"), _("Units"), _("Carrier"), _("Tracking number"), _("By")],
        rows=[
            [
                link(row, moment(row.shipped_at)),
                ", ".join(f"{line.quantity} × {line.line.product.sku}" for line in row.lines.all()),
                _carrier_words(row),
                row.tracking_number,
                row.actor,
            ]
            for row in order.shipments.prefetch_related(
                "lines__line__product", "corrections__lines"
            )
        ],
    )


def _carrier_words(shipment: Shipment) -> str:
    """A parcel that did not leave says so, and so does the row that takes it back. What got its
    tracking number later is in a row of its own."""
    if shipment.reason == services.NUMBERED:
        return _("its tracking number was added later")
    if shipment.corrects_id:
        return _("undone: %(reason)s") % {"reason": shipment.reason or "–"}
    numbered = all(row.reason == services.NUMBERED for row in shipment.corrections.all())
    taken_back = (
        ""
        if shipment.standing()
        else _("its tracking number is below")
        if numbered
        else _("undone")
    )
    return " · ".join(filter(None, [shipment.carrier, taken_back]))


def refunds_of_order(order: Order) -> RecordTable:
    return refunds_table(Refund.objects.filter(line__order=order))


def shop_tasks_of_order(order: Order) -> RecordTable:
    return shop_tasks_table(ShopTask.objects.filter(line__order=order))


def shop_changes_of_order(order: Order) -> RecordTable:
    return changes_of_order(order.shop_changes.all())


def notes_of_order(order: Order) -> RecordTable:
    return RecordTable(
        title=_("Staff notes"),
        model=Note,
        columns=[_("When"), _("Note"), _("By")],
        rows=[[row.at, row.text, row.actor] for row in order.notes.all()],
    )


class Texts(SimpleArrayField):
    """A list of texts, one in each row of the box."""

    def __init__(self, **kwargs: Any) -> None:
        text = forms.CharField(max_length=200, required=False)
        widget = forms.Textarea({"rows": 3})
        super().__init__(text, delimiter="\n", widget=widget, show_hidden_initial=True, **kwargs)

    def clean(self, value: Any) -> list[str]:
        return [text for text in super().clean(value) if text]


def has_line(condition: Q) -> Exists:
    return Exists(OrderLine.objects.filter(condition, order=OuterRef("pk")))


class OrderState(ConditionFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "waiting": (_("Units wait"), has_line(Q(waiting__gt=0))),
            "reserved": (_("Units reserved, not shipped"), has_line(SET_ASIDE)),
            "cancelled": (_("Units canceled"), has_line(Q(cancelled__gt=0))),
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What shipped is in the list of shipments."""
        lines = {"reserved": SET_ASIDE, "cancelled": Q(cancelled__gt=0)}.get(self.value() or "")
        keys = few(OrderLine.objects.filter(lines)) if lines else None
        if keys is None:
            return super().queryset(request, queryset)
        return queryset.filter(pk__in=OrderLine.objects.filter(pk__in=keys).values("order"))


def attention_holds(words: str) -> Q:
    return Q(
        Contains(
            Func(F("attention"), Value("\n"), function="array_to_string", output_field=TextField()),
            Value(words),
        )
    )


CANT_BE_REACHED = (Q(email="") | Q(unreachable_at__isnull=False)) & Q(erased_at=None)


class NeedsSomebody(ConditionFilter):
    title = gettext_lazy("needs attention")
    parameter_name = "needs"

    @classmethod
    def conditions(cls) -> dict[str, tuple[Text, Q | Exists]]:
        return {
            "attention": (_("Needs attention"), ~Q(attention=[])),
            "address": (_("Can't be reached"), CANT_BE_REACHED),
            "conflict": (
                _("Canceled here, shipped in the shop"),
                ~Q(attention=[]) & attention_holds(services.CONFLICT),
            ),
            "release": (_("Unreleased"), Q(released_at__isnull=True)),
        }


# From one country to the next by the index: as many steps as there are countries, however many
# orders.
COUNTRIES = """
    WITH RECURSIVE found AS (
        SELECT min(country) AS country FROM orders_order
        UNION ALL
        SELECT (SELECT min(o.country) FROM orders_order o WHERE o.country > found.country)
        FROM found WHERE found.country IS NOT NULL
    )
    SELECT country FROM found WHERE country <> '' ORDER BY country
"""


class FromCountry(admin.SimpleListFilter):
    title = gettext_lazy("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Text]]:
        with connection.cursor() as cursor:
            cursor.execute(COUNTRIES)
            return [(country, country) for (country,) in cursor.fetchall()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(country=self.value()) if self.value() else queryset


@admin.register(Order)
class OrderAdmin(BackordersAdmin):
    explanation = gettext_lazy(
        "Orders with a product on backorder. Import them, or add one with “Add”. To work on an "
        "order, find it with the search box above."
    )
    list_display = ["number", "customer", "country", "units", "placed_at", "needs"]
    list_filter = [NeedsSomebody, OrderState, FromCountry]
    # those that get_search_results finds, and more
    search_fields = ["number", "email", "customer_name"]
    search_help_text = gettext_lazy(
        "Enter a whole order number, email address, SKU or tracking number, or the first letters "
        "of a name."
    )
    readonly_fields = ["email", "needs", "paid", "times", "quiet", "imported_by", "customer_link"]
    adding = EnterOrder
    acts = [Ship, Cancel, TellCustomer, WriteNote, CorrectAddress]
    tables = [
        lines_of_order,
        notes_of_order,
        events_of_order,
        shipments_of_order,
        refunds_of_order,
        shop_tasks_of_order,
        shop_changes_of_order,
        messages_of_order,
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("lines__product")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """By whole number, address, SKU or tracking number; where nothing has that, by words of a
        name."""
        term = " ".join(search_term.replace("\0", "").split())
        if not term:
            return queryset, False
        ways = [with_number, with_tracking, *([with_address] if sees_addresses(request) else [])]
        ids = {order.pk for found in ways for order in found(term).only("pk")}
        products = [*with_sku(term).values_list("pk", flat=True)]
        found = ([Q(pk__in=ids)] if ids else []) + (
            [Q(has_line(Q(product__in=products)))] if products else []
        )
        if found:
            return queryset.filter(reduce(or_, found)), False
        return queryset & with_name(term), False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "attention":
            words = _("What staff need to look at, one per line. Delete what is done.")
            return Texts(required=False, help_text=words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """What came onto the list while the page was open stays on it; what the shop has otherwise
        is not asked about."""
        with transaction.atomic():
            before = Order.objects.select_for_update(no_key=True).get(pk=obj.pk) if change else None
            if before and "attention" in form.changed_data:
                now = before.attention
                shown = form.fields["attention"].clean(
                    form.data.get(form.add_initial_prefix("attention"), "")
                )
                obj.attention += [
                    text for text in now if text not in shown and text not in obj.attention
                ]
            super().save_model(request, obj, form, change)
            if before:
                services.changed_here(
                    before, now=timezone.now(), actor=actor_of(request, "orders.change_order")
                )

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        """The customer's link acts as the customer, so only people who may cancel see it."""
        hidden = {"customer_link"} - (
            {"customer_link"} if request.user.has_perm(Cancel.permission) else set()
        )
        hidden |= set() if sees_addresses(request) else {"email"}
        shown = [name for name in self.readonly_fields if name not in hidden]
        fields = [name for name in EDITABLE if not (obj and obj.erased_at and name in OF_A_PERSON)]
        return [(None, {"fields": shown}), (_("Edit"), {"fields": fields})]

    def links(self, obj: Order) -> list[Button]:
        return [Button(_("View as customer"), order_url(obj, Purpose.LOOK))]

    @admin.display(description=gettext_lazy("Customer"), ordering="customer_name")
    def customer(self, order: Order) -> str:
        if order.erased_at:
            return _("erased")
        return order.customer_name or (_("no name") if order.email else _("can't be reached"))

    @admin.display(description=gettext_lazy("Units"))
    def units(self, order: Order) -> str:
        return ", ".join(
            f"{line.quantity} × {line.product.sku}: {state_words(line)}"
            for line in order.lines.all()
        )

    @admin.display(description=gettext_lazy("Needs attention"))
    def needs(self, order: Order) -> str:
        return " · ".join(
            [*order.attention, *([] if order.email or order.erased_at else [_("Can't be reached")])]
        )

    @admin.display(description=gettext_lazy("Paid for all of it"))
    def paid(self, order: Order) -> str:
        return in_money(money(order.total, order.currency))

    @admin.display(description=gettext_lazy("Times"))
    def times(self, order: Order) -> str:
        words = {"placed": moment(order.placed_at), "paid": order.paid_at and moment(order.paid_at)}
        return (
            _("placed %(placed)s, paid %(paid)s") if order.paid_at else _("placed %(placed)s")
        ) % words

    @admin.display(description=gettext_lazy("Emails"))
    def quiet(self, order: Order) -> str:
        if order.released_at is None:
            return _("unreleased: no emails go out until this order is released")
        return _("sent since %(day)s") % {"day": moment(order.released_at)}

    @admin.display(description=gettext_lazy("Customer's link"))
    def customer_link(self, order: Order) -> SafeString:
        """Its first click selects all of it, to copy."""
        return format_html('<code class="to-copy">{}</code>', order_url(order, Purpose.ACT))


@admin.register(Note)
class NoteAdmin(ReadOnlyAdmin):
    explanation = gettext_lazy("Notes that only staff see. To write one, open an order.")
    list_display = ["at", "order", "text", "actor"]
    list_select_related = ["order"]
    search_fields = ["=order__number", "text"]
    search_help_text = gettext_lazy("Enter an order number or words from a note.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """At its order: the action asks for the permission."""
        return False
