"""The shop's past: eleven weeks of a small store, played through the product's own services.

The draw is seeded, so every demo is the same shop, dated from the day it is made.
"""

import random
from datetime import date, datetime, time, timedelta
from itertools import count

from django.db.models import F
from django.utils import timezone

from backorders_site.demo.goods import (
    ADA,
    CARRIERS,
    COUNTRIES,
    CURRENCY,
    FIRST_NAMES,
    GOODS,
    LAMP,
    LAST_NAMES,
    MAKERS,
    PRICES,
    STOVE,
    Good,
    Maker,
)
from orders import services
from orders.models import Event, OrderLine, Product, Restock, Supplier

SEED = 1042
WEEKS = 11
FIRST_NUMBER = 1001


def tell(at: datetime) -> None:
    due = Event.objects.filter(message_due=True, at__lte=at)
    services.mark_told(list(due.values_list("pk", flat=True)), at=at)
    due.update(message_due=False)


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
