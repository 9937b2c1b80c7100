"""Customers look at their open pages while a long queue is told of a delay.

    python -m benchmarks.load [--customers 2000] [--told 20000] [--seconds 15]

Starts its own PostgreSQL, web server and mail server that takes everything. Each open page asks for
news every 20 seconds; then a delivery moves: the review, the dispatch and two workers that send
share the machine with the web processes.
"""

import argparse
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks.client import Answers, ask_in_turn
from benchmarks.mail import deliver_all, together
from benchmarks.page import served
from benchmarks.servers import own_servers
from benchmarks.sink import mail_sink
from benchmarks.timing import Report, spent

EVERY = 20  # seconds, as static/js/live.js has it
SHARED = 10  # customers of one order: it takes long to open thousands of pages
CONNECTIONS = 64
SEEN = re.compile(r"seen=\w+")
AIM_P99 = 500  # ms


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=2_000, help="with their page open")
    parser.add_argument("--told", type=int, default=20_000, help="who hear of the delay")
    parser.add_argument("--seconds", type=float, default=15, help="of calm before it")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as static,
        mail_sink() as port,
        own_servers(
            EMAIL_URL=f"smtp://127.0.0.1:{port}",
            MAIL_MODE="send",
            LOG_LEVEL="ERROR",
            COLLECTED=static,
            ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
        ),
    ):
        measure(options.customers, options.told, options.seconds)


def measure(customers: int, told: int, seconds: float) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from benchmarks import filling
    from notifications.outbox.dispatch import dispatch_all

    settings.STATIC_ROOT = os.environ["COLLECTED"]
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("load", f"{customers:,} open pages, {told:,} told of a delay")
    slip = filling.promise(told)
    with served(workers=2) as (port, server):
        paths = open_pages(customers)
        with looking(port, list(paths)):  # so that it is known what the pages show
            time.sleep(EVERY)
        with looking(port, paths) as calm:
            time.sleep(seconds)
        say(report, "the poll of an open page, nothing new", calm)
        with looking(port, paths) as busy, used(server) as shares:
            with spent() as review:
                slip(timezone.now())
            with spent() as dispatch:
                created = dispatch_all()
            sent, sending, _ = together(2, deliver_all, ())
        assert (created, sent) == (told, told), (created, sent)
    say(report, "the same while the delay is told", busy)
    report.add(f"review of {told:,} promises, with events and notices", str(review))
    report.add(f"{created:,} events to messages", str(dispatch))
    report.add(
        "mails composed and sent by two workers, beside all those pages",
        f"{sent / sending:.0f} a second",
    )
    report.add(
        "processors used meanwhile, of all",
        ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
        + f" of {os.cpu_count()}",
    )
    report.end()


def say(report: Report, what: str, answers: Answers) -> None:
    times = answers.times
    wrong = answers.statuses - {200, 204}
    report.add(
        what,
        f"{answers.rate:.0f} a second, median {times.median:.1f} ms, p99 {times.p99:.0f}; "
        + (f"ERRORS {sorted(wrong)}" if wrong else "no error"),
        f"p99 under {AIM_P99} ms, no error",
        times.p99 < AIM_P99 and not wrong,
    )


def open_pages(customers: int) -> list[str]:
    """What the page of each customer asks for: SHARED of them look at the same order, each at what
    they have seen of it."""
    from django.test import Client

    from orders.access import Purpose, link_token
    from orders.models import Order

    orders = max(customers // SHARED, 1)
    every = max(Order.objects.count() // orders, 1)
    found = []
    for order in Order.objects.order_by("pk")[::every][:orders]:
        path = f"/o/{link_token(order, Purpose.ACT)}/"
        live = SEEN.search(Client().get(path).content.decode())
        assert live
        found.append(f"{path}live/?{live[0]}")
    return found * SHARED


@contextmanager
def looking(port: int, paths: list[str]) -> Iterator[Answers]:
    """Every page asks again after EVERY seconds until the block ends."""
    answers, over = Answers(), threading.Event()

    def look() -> None:
        found = ask_in_turn(
            port,
            paths,
            connections=CONNECTIONS,
            over=over.is_set,
            rate=len(paths) / EVERY,
            follow=SEEN,
        )
        answers.ms, answers.statuses, answers.rate = found.ms, found.statuses, found.rate

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


@contextmanager
def used(server: Any) -> Iterator[dict[str, float]]:
    """Processors kept busy by the web, by PostgreSQL, by this process and by the workers it
    starts."""
    me = psutil.Process()
    shares: dict[str, float] = {}
    before, begun = _spent(server, me), time.perf_counter()
    yield shares
    seconds = time.perf_counter() - begun
    shares |= {name: (after - before[name]) / seconds for name, after in _spent(server, me).items()}


def _spent(server: Any, me: Any) -> dict[str, float]:
    def of(process: Any) -> float:
        return float(sum(process.cpu_times()[:2]))

    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        postmaster = psutil.Process(cursor.fetchone()[0]).parent()
    times = postmaster.cpu_times()
    engines = (
        sum(of(child) for child in postmaster.children())
        + times.children_user
        + times.children_system
    )
    web = sum(of(process) for process in [server, *server.children(recursive=True)])
    mine = me.cpu_times()
    return {"web": web, "PostgreSQL": engines, "review, workers and clients": sum(mine[:4])}


if __name__ == "__main__":
    main()
