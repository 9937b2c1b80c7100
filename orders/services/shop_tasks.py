"""What has to be done in the shop's own system: what was decided here, less what the shop has
done."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet, Sum

from orders.models import OrderLine, ShopTask

Kind = ShopTask.Kind


def cancelled_here(
    line: OrderLine, units: int, *, set_aside: int, now: datetime, undo_until: datetime | None
) -> None:
    """Units of a locked line were cancelled by a customer, by silence or by staff: the shop has to
    do so too, but for those it was to put back and has not. `undo_until`: not before then."""
    units = _take_off(_open(line, Kind.PUT_BACK), units)
    if units:
        ShopTask.objects.create(
            line=line,
            kind=Kind.CANCEL,
            units=units,
            set_aside=min(set_aside, units),
            created_at=now,
            undo_until=undo_until,
        )


def cancelled_there(line: OrderLine, units: int) -> None:
    """The shop has cancelled units of a locked line itself: what it was to put back of them it will
    not."""
    _take_off(_open(line, Kind.PUT_BACK), units)


def sent_by_shop(line: OrderLine, units: int) -> None:
    """Units of a locked line left the shop though cancelled here: there is nothing to cancel there
    any more."""
    _take_off(_open(line, Kind.CANCEL), units)


def put_back_here(line: OrderLine, units: int, *, now: datetime) -> None:
    """Cancelled units of a locked line wait again: what the shop has not cancelled yet it need not,
    the rest it has to put back."""
    units = _take_off(_open(line, Kind.CANCEL), units)
    if units:
        ShopTask.objects.create(line=line, kind=Kind.PUT_BACK, units=units, created_at=now)


@transaction.atomic
def confirm_in_shop(task: ShopTask, *, now: datetime, actor: str) -> bool:
    """Somebody has done it in the shop. False: it was confirmed before, or is undone."""
    return (
        ShopTask.objects.filter(pk=task.pk, confirmed_at=None).update(
            confirmed_at=now, confirmed_by=actor
        )
        == 1
    )


@transaction.atomic
def shown_by_shop(line: OrderLine, wanted: int, *, now: datetime) -> int:
    """An import says how many units of a line the shop means to send or has sent. What that shows
    to be done is confirmed, the oldest first. Returns how many tasks."""
    line = OrderLine.objects.select_for_update(no_key=True).get(pk=line.pk)
    to_cancel, to_put_back = _open(line, Kind.CANCEL), _open(line, Kind.PUT_BACK)
    known = line.cancelled - _units(to_cancel) + _units(to_put_back)
    there = line.quantity - min(max(wanted, line.shipped), line.quantity)
    return _confirm(to_cancel, there - known, now=now) + _confirm(
        to_put_back, known - there, now=now
    )


def listed_again(line: OrderLine, wanted: int) -> int:
    """Units that the shop had canceled, as was known here, and of which it lists `wanted` now.
    Those canceled here that it has still to cancel are not news."""
    to_cancel = sum(
        task.units
        for task in line.shop_tasks.all()
        if task.kind == Kind.CANCEL and task.confirmed_at is None
    )
    there = line.quantity - min(max(wanted, line.shipped), line.quantity)
    return max(line.cancelled - to_cancel - there, 0)


def _open(line: OrderLine, kind: str) -> QuerySet[ShopTask]:
    return ShopTask.objects.filter(line=line, kind=kind, confirmed_at=None).order_by("pk")


def _units(tasks: QuerySet[ShopTask]) -> int:
    return int(tasks.aggregate(units=Sum("units", default=0))["units"])


def _confirm(tasks: QuerySet[ShopTask], units: int, *, now: datetime) -> int:
    """Those that `units` cover whole; a part done leaves its task on the list."""
    confirmed = 0
    for task in tasks:
        if task.units > units:
            break
        units -= task.units
        confirmed += ShopTask.objects.filter(pk=task.pk, confirmed_at=None).update(confirmed_at=now)
    return confirmed


def _take_off(tasks: QuerySet[ShopTask], units: int) -> int:
    """Take units off open tasks, the newest first; one without units goes. Returns the units left
    over."""
    for task in tasks.reverse().select_for_update():
        taken = min(task.units, units)
        units -= taken
        if taken == task.units:
            task.delete()
        elif taken:
            task.units -= taken
            task.set_aside = min(task.set_aside, task.units)
            task.save(update_fields=["units", "set_aside"])
    return units
