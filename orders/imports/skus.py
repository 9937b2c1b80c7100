"""Which products are here already, and which of them a SKU means that is almost theirs."""

from collections.abc import Collection
from dataclasses import replace

from django.db.models import Exists, OuterRef

from orders.domain.keys import likeness
from orders.imports.shop_order import ShopOrder
from orders.models import Order, OrderLine, Product


class KnownSkus:
    """SKUs of the products here, and of those that one import adds. A product whose SKU differs
    only as people mistype it is not made in silence: nobody would wait in its queue."""

    def __init__(self) -> None:
        lines = OrderLine.objects.filter(product=OuterRef("pk"))
        known = list(Product.objects.values_list("sku", Exists(lines)))
        self.ordered: set[str] = {sku for sku, is_ordered in known if is_ordered}
        self._all: set[str] = {sku for sku, _ in known}
        self._alike: dict[str, str] = {likeness(sku): sku for sku in sorted(self._all)}
        self._ordered_alike: dict[str, str] = {likeness(sku): sku for sku in sorted(self.ordered)}

    def nearly(self, sku: str) -> str:
        """The SKU here that a new one looks like. If there is none, the new one is known from now
        on."""
        if sku in self._all:
            return ""
        if near := self._alike.get(likeness(sku), ""):
            return near
        self._all.add(sku)
        self._alike[likeness(sku)] = sku
        return ""

    def ordered_like(self, sku: str) -> str:
        """The SKU that customers have ordered and this one looks like."""
        return self._ordered_alike.get(likeness(sku), "")


def meant(sku: str, skus: Collection[str]) -> str:
    """Which of the SKUs of an order somebody means: this one, or the only one it looks like. Itself
    if there is none."""
    if sku in skus:
        return sku
    alike = [each for each in skus if likeness(each) == likeness(sku)]
    return alike[0] if len(alike) == 1 else sku


def spelled_as_here(there: ShopOrder, order: Order) -> ShopOrder:
    """The same with the SKUs that its lines have here."""
    here = {line.product.sku for line in order.lines.all()}
    names = {
        sku: name
        for sku in there.by_sku.keys() - here
        if (name := meant(sku, here - there.by_sku.keys())) != sku
    }
    if not names:
        return there
    lines = [replace(line, sku=names.get(line.sku, line.sku)) for line in there.lines]
    return replace(there, lines=lines)
