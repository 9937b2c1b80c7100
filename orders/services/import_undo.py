"""Undoes an import as a whole, while nobody has heard of what it changed. History stays: what is
taken back gets a row that says so, and an order that is taken back stays under another number,
without its customer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Concat, Left
from django.utils.translation import gettext as _

from orders.models import (
    DelayNotice,
    Event,
    EventKind,
    Import,
    Order,
    OrderLine,
    Outcome,
    Product,
    QueueChange,
    Reason,
    Restock,
    RestockDate,
)
from orders.services.promises import lock_stock, mark_changed
from orders.services.refusal import Refused

UNDONE = "undone with its import"  # why a restock was cancelled: a file may expect it again


@dataclass(slots=True)
class Undoing:
    """What of an import can be undone: versions of dates by restock, sizes before, new restocks,
    new orders. What cannot, because it was told at once or somebody has gone on from there:
    `received` units, events by `told` kind, `lines` that joined known orders, new `orders_kept`,
    restocks `moved_since`."""

    dates: dict[int, list[RestockDate]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[int, int] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)
    orders: list[int] = field(default_factory=list)
    received: int = 0
    told: Mapping[str, int] = field(default_factory=dict)
    lines: int = 0
    orders_kept: int = 0
    moved_since: list[str] = field(default_factory=list)
    products: set[int] = field(default_factory=set)

    @property
    def moved(self) -> int:
        return len(self.dates.keys() - self.new)

    @property
    def is_empty(self) -> bool:
        return not (self.dates or self.sizes or self.new or self.orders)


def is_settled(row: Import, *, now: datetime) -> bool:
    """Customers may have heard of it, or it was undone."""
    return bool(row.undone_at) or settles_at(row) <= now or _is_published(row, now=now)


def settles_at(row: Import) -> datetime:
    return row.started_at + timedelta(seconds=settings.SETTLE_SECONDS)


def undoing(row: Import) -> Undoing:
    """What undoing it would do, and leave."""
    it = Undoing()
    _plan_restocks(row, it)
    _plan_orders(row, it)
    told = Event.objects.filter(
        at=row.started_at, kind__in=[EventKind.SHIPPED, EventKind.CANCELLED, EventKind.RESERVED]
    )
    it.told = dict(told.order_by().values_list("kind").annotate(n=Count("order", distinct=True)))
    it.lines = (
        OrderLine.objects.filter(joined_at=row.started_at).exclude(order__imported_by=row).count()
    )
    return it


@transaction.atomic
def undo_import(row: Import, *, now: datetime, actor: str) -> Undoing:
    """Undo all of it that nobody has heard of. Refused once its change has settled, or if nothing
    is left to undo."""
    row = Import.objects.select_for_update(no_key=True).get(pk=row.pk)
    products = undoing(row).products
    lock_stock(products)
    # A review that has begun is waited for: then it is too late.
    list(Product.objects.select_for_update(no_key=True).filter(pk__in=products).order_by("pk"))
    if row.undone_at:
        raise Refused(_("this import was already undone"))
    if is_settled(row, now=now):
        raise Refused(
            _(
                "this import has taken effect, and customers may have been notified: change what "
                "is wrong instead"
            )
        )
    it = undoing(row)
    if it.is_empty:
        raise Refused(_("nothing in this import can be undone"))
    _undo_restocks(it, now=now, actor=actor)
    _undo_orders(row, it.orders, now=now)
    mark_changed(it.products, reason=Reason.CLERICAL, now=now)
    row.undone_at, row.undone_by = now, actor
    row.save(update_fields=["undone_at", "undone_by"])
    return it


def _is_published(row: Import, *, now: datetime) -> bool:
    """One of the products it marked was reviewed since."""
    marked = set(row.written.get("products", []))
    late = QueueChange.objects.filter(at=row.started_at, reason=Reason.LATE_JOIN)
    if not row.counts.get("quiet"):
        marked.update(late.values_list("product", flat=True))
    settling = Product.objects.filter(
        pk__in=marked, review_at__gt=now, changed_at__lte=row.started_at
    )
    return settling.count() < len(marked)


def _plan_restocks(row: Import, it: Undoing) -> None:
    written = row.written
    received: Mapping[str, int] = written.get("received", {})
    it.received = sum(received.values())
    ours = set(written.get("dates", []))
    new = set(written.get("new", []))
    rows = Restock.objects.filter(
        pk__in={*new, *(pk for pk, _, _ in written.get("sizes", [])), *written.get("moved", [])}
    )
    sizes = {pk: (before, after) for pk, before, after in written.get("sizes", [])}
    for restock in (
        rows.select_related("product").prefetch_related("dates__undone_by").order_by("pk")
    ):
        if (
            str(restock.pk) in received
            or restock.cancelled_at
            or (restock.pk not in new and not restock.open_units)
        ):
            continue
        versions = standing(restock.dates.all())
        posted = [version for version in versions if version.pk in ours]
        if versions and posted and versions[-1].pk not in ours and versions[-1].pk > max(ours):
            it.moved_since.append(str(restock))
            continue
        if restock.pk in sizes and restock.quantity == sizes[restock.pk][1]:
            it.sizes[restock.pk] = sizes[restock.pk][0]
        if posted:
            it.dates[restock.pk] = posted
        if restock.pk in new:
            it.new.add(restock.pk)
        it.products.add(restock.product_id)


def standing(dates: Iterable[RestockDate]) -> list[RestockDate]:
    """The supplier's words, without those of an import that was undone."""
    return [
        version
        for version in dates
        if version.undoes_id is None and not hasattr(version, "undone_by")
    ]


def _plan_orders(row: Import, it: Undoing) -> None:
    """New orders with nothing reserved, changed or told."""
    events = Event.objects.filter(order=OuterRef("pk"))
    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    ours = Order.objects.filter(imported_by=row)
    untouched = ours.exclude(
        Exists(lines.filter(Q(allocated__gt=0) | Q(shipped__gt=0) | Q(cancelled__gt=0)))
    ).exclude(Exists(events.filter(Q(at__gt=row.started_at) | Q(told_at__isnull=False))))
    untold = untouched.exclude(
        Q(released_at__isnull=False) & Exists(events.filter(message_due=False))
    )
    it.orders = list(untold.order_by("pk").values_list("pk", flat=True))
    it.orders_kept = ours.exclude(pk__in=it.orders).count()
    it.products.update(
        OrderLine.objects.filter(order__in=it.orders).values_list("product", flat=True)
    )


def _undo_restocks(it: Undoing, *, now: datetime, actor: str) -> None:
    rows = Restock.objects.select_for_update(no_key=True, of=("self",)).filter(
        pk__in={*it.dates, *it.sizes, *it.new}
    )
    undone: list[RestockDate] = []
    for restock in rows.prefetch_related("dates__undone_by").order_by("pk"):
        posted = it.dates.get(restock.pk, [])
        ours = {version.pk for version in posted}
        theirs = [version for version in standing(restock.dates.all()) if version.pk not in ours]
        undone += [_back(version, theirs, now=now, actor=actor) for version in posted]
        restock.quantity = it.sizes.get(restock.pk, restock.quantity)
        if restock.pk in it.new:
            restock.cancelled_at, restock.cancelled_by, restock.cancel_reason = now, actor, UNDONE
        restock.save(update_fields=["quantity", "cancelled_at", "cancelled_by", "cancel_reason"])
    RestockDate.objects.bulk_create(undone, batch_size=5000)


def _back(
    version: RestockDate, theirs: Sequence[RestockDate], *, now: datetime, actor: str
) -> RestockDate:
    """The day that was in force when this version was posted, as if it never had been."""
    before = [other for other in theirs if other.posted_on <= version.posted_on]
    return RestockDate(
        restock_id=version.restock_id,
        expected_on=before[-1].expected_on if before else version.expected_on,
        posted_on=version.posted_on,
        reason=Reason.CLERICAL,
        actor=actor,
        recorded_at=now,
        undoes=version,
    )


def _undo_orders(row: Import, ids: Sequence[int], *, now: datetime) -> None:
    lines = OrderLine.objects.select_for_update(no_key=True).filter(order__in=ids)
    gone: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines.order_by("product", "queued_at", "pk"):
        gone[line.product_id].append(line)
    for product_id, left in gone.items():
        QueueChange.objects.create(
            product_id=product_id,
            at=now,
            reason=Reason.CLERICAL,
            step=-1,
            lines=len(left),
            units=sum(line.waiting for line in left),
            after_at=left[0].queued_at,
            after_id=left[0].pk,
        )
    OrderLine.objects.filter(order__in=ids).update(cancelled=F("quantity"), held=False)
    DelayNotice.objects.filter(line__order__in=ids, outcome="").update(
        outcome=Outcome.SUPERSEDED, ended_at=now
    )
    Event.objects.filter(order__in=ids, message_due=True).update(message_due=False)
    Order.objects.filter(pk__in=ids).update(
        number=Concat(Left("number", 80), Value(f" (undone {row.pk})")),
        email="",
        customer_name="",
        region="",
        attention=[],
        flagged=[],
        link_version=F("link_version") + 1,
        released_at=now,
        erased_at=now,
    )
