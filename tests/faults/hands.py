"""Hands inside the shop, for tests that stand outside: one JSON order a line, one answer a line.

{"do": "place", "n": 5, "prefix": "A"} and the like; an answer is {"error": ...} when the shop could
not.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.pause import pause_email, resume_email
from orders import services
from orders.access import order_url
from orders.models import Order, Product, Restock

Answer = dict[str, Any]


def place(*, n: int, prefix: str, sku: str = "KILL-0") -> Answer:
    now = timezone.now()
    product = Product.objects.get(sku=sku)
    orders = [
        services.NewOrder(
            number=f"{prefix}-{k}",
            placed_at=now,
            email=f"{prefix.lower()}-{k}@example.com",
            customer_name="Ada Okafor",
            country="US",
            lines=[services.NewLine(product, 1)],
        )
        for k in range(n)
    ]
    rows = services.place_orders(orders, now=now)
    return {"numbers": [row.number for row in rows], "links": [order_url(row) for row in rows[:10]]}


def place_and_die(*, prefix: str) -> Answer:
    place(n=1, prefix=prefix)
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def place_and_fail(*, prefix: str) -> Answer:
    raise DatabaseError(f"after {place(n=1, prefix=prefix)['numbers']}")


def publish(*, task: str, n: int) -> Answer:
    for _ in range(n):
        current_app.send_task(task)
    return {"published": n}


def slip(*, sku: str, days: int) -> Answer:
    restock = Restock.objects.get(product__sku=sku)
    day = services.today_of(timezone.now()) + timedelta(days=days)
    services.move_restock_date(restock, day, now=timezone.now(), reason="customs")
    Product.objects.filter(sku=sku).update(review_at=None)  # reviewed here alone
    return {}


def review(*, sku: str) -> Answer:
    return {"published": dict(services.review(Product.objects.filter(sku=sku), now=timezone.now()))}


def upload(*, sku: str, rows: int) -> Answer:
    """A file of so many orders, to be checked."""
    columns = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity"
    orders = (f"FILE-{n},2026-10-01,f{n}@example.com,Ada Okafor,US,en,{sku},1" for n in range(rows))
    content = "\n".join([columns, *orders]).encode()
    row = services.upload(
        "orders", "f.csv", content, all_products=False, now=timezone.now(), actor="tests"
    )
    return {"upload": row.pk}


def cancel(*, number: str) -> Answer:
    services.cancel(Order.objects.get(number=number), now=timezone.now(), by="customer")
    return {}


def dispatch() -> Answer:
    return {"messages": dispatch_all()}


def hold(*, reason: str) -> Answer:
    pause_email(reason, now=timezone.now(), actor="tests")
    return {}


def release() -> Answer:
    resume_email(now=timezone.now(), actor="tests")
    return {}


def orders() -> Answer:
    return {"orders": Order.objects.count()}


ACTS: dict[str, Callable[..., Answer]] = {
    act.__name__: act
    for act in (
        *(
            place,
            place_and_die,
            place_and_fail,
            publish,
            slip,
            review,
            upload,
            cancel,
            dispatch,
            hold,
            release,
            orders,
        ),
    )
}


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = ACTS[asked.pop("do")](**asked)
        except (DatabaseError, InterfaceError) as error:
            answer = {"error": str(error)}
            connection.close()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
