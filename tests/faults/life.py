"""What happens in a shop while its machines fail: orders, dates, receipts, parcels and answers, by
services, by HTTP and by commands.

Whoever is told "done" writes down what for, on disk, so that it can be asked for later.
"""

import argparse
import csv
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookiejar import CookieJar
from itertools import count
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from backorders_site.demo.supervisor import BASE_DIR
from orders import services
from orders.access import Purpose, answer_url, link_token, order_url
from orders.models import OrderLine, Product, Receipt, Restock, Supplier
from tests.faults.verdict import history

PRODUCTS = 8
COLUMNS = (
    "order_number",
    "placed_at",
    "customer_email",
    "customer_name",
    "country",
    "locale",
    "sku",
    "quantity",
)
SLIPS = (0, 1, 2, 0, 5, 0, -1, 3, 0, 4)
AWAY = (OperationalError, InterfaceError, DatabaseError)


@dataclass
class Journal:
    """Done and acknowledged; on disk before the next thing happens."""

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, **fact: object) -> None:
        with self._lock, self.path.open("a") as file:
            file.write(json.dumps(fact) + "\n")
            file.flush()
            os.fsync(file.fileno())


@dataclass
class Life:
    directory: Path
    seed: int
    until: float
    journal: Journal
    done: Counter[str] = field(default_factory=Counter)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def live(self) -> None:
        ways = (
            self.by_services,
            self.by_services,
            self.by_http,
            self.by_commands,
            self.keep_history,
        )
        threads = [
            threading.Thread(target=self._steadily, args=(way, random.Random(f"{self.seed}-{n}")))
            for n, way in enumerate(ways)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _steadily(self, act: Callable[[random.Random], None], chance: random.Random) -> None:
        while time.time() < self.until:
            try:
                act(chance)
            except services.Refused:
                self.done["refused with a reason"] += 1
            except AWAY:
                self.done["database away"] += 1
                connection.close()
            threading.Event().wait(chance.uniform(0.02, 0.4))
        connection.close()

    # By services, as the admin calls them

    def by_services(self, chance: random.Random) -> None:
        act = chance.choices(
            (self.order, self.move_date, self.receive, self.miscount, self.ship, self.cancel),
            (8, 3, 4, 1, 4, 1),
        )[0]
        act(chance)
        self.done[f"services: {act.__name__}"] += 1

    def order(self, chance: random.Random) -> None:
        number = f"S-{next(self.numbers)}"
        now = timezone.now()
        goods = chance.sample(
            list(Product.objects.filter(sku__startswith="KILL-")), chance.choice((1, 1, 2))
        )
        services.place_order(
            services.NewOrder(
                number=number,
                placed_at=now - timedelta(minutes=chance.choice((0, 0, 0, 90))),
                email=f"{number.lower()}@example.com",
                customer_name="Ada Okafor",
                country=chance.choice(("US", "DE", "GB")),
                locale=chance.choice(("en-US", "de-DE", "ar-AE")),
                lines=[services.NewLine(product, chance.randint(1, 4)) for product in goods],
            ),
            now=now,
        )
        self.journal.write(ordered=number)

    def move_date(self, chance: random.Random) -> None:
        restock = chance.choice(list(Restock.objects.filter(product__sku__startswith="KILL-")))
        day = services.today_of(timezone.now()) + timedelta(days=chance.randint(20, 160))
        version = services.move_restock_date(restock, day, now=timezone.now(), reason="customs")
        if version:
            self.journal.write(moved=version.pk)

    def receive(self, chance: random.Random) -> None:
        receipt = services.receive(self.a_product(chance), chance.randint(1, 6), now=timezone.now())
        self.journal.write(received=receipt.pk)

    def miscount(self, chance: random.Random) -> None:
        receipt = Receipt.objects.filter(quantity__gt=1).order_by("-pk").first()
        if receipt:
            services.correct_receipt(
                receipt, receipt.quantity - 1, now=timezone.now(), reason="counted again"
            )

    def ship(self, chance: random.Random) -> None:
        reserved = list(
            OrderLine.objects.select_related("order").filter(allocated__gt=F("shipped"))[:40]
        )
        if reserved:
            line = chance.choice(reserved)
            services.ship(
                line.order,
                {line.pk: line.reserved},
                now=timezone.now(),
                carrier="UPS",
                tracking_number="1Z9",
            )
            self.journal.write(shipped=line.pk)

    def cancel(self, chance: random.Random) -> None:
        lines = list(
            OrderLine.objects.select_related("order").filter(waiting__gt=0).order_by("-pk")[:40]
        )
        if lines:
            line = chance.choice(lines)
            services.cancel(line.order, units={line.pk: 1}, now=timezone.now())
            self.journal.write(cancelled=line.pk)

    @staticmethod
    def a_product(chance: random.Random) -> Product:
        return chance.choice(list(Product.objects.filter(sku__startswith="KILL-")))

    # By HTTP, as customers do

    def by_http(self, chance: random.Random) -> None:
        lines = list(OrderLine.objects.select_related("order").order_by("-pk")[:60])
        if not lines:
            return
        line = chance.choice(lines)
        connection.close()  # a customer has none
        browser = Browser(self.done)
        if chance.random() < 0.5:
            browser.get(order_url(line.order))
        else:
            choice = chance.choices(("keep", "cancel", "withdraw"), (3, 2, 1))[0]
            if browser.answer(line, choice) and choice != "keep":
                self.journal.write(cancelled=line.pk)

    # By commands, as nightly jobs do; and pressed again when they died

    def by_commands(self, chance: random.Random) -> None:
        n = next(self.numbers)
        numbers = [f"C-{n}-{row}" for row in range(chance.randint(5, 15))]
        path = self.directory / f"orders-{n}.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(
                [
                    "order_number",
                    "placed_at",
                    "customer_email",
                    "customer_name",
                    "country",
                    "locale",
                    "sku",
                    "quantity",
                ]
            )
            for number in numbers:
                at = (timezone.now() - timedelta(minutes=chance.randint(1, 600))).isoformat()
                sku = f"KILL-{chance.randrange(PRODUCTS)}"
                rows.writerow(
                    [
                        number,
                        at,
                        f"{number.lower()}@example.com",
                        "Bo",
                        "DE",
                        "de-DE",
                        sku,
                        chance.randint(1, 3),
                    ]
                )
        while time.time() < self.until:
            dies_after = chance.uniform(0.3, 4.0) if chance.random() < 0.4 else None
            if self.manage("import_orders", str(path), "--all-products", dies_after=dies_after):
                for number in numbers:
                    self.journal.write(ordered=number)
                break

    def manage(self, *arguments: str, dies_after: float | None = None) -> bool:
        with (self.directory / "commands.log").open("ab") as log:
            command = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        with suppress(subprocess.TimeoutExpired):
            command.wait(dies_after)
        if command.poll() is None:
            command.kill()
            self.done["commands: killed"] += 1
        ended_well = command.wait() == 0
        self.done[f"commands: {'done' if ended_well else 'failed, to be pressed again'}"] += 1
        return ended_well

    def keep_history(self, chance: random.Random) -> None:
        """What append-only tables hold now, for the verdict to compare with what they hold at the
        end."""
        path = self.directory / f"history-{len(list(self.directory.glob('history-*.json')))}.json"
        path.write_text(json.dumps(history()))
        threading.Event().wait(10)


class Browser:
    """A customer's: keeps cookies, follows redirects, sends back what a form holds."""

    def __init__(self, done: Counter[str]) -> None:
        self.done = done
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def get(self, url: str) -> str:
        return self._open(url)[1]

    def answer(self, line: OrderLine, choice: str) -> bool:
        """True: the shop said that it was done."""
        form = self.get(answer_url(line.order, line.pk, choice))
        fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
        if "csrfmiddlewaretoken" not in fields:
            return False
        if "max=" in form:
            fields["quantity"] = "1"
        address = f"{settings.SITE_URL}/o/{link_token(line.order, Purpose.ACT)}/answer/"
        return self._open(address, urlencode(fields).encode())[0] == 200

    def _open(self, url: str, posted: bytes | None = None) -> tuple[int, str]:
        how = "posted" if posted else "read"
        try:
            asked = Request(url, posted, {"Origin": settings.SITE_URL} if posted else {})  # noqa: S310 - our own site
            with self.opener.open(asked, timeout=5) as answer:
                status, body = answer.status, answer.read().decode(errors="replace")
        except HTTPError as error:
            status, body = error.code, ""
        except (URLError, OSError, ValueError):
            status, body = 0, ""
        self.done[f"http: {how}, {status or 'no answer'}"] += 1
        return status, body


def open_shop() -> None:
    """Products with a queue to come, each of a supplier with a record, and one delivery on its
    way."""
    now = timezone.now()
    supplier = Supplier.objects.create(name="Lindqvist Lanterns")
    deliveries = [
        services.RestockRecord(
            reference=f"OLD-{n}",
            sku="ARCHIVE",
            supplier=supplier.name,
            quantity=10,
            dates=[services.PostedDate(promised, promised - timedelta(days=30))],
            arrivals=[services.ReceivedUnits(10, came, came)],
        )
        for n, slip in enumerate(SLIPS * 4)
        for promised in [(now - timedelta(days=130 + 2 * n)).date()]
        for came in [promised + timedelta(days=slip)]
    ]
    services.record_restocks(deliveries, now=now - timedelta(minutes=1))
    for n in range(PRODUCTS):
        product = Product.objects.create(sku=f"KILL-{n}", name=f"Lamp {n}")
        day = services.today_of(now) + timedelta(days=30 + n)
        services.expect_restock(
            reference=f"PO-{n}",
            product=product,
            supplier=supplier,
            quantity=5000,
            expected_on=day,
            now=now,
        )
    services.start_release(10_000, now=now)  # imports are not quiet
    services.review_settled(now=now + timedelta(minutes=1))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    options = parser.parse_args(arguments)
    life = Life(
        options.directory,
        options.seed,
        time.time() + options.seconds,
        Journal(options.directory / "acknowledged.jsonl"),
    )
    life.live()
    (options.directory / "life.json").write_text(json.dumps(life.done, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
