"""From events to messages, and from messages to a mail server that takes everything.

    python -m benchmarks.mail [--mails 4000] [--events 20000]

Starts its own PostgreSQL in a temporary directory. Two worker processes send, in turn: mails as
ever, composed when they are sent; mails whose words were written before; and without any database
the same bytes over a connection each.
"""

import argparse
import multiprocessing
import os
import smtplib
import statistics
import threading
import time
from collections.abc import Callable
from typing import Any

from benchmarks.servers import own_servers
from benchmarks.sink import mail_sink
from benchmarks.timing import Report, spent

TURN = 20  # seconds: more than a batch takes to compose on the busiest machine
PARTS = 5  # composed, written before, composed, written before, composed by one worker alone
AIM_EVENTS, AIM_SENT = 30, 0.8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mails", type=int, default=4_000, help="to send in all")
    parser.add_argument("--events", type=int, default=20_000, help="to become messages")
    options = parser.parse_args()
    with (
        mail_sink() as port,
        own_servers(
            EMAIL_URL=f"smtp://127.0.0.1:{port}",
            MAIL_MODE="send",
            LOG_LEVEL="WARNING",
            DEFAULT_FROM_EMAIL="Our shop <orders@example.com>",
        ),
    ):
        measure(options.mails, max(options.events, options.mails), port)


def measure(mails: int, events: int, port: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from benchmarks import filling
    from notifications.outbox.delivery import preview
    from notifications.outbox.dispatch import dispatch_all

    report = Report("mail", f"{events:,} events, {mails:,} mails")
    filling.promise(events)(timezone.now())
    with spent() as took:
        created = dispatch_all()
    assert created == events
    report.add(
        f"{events:,} events to messages",
        f"{took}; {created / took.wall:,.0f} a second",
        f"{AIM_EVENTS} s for 100,000",
        took.wall * 100_000 / events <= AIM_EVENTS,
    )

    def due(part: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE notifications_message SET next_attempt_at = clock_timestamp() WHERE state "
                "= 'queued' AND id IN "
                "(SELECT id FROM notifications_message ORDER BY id OFFSET %s LIMIT %s)",
                [part * mails // PARTS, mails // PARTS],
            )

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_message SET next_attempt_at = clock_timestamp() + interval '1 "
            "day'"
        )
        cursor.execute(
            "UPDATE notifications_message SET composed_at = now() WHERE id NOT IN "
            "(SELECT id FROM notifications_message ORDER BY id LIMIT %s)",
            [mails],
        )
    for part in (1, 3):  # as after a mail server was away: their words are frozen
        with connection.cursor() as cursor:
            ids = "SELECT id FROM notifications_message ORDER BY id OFFSET %s LIMIT %s"
            cursor.execute(
                f"UPDATE notifications_message SET composed_at = now() WHERE id NOT IN ({ids})",
                [part * mails // PARTS, mails // PARTS],
            )
            while preview():
                pass
            cursor.execute(
                f"UPDATE notifications_message SET frozen_at = now() WHERE id IN ({ids})",
                [part * mails // PARTS, mails // PARTS],
            )
            cursor.execute("UPDATE notifications_message SET composed_at = NULL WHERE subject = ''")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    bytes_of_one = one_mail()
    rates: dict[str, list[float]] = {"composed": [], "written before": [], "bare": []}
    memory: list[tuple[int, int]] = []
    for round_ in range(2):
        for kind, part in (("composed", 2 * round_), ("written before", 2 * round_ + 1)):
            due(part)
            sent, seconds, sizes = together(2, deliver_all, ())
            assert sent == mails // PARTS, (kind, sent)
            rates[kind].append(sent / seconds)
            memory += sizes if kind == "composed" else []
        sent, seconds, _ = together(2, _send_bytes, (port, bytes_of_one, 1000))
        rates["bare"].append(sent / seconds)
    due(4)
    sent, seconds, _ = together(1, deliver_all, ())
    alone = sent / seconds
    ours, before, bare = (statistics.median(found) for found in rates.values())
    both = {name: " and ".join(f"{rate:.0f}" for rate in found) for name, found in rates.items()}
    report.add("composed and sent by two workers", f"{both['composed']} a second")
    report.add("by one worker", f"{alone:.0f} a second: two send {ours / alone:.2f} x as many")
    report.add(
        "the same workers with words written before",
        f"{both['written before']} a second: ours {ours / before:.0%} of it",
        "80%",
        ours / before >= AIM_SENT,
    )
    report.add(
        "bare: the same bytes, no database",
        f"{both['bare']} a second: ours {ours / bare:.0%} of it",
    )
    first, last = (max(sizes) / 1e6 for sizes in zip(*memory, strict=True))
    report.add(
        "memory of a worker after a quarter of its mails and at the end",
        f"{first:.0f} and {last:.0f} MB",
        "flat: within 5%",
        last < first * 1.05,
    )
    report.end()


def one_mail() -> bytes:
    from notifications.models import Message
    from notifications.outbox.delivery import mail_of

    written: Any = mail_of(Message.objects.filter(frozen_at__isnull=False).latest("pk")).message()
    content: bytes = written.as_bytes(linesep="\r\n")
    return content


def together(
    workers: int, work: Callable[..., None], arguments: tuple[Any, ...]
) -> tuple[int, float, list[Any]]:
    """Mails sent by all, the seconds from the first start to the last end, and memory of each
    before and after."""
    processes = multiprocessing.get_context("spawn")
    barrier, results = processes.Barrier(workers), processes.SimpleQueue()
    started = [
        processes.Process(target=work, args=(barrier, results, *arguments), daemon=True)
        for _ in range(workers)
    ]
    for worker in started:
        worker.start()
    found = [results.get() for _ in started]
    for worker in started:
        worker.join()
    begun, ended = min(row[1] for row in found), max(row[2] for row in found)
    return sum(row[0] for row in found), ended - begun, [row[3] for row in found]


def deliver_all(barrier: Any, results: Any) -> None:
    import django
    import psutil  # type: ignore[import-untyped]

    django.setup()
    from notifications.outbox import delivery

    me, sizes, over = psutil.Process(os.getpid()), list[int](), threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            sizes.append(me.memory_info().rss)

    watcher = threading.Thread(target=watch)
    barrier.wait(60)
    watcher.start()
    begun, sent = time.time(), 0
    while tally := delivery.deliver(seconds=TURN):
        assert set(tally) <= {"sent"}, tally
        sent += tally["sent"]
    ended = time.time()
    over.set()
    watcher.join()
    results.put((sent, begun, ended, (sizes[len(sizes) // 4], sizes[-1])))


def _send_bytes(barrier: Any, results: Any, port: int, content: bytes, mails: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as server:
        barrier.wait(60)
        begun = time.time()
        for _ in range(mails):
            server.sendmail("orders@example.com", ["ada@example.com"], content)
        results.put((mails, begun, time.time(), (0, 0)))


if __name__ == "__main__":
    main()
