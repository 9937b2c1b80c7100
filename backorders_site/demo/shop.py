"""A believable shop: eleven weeks of a small store, played through the product's own services.

The draw is seeded, so every demo is the same shop, dated from the day it is made.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from types import MappingProxyType

from babel import Locale
from django.conf import settings
from django.db.models import Case, F, QuerySet, When
from django.templatetags.static import static
from django.utils import timezone

from orders import queue, services
from orders.models import (
    DelayNotice,
    Event,
    EventKind,
    Order,
    OrderLine,
    Product,
    Restock,
    Stock,
    Supplier,
)
from orders.services import daily_jobs, recorded_days
from orders.words import language_for, ordinal

ADMIN = {"user": "admin", "password": "tern-and-tide"}
SEED = 1042
WEEKS = 11
FIRST_NUMBER = 1001
ADA, ADA_STANDS = "Ada Okafor", 37
ENGLISH = Locale("en")
STATE_WORDS = {
    "part_reserved": "reserved in part, the rest in line",
    "reserved": "reserved, about to ship",
    "part_shipped": "shipped in part",
    "shipped": "shipped, with a tracking link",
    "cancelled": "canceled",
}
LAMPS_HERE, LAMPS_WAITING = 3, 52
A_FEW = 12
BETWEEN_LAMPS = timedelta(hours=5)


@dataclass(frozen=True)
class Maker:
    """A supplier and its habit: how many days late, drawn evenly from `slips`."""

    name: str
    slips: tuple[int, ...]


@dataclass(frozen=True)
class Good:
    sku: str
    name: str
    maker: Maker
    orders_a_day: float
    lot: int
    every: int  # days between deliveries
    price: str
    variant: str = ""

    @property
    def picture(self) -> str:
        drawing = self.sku.partition("-")[0].lower()
        return f"{settings.SITE_URL}{static(f'demo/{drawing}.svg')}"


LANTERNS = Maker("Lindqvist Lanterns", (0, 0, 0, 1, 1, 2, 0, 3, 0, 0, 5, -1))
WEAVERS = Maker("Baltic Weavers", (0, 0, 2, 4, 7, 0, 1, 9, 3, 12))
KILN = Maker("Kiln & Sons", (0, 7, 14, 21, 3, 10, 0, 28, 5))
JOINERY = Maker("Orkney Joinery", (0, 0, 0, 0, 1, 0, 2, 0))
CLOCKS = Maker("Zeitgut Uhren", (0, 1, 0, 0, 3, 6, 0, 2))
FORGE = Maker("Forge du Ponant", (5, 0, 30, 12, 60, 0, 45, 3, 90, 20))
SAILMAKER = Maker("Penrose Sailmakers", (0, 0, 1, 4, 0, 2, 8, 0))
MAKERS = (LANTERNS, WEAVERS, KILN, JOINERY, CLOCKS, FORGE, SAILMAKER)

LAMP = Good("LAMP-HARBOUR", "Harbour lamp", LANTERNS, 0, 60, 0, "149.00", "brass")
STOVE = Good("STOVE-SKERRY", "Skerry camp stove", FORGE, 1.2, 67, 35, "89.00")
GOODS = (
    Good("BLANKET-TIDE", "Tideline wool blanket", WEAVERS, 9, 260, 18, "120.00", "sea blue"),
    Good("KETTLE-GULL", "Gull kettle", KILN, 6, 200, 21, "68.00", "1.5 liters"),
    Good("BOWL-SHORE", "Shoreline bowls", KILN, 4, 154, 24, "56.00", "set of four"),
    Good("CHAIR-DRIFT", "Driftwood deck chair", JOINERY, 5, 112, 14, "175.00"),
    Good("BENCH-QUAY", "Quay bench", JOINERY, 2, 51, 16, "340.00", "larch"),
    Good("CLOCK-TERN", "Tern wall clock", CLOCKS, 4, 96, 15, "95.00"),
    Good("RUG-MARRAM", "Marram rug", WEAVERS, 3, 105, 22, "260.00", "140 × 200 cm"),
    Good("TENT-DUNE", "Dune beach tent", SAILMAKER, 4, 109, 17, "130.00"),
    STOVE,
)

PRICES = {good.sku: Decimal(good.price) for good in (LAMP, *GOODS)}
CURRENCY = "USD"
THINGS = {LAMP.sku: "a lamp", STOVE.sku: "a camp stove"}

FIRST_NAMES = (
    *("Ada", "Björn", "Chidi", "Dolores", "Emeka", "Fatima", "Grace", "Hiroshi"),
    *("Ines", "Jonas", "Khadija", "Liam", "Maren", "Noor", "Oluwaseun", "Priya"),
)
LAST_NAMES = (
    *("Adeyemi", "Berg", "Costa", "Dietrich", "Evans", "Fischer", "Garcia", "Hassan"),
    *("Ito", "Jensen", "Kowalski", "Laurent", "Meyer", "Novak", "Okafor"),
)
COUNTRIES = (
    *(("US", "en-US", 50), ("GB", "en-GB", 15), ("DE", "de-DE", 15)),
    *(("FR", "fr-FR", 6), ("CA", "en-CA", 8), ("AE", "ar-AE", 6)),
)
CARRIERS = (("UPS", "1Z999AA1{:010d}"), ("DHL", "JD0146{:012d}"), ("DPD", "0998{:010d}"))


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


def tell(at: datetime) -> None:
    due = Event.objects.filter(message_due=True, at__lte=at)
    services.mark_told(list(due.values_list("pk", flat=True)), at=at)
    due.update(message_due=False)


def mail_the_newest(now: datetime) -> None:
    """To the customers of the demo page alone: nobody's inbox there is empty."""
    tell(now)
    for customer in customers():
        told = customer.order.events.exclude(kind=EventKind.ON_TRACK)
        newest = told.order_by("-at", "-pk")[:1]
        Event.objects.filter(pk__in=newest.values("pk")).update(message_due=True)


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


def lamp() -> Product:
    return Product.objects.get(sku=LAMP.sku)


def new_order(
    draw: random.Random,
    number: str,
    product: Product,
    placed_at: datetime,
    quantity: int,
    name: str = "",
) -> services.NewOrder:
    name = name or f"{draw.choice(FIRST_NAMES)} {draw.choice(LAST_NAMES)}"
    countries, weights = [c[:2] for c in COUNTRIES], [c[2] for c in COUNTRIES]
    country, locale = ("US", "en-US") if name == ADA else draw.choices(countries, weights)[0]
    price = PRICES.get(product.sku)
    return services.NewOrder(
        number=number,
        placed_at=placed_at,
        paid_at=placed_at + timedelta(minutes=2),
        email=f"{name.split()[0].lower()}.{number}@example.com",
        customer_name=name,
        country=country,
        locale=locale,
        currency=CURRENCY,
        total=price * quantity if price else None,
        lines=[services.NewLine(product, quantity, unit_price=price)],
    )


class Played:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = services.today_of(now)
        self.random = random.Random(SEED)  # noqa: S311 - a play, no secret
        self.numbers = count(FIRST_NUMBER)
        self.suppliers = {maker: Supplier.objects.create(name=maker.name) for maker in MAKERS}
        self.products = {
            good: Product.objects.create(
                sku=good.sku,
                name=good.name,
                variant=good.variant,
                image_url=good.picture,
                handling_days=1,
            )
            for good in (LAMP, *GOODS)
        }

    def play(self) -> None:
        first = self.today - timedelta(weeks=WEEKS)
        self.give_makers_a_record(first)
        for good in GOODS:
            self.expect_deliveries(good, first)
        for day in (first + timedelta(days=n) for n in range(WEEKS * 7)):
            self.live(day)
        self.cancel_the_stoves()

    def at(self, day: date, hour: int) -> datetime:
        return min(timezone.make_aware(datetime.combine(day, time(hour))), self.now)

    def give_makers_a_record(self, until: date) -> None:
        """Two years of deliveries of things this shop no longer sells."""
        past = Product.objects.create(sku="ARCHIVE", name="Earlier seasons", on_backorder=False)
        for maker in MAKERS:
            for n in range(24):
                promised = until - timedelta(days=28 * (n + 1) + self.random.randrange(14))
                posted = promised - timedelta(days=self.random.choice((21, 30, 45)))
                restock = self.expect(
                    past, maker, f"{maker.name[:3].upper()}-A{n:02}", 40, promised, posted
                )
                came = promised + timedelta(days=self.random.choice(maker.slips))
                services.receive(past, 40, restock=restock, arrived_on=came, now=self.at(came, 11))

    def expect(
        self,
        product: Product,
        maker: Maker,
        reference: str,
        quantity: int,
        promised: date,
        posted: date,
    ) -> Restock:
        return services.expect_restock(
            reference=reference,
            product=product,
            supplier=self.suppliers[maker],
            quantity=quantity,
            expected_on=promised,
            posted_on=posted,
            now=self.at(posted, 9),
        )

    def expect_deliveries(self, good: Good, first: date) -> None:
        """Deliveries through the weeks and two beyond. The day each really comes is drawn now, and
        nobody is told."""
        self.comes = getattr(self, "comes", {})
        for n in range(WEEKS * 7 // good.every + 3):
            promised = first + timedelta(days=good.every * (n + 1))
            posted = min(promised - timedelta(days=30), first - timedelta(days=1))
            restock = self.expect(
                self.products[good],
                good.maker,
                f"PO-{good.sku}-{n + 1}",
                good.lot,
                promised,
                posted,
            )
            self.comes[restock.pk] = promised + timedelta(days=self.random.choice(good.maker.slips))

    def live(self, day: date) -> None:
        """One day: the morning review, deliveries, suppliers' word on late ones, orders,
        parcels."""
        morning = self.at(day, 5)
        services.review_all(now=morning)
        services.say_day_passed(now=morning)
        tell(morning)
        self.pack(day)
        for restock in Restock.objects.filter(
            arrived=0, cancelled_at=None, pk__in=self.comes
        ).select_related("product"):
            if self.comes[restock.pk] <= day:
                services.receive(
                    restock.product, restock.quantity, restock=restock, now=self.at(day, 10)
                )
            elif (
                restock.dates.latest("posted_on", "id").expected_on == day
                and self.random.random() < 0.7
            ):
                self.postpone(restock, day)
        services.review_settled(now=self.at(day, 14))
        services.keep_deadlines(now=self.at(day, 15))
        self.place(day)
        tell(self.at(day, 18))

    def postpone(self, restock: Restock, day: date) -> None:
        """The supplier admits on the day itself that it will be later, and is usually too hopeful
        again."""
        admitted = max((self.comes[restock.pk] - day).days * self.random.choice((1, 1, 0.5)), 2)
        reason = self.random.choice(("supplier_late", "customs", "transport", "production"))
        services.move_restock_date(
            restock, day + timedelta(days=round(admitted)), reason=reason, now=self.at(day, 11)
        )

    def place(self, day: date) -> None:
        orders = []
        for good in GOODS:
            for _ in range(int(good.orders_a_day + self.random.random())):
                placed = self.at(day, 8) + timedelta(minutes=self.random.randrange(9 * 60))
                quantity = self.random.choice((1, 1, 1, 2, 3))
                number = str(next(self.numbers))
                orders.append(new_order(self.random, number, self.products[good], placed, quantity))
        services.place_orders(
            sorted(orders, key=lambda order: order.placed_at), now=self.at(day, 17)
        )

    def pack(self, day: date) -> None:
        """Reserved units ship the next working day, with a straggler now and then."""
        for line in OrderLine.objects.filter(allocated__gt=F("shipped")).select_related("order"):
            if day.weekday() < 5 and self.random.random() < 0.95:
                carrier, pattern = self.random.choice(CARRIERS)
                tracking = pattern.format(self.random.randrange(10**9))
                services.ship(
                    line.order,
                    {line.pk: line.reserved},
                    now=self.at(day, 9),
                    carrier=carrier,
                    tracking_number=tracking,
                )

    def cancel_the_stoves(self) -> None:
        """The forge gives up: one product without any date."""
        for restock in self.products[STOVE].restocks.filter(arrived=0, cancelled_at=None):
            services.cancel_restock(restock, now=self.now - timedelta(hours=30))
        services.review([self.products[STOVE]], now=self.now - timedelta(hours=29))


@dataclass(frozen=True, slots=True)
class Customer:
    """`role`: what one can see of this customer; `shows`: what the order page says now."""

    order: Order
    line: OrderLine
    role: str
    shows: str


def customers() -> list[Customer]:
    """The customers the demo page introduces, as far as there are any: Ada, or who is about where
    she was; one whose delay asks a question; one whose lamp is here."""
    found = {"In line": _in_line(), "Delayed": _asked(), "Arrived": _arrived()}
    return [customer(line.order, role) for role, line in found.items() if line]


def restock_the_stage(now: datetime) -> None:
    """Visitors use customers up; others take their place at once."""
    if _in_line() is None:
        add_orders(A_FEW, now)
    if _arrived() is None:
        services.receive(lamp(), LAMPS_HERE, now=now, actor="demo")


def speak(language: str, orders: Collection[Order]) -> None:
    """The customers of the demo page speak the visitor's language, in their emails too."""
    others = [order for order in orders if language_for(order.locale) != language]
    Order.objects.filter(pk__in=[order.pk for order in others]).update(locale=language)
    for order in others:
        order.locale = language


def customer(order: Order, role: str = "") -> Customer:
    line = order.lines.select_related("product", "promise")[0]
    return Customer(order, line, role, _shows(line))


def _lines() -> QuerySet[OrderLine]:
    return OrderLine.objects.select_related("order")


def _in_line() -> OrderLine | None:
    waiting = _lines().filter(product__sku=LAMP.sku, waiting__gt=0)
    ada = waiting.filter(order__customer_name=ADA).order_by("-pk").first()
    if ada or not waiting.exists():
        return ada
    product = lamp()
    key = queue.key_at(product.pk, min(ADA_STANDS, queue.length(product.pk).lines))
    return waiting.filter(pk=key[1]).first() if key else None


def _asked() -> OrderLine | None:
    """Of those whose silence cancels the one with the most time left, an American if there is
    one."""
    soon = services.today_of(timezone.now()) + timedelta(days=1)
    asks = DelayNotice.objects.filter(
        outcome="", answer_by__gt=soon, late__isnull=False, not_told_at=None, line__waiting__gt=0
    ).filter(line__promise=F("promise"))
    notice = (
        asks.exclude(line__product__sku=LAMP.sku)
        .order_by(
            Case(When(silence="cancel", line__order__country="US", then=0), default=1),
            Case(When(silence="cancel", then=0), default=1),
            "-answer_by",
            "pk",
        )
        .first()
    )
    return _lines().get(pk=notice.line_id) if notice else None


def _arrived() -> OrderLine | None:
    """A lamp if there is one."""
    is_lamp = Case(When(product__sku=LAMP.sku, then=0), default=1)
    here = _lines().filter(allocated__gt=F("shipped"), waiting=0)
    return here.order_by(is_lamp, "-queued_at").first()


def _shows(line: OrderLine) -> str:
    if line.state != "waiting":
        return STATE_WORDS[line.state]
    place = ordinal(queue.positions([line.pk])[line.pk].place, locale=ENGLISH)
    thing = THINGS.get(line.product.sku) or line.product.name
    shows = f"{place} in line for {thing}"
    if line.promise is None or line.promise.kind == "none":
        return f"{shows}, with no ship date at the moment"
    notice = line.notices.first()
    if notice and notice.still_asks(line):
        return f"{shows}: late, and asked to keep or cancel"
    return f"{shows}, in time for the next delivery" if line.promise.reference else shows
