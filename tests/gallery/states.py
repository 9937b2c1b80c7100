"""Every state a customer's page can be in, each as one order that got there through the services.

For looking at them all, and for the tests that hold every page to the same standard:
`make(now=...)` in any database.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Unpack

from django.db import connection, transaction

from orders import services
from orders.access import Purpose, order_url
from orders.models import Event, MoveReason, Order, OrderLine, Product, Reason
from tests.gallery.stage import ERRATIC, SILENT, Stage, Who, tell

FIRST_NUMBER = 70_001  # of the orders shown
OTHERS = "W"  # the numbers of those around them begin with it
LONG_QUEUE = 10_000


class NotHere(Exception):
    """This database cannot show that state."""


@dataclass(frozen=True)
class State:
    name: str
    shows: str
    order: Order
    url: str


@dataclass(frozen=True)
class _Recipe:
    name: str
    shows: str
    cook: Callable[[Stage], object]
    purpose: Purpose


RECIPES: list[_Recipe] = []


def state(
    shows: str, *, purpose: Purpose = Purpose.ACT
) -> Callable[[Callable[[Stage], Order]], Callable[[Stage], Order]]:
    def register(cook: Callable[[Stage], Order]) -> Callable[[Stage], Order]:
        RECIPES.append(_Recipe(cook.__name__, shows, cook, purpose))
        return cook

    return register


def names() -> list[str]:
    return [recipe.name for recipe in RECIPES]


def make(*, now: datetime, locale: str = "en", only: Collection[str] = ()) -> list[State]:
    """Make the states named (all), those that stand in this database already excepted, and return
    them in the order of the table. `locale` is that of the orders made. What this database cannot
    show is left out."""
    stage = Stage(now, locale, (f"{OTHERS}{n}" for n in count(Order.objects.count() + 1)))
    rated = Product.objects.filter(sku="EARLIER-SEASONS").exists()
    for number, recipe in _numbered(only):
        if Order.objects.filter(number=number).exists():
            continue
        if recipe.cook is not unrated and not rated:
            stage.give_records()
            rated = True
        try:
            with transaction.atomic():
                stage.number = number
                recipe.cook(stage)
                tell(Event.objects.filter(order__number__startswith=OTHERS), at=now)
        except NotHere:
            continue
    return found(only)


def found(only: Collection[str] = ()) -> list[State]:
    """Those that stand in this database."""
    by_number = {
        order.number: order
        for order in Order.objects.filter(number__in=[n for n, _ in _numbered(only)])
    }
    return [
        State(
            recipe.name,
            recipe.shows,
            by_number[number],
            order_url(by_number[number], recipe.purpose),
        )
        for number, recipe in _numbered(only)
        if number in by_number
    ]


def _numbered(only: Collection[str]) -> Iterator[tuple[str, _Recipe]]:
    for number, recipe in enumerate(RECIPES, FIRST_NUMBER):
        if not only or recipe.name in only:
            yield str(number), recipe


def _product(stage: Stage, name: str) -> Product:
    """A SKU of its own for every state, so that none disturbs another."""
    return stage.product(f"{name.upper().replace(' ', '-')}-{Product.objects.count()}", name)


def _place(
    stage: Stage, product: Product, quantity: int = 1, *, days: int, **who: Unpack[Who]
) -> Order:
    stage.review(product, stage.at(days, 5))
    order = services.place_order(
        stage.new({product: quantity}, at=stage.at(days), **who),
        now=stage.at(days) + timedelta(minutes=1),
    )
    stage.told(product, stage.at(days) + timedelta(minutes=2))
    return order


def _line(order: Order) -> OrderLine:
    return order.lines.get()


# The first of the table: nothing may be on record before it.
@state("the supplier's own date, with no record to judge it by")
def unrated(stage: Stage) -> Order:
    product = _product(stage, "Tern wall clock")
    stage.due(product, 12, 30, said=-20)
    stage.crowd(product, 3, at=stage.at(-6))
    order = _place(stage, product, days=-2)
    promise = _line(order).promise
    if promise is None or promise.kind != "unrated":
        raise NotHere
    return order


@state("ordered a minute ago: place, window, and no mail yet")
def joined(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp, brass")
    stage.due(product, 9, 60)
    stage.crowd(product, 11, at=stage.at(-1))
    stage.review(product, stage.at(0, 5))
    return services.place_order(
        stage.new({product: 1}, at=stage.now - timedelta(minutes=1)), now=stage.now
    )


@state("waits with a window, 37th in line, a delivery has room")
def dated(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp, brass")
    stage.due(product, 9, 60)
    stage.due(product, 40, 60)
    stage.crowd(product, 36, at=stage.at(-9))
    order = _place(stage, product, days=-9)
    stage.crowd(product, 15, at=stage.at(-2))
    return order


@state("waits, and the shop knows its picture, price and where the ship is")
def from_shop(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp")
    delivery = stage.due(product, 9, 60)
    stage.crowd(product, 11, at=stage.at(-9))
    order = stage.as_in_the_shop(_place(stage, product, days=-9), "118.00")
    stage.write(delivery, "The ship left Ningbo on Monday, three days late.", days=-4)
    stage.write(delivery, "It passed the Suez Canal this morning.", days=-1)
    stage.told(product, stage.at(-1, 11))
    return order


@state("canceled, with the amount that is refunded")
def canceled_with_amount(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp")
    stage.due(product, 9, 60)
    order = stage.as_in_the_shop(_place(stage, product, days=-9), "118.00")
    services.cancel(order, now=stage.at(-1), by="customer")
    stage.told(product, stage.at(-1, 11))
    return order


@state("shipped long enough ago that it should have arrived")
def should_have_arrived(stage: Stage) -> Order:
    product = _product(stage, "Harbour lamp")
    order = stage.as_in_the_shop(_place(stage, product, days=-30), "118.00")
    services.receive(product, 1, now=stage.at(-21))
    services.ship(order, {order.lines.get().pk: 1}, now=stage.at(-20), carrier="UPS")
    stage.told(product, stage.at(-20, 11))
    return order


@state("the supplier keeps no pattern: chances instead of a date")
def chances(stage: Stage) -> Order:
    product = _product(stage, "Skerry camp stove")
    stage.due(product, 1, 40, by=ERRATIC)
    stage.crowd(product, 7, at=stage.at(-4))
    return _place(stage, product, days=-3)


@state("no latest day can be named")
def open(stage: Stage) -> Order:
    product = _product(stage, "Storm glass")
    stage.due(product, 15, 40, by=SILENT)
    stage.crowd(product, 4, at=stage.at(-8))
    return _place(stage, product, days=-8)


@state("no delivery is on its way: no date")
def none(stage: Stage) -> Order:
    product = _product(stage, "Skerry camp stove")
    stage.crowd(product, 5, at=stage.at(-6))
    return _place(stage, product, days=-5)


@state("first in line")
def first_in_line(stage: Stage) -> Order:
    product = _product(stage, "Quay bench, larch")
    stage.due(product, 6, 16)
    order = _place(stage, product, days=-12)
    stage.crowd(product, 9, at=stage.at(-3))
    return order


@state("the 10,000th in line")
def ten_thousandth(stage: Stage) -> Order:
    product = _product(stage, "Gull kettle, 1.5 litre")
    for days in (4, 9, 13, 17):
        stage.due(product, days, 3_000)
    at = stage.at(-5)
    others = [
        stage.new({product: 1}, at=at - timedelta(seconds=n), number=next(stage.others))
        for n in range(LONG_QUEUE - 1, 0, -1)
    ]
    services.place_orders(others, now=at, quiet=True, serve=False)
    _count_rows()
    services.serve_joined([product.pk], now=at, quiet=True)
    return _place(stage, product, days=-5)


def _count_rows() -> None:
    """In this very transaction the planner takes the tables for empty, and joins row by row."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE orders_order, orders_orderline, orders_promise")


@state("40 units, which two deliveries have to cover")
def quantity_40(stage: Stage) -> Order:
    product = _product(stage, "Shoreline bowl, set of four")
    stage.due(product, 8, 30)
    stage.due(product, 15, 60)
    stage.crowd(product, 6, at=stage.at(-4))
    return _place(stage, product, 40, days=-4)


@state("the line got shorter ahead, and the page says why")
def moved_up(stage: Stage) -> Order:
    product = _product(stage, "Driftwood deck chair")
    first = stage.due(product, -2, 8)
    stage.due(product, 9, 40)
    ahead = stage.crowd(product, 20, at=stage.at(-12))
    order = _place(stage, product, days=-12)
    services.cancel(ahead[17], now=stage.at(-6, 15), by="customer")
    services.receive(product, 8, restock=first, now=stage.at(-2, 11))
    stage.told(product, stage.at(-1))
    return order


@state("an older order arrived late and staff moved someone: the place rose, and why")
def passed_by(stage: Stage) -> Order:
    product = _product(stage, "Driftwood deck chair")
    stage.due(product, 11, 40)
    stage.crowd(product, 8, at=stage.at(-10))
    order = _place(stage, product, days=-9)
    behind = stage.crowd(product, 4, at=stage.at(-7))
    late = stage.new({product: 1}, at=stage.at(-12), number=next(stage.others))
    services.place_orders([late], now=stage.at(-3))
    services.move_in_queue(
        _line(behind[2]),
        2,
        now=stage.at(-2),
        why=MoveReason.REPLACEMENT,
        reason="the first one came cracked",
        actor="Maren",
    )
    stage.review(product, stage.at(-1))
    stage.told(product, stage.at(-1, 11))
    return order


def _delayed(
    stage: Stage, *, told: bool = True, days: int = -20, to: int = 16, **who: Unpack[Who]
) -> Order:
    product = _product(stage, "Tideline wool blanket")
    delivery = stage.due(product, 1, 60)
    stage.crowd(product, 13, at=stage.at(days))
    order = _place(stage, product, days=days, **who)
    stage.slip(delivery, to, on=-1, reason="customs", told=told)
    return order


@state("a first delay: a new date, keep or cancel")
def delayed_once(stage: Stage) -> Order:
    return _delayed(stage)


@state("a second delay in the United States: without an answer by a day it is cancelled")
def delayed_twice_with_deadline(stage: Stage) -> Order:
    return _delayed_twice(stage)


# Windows end well before the thirtieth day, on any weekday: else the first of them would be a delay
# already.
def _delayed_twice(stage: Stage) -> Order:
    product = _product(stage, "Tideline wool blanket")
    delivery = stage.due(product, -22, 60)
    stage.crowd(product, 13, at=stage.at(-40))
    order = _place(stage, product, days=-40)
    stage.slip(delivery, 5, on=-20, reason="customs")
    stage.slip(delivery, 27, on=-1, reason="transport")
    return order


@state("a delay in the European Union: an offer, silence keeps the place, withdraw here")
def delayed_eu(stage: Stage) -> Order:
    return _delayed(stage, country="DE", name="Maren Fischer", to=24)


@state("a delay in California: how many days, with the offer of a refund")
def california(stage: Stage) -> Order:
    return _delayed(stage, country="US", region="CA", name="Dolores Garcia")


@state("a delay the customer agreed to")
def kept(stage: Stage) -> Order:
    order = _delayed(stage)
    services.answer(order, _line(order).pk, "keep", now=stage.now)
    stage.told(_line(order).product, stage.now)
    return order


@state("set aside, not packed by the day told: two working days later, and why")
def packing_late(stage: Stage) -> Order:
    product = _product(stage, "Dune beach tent")
    delivery = stage.due(product, -5, 30, said=-50)
    order = _place(stage, product, days=-25)
    services.receive(product, 30, restock=delivery, now=stage.at(-5))
    stage.told(product, stage.at(-5, 11))
    services.keep_deadlines(now=stage.now)
    stage.told(product, stage.now)
    return order


# After what keeps deadlines: it would say a word.
@state("the last day told has passed, nothing has left, nobody has said a word yet")
def missed(stage: Stage) -> Order:
    product = _product(stage, "Dune beach tent")
    stage.due(product, -9, 30, said=-50)
    stage.crowd(product, 6, at=stage.at(-25))
    return _place(stage, product, days=-25)


@state("arrived and set aside, about to leave")
def arrived(stage: Stage) -> Order:
    product = _product(stage, "Marram rug, 140 × 200")
    delivery = stage.due(product, 0, 20)
    order = _place(stage, product, days=-18)
    services.receive(product, 20, restock=delivery, now=stage.now - timedelta(minutes=30))
    stage.told(product, stage.now - timedelta(minutes=29))
    return order


@state("2 of 5 arrived, 3 wait")
def partly_arrived(stage: Stage) -> Order:
    product = _product(stage, "Shoreline bowl, set of four")
    delivery = stage.due(product, -1, 6)
    stage.due(product, 13, 40)
    stage.crowd(product, 4, at=stage.at(-9))
    order = _place(stage, product, 5, days=-9)
    services.receive(product, 6, restock=delivery, now=stage.at(-1, 14))
    stage.told(product, stage.at(-1, 15))
    return order


@state("shipped, with a tracking link")
def shipped(stage: Stage) -> Order:
    order = _set_aside(stage, "Harbour lamp, brass", 1)
    services.ship(
        order,
        {_line(order).pk: 1},
        now=stage.at(-1, 16),
        carrier="UPS",
        tracking_number="1Z9AA1000006042",
    )
    stage.told(_line(order).product, stage.at(-1, 17))
    return order


def _set_aside(stage: Stage, name: str, quantity: int) -> Order:
    product = _product(stage, name)
    delivery = stage.due(product, -3, 20)
    order = _place(stage, product, quantity, days=-18)
    services.receive(product, 20, restock=delivery, now=stage.at(-2, 11))
    stage.told(product, stage.at(-2, 12))
    return order


@state("2 of 5 shipped, 1 set aside, 2 wait")
def partly_shipped(stage: Stage) -> Order:
    product = _product(stage, "Shoreline bowl, set of four")
    delivery = stage.due(product, -4, 3)
    stage.due(product, 13, 40)
    order = _place(stage, product, 5, days=-8)
    services.receive(product, 3, restock=delivery, now=stage.at(-3, 9))
    stage.told(product, stage.at(-3, 10))
    services.ship(
        order,
        {_line(order).pk: 2},
        now=stage.at(-2, 15),
        carrier="DHL",
        tracking_number="JD014600003213425631",
    )
    stage.told(product, stage.at(-2, 16))
    return order


@state("cancelled by the customer, refund due")
def cancelled(stage: Stage) -> Order:
    order = _delayed(stage)
    services.answer(order, _line(order).pk, "cancel", now=stage.now)
    stage.told(_line(order).product, stage.now)
    return order


@state("nobody answered a second delay in time: cancelled, and can be put back")
def cancelled_by_silence(stage: Stage) -> Order:
    product = _product(stage, "Tideline wool blanket")
    delivery = stage.due(product, -38, 60, said=-70)
    stage.crowd(product, 13, at=stage.at(-54))
    order = _place(stage, product, days=-54)
    stage.slip(delivery, -12, on=-37, reason="customs")
    stage.slip(delivery, 20, on=-14, reason="transport")
    services.apply_silence(now=stage.now)
    stage.told(product, stage.now)
    return order


@state("came with an import, its stated day had already passed")
def inherited(stage: Stage) -> Order:
    product = _product(stage, "Quay bench, larch")
    stage.due(product, 12, 30)
    stage.crowd(product, 5, at=stage.at(-46))
    stated = stage.new({product: 1}, at=stage.at(-45), promised_by=stage.day(-10))
    order = services.place_order(stated, now=stage.at(-1))
    stage.review(product, stage.at(-1, 11))
    stage.told(product, stage.at(-1, 12))
    return order


@state("a delay whose mail could not be delivered: the page is the only word")
def not_notified(stage: Stage) -> Order:
    order = _delayed(stage, told=False)
    services.mark_not_told(
        order, "the mail of the delay bounced: no such mailbox", unreachable=True
    )
    order.events.update(message_due=False)
    stage.told(_line(order).product, stage.at(-1, 11))
    return order


@state("a person is checking how many units are still to come")
def held(stage: Stage) -> Order:
    product = _product(stage, "Gull kettle, 1.5 litre")
    stage.due(product, 14, 40)
    stage.crowd(product, 2, at=stage.at(-8))
    return _place(stage, product, 3, days=-8, held=True)


@state("four lines: shipped, set aside, waiting with a delay to answer, cancelled")
def several_lines_different_fates(stage: Stage) -> Order:
    lamp, rug, blanket, kettle = (
        _product(stage, name)
        for name in (
            "Harbour lamp, brass",
            "Marram rug, 140 × 200",
            "Tideline wool blanket",
            "Gull kettle, 1.5 litre",
        )
    )
    lamps, rugs, blankets = (
        stage.due(lamp, -4, 10),
        stage.due(rug, -1, 10),
        stage.due(blanket, 1, 30),
    )
    stage.due(kettle, 8, 30)
    stage.crowd(blanket, 3, at=stage.at(-20))
    order = services.place_order(
        stage.new({lamp: 2, rug: 1, blanket: 3, kettle: 1}, at=stage.at(-20)), now=stage.at(-20, 11)
    )
    stage.told(lamp, stage.at(-20, 12))
    services.receive(lamp, 10, restock=lamps, now=stage.at(-4))
    lines = {line.product_id: line.pk for line in order.lines.all()}
    services.ship(
        order,
        {lines[lamp.pk]: 2},
        now=stage.at(-3),
        carrier="UPS",
        tracking_number="1Z9AA1000006042",
    )
    services.cancel(order, units={lines[kettle.pk]: 1}, now=stage.at(-2), by="customer")
    services.receive(rug, 10, restock=rugs, now=stage.at(-1))
    stage.told(lamp, stage.at(-1, 11))
    stage.slip(blankets, 18, on=-1, reason="production", hour=12)
    return order


@state("a link that may look and not act, from the look-up", purpose=Purpose.LOOK)
def look_only(stage: Stage) -> Order:
    return _delayed_twice(stage)


@state("an order without a mail address: the page speaks, no mail does")
def no_address(stage: Stage) -> Order:
    product = _product(stage, "Tern wall clock")
    stage.due(product, 7, 30)
    stage.crowd(product, 8, at=stage.at(-6))
    return _place(stage, product, days=-6, email="")


@state("came with a first import and is not yet released: nothing is mailed")
def quiet(stage: Stage) -> Order:
    product = _product(stage, "Tern wall clock")
    stage.due(product, 12, 30)
    stage.crowd(product, 2, at=stage.at(-7))
    (order,) = services.place_orders(
        [stage.new({product: 2}, at=stage.at(-7))], now=stage.at(-1), quiet=True
    )
    return order


@state("the delivery was cancelled: the day told was taken back, and there is no new one")
def taken_back(stage: Stage) -> Order:
    product = _product(stage, "Tideline wool blanket")
    delivery = stage.due(product, 9, 60)
    stage.crowd(product, 5, at=stage.at(-12))
    order = _place(stage, product, days=-12)
    services.cancel_restock(delivery, now=stage.at(-1), reason=Reason.DELIVERY_CANCELLED)
    stage.review(product, stage.at(-1, 11))
    stage.told(product, stage.at(-1, 12))
    return order
