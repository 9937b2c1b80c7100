"""An import taken back as one: what undoing it does, and what it cannot undo, in words."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from backorders_site.staff.admin.base import actor_of
from backorders_site.staff.pages.base import page, staff_page
from orders import services
from orders.models import EventKind, Import

PERMISSION = "orders.add_import"


def undoable(*, now: datetime) -> list[Import]:
    """Imports that have not settled yet, newest first."""
    since = now - timedelta(seconds=settings.SETTLE_SECONDS)
    rows = Import.objects.filter(
        started_at__gt=since, finished_at__isnull=False, undone_at__isnull=True
    )
    return [row for row in rows if not services.is_settled(row, now=now)]


def undos(it: services.Undoing) -> list[str]:
    moved, new, sizes, orders = it.moved, len(it.new), len(it.sizes.keys() - it.new), len(it.orders)
    return _said(
        (moved, ngettext("%(n)s date goes back", "%(n)s dates go back", moved)),
        (
            sizes,
            ngettext(
                "%(n)s restock gets its old quantity",
                "%(n)s restocks get their old quantity",
                sizes,
            ),
        ),
        (
            new,
            ngettext(
                "%(n)s new restock is no longer expected",
                "%(n)s new restocks are no longer expected",
                new,
            ),
        ),
        (
            orders,
            ngettext("%(n)s new order leaves the line", "%(n)s new orders leave the line", orders),
        ),
    )


def stays(it: services.Undoing) -> list[str]:
    told, units, lines, orders = it.told, it.received, it.lines, it.orders_kept
    shipped, canceled = told.get(EventKind.SHIPPED, 0), told.get(EventKind.CANCELLED, 0)
    reserved = told.get(EventKind.RESERVED, 0)
    said = _said(
        (
            units,
            ngettext(
                "%(n)s unit arrived: correct its receipt",
                "%(n)s units arrived: correct their receipts",
                units,
            ),
        ),
        (
            reserved,
            ngettext(
                "units are reserved for %(n)s order",
                "units are reserved for %(n)s orders",
                reserved,
            ),
        ),
        (shipped, ngettext("%(n)s order is shipped", "%(n)s orders are shipped", shipped)),
        (
            canceled,
            ngettext(
                "units of %(n)s order are canceled", "units of %(n)s orders are canceled", canceled
            ),
        ),
        (
            lines,
            ngettext(
                "%(n)s line joined an order that was already here",
                "%(n)s lines joined orders that were already here",
                lines,
            ),
        ),
        (
            orders,
            ngettext(
                "%(n)s new order got an email or has units reserved: cancel it by hand",
                "%(n)s new orders got an email or have units reserved: cancel them by hand",
                orders,
            ),
        ),
    )
    return said + [
        _("%(delivery)s has been moved again since") % {"delivery": name} for name in it.moved_since
    ]


def _said(*words: tuple[int, str]) -> list[str]:
    return [
        sentence % {"n": number_format(count, force_grouping=True)}
        for count, sentence in words
        if count
    ]


@staff_page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """An import, of the desk or of a command, taken back as one until it settles."""
    row = get_object_or_404(Import, pk=pk)
    now = timezone.now()
    if request.method == "POST":
        actor = actor_of(request, PERMISSION)
        try:
            undone = services.undo_import(row, now=now, actor=actor)
        except services.Refused as refused:
            messages.error(request, capfirst(str(refused)))
        else:
            messages.success(
                request, _("This import was undone: %(what)s.") % {"what": "; ".join(undos(undone))}
            )
        return redirect("desk:undo_import", pk)
    it = services.undoing(row)
    return page(
        request,
        "import_undo.html",
        title=_("Undo the import of %(file)s") % {"file": row.file_name},
        row=row,
        can_be_undone=not services.is_settled(row, now=now) and not it.is_empty,
        settles_at=services.settles_at(row),
        undos=undos(it),
        stays=stays(it),
    )
