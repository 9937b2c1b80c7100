"""A product that will not come again."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from orders.models import Order, OrderLine, Product, Refund, Restock
from orders.services.cancelling import cancel
from orders.services.promising import lock_stock
from orders.services.refusal import Refused
from orders.services.supplying import cancel_restock

MOST_AT_ONCE = 2000  # lines; each is cancelled by itself, and told and owed its own


@transaction.atomic
def discontinue(product: Product, *, reason: str, now: datetime, actor: str) -> list[Refund]:
    """Nothing more of it comes, nobody joins its queue any more, and all who wait are cancelled by the shop: each is told
    once and owed a refund. Units that are set aside still ship."""
    lock_stock([product.pk])
    if not reason.strip():
        raise Refused("to discontinue a product needs a reason: it stands beside every cancellation")
    lines = list(
        OrderLine.objects.filter(product=product, waiting__gt=0).select_related("order").order_by("queued_at", "pk")
    )
    if len(lines) > MOST_AT_ONCE:
        raise Refused(f"{len(lines)} orders wait for {product.sku}: {MOST_AT_ONCE} at most are cancelled at once")
    still_open = Restock.objects.filter(product=product, cancelled_at=None, arrived__lt=F("quantity"))
    for restock in still_open.order_by("pk"):
        cancel_restock(restock, reason=reason, now=now, actor=actor)
    Product.objects.filter(pk=product.pk).update(on_backorder=False)
    refunds: list[Refund] = []
    for line in lines:
        refunds += _cancel(line.order, line, reason=reason, now=now, actor=actor)
    return refunds


def _cancel(order: Order, line: OrderLine, *, reason: str, now: datetime, actor: str) -> list[Refund]:
    return cancel(order, units={line.pk: line.waiting}, by="shop", reason=reason, now=now, actor=actor)
