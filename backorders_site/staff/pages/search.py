"""One box for anything a customer or a parcel can be found by: an order number, an email address, a
name, a SKU, a tracking number, the reference of a restock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backorders_site.staff.admin.base import sees_addresses
from backorders_site.staff.finding import (
    MAX_SHOWN,
    with_address,
    with_name,
    with_number,
    with_reference,
    with_tracking,
)
from backorders_site.staff.pages.base import page, staff_page
from orders.domain.keys import typed_number
from orders.models import Order, OrderLine, Product, Restock

MAX_LENGTH = 200  # characters; nothing that is searched is longer


@dataclass(frozen=True, slots=True)
class Found:
    """`orders`, each with what it was found by, and newest first within that. `straight_to`: the
    page of the one thing that has exactly this number, address, SKU or reference."""

    orders: Sequence[tuple[Order, str]]
    products: Sequence[Product]
    restocks: Sequence[Restock]
    straight_to: str = ""

    @property
    def is_cut(self) -> bool:
        return MAX_SHOWN in (len(self.orders), len(self.products), len(self.restocks))


@staff_page("orders.view_order")
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").replace("\0", "").split())[:MAX_LENGTH]
    by_address = sees_addresses(request)
    found = find(text, by_address=by_address) if text else None
    if found and found.straight_to:
        return redirect(found.straight_to)
    return page(
        request,
        "search.html",
        title=_("Search"),
        q=text,
        found=found,
        most=MAX_SHOWN,
        by_address=by_address,
    )


def find(text: str, *, by_address: bool) -> Found:
    """The same number of queries, however much is found."""
    by_number = _shown(with_number(text))
    by_mail = _shown(with_address(text)) if by_address else []
    by_tracking = _shown(with_tracking(text))
    by_name = _shown(with_name(text))
    products = list(
        Product.objects.filter(Q(sku__icontains=text) | Q(name__icontains=text))[:MAX_SHOWN]
    )
    restocks = list(
        with_reference(text).select_related("product", "supplier").order_by("-pk")[:MAX_SHOWN]
    )
    # "Lamp 2" may be an order, and rather is what else has these words.
    is_number = typed_number(text).whole == typed_number(text).alone
    numbered = by_number if is_number or not (by_name or products) else []
    exact = {desk_url(order) for order in [*numbered, *by_mail, *by_tracking]}
    exact |= {
        reverse("desk:product", args=[each.sku])
        for each in products
        if each.sku.upper() == text.upper()
    }
    exact |= {reverse("admin:orders_restock_change", args=[restock.pk]) for restock in restocks}
    orders = _each_once(
        [
            (by_number, _("order number")),
            (by_mail, _("email address")),
            (by_tracking, _("tracking number")),
            (by_name, _("name")),
        ]
    )
    return Found(orders, products, restocks, straight_to=exact.pop() if len(exact) == 1 else "")


def desk_url(order: Order) -> str:
    return reverse("desk:order", args=[order.number])


def _shown(orders: QuerySet[Order]) -> list[Order]:
    lines = OrderLine.objects.select_related("product")
    return list(orders.order_by("-pk").prefetch_related(Prefetch("lines", lines))[:MAX_SHOWN])


def _each_once(groups: Iterable[tuple[Sequence[Order], str]]) -> list[tuple[Order, str]]:
    seen: dict[int, tuple[Order, str]] = {}
    for orders, words in groups:
        for order in orders:
            seen.setdefault(order.pk, (order, words))
    return list(seen.values())[:MAX_SHOWN]
