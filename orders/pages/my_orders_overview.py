"""All orders of one mail address at a glance, in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.db.models.functions import Upper
from django.utils import timezone

from orders import queue
from orders.models import Order, OrderLine
from orders.words import line_briefly

NEWEST_ORDERS = 200


@dataclass(frozen=True, slots=True)
class LineAtAGlance:
    quantity: int
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class OrderAtAGlance:
    """`is_open`: something of it is still to leave."""

    order: Order
    lines: tuple[LineAtAGlance, ...]
    is_open: bool


def orders_of(email: str, *, locale: str, now: datetime) -> Sequence[OrderAtAGlance]:
    """The newest orders of a mail address, those still open first: three queries, however many."""
    today = timezone.localtime(now).date()
    lines = Prefetch("lines", OrderLine.objects.select_related("product", "promise"))
    mine = Order.objects.alias(upper=Upper("email")).filter(upper=email.upper()).exclude(email="")
    orders = list(mine.order_by("-placed_at", "-pk").prefetch_related(lines)[:NEWEST_ORDERS])
    positions = queue.positions(line.pk for order in orders for line in order.lines.all())

    def glance(line: OrderLine) -> LineAtAGlance:
        position = positions.get(line.pk)
        words = line_briefly(
            line, place=position.place if position else None, today=today, locale=locale
        )
        return LineAtAGlance(line.quantity, line.product.name, words)

    glances = [
        OrderAtAGlance(
            order,
            tuple(glance(line) for line in order.lines.all()),
            any(line.waiting or line.reserved for line in order.lines.all()),
        )
        for order in orders
    ]
    return sorted(glances, key=lambda each: not each.is_open)
