"""What must never happen, looked for in the rows that a simulated shop left. A test for each check
shows that it finds what it looks for."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Max, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from orders import queue
from orders.models import OrderLine, Promise, QueueChange
from orders.sql_files import sql

Where = tuple[datetime, int]  # a line's key in its queue


class Place(NamedTuple):
    product_id: int
    place: int
    key: Where
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class Rise:
    """A place that rose by `unexplained` more than the queue's changes say."""

    line_id: int
    before: int
    after: int
    unexplained: int
    seen_at: datetime


def places_now() -> dict[int, Place]:
    """Everybody's true place, counted without the index that pages use."""
    place = Window(RowNumber(), partition_by="product_id", order_by=["queued_at", "pk"])
    waiting = OrderLine.objects.filter(waiting__gt=0).annotate(place=place)
    in_line = waiting.order_by("product_id", "queued_at", "pk")
    return {
        pk: Place(product, place, (at, pk), joined)
        for pk, product, place, at, joined in in_line.values_list(
            "pk", "product_id", "place", "queued_at", "joined_at"
        )
    }


def rises_between(
    before: Mapping[int, Place], after: Mapping[int, Place], *, until: datetime
) -> list[Rise]:
    """Places that rose between two looks beyond what covering QueueChange rows, or the line's own
    move, account for."""
    rose = {pk: new for pk, new in after.items() if pk in before and new.place > before[pk].place}
    if not rose:
        return []
    recent = QueueChange.objects.filter(at__gt=until - timedelta(hours=36), at__lte=until)
    changes: dict[int, list[QueueChange]] = defaultdict(list)
    for change in recent.filter(product__in={new.product_id for new in rose.values()}):
        changes[change.product_id].append(change)
    rises = []
    for pk, new in rose.items():
        by = new.place - before[pk].place
        # The line itself was moved back: its own events say so.
        if any(
            change.reason == "moved" and pk in (change.after_id, change.upto_id)
            for change in changes[new.product_id]
        ):
            continue
        said = sum(
            change.lines
            for change in changes[new.product_id]
            if change.step > 0 and _covers(change, new)
        )
        if by > said:
            rises.append(Rise(pk, before[pk].place, new.place, by - said, until))
    return rises


def _covers(change: QueueChange, place: Place) -> bool:
    after = change.after_at is None or (change.after_at, change.after_id or 0) < place.key
    upto = change.upto_at is None or place.key <= (change.upto_at, change.upto_id or 0)
    return after and upto and place.joined_at < change.at


class UnitsStep(NamedTuple):
    """A line's waiting units change by `units` at a moment: joined, set aside (`allocated`), taken
    back, cancelled."""

    at: datetime
    line_id: int
    key: Where
    units: int
    allocated: bool = False


@dataclass(frozen=True, slots=True)
class Inversion:
    at: datetime
    units: int
    waiting_line: int


def inversions(steps: Iterable[UnitsStep]) -> list[Inversion]:
    """Of one product's steps, the moments at which units went to a later key while an earlier one
    waited on."""
    found = []
    waiting: dict[int, int] = {}
    keys: dict[int, Where] = {}
    line: list[Where] = []
    by_moment: dict[datetime, list[UnitsStep]] = defaultdict(list)
    for step in steps:
        by_moment[step.at].append(step)
    for at in sorted(by_moment):
        for step in by_moment[at]:
            old = keys.get(step.line_id)
            if old is not None and waiting[step.line_id] > 0:
                del line[bisect_left(line, old)]
            waiting[step.line_id] = waiting.get(step.line_id, 0) + step.units
            keys[step.line_id] = step.key
            if waiting[step.line_id] > 0:
                insort(line, step.key)
        passed = sum(
            -step.units for step in by_moment[at] if step.allocated and line and step.key > line[0]
        )
        if passed:
            found.append(Inversion(at, passed, line[0][1]))
    return found


def fifo_inversions() -> list[Inversion]:
    """The ledgers of all products, replayed. A key is the one of that moment: moves are undone back
    to it."""
    moves: dict[int, list[tuple[datetime, Where]]] = defaultdict(list)
    for change in QueueChange.objects.filter(reason="moved").order_by("pk"):
        if change.after_at and change.upto_at and change.after_id and change.upto_id:
            low, high = (change.after_at, change.after_id), (change.upto_at, change.upto_id)
            moves[change.after_id].append((change.at, high if change.step > 0 else low))
    by_product: dict[int, list[UnitsStep]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(sql(__file__, "steps"))
        for product_id, at, line_id, queued_at, units, allocated in cursor.fetchall():
            key = next(
                (old for moved_at, old in moves.get(line_id, ()) if moved_at > at),
                (queued_at, line_id),
            )
            by_product[product_id].append(UnitsStep(at, line_id, key, units, allocated))
    for line in OrderLine.objects.filter(pk__in=moves).order_by("pk"):
        moved = moves[line.pk]
        reached = [old for _, old in moved[1:]] + [(line.queued_at, line.pk)]
        by_product[line.product_id] += [
            UnitsStep(at, line.pk, new, 0) for (at, _), new in zip(moved, reached, strict=True)
        ]
    return [one for steps in by_product.values() for one in inversions(steps)]


@dataclass(frozen=True, slots=True)
class PromiseTold:
    """A promise as the customer knows it: `kind`, `early` and `late` of the window, handed over at
    `at`."""

    at: datetime
    kind: str
    early: date | None
    late: date | None

    @property
    def last_day(self) -> date | None:
        """The last day that was named to the customer: chances name none."""
        return self.late if self.kind in ("dated", "unrated") else None


@dataclass(frozen=True, slots=True)
class LineStory:
    """`told` in order; `open_units`: (moment, units neither shipped nor cancelled from then on), in
    order."""

    line_id: int
    told: Sequence[PromiseTold]
    open_units: Sequence[tuple[datetime, int]]
    shipped: int = 0
    shipped_on: date | None = None

    def open_at(self, moment: datetime) -> bool:
        reached = [units for at, units in self.open_units if at < moment]
        return bool(reached and reached[-1])

    @property
    def is_open(self) -> bool:
        return bool(self.open_units and self.open_units[-1][1])


@dataclass(frozen=True, slots=True)
class SilentBreak:
    line_id: int
    told_at: datetime
    last_day: date


def silent_breaks(stories: Iterable[LineStory], *, until: datetime) -> list[SilentBreak]:
    """Lines not shipped by the end of the last day told, with no newer promise told before that
    end."""
    found = []
    for story in stories:
        for n, told in enumerate(story.told):
            if told.last_day is None:
                continue
            end = end_of(told.last_day)
            if (
                end <= until
                and story.open_at(end)
                and not any(newer.at < end for newer in story.told[n + 1 :])
            ):
                found.append(SilentBreak(story.line_id, told.at, told.last_day))
    return found


def end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def line_stories() -> list[LineStory]:
    """Every line's told promises and open units, from the rows."""
    told: dict[int, list[PromiseTold]] = defaultdict(list)
    changes: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    promises = Promise.objects.exclude(told_at=None).order_by("line_id", "told_at", "pk")
    for line_id, at, kind, early, late in promises.values_list(
        "line_id", "told_at", "kind", "early", "late"
    ):
        if at:  # always, which its type does not know
            told[line_id].append(PromiseTold(at, kind, early, late))
    with connection.cursor() as cursor:
        cursor.execute(sql(__file__, "open_units"))
        for line_id, at, units in cursor.fetchall():
            before = changes[line_id][-1][1] if changes[line_id] else 0
            changes[line_id].append((at, before + units))
    lines = OrderLine.objects.annotate(last=Max("shipment_lines__shipment__shipped_at"))
    return [
        LineStory(
            line_id,
            told[line_id],
            changes[line_id],
            shipped,
            at and timezone.localtime(at).date(),
        )
        for line_id, shipped, at in lines.order_by("pk").values_list("pk", "shipped", "last")
    ]


def units_conserved() -> bool:
    """Every unit is accounted for: in each line, in each ledger, in the stock and in the counted
    index."""
    return not broken_sums() and not list(queue.differences())


def broken_sums() -> list[tuple[str, int]]:
    """Lines and products, by id, whose numbers and ledgers disagree."""
    with connection.cursor() as cursor:
        cursor.execute(sql(__file__, "broken_sums"))
        return [(what, pk) for what, pk in cursor.fetchall()]
