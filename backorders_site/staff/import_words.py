"""What an import did or would do, in sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import services
from orders.domain.facts import Cancelled, Shipped
from orders.imports import summaries
from orders.imports.run import ImportRun
from orders.models import Event, EventKind, Order, ShopChange, Upload

Kind = Upload.Kind
EXAMPLES = 20


def worse_words(told: Mapping[str, Any]) -> str:
    """About customers who would hear worse news; empty if there are none."""
    worse = services.Worse(**told.get("worse", {}))
    if not worse.orders:
        return ""
    parts = [
        (worse.later, _("%(n)s a later date")),
        (worse.no_date, _("%(n)s that there is no date anymore")),
        (worse.asked, _("%(n)s will be asked, as the law requires")),
    ]
    kinds = ", ".join(
        words % {"n": number_format(count, force_grouping=True)} for count, words in parts if count
    )
    first = ngettext(
        "This import would tell %(n)s customer worse news",
        "This import would tell %(n)s customers worse news",
        worse.orders,
    ) % {"n": number_format(worse.orders, force_grouping=True)}
    if not worse.others:
        return f"{first}: {kinds}."
    others = ngettext(
        "%(n)s of them was in line before this import",
        "%(n)s of them were in line before this import",
        worse.others,
    ) % {"n": number_format(worse.others, force_grouping=True)}
    return f"{first}: {kinds}. {others}."


def summary_of(row: Upload, counts: dict[str, Any]) -> list[str]:
    match row.kind:
        case Kind.RESTOCKS:
            return summaries.of_restocks(counts)
        case Kind.SHIPMENTS:
            return summaries.of_shipments(counts)
    return summaries.of_orders(counts, _ways(mapped=row.column_map is not None))


def _ways(*, mapped: bool) -> summaries.Ways:
    map_says = _("the status words, when you choose what each column contains")
    return summaries.Ways(
        to_join=_(
            "“All products in the file are on backorder”, or once the product is marked as "
            "on backorder"
        ),
        to_name=_("“Lines without a SKU go by the product's name”"),
        to_say=map_says if mapped else _("“What the words mean” below"),
        to_release=_("the page “Go live”"),
    )


def examples_of(run: ImportRun) -> list[str]:
    """The first orders that came, that were closed, and that the shop changed."""
    new = (
        Order.objects.filter(imported_by=run.row)
        .order_by("pk")
        .prefetch_related("lines__product")[:EXAMPLES]
    )
    created = [
        _("new: %(number)s, %(units)s")
        % {
            "number": order.number,
            "units": ", ".join(
                f"{line.quantity} × {line.product.sku}" for line in order.lines.all()
            ),
        }
        for order in new
    ]
    ended = Event.objects.filter(
        at=run.now, kind__in=[EventKind.SHIPPED, EventKind.CANCELLED], order__in=_known(run)
    )
    closed = [
        _("%(what)s: %(number)s, %(units)s × %(sku)s")
        % {
            "what": event.get_kind_display().lower(),
            "number": event.order.number,
            "units": event.details.units,
            "sku": event.line.product.sku if event.line else "",
        }
        for event in ended.select_related("order", "line__product").order_by("pk")[:EXAMPLES]
        if isinstance(event.details, Shipped | Cancelled)
    ]
    asked = [
        _("changed in the shop: %(number)s, %(what)s")
        % {"number": change.order.number, "what": change.get_what_display().lower()}
        for change in ShopChange.objects.filter(seen_at=run.now, order__in=_known(run))
        .select_related("order")
        .order_by("pk")[:EXAMPLES]
    ]
    return created + closed + asked


def _known(run: ImportRun) -> Any:
    return Order.objects.exclude(imported_by=run.row) if run.row else Order.objects.all()


def nothing_to_import(counts: dict[str, Any], run: ImportRun) -> list[str]:
    if not summaries.is_all_here(counts):
        return [_("Nothing to import.")]
    if run.faults.total:
        return [_("Nothing to import: all valid rows are already here.")]
    return [_("Nothing to import: everything in it is already here.")]
