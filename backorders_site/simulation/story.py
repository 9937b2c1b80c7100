"""What happens in a simulated world: deliveries, orders and mishaps, read from a file or drawn from
a seed."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from orders.services import PostedDate, ReceivedUnits, RestockRecord

ORDERS_DRAWN = 10_000
MAX_WAIT_DAYS = 75  # days before the day first promised that somebody orders
REASONS = ("supplier_late", "customs", "transport", "production")
QUANTITIES = (1, 1, 1, 1, 2, 2, 3, 5)
CUSTOMERS = (  # country, region, weight
    *(
        ("US", "NY", 35),
        ("US", "CA", 15),
        ("GB", "", 15),
        ("DE", "", 15),
        ("FR", "", 8),
        ("CA", "ON", 6),
        ("AE", "", 6),
    ),
)

Key = tuple[str, str]  # reference, SKU


@dataclass(frozen=True, slots=True)
class Wanted:
    sku: str
    quantity: int
    promised_by: date | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order and the day it reaches us, the day it was placed or a later one."""

    number: str
    placed_at: datetime
    reaches_us_on: date
    wanted: Sequence[Wanted]
    country: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """`miscounted`: units counted too many on a delivery's first receipt and corrected the next
    morning; `given_up`: the day the shop stops expecting the rest; `moves_a_week`: how often staff
    move somebody in a line."""

    first: date
    last: date
    deliveries: Sequence[RestockRecord]
    purchases: Sequence[Purchase]
    seed: int
    miscounted: Mapping[Key, int] = field(default_factory=dict)
    given_up: Mapping[Key, date] = field(default_factory=dict)
    moves_a_week: float = 0


@dataclass(frozen=True, slots=True)
class _Habit:
    """How a made-up supplier keeps its dates: days late, and how often it says so when it is."""

    name: str
    slips: Sequence[int]
    admits: float


_HABITS = (
    _Habit("Punctual & Co", (0, 0, 0, 0, 1, 0, 0, 2, 0, -1), 0.6),
    _Habit("Mostly Fine Ltd", (0, 0, 1, 3, 0, 6, -2, 0, 9, 2), 0.7),
    _Habit("Weavers", (0, 4, 7, 0, 12, 1, 18, 0, 5, 2), 0.5),
    _Habit("Overseas Freight", (0, 14, 5, 28, 3, 40, 9, 0, 21, -4), 0.8),
    _Habit("Artisan", (0, 2, 0, 30, 1, 0, 8, 55, 0, 3), 0.4),
    _Habit("Steady", (0, 0, 0, 1, 0, 0, 0, 1, 0, 0), 0.9),
)


def draw_orders(
    deliveries: Sequence[RestockRecord], *, first: date, last: date, seed: int
) -> Story:
    """About ORDERS_DRAWN orders for deliveries as they were, each scaled to cover the lines drawn
    for it.

    Customers order within MAX_WAIT_DAYS before the day first promised, after the delivery was
    posted. Their number grows with the number of a product's deliveries; the busiest products count
    for less than their share.
    """
    chance = random.Random(seed)  # noqa: S311 - a play, no secret
    by_sku: dict[str, list[int]] = {}
    for n, delivery in enumerate(deliveries):
        if _in_play(delivery, first, last):
            by_sku.setdefault(delivery.sku, []).append(n)
    drawn: dict[int, int] = {}
    purchases = []
    weights = [len(places) ** 0.75 for places in by_sku.values()]
    for _ in range(ORDERS_DRAWN if by_sku else 0):
        (places,) = chance.choices(list(by_sku.values()), weights)
        n = chance.choice(places)
        promised = deliveries[n].dates[0]
        earliest = max(
            first, promised.posted_on, promised.expected_on - timedelta(days=MAX_WAIT_DAYS)
        )
        latest = min(last, max(promised.expected_on - timedelta(days=3), earliest))
        placed_on = earliest + timedelta(days=chance.randint(0, max((latest - earliest).days, 0)))
        quantity = chance.choice(QUANTITIES)
        drawn[n] = drawn.get(n, 0) + quantity
        purchases.append((placed_on, [Wanted(deliveries[n].sku, quantity)]))
    scaled = [
        _scaled(d, drawn.get(n, 1)) if _in_play(d, first, last) else d
        for n, d in enumerate(deliveries)
    ]
    return Story(first, last, scaled, _purchases(purchases, chance), seed)


def synthetic(seed: int, *, orders: int = 3000, days: int = 270, products: int = 12) -> Story:
    """A made-up shop in which everything happens: dates that move, lots, receipts in part,
    miscounts, late orders."""
    chance = random.Random(seed)  # noqa: S311 - a play, no secret
    first = date(2026, 1, 5)
    last = first + timedelta(days=days - 1)
    deliveries = list(_records(first, chance))
    given_up: dict[Key, date] = {}
    miscounted: dict[Key, int] = {}
    wanted: list[tuple[date, list[Wanted]]] = []
    for n in range(products):
        habit = chance.choice(_HABITS)
        every = chance.choice((12, 18, 25, 35))
        shares = [chance.choice((0.5, 1, 1, 1, 2)) for _ in range(-(-days // every))]
        total = orders / products * sum(QUANTITIES) / len(QUANTITIES)
        for number, share in enumerate(shares):
            delivery = RestockRecord(
                reference=f"PO-{n + 1}-{number + 1}",
                sku=f"SKU-{n + 1:02}",
                supplier=habit.name,
                quantity=max(round(total * share / sum(shares)), 2),
                dates=[],
            )
            due = first + timedelta(days=every * (number + 1) + chance.randint(-4, 4))
            posted = max(due - timedelta(days=chance.randint(20, 60)), first - timedelta(days=30))
            delivery = _with_dates(delivery, posted, due, habit, chance)
            key = (delivery.reference, delivery.sku)
            if chance.random() < 0.2 and delivery.quantity > 3:
                delivery = _in_parts(delivery, chance)
                if chance.random() < 0.4:
                    given_up[key] = delivery.arrivals[0].known_on + timedelta(
                        days=chance.randint(3, 10)
                    )
            if chance.random() < 0.12:
                miscounted[key] = chance.randint(1, 5)
            deliveries.append(delivery)
    for _ in range(orders):
        placed_on = first + timedelta(days=chance.randrange(days))
        skus = chance.sample(range(1, products + 1), 2 if chance.random() < 0.15 else 1)
        wanted.append(
            (placed_on, [Wanted(f"SKU-{sku:02}", chance.choice(QUANTITIES)) for sku in skus])
        )
    purchases = _purchases(wanted, chance, reach_us_late=0.02)
    return Story(first, last, deliveries, purchases, seed, miscounted, given_up, moves_a_week=2)


def _in_play(delivery: RestockRecord, first: date, last: date) -> bool:
    """Promised for the period, and not here before it."""
    came_before = bool(delivery.arrivals) and max(a.known_on for a in delivery.arrivals) < first
    return (
        not came_before
        and first <= delivery.dates[0].expected_on <= last
        and delivery.dates[0].posted_on <= last
    )


def _scaled(delivery: RestockRecord, units: int) -> RestockRecord:
    """As many units, arriving in the same parts."""
    came = sum(arrival.quantity for arrival in delivery.arrivals)
    arrivals = []
    running = done = 0
    for arrival in delivery.arrivals:
        running += arrival.quantity
        until = round(units * min(running, delivery.quantity) / max(came, delivery.quantity))
        if until > done:
            arrivals.append(replace(arrival, quantity=until - done))
            done = until
    return replace(delivery, quantity=units, arrivals=arrivals)


def _purchases(
    wanted: Iterable[tuple[date, Sequence[Wanted]]],
    chance: random.Random,
    *,
    reach_us_late: float = 0,
) -> list[Purchase]:
    purchases = []
    weights = [weight for _, _, weight in CUSTOMERS]
    for number, (placed_on, lines) in enumerate(sorted(wanted, key=lambda pair: pair[0]), 1001):
        late = chance.randint(1, 6) if chance.random() < reach_us_late else 0
        ((country, region, _),) = chance.choices(CUSTOMERS, weights)
        purchases.append(
            Purchase(
                number=str(number),
                placed_at=timezone.make_aware(datetime.combine(placed_on, time(7)))
                + timedelta(seconds=chance.randrange(9 * 3600)),
                reaches_us_on=placed_on + timedelta(days=late),
                wanted=lines,
                country=country,
                region=region,
            )
        )
    return purchases


def _records(first: date, chance: random.Random) -> Iterable[RestockRecord]:
    """Two years of deliveries by every supplier before the story begins."""
    for habit in _HABITS:
        for n in range(40):
            due = first - timedelta(days=18 * (n + 1) + chance.randint(0, 10))
            posted = due - timedelta(days=chance.randint(20, 60))
            blank = RestockRecord(f"{habit.name}-{n}", "ARCHIVE", habit.name, 10, [])
            yield _with_dates(blank, posted, due, habit, chance)


def _with_dates(
    blank: RestockRecord, posted: date, due: date, habit: _Habit, chance: random.Random
) -> RestockRecord:
    """When it really comes, and what the supplier says meanwhile: late, and often too hopefully."""
    comes = due + timedelta(days=chance.choice(habit.slips))
    dates = [PostedDate(due, posted)]
    said = due
    while comes > said and chance.random() < habit.admits:
        on = max(
            said - timedelta(days=chance.choice((0, 0, 3, 10))),
            dates[-1].posted_on + timedelta(days=1),
        )
        hopeful = chance.choice((0.5, 1, 1))
        said = said + timedelta(days=max(round((comes - said).days * hopeful), 1))
        if on >= comes:
            break
        dates.append(PostedDate(said, on, chance.choice(REASONS)))
    known = comes + timedelta(days=chance.choice((0, 0, 0, 1)))
    return replace(blank, dates=dates, arrivals=[ReceivedUnits(blank.quantity, comes, known)])


def _in_parts(delivery: RestockRecord, chance: random.Random) -> RestockRecord:
    (whole,) = delivery.arrivals
    part = chance.randint(1, delivery.quantity - 1)
    later = timedelta(days=chance.randint(4, 20))
    rest = ReceivedUnits(delivery.quantity - part, whole.arrived_on + later, whole.known_on + later)
    return replace(delivery, arrivals=[replace(whole, quantity=part), rest])
