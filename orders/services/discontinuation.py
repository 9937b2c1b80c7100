"""A product that will not come again."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.timezone import localtime

from orders import queue
from orders.domain.delay_rules import refund_due_on
from orders.law import law_of
from orders.models import Discontinuation, Order, OrderLine, Product, Restock, ShopTask
from orders.services.cancellations import cancel
from orders.services.forecasts import today_of
from orders.services.locks import passing_over
from orders.services.promises import lock_stock, mark_moved_up
from orders.services.refusal import Refused
from orders.services.restocks import cancel_restock
from orders.sql_files import sql

# lines canceled in one transaction: about a second, for which others wait who need this queue
PART = 5000

CANCEL = sql(__file__, "discontinue")


@transaction.atomic
def discontinue(product: Product, *, reason: str, now: datetime, actor: str) -> Discontinuation:
    """Nothing more of it comes, no order joins its queue any more, and everyone who waits will be
    canceled by the shop (discontinue_part): each is told once and owed a refund. Reserved units
    still ship. Refused while that is under way."""
    lock_stock([product.pk])
    if not reason.strip():
        raise Refused("enter a reason: it is kept with every cancellation")
    if before := ending(product):
        raise Refused(
            f"{product.sku} is already being discontinued, since "
            f"{localtime(before.asked_at):%H:%M} by {before.actor}"
        )
    Product.objects.filter(pk=product.pk).update(on_backorder=False)
    return Discontinuation.objects.create(
        product=product,
        reason=reason,
        actor=actor,
        asked_at=now,
        lines=queue.length(product.pk).lines,
    )


def ending(product: Product) -> Discontinuation | None:
    """What is under way, if anything is."""
    return product.discontinuations.filter(finished_at=None).first()


def discontinue_free_part(*, now: datetime) -> bool:
    """discontinue_part for the first product being discontinued that nobody has locked, as an
    import does."""
    ending = Product.objects.filter(
        discontinuations__finished_at=None, discontinuations__isnull=False
    )
    parts = [[product] for product in ending.order_by("discontinuations__pk")]
    return any(
        passing_over(parts, lambda part: discontinue_part(now=now, product=part[0]), of="product")
    )


@transaction.atomic
def discontinue_part(*, now: datetime, product: Product | None = None) -> bool:
    """Cancel the last lines of a queue that ends: the one asked for first, or that of `product`. It
    goes from the end, so that nobody moves up who is canceled a moment later. The open restocks go
    with the last lines, so that nobody hears first that there is no date and then that there is no
    order. False: there is nothing to do, or another worker does it."""
    asked = Discontinuation.objects.filter(finished_at=None)
    if product is not None:
        asked = asked.filter(product=product)
    row = asked.select_for_update(skip_locked=True, no_key=True).order_by("pk").first()
    if row is None:
        return False
    lock_stock([row.product_id])
    part = _last_lines(row)
    row.cancelled += _cancel_lines(row, [pk for pk, _at in part], now=now)
    if part:
        row.next_id, row.next_at = part[-1]
    elif row.next_at is not None:
        # once more from the end, for lines that were moved there meanwhile
        row.next_at = row.next_id = None
    else:
        _expect_nothing_more(row, now=now)
        row.finished_at = now
    row.save(update_fields=["cancelled", "next_at", "next_id", "finished_at"])
    return True


def _last_lines(row: Discontinuation) -> list[tuple[int, datetime]]:
    lines = OrderLine.objects.filter(product=row.product_id, waiting__gt=0)
    if row.next_at is not None:
        lines = lines.filter(queued_at__lte=row.next_at).exclude(
            queued_at=row.next_at, pk__gte=row.next_id
        )
    return list(lines.order_by("-queued_at", "-pk").values_list("pk", "queued_at")[:PART])


def _cancel_lines(row: Discontinuation, ids: Collection[int], *, now: datetime) -> int:
    """Those with units set aside, or to be put back in the shop, go by the service for one; the
    others at once."""
    lines = OrderLine.objects.filter(pk__in=ids)
    to_put_back = ShopTask.objects.filter(
        kind=ShopTask.Kind.PUT_BACK, confirmed_at=None, line__in=ids
    )
    special = Q(allocated__gt=F("shipped")) | Q(pk__in=to_put_back.values("line"))
    one_by_one = list(lines.filter(special).select_related("order").order_by("-queued_at", "-pk"))
    for line in one_by_one:
        cancel(
            line.order,
            units={line.pk: line.waiting},
            by="discontinued",
            reason=row.reason,
            now=now,
            actor=row.actor,
        )
    whole = sorted(set(ids) - {line.pk for line in one_by_one})
    return len(one_by_one) + _cancel_whole(row, whole, now=now)


def _expect_nothing_more(row: Discontinuation, *, now: datetime) -> None:
    still_open = Restock.objects.filter(
        product=row.product_id, cancelled_at=None, arrived__lt=F("quantity")
    )
    for restock in still_open.order_by("pk"):
        cancel_restock(restock, reason=row.reason, now=now, actor=row.actor)


def _cancel_whole(row: Discontinuation, lines: list[int], *, now: datetime) -> int:
    """Lines with nothing reserved, in one statement however many there are."""
    if not lines:
        return 0
    orders = Order.objects.filter(lines__in=lines).order_by()
    places = list(orders.values_list("country", "region").distinct())
    with connection.cursor() as cursor:
        cursor.execute(
            CANCEL,
            {
                "lines": lines,
                "product": row.product_id,
                "countries": [country for country, _region in places],
                "regions": [region for _country, region in places],
                "days": [refund_due_on(law_of(*place), today_of(now)) for place in places],
                "now": now,
                "actor": row.actor,
                "reason": row.reason,
            },
        )
        cancelled: int = cursor.rowcount
    mark_moved_up([row.product_id], now=now)
    return cancelled
