"""People who join a queue and cancel, from processes of their own, while something else is measured
or to be measured."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier, Event
from typing import Any


@dataclass(frozen=True, slots=True)
class Trade:
    """Joins and cancellations in turn, so many a second."""

    sku: str
    a_second: float


@dataclass
class Traded:
    rate: float = 0.0


@contextmanager
def trade(what: Trade) -> Iterator[Traded]:
    processes = multiprocessing.get_context("spawn")
    stop, ready, count = processes.Event(), processes.Event(), processes.Value("i", 0)
    trader = processes.Process(target=_trade, args=(what, ready, stop, count), daemon=True)
    trader.start()
    ready.wait(60)
    traded, started = Traded(), time.perf_counter()
    try:
        yield traded
    finally:
        traded.rate = count.value / (time.perf_counter() - started)
        stop.set()
        trader.join()
        assert trader.exitcode == 0


def _trade(what: Trade, ready: Event, stop: Event, count: Any) -> None:
    import django

    django.setup()
    from django.utils import timezone

    from orders import services
    from orders.models import Order, Product

    product, done = Product.objects.get(sku=what.sku), 0
    joined: list[Order] = []
    ready.set()
    due = time.perf_counter()
    while not stop.is_set():
        if joined and done % 2:
            order = joined.pop()
            services.cancel(
                order,
                units={line.pk: 1 for line in order.lines.all()},
                now=timezone.now(),
                by="customer",
            )
        else:
            joined.append(services.place_order(_order(f"T{done}", product), now=timezone.now()))
        done += 1
        count.value = done
        due = max(due + 1 / what.a_second, time.perf_counter() - 1)
        stop.wait(max(due - time.perf_counter(), 0))


def _order(number: str, product: Any) -> Any:
    from django.utils import timezone

    from orders import services

    return services.NewOrder(
        number=number,
        placed_at=timezone.now(),
        email="ada@example.com",
        customer_name="Ada Lovelace",
        country="US",
        lines=[services.NewLine(product, 1)],
    )


@dataclass
class Placed:
    """Milliseconds of each order placed, and how many a second by all connections together."""

    ms: list[float] = field(default_factory=list)
    rate: float = 0.0


def place_at_once(sku: str, connections: int, seconds: float) -> Placed:
    """Each connection is a process that places one order after another."""
    processes = multiprocessing.get_context("spawn")
    barrier, times = processes.Barrier(connections + 1), processes.SimpleQueue()
    workers = [
        processes.Process(
            target=_place, args=(sku, f"P{connections}-{n}", seconds, barrier, times), daemon=True
        )
        for n in range(connections)
    ]
    for worker in workers:
        worker.start()
    barrier.wait(120)
    lists = [times.get() for _ in workers]
    for worker in workers:
        worker.join()
    return Placed([ms for one in lists for ms in one], sum(len(one) for one in lists) / seconds)


def _place(sku: str, prefix: str, seconds: float, barrier: Barrier, times: Any) -> None:
    import django

    django.setup()
    from django.utils import timezone

    from orders import services
    from orders.models import Product

    product = Product.objects.get(sku=sku)
    services.place_order(_order(f"{prefix}-warm", product), now=timezone.now())
    barrier.wait(120)
    ends, ms = time.perf_counter() + seconds, list[float]()
    while (started := time.perf_counter()) < ends:
        services.place_order(_order(f"{prefix}-{len(ms)}", product), now=timezone.now())
        ms.append((time.perf_counter() - started) * 1000)
    times.put(ms)
