"""A believable shop: eleven weeks of a small store, played through the product's own services.

The draw is seeded, so every demo is the same shop, dated from the day it is made.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from babel import Locale
from django.db.models import F
from django.utils import timezone

from orders import queue, services
from orders.models import Event, Order, OrderLine, Product, Restock, Supplier
from orders.words import ordinal

ADMIN = {"user": "admin", "password": "tern-and-tide"}
SEED = 1042
WEEKS = 11
ADA_STANDS = 37
ENGLISH = Locale("en")
STATE_WORDS = {
    "part_reserved": "set aside in part, the rest in line",
    "reserved": "set aside, about to leave",
    "part_shipped": "shipped in part",
    "shipped": "shipped, with a tracking link",
    "cancelled": "cancelled",
}
LAMPS_WAITING = 52


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


LANTERNS = Maker("Lindqvist Lanterns", (0, 0, 0, 1, 1, 2, 0, 3, 0, 0, 5, -1))
WEAVERS = Maker("Baltic Weavers", (0, 0, 2, 4, 7, 0, 1, 9, 3, 12))
KILN = Maker("Kiln & Sons", (0, 7, 14, 21, 3, 10, 0, 28, 5))
JOINERY = Maker("Orkney Joinery", (0, 0, 0, 0, 1, 0, 2, 0))
CLOCKS = Maker("Zeitgut Uhren", (0, 1, 0, 0, 3, 6, 0, 2))
FORGE = Maker("Forge du Ponant", (5, 0, 30, 12, 60, 0, 45, 3, 90, 20))
SAILMAKER = Maker("Penrose Sailmakers", (0, 0, 1, 4, 0, 2, 8, 0))
MAKERS = (LANTERNS, WEAVERS, KILN, JOINERY, CLOCKS, FORGE, SAILMAKER)

LAMP = Good("LAMP-HARBOUR", "Harbour lamp, brass", LANTERNS, 0, 60, 0)
STOVE = Good("STOVE-SKERRY", "Skerry camp stove", FORGE, 1.2, 67, 35)
GOODS = (
    Good("BLANKET-TIDE", "Tideline wool blanket", WEAVERS, 9, 260, 18),
    Good("KETTLE-GULL", "Gull kettle, 1.5 litre", KILN, 6, 200, 21),
    Good("BOWL-SHORE", "Shoreline bowl, set of four", KILN, 4, 154, 24),
    Good("CHAIR-DRIFT", "Driftwood deck chair", JOINERY, 5, 112, 14),
    Good("BENCH-QUAY", "Quay bench, larch", JOINERY, 2, 51, 16),
    Good("CLOCK-TERN", "Tern wall clock", CLOCKS, 4, 96, 15),
    Good("RUG-MARRAM", "Marram rug, 140 × 200", WEAVERS, 3, 105, 22),
    Good("TENT-DUNE", "Dune beach tent", SAILMAKER, 4, 109, 17),
    STOVE,
)

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
    """Play the weeks up to `now`. Everything told on the way counts as told; the newest news of the
    three customers of the demo page is left for the worker to send."""
    Played(now).play()


class Played:
    def __init__(self, now: datetime) -> None:
        self.now = now
        self.today = services.today_of(now)
        self.random = random.Random(SEED)  # noqa: S311 - a play, no secret
        self.numbers: Iterator[int] = iter(range(1001, 99999))
        self.suppliers = {maker: Supplier.objects.create(name=maker.name) for maker in MAKERS}
        self.products = {
            good: Product.objects.create(sku=good.sku, name=good.name, handling_days=1)
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
        self.queue_for_lamps()
        self.tell(self.now - timedelta(minutes=1))

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
        self.tell(morning)
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
        self.tell(self.at(day, 18))

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
            number = int(good.orders_a_day + self.random.random())
            for _ in range(number):
                placed = self.at(day, 8) + timedelta(minutes=self.random.randrange(9 * 60))
                orders.append(
                    self.new_order(self.products[good], placed, self.random.choice((1, 1, 1, 2, 3)))
                )
        services.place_orders(
            sorted(orders, key=lambda order: order.placed_at), now=self.at(day, 17)
        )

    def new_order(
        self, product: Product, placed_at: datetime, quantity: int, name: str = ""
    ) -> services.NewOrder:
        name = name or f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"
        number = str(next(self.numbers))
        countries, weights = [c[:2] for c in COUNTRIES], [c[2] for c in COUNTRIES]
        country, locale = (
            ("US", "en-US") if name == "Ada Okafor" else self.random.choices(countries, weights)[0]
        )
        return services.NewOrder(
            number=number,
            placed_at=placed_at,
            paid_at=placed_at + timedelta(minutes=2),
            email=f"{name.split()[0].lower()}.{number}@example.com",
            customer_name=name,
            country=country,
            locale=locale,
            lines=[services.NewLine(product, quantity)],
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

    def queue_for_lamps(self) -> None:
        """The demo's stage: a queue of single lamps, the 37th of them Ada's, a delivery with room
        for her and one more."""
        product = self.products[LAMP]
        posted = self.today - timedelta(days=20)
        for n, days in enumerate((9, 40), 1):
            self.expect(
                product,
                LANTERNS,
                f"PO-LAMP-{n}",
                LAMP.lot,
                self.today + timedelta(days=days),
                posted,
            )
        start = self.at(self.today - timedelta(days=12), 8)
        orders = []
        for n in range(1, LAMPS_WAITING + 1):
            name = "Ada Okafor" if n == ADA_STANDS else ""
            orders.append(self.new_order(product, start + timedelta(hours=5 * n), 1, name))
        services.place_orders(orders, now=self.now - timedelta(hours=2))

    def tell(self, at: datetime) -> None:
        due = Event.objects.filter(message_due=True, at__lte=at)
        if at > self.now - timedelta(hours=1):
            due = due.exclude(order__in=[order.pk for order, _ in customers()])
        services.mark_told(list(due.values_list("pk", flat=True)), at=at)
        due.update(message_due=False)


def customers() -> list[tuple[Order, str]]:
    """The three customers the demo page introduces, with what each page shows now."""
    ada = Order.objects.filter(customer_name="Ada Okafor").first()
    without_date = (
        Order.objects.filter(lines__product__sku=STOVE.sku, lines__waiting__gt=0, country="DE")
        .order_by("pk")
        .first()
    )
    told_later = Event.objects.filter(
        kind="later", facts__reason__in=["customs", "transport", "production"]
    )
    late = (
        Order.objects.filter(pk__in=told_later.values("order"), lines__shipped=F("lines__quantity"))
        .order_by("-pk")
        .first()
    )
    introduced = [(order, _shows(order)) for order in (ada, without_date) if order]
    return introduced + (
        [(late, "told a later date in time, then shipped, with a tracking link")] if late else []
    )


def _shows(order: Order) -> str:
    line = order.lines.select_related("product", "promise")[0]
    if line.state != "waiting":
        return STATE_WORDS[line.state]
    place = ordinal(queue.positions([line.pk])[line.pk].place, locale=ENGLISH)
    what = "lamp" if line.product.sku == LAMP.sku else "camp stove"
    if line.promise is None or line.promise.kind == "none":
        return f"{place} in line for a {what}, with no date at the moment, and the page says so"
    if line.promise.reference:
        return f"{place} in line for a {what}, with a delivery that has room"
    return f"{place} in line for a {what}"
