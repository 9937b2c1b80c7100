"""Which orders and products are here already, and whether those of a file are among them."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from orders import services
from orders.domain.keys import likeness
from orders.imports.shop_order import ShopOrder
from orders.models import Order, OrderLine, Product


def with_numbers(numbers: Iterable[str]) -> QuerySet[Order]:
    """In either case of letters. The numbers are one array parameter, so thousands are looked up
    quickly."""
    wanted = (
        "SELECT id FROM orders_order "
        "WHERE UPPER(number) IN (SELECT UPPER(n) FROM unnest(%s::text[]) n)"
    )
    return Order.objects.filter(pk__in=RawSQL(wanted, [list(numbers)]))  # noqa: S611 a fixed text with a parameter


def in_full(numbers: Iterable[str]) -> dict[str, Order]:
    """By number in capitals, with all that an order of the shop is compared with."""
    orders = with_numbers(numbers).prefetch_related(
        "lines__product", "lines__shop_tasks", Prefetch("shop_changes", services.standing_changes())
    )
    return {order.number.upper(): order for order in orders}


def is_same(order: Order, there: ShopOrder) -> bool:
    """Whether an order of the shop is the one here with its number: two shops, or two series of
    one, may give the same number.

    An address or a time to the second says so. A time that is off by a zone, or was read as a day,
    needs a name that agrees, or that nothing speaks against it: the one here may have no address,
    or its customer was forgotten."""
    addresses = {order.email.lower(), there.email.lower()} - {""}
    if order.email and len(addresses) == 1:
        return True
    apart = abs(order.placed_at - there.placed_at)
    if not apart and not _is_midnight(there.placed_at):
        return True
    names = {_plain(order.customer_name), _plain(there.customer_name)} - {""}
    if len(names) == 2:
        return False
    same_name = bool(order.customer_name and there.customer_name)
    return _days_apart(order.placed_at, there.placed_at) <= 1 and (
        same_name or not apart or len(addresses) < 2
    )


def _is_midnight(at: datetime) -> bool:
    """As a bare day is read: many orders have that time."""
    return timezone.localtime(at).time() == datetime.min.time()


def _days_apart(first: datetime, second: datetime) -> int:
    apart: timedelta = timezone.localtime(first).date() - timezone.localtime(second).date()
    return abs(apart.days)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


class KnownSkus:
    """SKUs of the products here, and of those that one import adds. A product whose SKU differs
    only as people mistype it is not made in silence: nobody would wait in its queue."""

    def __init__(self) -> None:
        lines = OrderLine.objects.filter(product=OuterRef("pk"))
        known = list(Product.objects.values_list("sku", Exists(lines)))
        self.ordered = {sku for sku, is_ordered in known if is_ordered}
        self._all = {sku for sku, _ in known}
        self._alike = {likeness(sku): sku for sku in sorted(self._all)}
        self._ordered_alike = {likeness(sku): sku for sku in sorted(self.ordered)}

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
