"""A product that will not come again."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q

from orders.domain.delay_rules import refund_due_on
from orders.law import law_of
from orders.models import Order, OrderLine, Product, Restock, ShopTask
from orders.services.cancelling import cancel
from orders.services.forecasting import today_of
from orders.services.promising import lock_stock, mark_moved_up
from orders.services.refusal import Refused
from orders.services.supplying import cancel_restock

# What cancelling.cancel writes of a line of which all is cancelled and nothing is set aside, for a whole queue at once;
# a test holds the two together.
CANCEL = """
    WITH gone AS MATERIALIZED (
        SELECT l.id, l.order_id, l.quantity, l.waiting, l.queued_at, d.due_on, o.released_at
        FROM orders_orderline l
        JOIN orders_order o ON o.id = l.order_id
        JOIN unnest(%(countries)s::text[], %(regions)s::text[], %(days)s::date[]) AS d (country, region, due_on)
            ON (d.country, d.region) = (o.country, o.region)
        WHERE l.id = ANY(%(lines)s) AND l.waiting > 0
        ORDER BY l.queued_at, l.id FOR NO KEY UPDATE OF l
    ),
    cancelled AS (
        UPDATE orders_orderline l SET cancelled = l.cancelled + g.waiting, held = false FROM gone g WHERE l.id = g.id
    ),
    to_do AS (
        INSERT INTO orders_shoptask (line_id, kind, units, set_aside, created_at, confirmed_by)
        SELECT id, 'cancel', waiting, 0, %(now)s, '' FROM gone
    ),
    gaps AS (
        INSERT INTO orders_queuechange (product_id, at, reason, step, lines, units, after_at, after_id, note, actor)
        SELECT %(product)s, %(now)s, 'cancellation', -1, 1, waiting, queued_at, id, '', '' FROM gone
    ),
    owed AS (
        INSERT INTO orders_refund (line_id, units, due_on, created_at, sent_by)
        SELECT id, waiting, due_on, %(now)s, '' FROM gone
    )
    INSERT INTO orders_event (order_id, line_id, kind, facts, at, actor, note, message_due)
    SELECT order_id, id, 'cancelled',
           jsonb_build_object('units', waiting, 'of', quantity, 'still', 0, 'by', 'shop', 'refund_due_on', due_on,
                              'window', NULL),
           %(now)s, %(actor)s, %(reason)s, released_at IS NOT NULL
    FROM gone
"""


@transaction.atomic
def discontinue(product: Product, *, reason: str, now: datetime, actor: str) -> int:
    """Nothing more of it comes, nobody joins its queue any more, and all who wait are cancelled by the shop: each is told
    once and owed a refund. Units that are set aside still ship. Returns how many orders were cancelled."""
    lock_stock([product.pk])
    if not reason.strip():
        raise Refused("to discontinue a product needs a reason: it stands beside every cancellation")
    still_open = Restock.objects.filter(product=product, cancelled_at=None, arrived__lt=F("quantity"))
    for restock in still_open.order_by("pk"):
        cancel_restock(restock, reason=reason, now=now, actor=actor)
    Product.objects.filter(pk=product.pk).update(on_backorder=False)
    lines = OrderLine.objects.filter(product=product, waiting__gt=0)
    to_put_back = ShopTask.objects.filter(kind=ShopTask.Kind.PUT_BACK, confirmed_at=None, line__product=product)
    special = Q(allocated__gt=F("shipped")) | Q(pk__in=to_put_back.values("line"))
    one_by_one = list(lines.filter(special).select_related("order").order_by("queued_at", "pk"))
    for line in one_by_one:
        cancel(line.order, units={line.pk: line.waiting}, by="shop", reason=reason, now=now, actor=actor)
    whole = list(lines.exclude(pk__in=[line.pk for line in one_by_one]).values_list("pk", flat=True))
    return len(one_by_one) + _cancel_whole(product, whole, reason=reason, now=now, actor=actor)


def _cancel_whole(product: Product, lines: list[int], *, reason: str, now: datetime, actor: str) -> int:
    """Lines of which nothing is set aside, in one statement however many."""
    if not lines:
        return 0
    orders = Order.objects.filter(lines__in=lines).order_by()
    places = list(orders.values_list("country", "region").distinct())
    with connection.cursor() as cursor:
        cursor.execute(
            CANCEL,
            {
                "lines": lines,
                "product": product.pk,
                "countries": [country for country, _region in places],
                "regions": [region for _country, region in places],
                "days": [refund_due_on(law_of(*place), today_of(now)) for place in places],
                "now": now,
                "actor": actor,
                "reason": reason,
            },
        )
        cancelled: int = cursor.rowcount
    mark_moved_up([product.pk], now=now)
    return cancelled
