"""Products of the orders of the shop: which of them join a queue, and how they look."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef

from orders import services
from orders.imports.difference import new_skus, unlisted
from orders.imports.shop_order import ShopOrder
from orders.imports.skus import KnownSkus
from orders.models import Order, OrderLine, Product

Here = Mapping[str, Order]  # by number in capitals


@dataclass(frozen=True, slots=True)
class ProductSelection:
    """Which products join beside those marked as on backorder."""

    skus: frozenset[str] = frozenset()
    all_products: bool = False


@dataclass(slots=True)
class ShopProducts:
    """Products of one import. `near`: SKUs that were left out, and those here that they look
    like."""

    selection: ProductSelection
    near: dict[str, str] = field(init=False, default_factory=dict)
    _looks: dict[str, services.Look] = field(init=False, default_factory=dict)  # by SKU
    _known: KnownSkus | None = field(init=False, default=None)

    def joining(self, batch: Iterable[ShopOrder], here: Here) -> dict[str, Product]:
        """The products of these orders that join a queue, created and marked where they are
        selected."""
        names: dict[str, str] = {}
        waiting: set[str] = set()
        for there in batch:
            if there.state == "open":
                skus = not_here(there, here.get(there.number.upper()))
                names |= {sku: names.get(sku) or there.by_sku[sku].name for sku in skus}
                waiting.update([] if there.complete else skus)
        rows = Product.objects.filter(sku__in=names).annotate(
            queued=Exists(OrderLine.objects.filter(product=OuterRef("pk")))
        )
        there_already = {product.sku: product for product in rows}
        joining = {
            sku: name
            for sku, name in names.items()
            if self._joins(sku, there_already.get(sku), waits=sku in waiting)
        }
        return services.know_products(joining, on_backorder=True) if joining else {}

    def look_at(self, there: ShopOrder) -> None:
        """The order placed last says how a product looks."""
        for sku, line in there.by_sku.items():
            look = services.Look(there.placed_at, line.name, line.variant, line.image_url)
            newest = self._looks.get(sku)
            if newest is None or newest.at <= look.at:
                self._looks[sku] = look

    def show(self) -> int:
        """How many look different now."""
        return services.show_products(self._looks)

    def _joins(self, sku: str, product: Any, *, waits: bool) -> bool:
        if sku in self.selection.skus or (product and product.on_backorder):
            return True
        # A list of orders that wait says by itself that its products are on backorder, but for one
        # that had a queue and was taken off by staff since.
        waits = waits and not self.selection.skus and (product is None or not product.queued)
        if not (waits or self.selection.all_products):
            return False
        if product is None and (near := self._nearly(sku)):
            self.near[sku] = near
            return False
        return True

    def _nearly(self, sku: str) -> str:
        self._known = self._known or KnownSkus()
        return self._known.nearly(sku)


def not_here(there: ShopOrder, order: Order | None) -> list[str]:
    """Products that may join. Where the shop lists another one instead of a line that waits here, a
    person decides (Difference): nobody waits twice for one thing."""
    if order is None:
        return there.open_skus
    return [] if unlisted(there, order) else new_skus(there, order)
