"""Which delivery covers whom in a product's queue, as a table and as the numbers of a chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.formats import date_format

from orders import queue
from orders.domain.supply import Band, OpenRestock, forecast
from orders.models import Product
from orders.queue import Length
from orders.services import today_of
from orders.services.forecasts import handling_days, open_restocks, supplier_record

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 300, 64, 16, 16, 32
FURTHEST = timedelta(days=400)
TICKS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Units `first` to `last` needed (`last` None: all beyond) come with `delivery`, and leave us
    within the window; `orders` wait for them, and `waiting` of the units are waited for."""

    first: int
    last: int | None
    delivery: str
    expected_on: date | None
    kind: str
    early: date | None
    likely: date | None
    late: date | None
    orders: int
    waiting: int

    @property
    def is_covered(self) -> bool:
        return self.kind != "none"


@dataclass(frozen=True, slots=True)
class Box:
    """A step in the chart; `title` says it in words."""

    x: float
    y: float
    width: float
    height: float
    likely: float | None
    is_open: bool
    title: str

    @property
    def bottom(self) -> float:
        return round(self.y + self.height, 1)


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`queue`: the height of the waiting units."""

    boxes: Sequence[Box]
    days: Sequence[Tick]
    units: Sequence[Tick]
    queue: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def steps(product: Product, *, now: datetime) -> list[Step]:
    """As deliveries are now, including a change that still settles."""
    deliveries = open_restocks([product.pk], day=today_of(now))[product.pk]
    bands = forecast(
        deliveries,
        supplier_record(today_of(now)),
        handling_days=handling_days(product),
        country=settings.SHOP_COUNTRY,
    )
    counts = _counts(product, bands)
    firsts = [1, *((band.up_to or 0) + 1 for band in bands[:-1])]
    return [_step(*each, deliveries) for each in zip(firsts, bands, counts, strict=True)]


def _step(first: int, band: Band, counted: Length, deliveries: Sequence[OpenRestock]) -> Step:
    window = band.window
    due = next((each.promised_on for each in deliveries if each.reference == band.reference), None)
    days = (window.early, window.likely, window.late)
    return Step(
        first,
        band.up_to,
        band.reference or "",
        due,
        window.kind,
        *days,
        counted.lines,
        counted.units,
    )


def _counts(product: Product, bands: Sequence[Band]) -> list[Length]:
    """A line belongs where its last unit is covered, as its promise does."""
    ends = queue.fronts(product.pk, [band.up_to for band in bands if band.up_to is not None])
    upto = [*ends, queue.length(product.pk)][: len(bands)]
    before = [Length(0, 0), *upto]
    return [
        Length(to.lines - at.lines, to.units - at.units)
        for at, to in zip(before, upto, strict=False)
    ]


def chart(steps: Sequence[Step], waiting: int, *, now: datetime) -> Chart | None:
    """Units upwards, days to the right. None if nothing is expected and nobody waits."""
    covered = [step for step in steps if step.is_covered and step.last and step.early]
    most = max([waiting, *(step.last or 0 for step in covered)])
    if not most:
        return None
    today = today_of(now)
    ends = [day for step in covered for day in (step.early, step.likely, step.late) if day]
    last = min(max([*ends, today + timedelta(days=14)]), today + FURTHEST)
    scale = _Scale(today, last, most)
    return Chart(
        boxes=[_box(step, scale) for step in covered],
        days=[Tick(scale.x(day), date_format(day, "j M")) for day in scale.days()],
        units=[Tick(scale.y(most * n // 4), f"{most * n // 4:,}") for n in range(5)],
        queue=scale.y(waiting),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    today: date
    last: date
    most: int

    def x(self, day: date) -> float:
        share = (min(max(day, self.today), self.last) - self.today) / (self.last - self.today)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, units: int) -> float:
        return round(HEIGHT - BOTTOM - units / self.most * (HEIGHT - TOP - BOTTOM), 1)

    def days(self) -> list[date]:
        return [self.today + (self.last - self.today) * n / (TICKS - 1) for n in range(TICKS)]


def _box(step: Step, scale: _Scale) -> Box:
    early, likely, late = step.early or scale.today, step.likely, step.late
    left, right = scale.x(early), scale.x(late or scale.last)
    bottom, top = scale.y(step.first - 1), scale.y(step.last or step.first)
    days = f"{date_format(early)} – {date_format(late) if late else '?'}"
    return Box(
        x=left,
        y=top,
        width=max(round(right - left, 1), 3),
        height=max(round(bottom - top, 1), 1.5),
        likely=scale.x(likely) if likely else None,
        is_open=late is None,
        title=f"{step.delivery}: {step.first:,}–{step.last:,}, {days}",
    )
