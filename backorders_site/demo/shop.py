"""The shop of the demo as visitors find it, and again when they start over."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from backorders_site.demo import customers
from backorders_site.demo.goods import ADA, ADA_STANDS, GOODS, LAMP, LANTERNS, lamp
from backorders_site.demo.past import FIRST_NUMBER, SEED, Played, new_order, tell
from notifications.models import Message, MessageState
from orders import services
from orders.models import Order, OrderLine, Product, Stock, Supplier
from orders.services import daily_jobs, recorded_days

ADMIN = {"user": "admin", "password": "tern-and-tide"}
LAMPS_HERE, LAMPS_WAITING = 3, 52
A_FEW = 12
BETWEEN_LAMPS = timedelta(hours=5)


def exists() -> bool:
    return Order.objects.exists()


def make(now: datetime) -> None:
    """Play the weeks up to `now`. Everything told on the way counts as told."""
    Played(now).play()
    set_stage(now)
    settle(now)
    mail_the_newest(now)


def hang_pictures() -> None:
    """At the address that the demo has now: an earlier run may have had another port."""
    for good in (LAMP, *GOODS):
        Product.objects.filter(sku=good.sku).update(image_url=good.picture)


def settle(now: datetime) -> None:
    """What a day's jobs would tell thousands of customers counts as told, so that the inbox shows
    what happens from now on."""
    today = services.today_of(now)
    if not daily_jobs.was_done("review", today, now=now):
        services.review_all(now=now)
        services.say_day_passed(now=now)
        services.reassure(now=now)
        daily_jobs.done("review", today, now=now)
        services.apply_silence(now=now)
        services.remind(now=now)
        shipped, arrived = recorded_days.shipped_until(now), recorded_days.arrived_until(now)
        services.keep_deadlines(now=now, shipped=shipped, arrived=arrived)
        daily_jobs.done("deadlines", shipped, now=now)
        tell(now)


def mail_the_newest(now: datetime) -> None:
    """To the customers of the demo page alone: nobody's inbox there is empty."""
    tell(now)
    for customer in customers.introduced():
        customers.mail_the_newest(customer.order)


def start_over(now: datetime) -> None:
    """Another queue of lamps in place of the one that visitors have played with."""
    product = lamp()
    for restock in product.restocks.filter(cancelled_at=None):
        if restock.open_units:
            services.cancel_restock(restock, now=now, actor="demo")
    for line in OrderLine.objects.filter(product=product, waiting__gt=0).select_related("order"):
        services.cancel(
            line.order,
            units={line.pk: line.waiting},
            now=now,
            actor="demo",
            refunded=True,
            in_shop=True,
        )
    set_stage(now)
    mail_the_newest(now)
    # nobody waits for what the visitor before has set off
    Message.objects.filter(state=MessageState.QUEUED).update(state=MessageState.SUPERSEDED)


def set_stage(now: datetime) -> None:
    """A queue of single lamps. The first have arrived, the 37th in line is Ada, and the next
    delivery has room for her and a few more."""
    product, today = lamp(), services.today_of(now)
    known = product.restocks.count()
    for n, days in enumerate((9, 40), known + 1):
        services.expect_restock(
            reference=f"PO-LAMP-{n}",
            product=product,
            supplier=Supplier.objects.get(name=LANTERNS.name),
            quantity=LAMP.lot,
            expected_on=today + timedelta(days=days),
            posted_on=today - timedelta(days=20),
            now=now - timedelta(hours=3),
        )
    services.review([product], now=now)  # or they would be promised what it replaces
    stock = Stock.objects.filter(product=product).first()
    spare = stock.arrived - stock.allocated if stock else 0
    then = now - timedelta(hours=2)
    add_orders(LAMPS_HERE + spare, then, last_placed=then - LAMPS_WAITING * BETWEEN_LAMPS)
    services.receive(product, LAMPS_HERE, now=then)
    add_orders(LAMPS_WAITING, then, names={ADA_STANDS: ADA})
    services.review([product], now=now)


def restock_the_stage(now: datetime) -> None:
    """Visitors use customers up; others take their place at once."""
    if customers.in_line() is None:
        add_orders(A_FEW, now)
    if customers.arrived() is None:
        services.receive(lamp(), LAMPS_HERE, now=now, actor="demo")


def add_orders(
    number: int,
    now: datetime,
    *,
    last_placed: datetime | None = None,
    names: Mapping[int, str] = MappingProxyType({}),
) -> None:
    """Orders of a lamp each. `names`: of those that have to have one, counted from 1."""
    known = Order.objects.count()
    draw = random.Random(SEED + known)  # noqa: S311 - a play, no secret
    orders = [
        new_order(
            draw,
            number=str(FIRST_NUMBER + known + n),
            product=lamp(),
            placed_at=(last_placed or now) - BETWEEN_LAMPS * (number - n),
            quantity=1,
            name=names.get(n, ""),
        )
        for n in range(1, number + 1)
    ]
    # emails go out in the order of their orders' rows, and one of these is being watched
    orders.sort(key=lambda order: order.customer_name not in names.values())
    services.place_orders(orders, now=now)
