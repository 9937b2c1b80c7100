"""Orders that join the queues."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from orders.domain import keys
from orders.models import (
    Import,
    Order,
    OrderLine,
    Product,
    QueueChange,
    Reason,
)
from orders.services.allocation import allocate
from orders.services.locks import lock_new_order
from orders.services.promises import lock_stock, mark_changed, newest_forecasts, publish_first
from orders.services.refusal import MAX_UNITS, Refused, day, refuse_bad_key
from orders.services.stated_times import (
    agreed_when_ordered,
    keep_stated_promises,
    stated_when_ordered,
)
from orders.words import locale_there

LAST_OF_QUEUES = """
    SELECT p.id, last.queued_at
    FROM unnest(%s::bigint[]) AS p (id)
    CROSS JOIN LATERAL (
        SELECT queued_at FROM orders_orderline WHERE product_id = p.id AND waiting > 0
        ORDER BY queued_at DESC, id DESC LIMIT 1
    ) last
"""


@dataclass(frozen=True, slots=True)
class NewLine:
    """`promised_by`: the ship day the shop stated when ordering, where the order itself says it
    (else a StatedTime may). `held`: how many units are still to come is not known; the line keeps
    its place and gets none until count_held."""

    product: Product
    quantity: int
    promised_by: date | None = None
    held: bool = False
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Times are aware. `country` is ISO 3166 alpha-2, `locale` a language tag; each may be
    empty."""

    number: str
    placed_at: datetime
    lines: Sequence[NewLine]
    email: str = ""
    customer_name: str = ""
    country: str = ""
    region: str = ""
    locale: str = ""
    currency: str = ""
    total: Decimal | None = None
    paid_at: datetime | None = None
    attention: Sequence[str] = field(default_factory=tuple)


class _UnitsToSpare(Exception):
    """Shared locks cannot become exclusive ones without a deadlock. So they are released (the
    savepoint does that) and taken again."""


def place_order(order: NewOrder, *, now: datetime) -> Order:
    """One order joins its queues at its rightful place and is promised a window from the forecast
    last published."""
    return place_orders([order], now=now)[0]


@transaction.atomic
def place_orders(
    orders: Sequence[NewOrder],
    *,
    now: datetime,
    quiet: bool = False,
    imported_by: Import | None = None,
    serve: bool = True,
) -> list[Order]:
    """All of the orders or none. `quiet`: nothing is emailed about them before release.
    `serve=False` leaves first windows and spare units to the caller, who calls serve_joined when
    all batches have joined, because an older order may be in the last.

    Refused: a number that exists, no line, a product twice, fewer than one unit or more than
    MAX_UNITS, a time in the future.
    """
    for order in orders:
        _check(order, now)
    _refuse_known_numbers([order.number for order in orders])
    created = Order.objects.bulk_create(
        Order(
            number=order.number,
            email=order.email,
            customer_name=order.customer_name,
            country=order.country,
            region=order.region,
            locale=locale_there(order.locale, order.country),
            currency=order.currency,
            total=order.total,
            placed_at=order.placed_at,
            paid_at=order.paid_at,
            created_at=now,
            released_at=None if quiet else now,
            imported_by=imported_by,
            attention=list(order.attention),
            flagged=list(order.attention),
        )
        for order in orders
    )
    joining = [
        (row, line) for order, row in zip(orders, created, strict=True) for line in order.lines
    ]
    add_lines(joining, now=now, serve=serve)
    return created


@transaction.atomic(savepoint=False)
def add_lines(
    joining: Sequence[tuple[Order, NewLine]], *, now: datetime, serve: bool = True
) -> list[OrderLine]:
    """Lines join their queues, each at the place its order's time gives it. `serve` as in
    place_orders."""
    products = sorted({line.product.pk for _, line in joining})
    spare = _watch_stock(products)
    forecasts = newest_forecasts(products, now=now) if serve else []
    last = _last_of_queues(products)
    stated = stated_when_ordered(
        [(order, line.product, line.promised_by) for order, line in joining]
    )
    lines = OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=line.product,
            quantity=line.quantity,
            unit_price=line.unit_price,
            queued_at=order.paid_at or order.placed_at,
            joined_at=now,
            stated_by=agreed_when_ordered(order, ships_by) if ships_by else None,
            agreed_by=agreed_when_ordered(order, ships_by),
            held=line.held,
        )
        for (order, line), ships_by in zip(joining, stated, strict=True)
    )
    _explain_late_joins(lines, last, now=now)
    keep_stated_promises(
        [(line, ships_by) for line, ships_by in zip(lines, stated, strict=True) if ships_by],
        now=now,
    )
    if serve:
        publish_first([line.pk for line in lines], forecasts, now=now)
        for product_id in spare:
            allocate(product_id, now=now)
    return lines


def _refuse_known_numbers(numbers: Sequence[str]) -> None:
    """A second writer of the same number at the same moment waits here, and is refused rather than
    getting an IntegrityError."""
    upper = sorted({number.upper() for number in numbers})
    if len(upper) < len(numbers):
        raise Refused("an order number is there twice")
    if len(upper) == 1:
        lock_new_order(upper[0])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM orders_order WHERE upper(number) = ANY(%s) LIMIT 1", [upper]
        )
        if known := cursor.fetchone():
            raise Refused(f"order {known[0]} already exists")


def _check(order: NewOrder, now: datetime) -> None:
    if not order.number:
        raise Refused("an order needs a number")
    refuse_bad_key("the order number", order.number, most=keys.MAX_ORDER_NUMBER)
    if not order.lines:
        raise Refused(f"order {order.number} has no lines")
    if max(order.placed_at, order.paid_at or order.placed_at) > now + timedelta(days=1):
        raise Refused(
            f"order {order.number} is dated {day(order.paid_at or order.placed_at)}, which "
            "is in the future"
        )
    skus = [line.product.sku for line in order.lines]
    if len(set(skus)) < len(skus):
        raise Refused(f"order {order.number} has a product twice: add up its units on one line")
    for line in order.lines:
        if line.quantity < 1:
            raise Refused(
                f"order {order.number} has {line.quantity} of {line.product.sku}: expected 1 or "
                "more"
            )
        if line.quantity > MAX_UNITS:
            raise Refused(
                f"order {order.number} has {line.quantity} of {line.product.sku}: expected "
                f"{MAX_UNITS} at most"
            )


def _watch_stock(product_ids: Collection[int]) -> list[int]:
    """Keep allocations of these products out until the new lines are committed, so that no unit
    that arrives meanwhile is left lying beside a line it did not see. Returns the products with
    units to spare, locked to allocate them."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT arrived > allocated FROM orders_stock WHERE product_id = ANY(%s) ORDER BY "
                "product_id FOR SHARE",
                [list(product_ids)],
            )
            if any(spare for (spare,) in cursor.fetchall()):
                raise _UnitsToSpare
    except _UnitsToSpare:
        return [pk for pk, row in lock_stock(product_ids).items() if row.arrived > row.allocated]
    return []


def _last_of_queues(product_ids: Collection[int]) -> dict[int, datetime]:
    """One look at the end of each queue: a maximum by groups would read the queues from front to
    end."""
    with connection.cursor() as cursor:
        cursor.execute(LAST_OF_QUEUES, [list(product_ids)])
        return dict(cursor.fetchall())


def _explain_late_joins(
    lines: Iterable[OrderLine], last: dict[int, datetime], *, now: datetime
) -> None:
    """An older order that reaches us late takes its rightful place; those it passes can read
    why."""
    late: dict[int, list[OrderLine]] = {}
    for line in lines:
        if line.product_id in last and line.queued_at < last[line.product_id]:
            late.setdefault(line.product_id, []).append(line)
    for product_id, joined in sorted(late.items()):
        first = min(joined, key=lambda line: (line.queued_at, line.pk))
        QueueChange.objects.create(
            product_id=product_id,
            at=now,
            reason=Reason.LATE_JOIN,
            step=1,
            lines=len(joined),
            units=sum(line.quantity for line in joined),
            after_at=first.queued_at,
            after_id=first.pk,
        )
        mark_changed([product_id], reason=Reason.LATE_JOIN, now=now)
