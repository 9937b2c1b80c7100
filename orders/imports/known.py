"""Which orders are here already, and whether an order of the shop is one of them."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from orders import services
from orders.imports.shop_order import ShopOrder
from orders.models import Order


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


def with_more_zeros(numbers: Iterable[str]) -> dict[str, Order]:
    """Orders whose number has zeros at its front that one of these lost in a spreadsheet."""
    bare = {number.lstrip("0"): number for number in numbers if number.isdecimal()}
    if not bare:
        return {}
    wanted = "SELECT id FROM orders_order WHERE number LIKE '0%%' AND LTRIM(number, '0') = ANY(%s)"
    orders = Order.objects.filter(pk__in=RawSQL(wanted, [list(bare)]))  # noqa: S611 a fixed text with a parameter
    return {bare[order.number.lstrip("0")]: order for order in orders}


def lost_zeros(number: str, order: Order) -> str:
    return (
        f"order_number is {number!r}, and {order.number!r} is here; expected it with the "
        "zeros that a spreadsheet has lost"
    )


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


def both_in_words(order: Order, there: ShopOrder) -> str:
    """Names no address: what an import did is kept."""
    address = ", with another email address" if order.email and there.email else ""
    return (
        f"order {there.number} is a different order here, placed {_day(order.placed_at)}, "
        f"{order.country or 'no country'}; in the file it was placed {_day(there.placed_at)}, "
        f"{there.country or 'no country'}{address}; it was not imported"
    )


def of_another(there: ShopOrder) -> str:
    return (
        f"a different order {there.number} is in a file: placed {_day(there.placed_at)}, "
        f"{there.country or 'no country'}; it was not imported: give it a number of its own"
    )


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
