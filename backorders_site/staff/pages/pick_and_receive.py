"""What to pick and pack, and what to receive: pages for the warehouse, made for a phone and for
paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backorders_site.staff.actions.receipts import Receive
from backorders_site.staff.admin.base import list_url
from backorders_site.staff.admin.restocks import open_restocks, with_day
from backorders_site.staff.csv_export import sheet
from backorders_site.staff.pages.base import page, staff_page
from orders.models import OrderLine, Restock

SHOWN = 500  # lines of a printed list; the CSV has them all
DELIVERIES = 60


@dataclass(frozen=True, slots=True)
class ExpectedRestock:
    """All that is still to come under one reference of a supplier."""

    reference: str
    supplier: str
    day: date | None
    restocks: Sequence[Restock]
    url: str

    @property
    def is_overdue(self) -> bool:
        return self.day is not None and self.day < timezone.localdate()


def set_aside(skus: Sequence[str] = ()) -> QuerySet[OrderLine]:
    """Lines with units to pick, first come first."""
    lines = OrderLine.objects.filter(allocated__gt=F("shipped")).select_related(
        "order", "product", "promise"
    )
    if skus:
        lines = lines.filter(product__sku__in=skus)
    return lines.order_by("queued_at", "pk")


@staff_page("orders.view_orderline")
@require_GET
def picking(request: HttpRequest) -> HttpResponse:
    skus = request.GET.getlist("sku")
    lines = list(set_aside(skus)[: SHOWN + 1])
    return page(
        request,
        "picking.html",
        title=_("Pick list"),
        skus=skus,
        lines=lines[:SHOWN],
        is_cut=len(lines) > SHOWN,
        shown=SHOWN,
        query=request.GET.urlencode(),
        now=timezone.now(),
    )


@staff_page("orders.view_orderline")
@require_GET
def picking_csv(request: HttpRequest) -> StreamingHttpResponse:
    columns = [
        "order_number",
        "customer_name",
        "country",
        "sku",
        "name",
        "quantity",
        "leaves_by",
        "in_line_since",
    ]
    return sheet("pick-list", columns, _rows(set_aside(request.GET.getlist("sku"))))


def _rows(lines: QuerySet[OrderLine]) -> Iterator[Sequence[object]]:
    for line in lines.iterator(chunk_size=2000):
        order, promise = line.order, line.promise
        leaves_by = promise.late.isoformat() if promise and promise.late else ""
        since = localtime(line.queued_at).date().isoformat()
        who = (order.number, order.customer_name, order.country)
        yield (*who, line.product.sku, line.product.name, line.reserved, leaves_by, since)


@staff_page("orders.receive_restock")
@require_GET
def receiving(request: HttpRequest) -> HttpResponse:
    """Deliveries to choose from: each leads to the form that receives all its products at once."""
    sought = request.GET.get("q", "").strip()
    rows = with_day(Restock.objects.filter(open_restocks()).select_related("product", "supplier"))
    if sought:
        named = Q(reference__icontains=sought) | Q(supplier__name__icontains=sought)
        rows = rows.filter(
            named | Q(product__sku__iexact=sought) | Q(product__name__icontains=sought)
        )
    chosen = list(rows.order_by(F("day").asc(nulls_last=True), "reference", "pk")[:DELIVERIES])
    return page(
        request,
        "receiving.html",
        title=_("Receive"),
        sought=sought,
        deliveries=_by_reference(_with_their_others(chosen)),
    )


def _with_their_others(rows: Sequence[Restock]) -> Sequence[Restock]:
    """What was found, with the rest of its delivery: somebody who looked for one product unloads
    all of it."""
    same = Q(reference__in={row.reference for row in rows})
    found = with_day(
        Restock.objects.filter(open_restocks(), same).select_related("product", "supplier")
    )
    return list(found.order_by(F("day").asc(nulls_last=True), "reference", "pk"))


def _by_reference(rows: Sequence[Restock]) -> list[ExpectedRestock]:
    grouped: dict[tuple[str, str], list[Restock]] = {}
    for row in rows:
        grouped.setdefault((row.reference, row.supplier.name), []).append(row)
    return [
        ExpectedRestock(
            reference, supplier, getattr(restocks[0], "day", None), restocks, receive_url(restocks)
        )
        for (reference, supplier), restocks in grouped.items()
    ]


def receive_url(restocks: Sequence[Restock]) -> str:
    return f"{list_url(Restock)}{Receive.name}/?{'&'.join(f'id={row.pk}' for row in restocks)}"
