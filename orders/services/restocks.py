"""Restocks: expected, moved, canceled, arrived, corrected."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from orders.domain import keys
from orders.domain.windows import MAX_SLIP
from orders.models import Product, Reason, Receipt, Restock, RestockDate, Stock, Supplier
from orders.services.allocation import allocate, take_back
from orders.services.forecasts import today_of
from orders.services.promises import lock_stock, mark_changed
from orders.services.refusal import MAX_UNITS, Refused, day, refuse_bad_key
from orders.services.settling_receipts import forget_unheard, settles_at, still_settles
from orders.services.shipped_ahead import brought, put_back_what_shipped, take_off_what_shipped

MAX_REACH = timedelta(days=MAX_SLIP)
# What a supplier or carrier can be the cause of: for people and files to give. Services write the
# other codes.
MOVE_REASONS = (
    Reason.SUPPLIER_LATE,
    Reason.PRODUCTION,
    Reason.CUSTOMS,
    Reason.TRANSPORT,
    Reason.QUALITY,
    Reason.SHORT_DELIVERY,
    Reason.SUPPLIER_EARLY,
    Reason.CLERICAL,
)


@transaction.atomic
def expect_restock(
    *,
    reference: str,
    product: Product,
    supplier: Supplier,
    quantity: int,
    expected_on: date,
    now: datetime,
    posted_on: date | None = None,
    reason: str = "",
    actor: str = "",
) -> Restock:
    """A delivery of `quantity` units that the supplier promised on `posted_on` (today) for
    `expected_on`."""
    refuse_bad_key("the reference", reference, most=keys.MAX_REFERENCE)
    if quantity < 1:
        raise Refused(f"a restock is of 1 unit or more, not {quantity}")
    _refuse_more_than_plausible(quantity)
    if Restock.objects.filter(reference=reference, product=product).exists():
        raise Refused(
            f"restock {reference} of {product.sku} is already expected: move its date instead"
        )
    restock = Restock.objects.create(
        reference=reference, product=product, supplier=supplier, quantity=quantity, created_at=now
    )
    _post_date(
        restock, expected_on, posted_on or today_of(now), reason=reason, now=now, actor=actor
    )
    mark_changed([product.pk], reason=Reason.NEW_DELIVERY, now=now)
    return restock


@transaction.atomic
def move_restock_date(
    restock: Restock,
    expected_on: date,
    *,
    now: datetime,
    reason: str = "",
    posted_on: date | None = None,
    actor: str = "",
    seen: int | None = None,
    meant: bool = False,
) -> RestockDate | None:
    """A new version of the day a restock is expected; None if that was the newest version already.

    `seen`: the id of the version that the person who moves it was looking at. Refused, with the
    newer version, if somebody else has moved it since. `meant`: a person was asked whether a day
    years away is what they mean. Customers hear of it when it has settled (promises.mark_changed).
    """
    restock = (
        Restock.objects.select_for_update(no_key=True).select_related("product").get(pk=restock.pk)
    )
    posted_on = posted_on or today_of(now)
    if restock.cancelled_at:
        raise Refused(f"restock {restock.reference} was canceled: add a new one instead")
    if not restock.open_units:
        raise Refused(f"restock {restock.reference} has arrived in full: its date can't be moved")
    newest = restock.dates.order_by("-posted_on", "-id").first()
    if newest and newest.expected_on == expected_on:
        return None
    if newest and seen is not None and newest.pk != seen:
        raise Refused(
            f"{newest.actor or 'an import'} moved {restock.reference} to "
            f"{day(newest.expected_on)} "
            "while you were looking"
        )
    if newest and posted_on < newest.posted_on:
        raise Refused(
            f"a newer date of {restock.reference} was posted on {day(newest.posted_on)}: this one "
            f"was on {day(posted_on)}"
        )
    version = _post_date(
        restock, expected_on, posted_on, reason=reason, now=now, actor=actor, meant=meant
    )
    why = (
        Reason(reason)
        if reason
        else (
            Reason.SUPPLIER_LATE
            if not newest or expected_on > newest.expected_on
            else Reason.SUPPLIER_EARLY
        )
    )
    mark_changed([restock.product_id], reason=why, now=now)
    return version


def date_before_move(restock: Restock, *, now: datetime) -> RestockDate | None:
    """The date that customers still know while the newest one settles; None once they may have
    heard, or where there is nothing to go back to."""
    product = Product.objects.get(pk=restock.product_id)
    newest_first = list(restock.dates.order_by("-posted_on", "-id"))
    return date_before(newest_first, product, now=now) if restock.open_units else None


def date_before(
    newest_first: Sequence[RestockDate], product: Product, *, now: datetime
) -> RestockDate | None:
    """date_before_move of a restock that is open, from all its dates."""
    changed_at, review_at = product.changed_at, product.review_at
    if not newest_first or changed_at is None or review_at is None or review_at <= now:
        return None
    newest = newest_first[0]
    before = next((version for version in newest_first if version.recorded_at < changed_at), None)
    if before is None or newest.expected_on == before.expected_on:
        return None
    return before if newest.recorded_at > now - timedelta(seconds=settings.SETTLE_SECONDS) else None


@transaction.atomic
def undo_move(
    restock: Restock, *, now: datetime, actor: str, seen: int | None = None
) -> RestockDate:
    """The date before the move again, while nobody has heard of it. It was a typing mistake, which
    leaves no trace for customers and none in the supplier's record (forecasts.read_versions).
    `seen`: as for move_restock_date."""
    restock = Restock.objects.select_for_update(no_key=True).get(pk=restock.pk)
    # A review of the product that has begun is waited for: then it is too late.
    Product.objects.select_for_update(no_key=True).get(pk=restock.product_id)
    before = date_before_move(restock, now=now)
    if before is None:
        raise Refused(
            f"the move of restock {restock.reference} has taken effect: move its date instead"
        )
    newest = restock.dates.order_by("-posted_on", "-id")[0]
    undone = move_restock_date(
        restock,
        before.expected_on,
        posted_on=newest.posted_on,
        reason=Reason.CLERICAL,
        seen=seen,
        now=now,
        actor=actor,
        meant=True,
    )
    if undone is None:
        raise Refused(
            f"restock {restock.reference} is already expected on {day(before.expected_on)}"
        )
    return undone


@transaction.atomic
def cancel_restock(restock: Restock, *, now: datetime, actor: str = "", reason: str = "") -> None:
    """What has not arrived of this delivery will not come."""
    restock = Restock.objects.select_for_update(no_key=True).get(pk=restock.pk)
    if restock.cancelled_at:
        return
    if not restock.open_units:
        raise Refused(
            f"restock {restock.reference} has arrived in full: correct its receipt instead"
        )
    restock.cancelled_at, restock.cancelled_by, restock.cancel_reason = now, actor, reason
    restock.save(update_fields=["cancelled_at", "cancelled_by", "cancel_reason"])
    mark_changed([restock.product_id], reason=Reason.DELIVERY_CANCELLED, now=now)


@transaction.atomic
def receive(
    product: Product,
    quantity: int,
    *,
    now: datetime,
    restock: Restock | None = None,
    arrived_on: date | None = None,
    actor: str = "",
    reason: str = "",
    corrects: Receipt | None = None,
    other_units: bool = False,
) -> Receipt:
    """`quantity` units arrived, of a restock or without one. They are reserved for the front of the
    queue at once, except those that shipped before they were received here
    (services.shipped_ahead). Customers are emailed once the count has settled. `other_units`: none
    of these has shipped. `corrects`: they came with that receipt and were not counted then."""
    if quantity < 1:
        raise Refused(
            f"a receipt is of 1 unit or more, not {quantity}: to take units back, correct a receipt"
        )
    _refuse_more_than_plausible(quantity)
    if restock and restock.product_id != product.pk:
        raise Refused(f"restock {restock.reference} is not for {product.sku}")
    arrived_on = arrived_on or today_of(now)
    if arrived_on > today_of(now):
        raise Refused(f"units can't have arrived on {day(arrived_on)}, which is in the future")
    if corrects is None and today_of(now) - arrived_on > MAX_REACH:
        raise Refused(
            f"{day(arrived_on)} is more than two years ago: enter the day these units arrived"
        )
    lock_stock([product.pk])
    receipt = Receipt.objects.create(
        product=product,
        restock=restock,
        quantity=quantity,
        arrived_on=arrived_on,
        recorded_at=now,
        actor=actor,
        reason=reason,
        corrects=corrects,
    )
    if restock:
        Restock.objects.filter(pk=restock.pk).update(arrived=F("arrived") + quantity)
    shipped = (
        0
        if other_units
        else take_off_what_shipped(
            corrects or receipt, quantity, restock=restock, now=now, actor=actor
        )
    )
    Stock.objects.filter(pk=product.pk).update(arrived=F("arrived") + quantity - shipped)
    mark_changed([product.pk], reason=Reason.ARRIVED, now=now)
    allocate(product.pk, now=now, settles_at=settles_at(now))
    return receipt


@transaction.atomic
def correct_receipt(
    receipt: Receipt, quantity: int, *, now: datetime, reason: str, actor: str = ""
) -> Receipt | None:
    """It was `quantity` units that arrived (0 or more). More are received. Of fewer nobody
    hears while the count settles; then they are taken back from the end of those reserved, whose
    customers are told once; what had shipped before it was
    received will have come with another delivery. Refused below what else has shipped; the message
    names the orders. None: nothing to correct."""
    if receipt.corrects_id:
        raise Refused("this is itself a correction: correct the receipt it belongs to")
    if not receipt.stocked:
        raise Refused(
            "this arrived before our first order and is kept only for the supplier's record, so "
            "there is nothing to take back"
        )
    if quantity < 0:
        raise Refused(f"{quantity} units can't have arrived: expected 0 or more")
    _refuse_more_than_plausible(quantity)
    lock_stock([receipt.product_id])
    counted = receipt.quantity + sum(receipt.corrections.values_list("quantity", flat=True))
    if quantity == counted:
        return None
    if quantity > counted and receipt.ahead:
        raise Refused("these units shipped with an order: if more shipped, record it there")
    if quantity > counted:
        return receive(
            receipt.product,
            quantity - counted,
            now=now,
            restock=receipt.restock,
            arrived_on=receipt.arrived_on,
            actor=actor,
            reason=reason,
            corrects=receipt,
        )
    missing = counted - quantity
    correction = Receipt.objects.create(
        product=receipt.product,
        restock=receipt.restock,
        quantity=-missing,
        arrived_on=receipt.arrived_on,
        recorded_at=now,
        corrects=receipt,
        reason=reason,
        actor=actor,
    )
    if receipt.restock_id:
        Restock.objects.filter(pk=receipt.restock_id).update(arrived=F("arrived") - missing)
    shipped = max(brought(receipt) - quantity, 0)
    put_back_what_shipped(receipt, shipped, now=now, actor=actor, reason=reason)
    forget_unheard(receipt.product, now=now)
    if missing > shipped:
        take_back(receipt.product, missing - shipped, now=now, actor=actor)
    heard = not still_settles(receipt, now=now)
    why = Reason.RECEIPT_CORRECTED if heard else Reason.ARRIVED
    mark_changed([receipt.product_id], reason=why, now=now)
    allocate(receipt.product_id, now=now, settles_at=settles_at(now))
    return correction


@transaction.atomic
def were_other_units(receipt: Receipt, *, now: datetime, reason: str, actor: str = "") -> int:
    """The parcels that left before this was received held other units, so all of these are there to
    be reserved. Returns how many more go to the line."""
    lock_stock([receipt.product_id])
    units = brought(receipt)
    if not units:
        raise Refused("none of these units were assumed to have shipped before")
    put_back_what_shipped(receipt, units, now=now, actor=actor, reason=reason)
    Stock.objects.filter(pk=receipt.product_id).update(arrived=F("arrived") + units)
    mark_changed([receipt.product_id], reason=Reason.ARRIVED, now=now)
    allocate(receipt.product_id, now=now, settles_at=settles_at(now))
    return units


def _refuse_more_than_plausible(units: int) -> None:
    if units > MAX_UNITS:
        raise Refused(f"{units} units at once is too many: expected {MAX_UNITS} at most")


def _post_date(
    restock: Restock,
    expected_on: date,
    posted_on: date,
    *,
    reason: str,
    now: datetime,
    actor: str,
    meant: bool = False,
) -> RestockDate:
    if posted_on > today_of(now):
        raise Refused(f"a date can't have been posted on {day(posted_on)}, which is in the future")
    if not meant and abs(expected_on - posted_on) > MAX_REACH:
        raise Refused(
            f"{day(expected_on)} is more than two years after {day(posted_on)}, when it was "
            "posted: expected an earlier day"
        )
    if reason and reason not in Reason:
        raise Refused(
            f"{reason!r} is not a reason we know: expected one of {', '.join(MOVE_REASONS)}"
        )
    return RestockDate.objects.create(
        restock=restock,
        expected_on=expected_on,
        posted_on=posted_on,
        reason=reason,
        actor=actor,
        recorded_at=now,
    )
