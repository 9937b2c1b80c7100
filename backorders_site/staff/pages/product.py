"""A product's page: its supply against its queue, and all that can be done about either."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.paginator import Page, Paginator
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject, Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backorders_site.staff.admin.base import Button, may, sees_addresses
from backorders_site.staff.admin.lines import QueuePaginator
from backorders_site.staff.pages import coverage
from backorders_site.staff.pages.base import admin_of, page, staff_page
from backorders_site.staff.pages.email_progress import how_far
from orders import queue
from orders.models import (
    Event,
    OrderLine,
    Product,
    Promise,
    Restock,
    RestockDate,
)
from orders.pages.public_record import Kept, of_product, recent_record
from orders.services import date_before, next_word_by, today_of
from orders.services.forecasts import supplier_record
from orders.words import share_words, window_sentence

PER_PAGE = 50
RESTOCKS_SHOWN = 12
UNDO = "undo-move"


@dataclass(frozen=True, slots=True)
class Waiting:
    """`next_by`: the day by which its customer hears from us again."""

    line: OrderLine
    place: int
    units_ahead: int
    promised: str
    next_by: date | None


@dataclass(frozen=True, slots=True)
class RestockRow:
    restock: Restock
    dates: Sequence[RestockDate]
    buttons: Sequence[Button]

    @property
    def expected_on(self) -> date | None:
        return self.dates[0].expected_on if self.dates else None


@dataclass(frozen=True, slots=True)
class SupplierKept:
    """Of the last `dates` that a supplier gave, how many were kept to the day or early."""

    name: str
    dates: int
    held: int

    @property
    def share(self) -> int:
        return round(100 * self.held / self.dates) if self.dates else 0


@staff_page("orders.view_product")
@require_GET
def show(request: HttpRequest, sku: str) -> HttpResponse:
    product = get_object_or_404(Product.objects.select_related("stock"), sku=sku)
    now, length = timezone.now(), queue.length(product.pk)
    steps = coverage.steps(product, now=now)
    sought = request.GET.get("q", "").strip()
    at_place = _place(request)
    number = page_of(at_place) if at_place else request.GET.get("page", "1")
    by_address = sees_addresses(request)
    lines = _queue_page(product, length, sought, number, by_address=by_address)
    deliveries = _deliveries(request, product, now=now)
    return page(
        request,
        "product.html",
        title=str(product),
        length=length,
        spare=product.stock.arrived - product.stock.allocated,
        steps=steps,
        uncovered=sum(step.waiting for step in steps if not step.is_covered),
        chart=coverage.chart(steps, length.units, now=now),
        sought=sought,
        by_address=by_address,
        at_place=at_place,
        page=lines,
        waiting=_waiting(list(lines.object_list), today=today_of(now)),
        deliveries=deliveries,
        suppliers=_suppliers(deliveries, now=now),
        kept=[
            _kept(kept) for kept in of_product(recent_record(now=now), product.sku) if kept.outcomes
        ],
        buttons=admin_of(Product).buttons(request, product, back=request.path),
        **how_far(product, now=now),
    )


def _place(request: HttpRequest) -> int | None:
    """Where in line to go, as somebody typed it."""
    typed = request.GET.get("place", "").strip()
    return int(typed) if re.fullmatch("[1-9][0-9]{0,8}", typed) else None


def page_of(place: int) -> int:
    return (place - 1) // PER_PAGE + 1


def _queue_page(
    product: Product, length: queue.Length, sought: str, number: int | str, *, by_address: bool
) -> "Page[Any]":
    lines = (
        OrderLine.objects.filter(product=product, waiting__gt=0)
        .select_related("order", "product", "promise")
        .annotate(newest=_newest_events())
        .order_by("queued_at", "pk")
    )
    if not sought:
        return QueuePaginator(lines, PER_PAGE, product_id=product.pk, length=length.lines).get_page(
            number
        )
    theirs = Q(number_upper=sought.lstrip("#").upper())
    if by_address:
        theirs |= Q(email_upper=sought.upper())
    found = lines.alias(
        number_upper=Upper("order__number"), email_upper=Upper("order__email")
    ).filter(theirs)
    return Paginator(found, PER_PAGE).get_page(number)


def _newest_events() -> ArraySubquery:
    events = Event.objects.filter(order=OuterRef("order"), line=OuterRef("pk")).order_by(
        "-at", "-pk"
    )
    return ArraySubquery(events.values(row=JSONObject(kind="kind", at="at"))[:2])


def _waiting(lines: Sequence[OrderLine], *, today: date) -> list[Waiting]:
    places = queue.positions(line.pk for line in lines)
    return [
        Waiting(
            line,
            places[line.pk].place,
            places[line.pk].units_ahead,
            _promised(line.promise),
            _next_by(line, today),
        )
        for line in lines
        if line.pk in places
    ]


def _next_by(line: OrderLine, today: date) -> date | None:
    newest: list[dict[str, str]] = getattr(line, "newest", [])
    events = [Event(kind=row["kind"], at=datetime.fromisoformat(row["at"])) for row in newest]
    return next_word_by(line, events, hears_no_change=True, today=today)


def _promised(promise: Promise | None) -> str:
    """In the language of the reader of the queue; customers read it in theirs."""
    return window_sentence(promise, locale=_ours()) if promise else ""


def _deliveries(request: HttpRequest, product: Product, *, now: datetime) -> list[RestockRow]:
    """What is still to come first, then the newest of the rest."""
    is_open = Q(cancelled_at=None, arrived__lt=F("quantity"))
    rows = (
        Restock.objects.filter(product=product)
        .select_related("product", "supplier")
        .prefetch_related("dates")
    )
    still = list(rows.filter(is_open).order_by("pk"))
    past = list(rows.exclude(is_open).order_by("-pk")[:RESTOCKS_SHOWN])
    found = [_delivery(request, restock, product, now=now) for restock in [*still, *past]]
    return sorted(
        found, key=lambda each: (not each.restock.open_units, each.expected_on or date.max)
    )


def _delivery(
    request: HttpRequest, restock: Restock, product: Product, *, now: datetime
) -> RestockRow:
    model_admin = admin_of(Restock)
    dates = sorted(
        restock.dates.all(), key=lambda version: (version.posted_on, version.pk), reverse=True
    )
    moved = date_before(dates, product, now=now) is not None
    acts = [act for act in model_admin.acts if may(request, act)]
    offered = [act for act in acts if (moved if act.name == UNDO else act.offered(restock))]
    buttons = [
        Button(
            act.label,
            model_admin.act_url(act, [restock.pk], back=request.path),
            dangerous=act.dangerous,
        )
        for act in offered
    ]
    return RestockRow(restock, dates, buttons)


@dataclass(frozen=True, slots=True)
class WindowsKept:
    days: int
    outcomes: int
    words: str


def _kept(kept: Kept) -> WindowsKept:
    """Shares are left out where too few windows came to an end."""
    by_last_day, within = kept.by_last_day, kept.within
    words = [
        _("%(share)s shipped by the last day told") % {"share": _share(by_last_day)}
        if by_last_day is not None
        else "",
        _("%(share)s within the window") % {"share": _share(within)} if within is not None else "",
    ]
    return WindowsKept(kept.days, kept.outcomes, ", ".join(filter(None, words)))


def _share(share: float) -> str:
    return share_words(share, locale=_ours())


def _ours() -> str:
    return get_language() or "en"


def _suppliers(deliveries: Sequence[RestockRow], *, now: datetime) -> list[SupplierKept]:
    record = supplier_record(today_of(now))
    names = sorted({each.restock.supplier.name for each in deliveries})
    evidence = {name: record.arrival(name, today_of(now)).evidence for name in names}
    return [SupplierKept(name, found["dates"], found["held"]) for name, found in evidence.items()]
