"""What an import writes besides orders: its own record, the products it names, addresses, parcels,
and what lines get once all of a file is in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from orders.domain import keys
from orders.domain.facts import Crossed, Shipped
from orders.models import EventKind, Forecast, Import, Order, OrderLine, Product
from orders.services.allocation import allocate
from orders.services.email_results import make_news_due
from orders.services.flags import clear_flags, flag
from orders.services.forecasts import today_of
from orders.services.locks import AdvisoryLock
from orders.services.promises import (
    at_rest,
    lock_stock,
    newest_forecasts,
    publish_first,
    publish_joined,
    review,
)
from orders.services.refusal import Refused, refuse_bad_key
from orders.services.shipments import ship
from orders.services.shipped_ahead import take_what_shipped_ahead

FEW_LINES = 2000  # promised one by one; more of them with their whole queues


def begin_import(command: str, *, file_name: str, sha256: str, now: datetime) -> Import:
    """The record of a file being read. Refused while another import runs; call it in the
    transaction of the import."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [AdvisoryLock.ONE_IMPORT])
        if not cursor.fetchone()[0]:
            raise Refused(
                "another import is running: wait until it has finished, then start this one again"
            )
    return Import.objects.create(
        command=command, file_name=file_name[-255:], sha256=sha256, started_at=now
    )


def end_import(
    row: Import,
    *,
    counts: Mapping[str, Any],
    rejected: Sequence[str],
    written: Mapping[str, Any],
    now: datetime,
) -> None:
    row.counts, row.written = dict(counts), dict(written)
    row.rejected = list(rejected)
    row.finished_at = now
    row.save(update_fields=["counts", "written", "rejected", "finished_at"])


@transaction.atomic
def know_products(names: Mapping[str, str], *, on_backorder: bool) -> dict[str, Product]:
    """Products by SKU ({sku: name or ""}), created where missing. `on_backorder` marks them, so
    that their orders join.

    A product that is known by its SKU alone gets its name.
    """
    for sku in names:
        refuse_bad_key("the SKU", sku, most=keys.MAX_SKU)
    new = set(names) - set(Product.objects.filter(sku__in=names).values_list("sku", flat=True))
    Product.objects.bulk_create(
        (
            Product(
                sku=sku,
                name=names[sku] or sku,
                name_in_shop=names[sku],
                on_backorder=on_backorder,
            )
            for sku in sorted(new)
        ),
        ignore_conflicts=True,
    )
    products = {product.sku: product for product in Product.objects.filter(sku__in=names)}
    for sku, product in products.items():
        if on_backorder and not product.on_backorder:
            product.on_backorder = True
            product.save(update_fields=["on_backorder"])
        if product.name == sku and names[sku] and names[sku] != sku:
            product.name = product.name_in_shop = names[sku]
            product.save(update_fields=["name", "name_in_shop"])
    return products


@transaction.atomic
def serve_joined(product_ids: Collection[int], *, now: datetime, quiet: bool) -> None:
    """First promises, then spare units, for lines that joined in several batches.

    Nobody hears of unreleased orders, so their whole queues are reviewed at once. Otherwise, and
    where others hear of it too, changes that settle go on settling. Then only the new lines are
    promised, from the forecast last published.
    """
    ids = sorted(product_ids)
    lock_stock(ids)
    joined = ids
    if quiet:
        settling = Product.objects.exclude(at_rest(now)).filter(
            Exists(Forecast.objects.filter(product=OuterRef("pk")))
        )
        joined = list(settling.filter(pk__in=ids).values_list("pk", flat=True))
        review(Product.objects.filter(pk__in=set(ids) - set(joined)), now=now)
    if joined:
        new = OrderLine.objects.filter(
            product__in=joined, waiting__gt=0, promise__isnull=True, held=False
        )
        few = list(new.values_list("pk", flat=True)[: FEW_LINES + 1])
        if len(few) <= FEW_LINES:
            publish_first(few, newest_forecasts(joined, now=now), now=now)
        else:
            publish_joined(joined, since=now, now=now)
    for product_id in ids:
        allocate(product_id, now=now)


@transaction.atomic
def serve_after_shipments(product_ids: Collection[int], *, now: datetime) -> dict[str, int]:
    """All that a file says has shipped is recorded. What it took of units set aside for others is
    settled with them, and they are put on staff's list. Returns how many texts are new, by order
    number."""
    waits_again = OrderLine.objects.filter(pk__in=take_what_shipped_ahead(product_ids, now=now))
    new: dict[str, int] = {}
    for line in waits_again.select_related("order", "product").order_by("pk"):
        text = f"{line.product.sku}: {WAITS_AGAIN} ({today_of(now)})"
        new[line.order.number] = new.get(line.order.number, 0) + flag(line.order, [text])
    return new


@transaction.atomic
def learn_address(order: Order, email: str, *, unreachable: str, now: datetime) -> bool:
    """An order without an email address gets one, unless its customer asked to be forgotten. The
    text `unreachable` leaves staff's list."""
    order = Order.objects.select_for_update(no_key=True).get(pk=order.pk)
    if order.email or order.erased_at or not email:
        return False
    order.email = email
    order.save(update_fields=["email"])
    clear_flags(order, unreachable)
    make_news_due([order.pk], now=now)
    return True


CONFLICT = "units shipped by the shop although canceled here"


@transaction.atomic
def record_parcel(
    order: Order,
    units: Mapping[int, int],
    *,
    now: datetime,
    shipped_at: datetime | None,
    carrier: str = "",
    tracking_number: str = "",
    actor: str = "",
) -> list[str]:
    """The shop says that these units left; `shipped_at` None: not when. What was cancelled here and
    left all the same is put on staff's list where its refund stays due. Returns what is new there.
    """
    ship(
        order,
        units,
        now=now,
        shipped_at=shipped_at,
        carrier=carrier,
        tracking_number=tracking_number,
        actor=actor,
        beyond_reserved=True,
        day_known=shipped_at is not None,
    )
    told = order.events.filter(
        kind=EventKind.SHIPPED, at=now, line__in=units, facts__crossed__kept__gt=0
    )
    texts = [
        _conflict(event.line.product.sku, event.details.crossed)
        for event in told.select_related("line__product").order_by("pk")
        if event.line and isinstance(event.details, Shipped) and event.details.crossed
    ]
    flag(order, texts)
    return texts


def _conflict(sku: str, crossed: Crossed) -> str:
    first = {
        True: "it shipped before that",
        False: "it shipped after that",
        None: "it isn't known which came first",
    }[crossed.left_first]
    money = "the refund was sent" if crossed.refund_sent else "the refund stays due"
    return (
        f"{sku}: {CONFLICT}: {crossed.kept}, canceled on {crossed.cancelled_on}; {first}; "
        f"{money}: agree with the customer on what to do about the parcel"
    )


WAITS_AGAIN = "units reserved for it have shipped with other orders, so it is waiting again"
