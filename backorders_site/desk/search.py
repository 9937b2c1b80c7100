"""One box for whatever somebody at the desk has in hand: an order number, a mail address, a name, a SKU, a tracking number."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from backorders_site.desk.pages import page, staff_page
from orders.models import Order, OrderLine, Product, Shipment

LONGEST = 200  # characters; nothing that is searched is longer
MOST_WORDS = 8
MOST_SHOWN = 25
COMMON = 1000  # orders of one name


@dataclass(frozen=True, slots=True)
class Found:
    """`orders`, each with the words by what it was found, newest first within them; `straight_to`: where the one thing stands
    that has exactly this number, address or SKU."""

    orders: Sequence[tuple[Order, str]]
    products: Sequence[Product]
    straight_to: str = ""

    @property
    def is_cut(self) -> bool:
        return len(self.orders) >= MOST_SHOWN or len(self.products) >= MOST_SHOWN


@staff_page("orders.view_order")
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    text = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST]
    found = find(text) if text else None
    if found and found.straight_to:
        return redirect(found.straight_to)
    return page(request, "search.html", title=_("Search"), q=text, found=found, most=MOST_SHOWN)


def find(text: str) -> Found:
    """As many queries whatever is found."""
    by_number = _shown(_with_number(text))
    by_mail = _shown(Order.objects.alias(upper=Upper("email")).filter(upper=text.upper()))
    by_tracking = _shown(_with_tracking(text))
    by_name = _shown(_with_name(text))
    products = list(Product.objects.filter(Q(sku__icontains=text) | Q(name__icontains=text))[:MOST_SHOWN])
    exact = {order: desk_url(order) for order in [*by_number, *by_mail, *by_tracking]} | {
        product: reverse("desk:product", args=[product.sku])
        for product in products
        if product.sku.upper() == text.upper()
    }
    orders = _each_once(
        [
            (by_number, _("order number")),
            (by_mail, _("mail address")),
            (by_tracking, _("tracking number")),
            (by_name, _("name")),
        ]
    )
    return Found(orders, products, straight_to=next(iter(exact.values())) if len(exact) == 1 else "")


def desk_url(order: Order) -> str:
    return reverse("desk:order", args=[order.number])


def _with_number(text: str) -> QuerySet[Order]:
    """With and without the sign that shops put before it."""
    bare = text.lstrip("#").upper()
    return Order.objects.alias(upper=Upper("number")).filter(upper__in={text.upper(), bare, f"#{bare}"})


def _with_tracking(text: str) -> QuerySet[Order]:
    """Carriers print it in groups, and people type it in small letters."""
    typed = {text, text.replace(" ", "")}
    shipped = Shipment.objects.filter(tracking_number__in=typed | {form.upper() for form in typed})
    return Order.objects.filter(pk__in=[*shipped.values_list("order", flat=True)[:MOST_SHOWN]])


def _with_name(text: str) -> QuerySet[Order]:
    """Every word begins a word of the customer's name."""
    words = re.findall(r"[^\W_]+", text)[:MOST_WORDS]
    if not words:
        return Order.objects.none()
    asked = SearchQuery(" & ".join(f"'{word}':*" for word in words), search_type="raw", config="simple")
    found = Order.objects.alias(words=SearchVector("customer_name", config="simple")).filter(words=asked)
    # The newest of a common name are found fast from the newest order on; of a rare one that reads every order.
    some = [*found.order_by().values_list("pk", flat=True)[:COMMON]]
    return found if len(some) == COMMON else Order.objects.filter(pk__in=some)


def _shown(orders: QuerySet[Order]) -> list[Order]:
    lines = OrderLine.objects.select_related("product")
    return list(orders.order_by("-pk").prefetch_related(Prefetch("lines", lines))[:MOST_SHOWN])


def _each_once(groups: Iterable[tuple[Sequence[Order], str]]) -> list[tuple[Order, str]]:
    seen: dict[int, tuple[Order, str]] = {}
    for orders, words in groups:
        for order in orders:
            seen.setdefault(order.pk, (order, words))
    return list(seen.values())[:MOST_SHOWN]
