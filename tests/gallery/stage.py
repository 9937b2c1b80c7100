"""A stage for single orders: suppliers with a record, deliveries, customers, and days that pass,
all through the services.

What a mail would have told counts as told at the moment it is said here, and no mail goes out for
it.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle
from typing import TypedDict, Unpack

from django.db.models import QuerySet
from django.utils import timezone

from orders import services
from orders.domain.pictures import picture
from orders.models import Event, Order, Product, Restock, Supplier

# Days late of past deliveries, the shortest habit repeated until a record is long enough to be
# judged by.
PUNCTUAL = ("Lindqvist Lanterns", (0, 1, 2, 0, 5, 0, -1, 3, 0, 0), 200)
ERRATIC = ("Forge du Ponant", (0, 95, 12, 60, 3, 110, 30, 75, -4, 45), 60)
SILENT = ("Halcyon Glassworks", (0, None, 4, None, 12, None, 2, 30), 60)  # None: never came
RECORD_ENDS = timedelta(days=130)
NOT_IN_A_HURRY = timedelta(minutes=1)


class Who(TypedDict, total=False):
    """Of a customer, where it matters."""

    name: str
    country: str
    region: str
    email: str
    held: bool


@dataclass
class Stage:
    """`now` is when the curtain rises: everything happens up to then. `number` is that of the next
    order shown, `others` are the numbers of the people around it."""

    now: datetime
    locale: str
    others: Iterator[str]
    number: str = ""

    def day(self, days: int) -> date:
        """So many days from today; fewer than 0: ago."""
        return services.today_of(self.now) + timedelta(days=days)

    def at(self, days: int, hour: int = 10) -> datetime:
        return min(timezone.make_aware(datetime.combine(self.day(days), time(hour))), self.now)

    def give_records(self) -> None:
        """From now on windows can be computed: suppliers have the record of their habits."""
        deliveries = [
            services.RestockRecord(
                reference=f"{name[:3].upper()}-{n:03}",
                sku="EARLIER-SEASONS",
                supplier=name,
                quantity=10,
                dates=[services.PostedDate(promised, promised - timedelta(days=30))],
                arrivals=[] if slip is None else [_arrival(promised + timedelta(days=slip))],
            )
            for name, habit, length in (PUNCTUAL, ERRATIC, SILENT)
            for n, slip in zip(range(length), cycle(habit), strict=False)
            for promised in [(self.now - RECORD_ENDS).date() - timedelta(days=2 * n)]
        ]
        services.record_restocks(deliveries, now=self.now - RECORD_ENDS + timedelta(days=120))

    def product(self, sku: str, name: str) -> Product:
        return Product.objects.create(sku=sku, name=name, handling_days=1)

    def as_in_the_shop(self, order: Order, price: str) -> Order:
        """With what the shop knows of it: picture, variant, price."""
        Product.objects.filter(lines__order=order).update(
            image_url="/static/demo/lamp.svg", variant="Brass, 40 cm"
        )
        paid, lines = Decimal(price), order.lines.all()
        services.learn_prices(
            order,
            currency="USD",
            total=paid * sum(line.quantity for line in lines) + Decimal("9.90"),
            prices={line.pk: paid for line in lines},
        )
        return order

    def write(self, restock: Restock, text: str, *, days: int) -> None:
        """To those who wait for it, with a picture of the sea."""
        services.write_to_waiting(
            restock, text, now=self.at(days), actor="nina", picture=picture(_sea(320, 180))
        )

    def due(
        self,
        product: Product,
        days: int,
        units: int,
        *,
        by: tuple[str, Sequence[int | None], int] = PUNCTUAL,
        said: int = -60,
    ) -> Restock:
        """A delivery expected so many days from today, as its supplier said on day `said`."""
        number = product.restocks.count() + 1
        restock = services.expect_restock(
            reference=f"PO-{product.sku}-{number}",
            product=product,
            supplier=Supplier.objects.get_or_create(name=by[0])[0],
            quantity=units,
            expected_on=self.day(days),
            posted_on=self.day(said),
            now=self.at(said, 9),
        )
        self.review(product, self.at(said, 10))
        return restock

    def new(
        self,
        goods: Mapping[Product, int],
        *,
        at: datetime,
        number: str = "",
        promised_by: date | None = None,
        **who: Unpack[Who],
    ) -> services.NewOrder:
        number = number or self.number
        name = who.get("name", "Ada Okafor")
        held = who.get("held", False)
        return services.NewOrder(
            number=number,
            placed_at=at,
            paid_at=at,
            email=who.get("email", f"{name.split()[0].lower()}.{number}@example.com"),
            customer_name=name,
            country=who.get("country", "US"),
            region=who.get("region", ""),
            locale=self.locale,
            lines=[services.NewLine(product, n, promised_by, held) for product, n in goods.items()],
        )

    def crowd(self, product: Product, people: int, *, at: datetime, units: int = 1) -> list[Order]:
        """Others in line before `at`, a minute apart."""
        orders = [
            self.new({product: units}, at=at - timedelta(minutes=n), number=next(self.others))
            for n in range(people, 0, -1)
        ]
        placed = services.place_orders(orders, now=at)
        self.told(product, at)
        return placed

    def slip(
        self, restock: Restock, to: int, *, on: int, reason: str, hour: int = 9, told: bool = True
    ) -> None:
        """On day `on` the supplier moves a delivery to day `to`; it settles, and the mails go
        out."""
        at = self.at(on, hour)
        services.move_restock_date(
            restock, self.day(to), now=at, reason=reason, posted_on=self.day(on)
        )
        self.review(restock.product, at + timedelta(hours=1))
        if told:
            self.told(restock.product, at + timedelta(hours=1) + NOT_IN_A_HURRY)

    def review(self, product: Product, at: datetime) -> None:
        services.review([product], now=min(at, self.now))

    def told(self, product: Product, at: datetime) -> None:
        """The mails with all news about this product's orders so far were handed over at `at`."""
        tell(Event.objects.filter(order__lines__product=product), at=min(at, self.now))


def tell(events: QuerySet[Event], *, at: datetime) -> None:
    """Those of the events that are due to be mailed count as told at `at`, if their order has an
    address; no mail goes out for them."""
    due = events.filter(message_due=True)
    told = list(due.exclude(order__email="").values_list("pk", "promise"))
    services.decide_again([promise for _, promise in told if promise], now=at)
    services.mark_told([pk for pk, _ in told], at=at)
    Event.objects.filter(pk__in=list(due.values_list("pk", flat=True))).update(message_due=False)


def _sea(width: int, height: int) -> bytes:
    """A PNG: the sky, and water below it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    rows = b"".join(
        b"\0" + bytes((150 - row // 2, 190 - row // 3, 220) if row < 100 else (20, 70, 100)) * width
        for row in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts)


def _arrival(on: date) -> services.ReceivedUnits:
    return services.ReceivedUnits(10, on, on)
