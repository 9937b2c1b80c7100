"""The status page of a customer in a long queue, from Granian, beside a view with one query and a
small template.

    python -m benchmarks.page [--lines 1000000] [--seconds 4]

Starts its own PostgreSQL and web server. The order has three lines and twelve events. One client of
this repository (benchmarks.client) asks over eight connections.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import psutil  # type: ignore[import-untyped]

from backorders_site.demo.embedded import free_port
from benchmarks.client import Answers, ask
from benchmarks.servers import own_servers
from benchmarks.timing import Report

CONNECTIONS = 8
ROUNDS = 3
EVENTS = 12
QUERIES = 6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--seconds", type=float, default=4, help="of each turn")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as static,
        own_servers(
            LOG_LEVEL="WARNING", COLLECTED=static, ALLOWED_HOSTS="localhost,127.0.0.1,testserver"
        ),
    ):
        measure(options.lines, options.seconds)


def measure(lines: int, seconds: float) -> None:
    from django.conf import settings
    from django.core.management import call_command

    settings.STATIC_ROOT = os.environ["COLLECTED"]
    call_command("collectstatic", interactive=False, verbosity=0)
    report = Report("page", f"a queue of {lines:,} lines")
    paths, queries, size = a_customer(lines)
    report.add("queries of the status page", str(queries), f"at most {QUERIES}", queries <= QUERIES)
    with served(workers=2) as (port, server):
        for path in paths.values():
            ask(port, path, connections=CONNECTIONS, seconds=1)
        rates: dict[str, list[float]] = {name: [] for name in paths}
        costs: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(ROUNDS):
            for name, path in paths.items():
                answers, processor = measured(server, port, path, seconds)
                assert answers.statuses == {204 if name == "poll" else 200}, (
                    name,
                    answers.statuses,
                )
                rates[name].append(answers.rate)
                costs[name].append(processor)
        page, poll, view = (sorted(rates[name])[ROUNDS // 2] for name in ("page", "poll", "view"))
        spread = {name: f"{min(found):.0f} to {max(found):.0f}" for name, found in rates.items()}
        cost = {name: sorted(found)[ROUNDS // 2] for name, found in costs.items()}
        report.add(
            "a view of one query and a small template",
            f"{view:.0f} a second ({spread['view']}), {cost['view']:.2f} ms of processor each",
        )
        report.add(
            "the status page",
            f"{page:.0f} a second ({spread['page']}), {page / view:.2f} of that view; "
            f"{cost['page']:.2f} ms of processor each; {size / 1000:.1f} kB",
            "half of it",
            page / view >= 0.5,
        )
        report.add(
            "the poll when nothing changed",
            f"{poll:.0f} a second ({spread['poll']}), {poll / view:.2f} of it; {cost['poll']:.2f} "
            "ms",
            "0.7 of it",
            poll / view >= 0.7,
        )
        calm = ask(
            port, paths["page"], connections=4 * CONNECTIONS, seconds=3 * seconds, rate=0.8 * page
        ).times
        report.add(
            "the page at 80% of that load",
            f"median {calm.median:.1f} ms, p99 {calm.p99:.1f}",
            "p99 under 50 ms",
            calm.p99 < 50,
        )
    with served(workers=1) as (port, server):
        ask(port, paths["page"], connections=CONNECTIONS, seconds=1)
        one, _ = measured(server, port, paths["page"], seconds)
        report.add(
            "the page from one web process",
            f"{one.rate:.0f} a second: two answer {page / one.rate:.2f} x as many",
        )
    report.end()


def measured(server: Any, port: int, path: str, seconds: float) -> tuple[Answers, float]:
    """And the milliseconds of processor the web processes spent on each answer."""
    before = _processor(server)
    answers = ask(port, path, connections=CONNECTIONS, seconds=seconds)
    return answers, (_processor(server) - before) * 1000 / len(answers.ms)


def _processor(server: Any) -> float:
    return sum(
        sum(process.cpu_times()[:2]) for process in [server, *server.children(recursive=True)]
    )


@contextmanager
def served(*, workers: int) -> Iterator[tuple[int, Any]]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += [
        "--workers",
        str(workers),
        "--blocking-threads",
        "4",
        "--log-level",
        "warning",
        "--no-access-log",
    ]
    server = psutil.Popen(
        [*command, "benchmarks.yardstick:application"], cwd=Path(__file__).resolve().parent.parent
    )
    try:
        ends = time.monotonic() + 60
        while not _answers(port) and time.monotonic() < ends:
            time.sleep(0.1)
        yield port, server
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/livez", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def a_customer(lines: int) -> tuple[dict[str, str], int, int]:
    """Paths of the page, of its poll and of the view beside them; queries and bytes of the page."""
    from datetime import timedelta

    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    from benchmarks import filling
    from orders import services
    from orders.access import Purpose, link_token
    from orders.models import Event

    now = timezone.now()
    lamp, shade, bulb = (filling.products(sku)[0] for sku in ("LAMP", "SHADE", "BULB"))
    filling.queues([lamp], lines, until=now)
    filling.queues([shade, bulb], 2000, until=now)
    restocks = [
        filling.expect(
            row, 4 * waiting, (now + timedelta(days=40)).date(), now=now - timedelta(days=9)
        )
        for row, waiting in ((shade, 2000), (bulb, 2000), (lamp, lines))
    ]
    order = services.place_order(
        services.NewOrder(
            number="ADA-1",
            placed_at=now - timedelta(days=filling.DAYS / 2),
            email="ada@example.com",
            customer_name="Ada Lovelace",
            country="US",
            lines=[services.NewLine(row, 2) for row in (lamp, shade, bulb)],
        ),
        now=now - timedelta(days=8),
    )
    turn = 0
    while Event.objects.filter(order=order).count() < EVENTS:
        at = now - timedelta(days=7) + timedelta(hours=turn)
        row, restock = ((shade, restocks[0]), (bulb, restocks[1]))[turn % 2]
        day = (now + timedelta(days=(40, 90, 160, 230, 300, 370, 440)[turn // 2])).date()
        services.move_restock_date(
            restock, day + timedelta(days=1), posted_on=at.date(), now=at, meant=True
        )
        services.review([row], now=at)
        turn += 1
    filling.settle_down()
    client, token = Client(), link_token(order, Purpose.ACT)
    path = f"/o/{token}/"
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path)
    found = re.search(r"live/\?seen=(\w+)", answer.content.decode())
    assert found
    return (
        {"page": path, "view": f"/one-query/{order.pk}/", "poll": f"{path}{found[0]}"},
        len(captured),
        len(answer.content),
    )


if __name__ == "__main__":
    main()
