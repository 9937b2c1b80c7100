"""A shop run through time by the product's own services, in a database of its own and on a virtual
clock.

No email is sent: what the services mark as due counts as handed over within the minute.
"""

import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import partial

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F
from django.utils import timezone

from backorders_site.simulation.checks import Place, Rise, places_now, rises_between
from backorders_site.simulation.story import Key, Purchase, Story
from orders import services
from orders.models import (
    DelayNotice,
    Event,
    OrderLine,
    Outcome,
    Product,
    Receipt,
    Refund,
    Restock,
    Supplier,
)

PACKED_IN_TIME = 0.95
CANCELS_A_DAY = 0.0005  # of those who wait, unasked
PUT_BACK = 0.2  # of those whom silence canceled
REFUND_AFTER = timedelta(days=4)
# What customers do when they are asked: keep, cancel, say nothing.
ASKED_OR_ELSE = (0.55, 0.15, 0.30)  # where silence cancels
ASKED = (0.10, 0.05, 0.85)

Progress = Callable[[date], None]


class NoScratchDatabase(RuntimeError):
    """The server refused to make one; the message says why."""


@contextmanager
def scratch_database() -> Iterator[None]:
    """A new database beside DATABASE_URL's, empty and migrated, that is dropped at the end. The
    shop's own is not read.

    What is dropped is named here and never read from the settings, which name the shop's own before
    and after."""
    own = connection.settings_dict["NAME"]
    prefix = f"{own[:40]}_simulate_"
    scratch = f"{prefix}{os.getpid()}"
    try:
        with connection.cursor() as cursor:
            _sweep(cursor, prefix)
            cursor.execute(f'CREATE DATABASE "{scratch}"')
            cursor.execute(f'ALTER DATABASE "{scratch}" SET synchronous_commit TO off')
    except (OperationalError, ProgrammingError) as error:
        raise NoScratchDatabase(
            f"could not create a temporary database: {str(error).strip()}"
        ) from None
    try:
        _use(scratch)
        call_command("migrate", verbosity=0)
        yield
    finally:
        _use(own)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{scratch}" WITH (FORCE)')


def _sweep(cursor: CursorWrapper, prefix: str) -> None:
    """Drop what killed runs left: nobody is connected there and their process is gone. A run on
    another machine is connected."""
    cursor.execute(
        """
        SELECT datname FROM pg_database d WHERE starts_with(datname, %s)
        AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)""",
        [prefix],
    )
    for (name,) in cursor.fetchall():
        pid = name.removeprefix(prefix)
        if pid.isdigit() and (int(pid) == os.getpid() or not _lives(int(pid))):
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _use(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database


class Shop:
    """Plays a story day by day. `rises`: places that rose unexplained; `mails`: messages handed
    over."""

    def __init__(self, story: Story, *, progress: Progress = lambda day: None) -> None:
        self.story = story
        self.progress = progress
        self.chance = random.Random(story.seed)  # noqa: S311 - a play, no secret
        self.day = story.first
        self.now = timezone.make_aware(datetime.combine(story.first, time(3)))
        self.restocks: dict[Key, Restock] = {}
        self.answers: dict[date, list[tuple[int, str]]] = defaultdict(list)
        self.corrections: dict[date, list[tuple[int, int]]] = defaultdict(list)
        self.places: dict[int, Place] = {}
        self.rises: list[Rise] = []
        self.mails = 0
        self.refused: Counter[str] = Counter()

    def play(self) -> None:
        self._begin()
        while self.day <= self.story.last:
            self._live()
            self.progress(self.day)
            self.day += timedelta(days=1)
        self.day = self.story.last

    def _begin(self) -> None:
        """Products, and what suppliers said and did before the first day."""
        first = self.story.first
        skus = {wanted.sku for purchase in self.story.purchases for wanted in purchase.wanted}
        services.know_products(dict.fromkeys(skus, ""), on_backorder=True)
        services.record_restocks(
            [
                services.RestockRecord(
                    reference=delivery.reference,
                    sku=delivery.sku,
                    supplier=delivery.supplier,
                    quantity=delivery.quantity,
                    dates=[version for version in delivery.dates if version.posted_on < first],
                    arrivals=[arrival for arrival in delivery.arrivals if arrival.known_on < first],
                )
                for delivery in self.story.deliveries
                if delivery.dates[0].posted_on < first
            ],
            now=self.now,
        )
        self.restocks = {
            (r.reference, r.product.sku): r
            for r in Restock.objects.select_related("product", "supplier")
        }
        self.products = {product.sku: product for product in Product.objects.all()}
        self.suppliers = {supplier.name: supplier for supplier in Supplier.objects.all()}
        self.purchases: dict[date, list[Purchase]] = defaultdict(list)
        for purchase in self.story.purchases:
            self.purchases[purchase.reaches_us_on].append(purchase)
        self.posts: dict[date, list[tuple[services.RestockRecord, services.PostedDate]]] = (
            defaultdict(list)
        )
        self.arrivals: dict[date, list[tuple[services.RestockRecord, services.ReceivedUnits]]] = (
            defaultdict(list)
        )
        for delivery in self.story.deliveries:
            for version in delivery.dates:
                self.posts[version.posted_on].append((delivery, version))
            for arrival in delivery.arrivals:
                self.arrivals[arrival.known_on].append((delivery, arrival))
        self.give_up: dict[date, list[Key]] = defaultdict(list)
        for key, on in self.story.given_up.items():
            self.give_up[on].append(key)

    def _live(self) -> None:
        """One day, hour by hour, with the beat's jobs between what people do."""
        self._at(5)
        services.review_all(now=self.now)
        services.say_day_passed(now=self.now)
        self._tell()
        self._at(6)
        services.apply_silence(now=self.now)
        services.remind(now=self.now)
        self._invite_back()
        self._tell()
        self._at(8)
        self._correct_receipts()
        self._at(9)
        self._suppliers_speak()
        self._pack()
        self._settle()
        self._at(10)
        self._receive()
        self._settle()
        self._at(12)
        self._customers_act()
        self._staff_act()
        self._settle()
        hour, _, minute = settings.SHIP_CUTOFF.partition(":")
        self._at(int(hour), int(minute[:2]))
        services.keep_deadlines(now=self.now)
        self._tell()
        self._at(17)
        self._place()
        self._settle()
        self._look_at_places()

    def _at(self, hour: int, minute: int = 0) -> None:
        self.now = max(
            self.now, timezone.make_aware(datetime.combine(self.day, time(hour, minute)))
        )

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def _settle(self) -> None:
        """What just happened is mailed; the changes it made settle, are reviewed and mailed too."""
        self._tell()
        self.now += timedelta(seconds=settings.SETTLE_SECONDS + 60)
        services.review_settled(now=self.now)
        self._tell()

    def _tell(self) -> None:
        due = list(
            Event.objects.filter(message_due=True).values_list("pk", "order_id", "promise_id")
        )
        if not due:
            return
        promises = [promise for _, _, promise in due if promise]
        services.decide_again(promises, now=self.now)
        at = self._tick()
        events = [pk for pk, _, _ in due]
        services.mark_told(events, at=at)
        Event.objects.filter(pk__in=events).update(message_due=False)
        self.mails += len({order for _, order, _ in due})
        asked = (
            DelayNotice.objects.filter(promise__in=promises, outcome="")
            .exclude(silence="")
            .order_by("pk")
        )
        for line_id, silence in asked.values_list("line", "silence"):
            shares = ASKED_OR_ELSE if silence == "cancel" else ASKED
            (choice,) = self.chance.choices(("keep", "cancel", ""), shares)
            if choice:
                self.answers[self.day + timedelta(days=self.chance.randint(1, 6))].append(
                    (line_id, choice)
                )

    def _suppliers_speak(self) -> None:
        for delivery, version in self.posts.pop(self.day, []):
            key = (delivery.reference, delivery.sku)
            if key not in self.restocks:
                self._expect(key, delivery, version)
            else:
                restock = Restock.objects.get(pk=self.restocks[key].pk)
                if restock.open_units:
                    services.move_restock_date(
                        restock, version.expected_on, now=self._tick(), reason=version.reason
                    )
        for key in self.give_up.pop(self.day, []):
            if key in self.restocks and Restock.objects.get(pk=self.restocks[key].pk).open_units:
                services.cancel_restock(self.restocks[key], now=self._tick())

    def _expect(
        self, key: Key, delivery: services.RestockRecord, version: services.PostedDate
    ) -> None:
        if delivery.supplier not in self.suppliers:
            self.suppliers[delivery.supplier] = Supplier.objects.create(name=delivery.supplier)
        if delivery.sku not in self.products:
            self.products |= services.know_products({delivery.sku: ""}, on_backorder=False)
        self.restocks[key] = services.expect_restock(
            reference=delivery.reference,
            product=self.products[delivery.sku],
            supplier=self.suppliers[delivery.supplier],
            quantity=delivery.quantity,
            expected_on=version.expected_on,
            reason=version.reason,
            now=self._tick(),
        )

    def _receive(self) -> None:
        for delivery, arrival in self.arrivals.pop(self.day, []):
            key = (delivery.reference, delivery.sku)
            restock = Restock.objects.get(pk=self.restocks[key].pk)
            if restock.cancelled_at:
                continue
            too_many = self.story.miscounted.get(key, 0) if arrival is delivery.arrivals[0] else 0
            receipt = services.receive(
                self.products[delivery.sku],
                arrival.quantity + too_many,
                restock=restock,
                arrived_on=arrival.arrived_on,
                now=self._tick(),
            )
            if too_many:
                self.corrections[self.day + timedelta(days=1)].append(
                    (receipt.pk, arrival.quantity)
                )

    def _correct_receipts(self) -> None:
        for receipt_id, quantity in self.corrections.pop(self.day, []):
            receipt = Receipt.objects.select_related("product", "restock").get(pk=receipt_id)
            self._attempt(
                partial(
                    services.correct_receipt,
                    receipt,
                    quantity,
                    now=self._tick(),
                    reason="counted again",
                )
            )

    def _pack(self) -> None:
        """Reserved units ship the next working day, with a straggler now and then."""
        if self.day.weekday() >= 5:
            return
        reserved: dict[int, list[OrderLine]] = defaultdict(list)
        for line in (
            OrderLine.objects.filter(allocated__gt=F("shipped"))
            .select_related("order")
            .order_by("order", "pk")
        ):
            reserved[line.order_id].append(line)
        for lines in reserved.values():
            if self.chance.random() < PACKED_IN_TIME:
                services.ship(
                    lines[0].order, {line.pk: line.reserved for line in lines}, now=self._tick()
                )

    def _customers_act(self) -> None:
        for line_id, choice in self.answers.pop(self.day, []):
            line = OrderLine.objects.select_related("order").get(pk=line_id)
            self._attempt(partial(services.answer, line.order, line.pk, choice, now=self._tick()))
        waiting = OrderLine.objects.filter(waiting__gt=0).select_related("order").order_by("pk")
        leaving = [
            line
            for line in waiting.values_list("pk", flat=True)
            if self.chance.random() < CANCELS_A_DAY
        ]
        for line in waiting.filter(pk__in=leaving):
            units = self.chance.randint(1, line.waiting)
            services.answer(line.order, line.pk, "cancel", units=units, now=self._tick())

    def _invite_back(self) -> None:
        """Some customers whom silence canceled read the email after all, and want their place
        back."""
        ended = DelayNotice.objects.filter(
            outcome=Outcome.SILENCE_CANCELLED, ended_at=self.now
        ).order_by("pk")
        for line_id in ended.values_list("line", flat=True):
            if self.chance.random() < PUT_BACK:
                self.answers[self.day + timedelta(days=self.chance.randint(1, 3))].append(
                    (line_id, "keep")
                )

    def _staff_act(self) -> None:
        for refund in Refund.objects.filter(sent_at=None, created_at__lte=self.now - REFUND_AFTER):
            services.mark_refund_sent(refund, now=self._tick())
        if self.chance.random() * 7 < self.story.moves_a_week:
            ids = list(
                OrderLine.objects.filter(waiting__gt=0).order_by("pk").values_list("pk", flat=True)
            )
            if ids:
                line = OrderLine.objects.select_related("order", "product").get(
                    pk=self.chance.choice(ids)
                )
                length = OrderLine.objects.filter(product=line.product, waiting__gt=0).count()
                place = self.chance.randint(1, length)
                services.move_in_queue(
                    line, place, now=self._tick(), reason="asked by phone", actor="simulated"
                )

    def _place(self) -> None:
        orders = [
            services.NewOrder(
                number=purchase.number,
                placed_at=purchase.placed_at,
                email=f"{purchase.number}@example.com",
                country=purchase.country,
                region=purchase.region,
                lines=[
                    services.NewLine(
                        self.products[wanted.sku], wanted.quantity, promised_by=wanted.promised_by
                    )
                    for wanted in purchase.wanted
                ],
            )
            for purchase in sorted(
                self.purchases.pop(self.day, []), key=lambda purchase: purchase.placed_at
            )
        ]
        if orders:
            services.place_orders(orders, now=self._tick())

    def _look_at_places(self) -> None:
        places = places_now()
        self.rises += rises_between(self.places, places, until=self.now)
        self.places = places

    def _attempt(self, act: Callable[[], object]) -> None:
        """People are too late now and then. That they are told so is not a fault of the
        simulation."""
        try:
            act()
        except services.Refused as refused:
            self.refused[str(refused)] += 1
