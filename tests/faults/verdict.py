"""What must hold once a shop has come through a run of faults: no mail lost, none without its
event, every extra copy accounted for, and every number of the shop true."""

import argparse
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from backorders_site.simulation.checks import (
    broken_sums,
    fifo_inversions,
    line_stories,
    places_now,
    silent_breaks,
)
from notifications.models import Message, MessageState
from orders import queue
from orders.models import Order, OrderLine

SHOWN = 5
# A writer may have been frozen between its look at the clock and its lock: times within this are in
# no order.
BLURRED_SECONDS = 30

# Append-only tables, and their columns that are set once or are marks.
HISTORY = {
    "orders_restockdate": [],
    "orders_receipt": [],
    "orders_allocation": [],
    "orders_shipment": [],
    "orders_shipmentline": [],
    "orders_promise": ["told_at", "returned_at"],
    "orders_event": ["told_at", "message_due"],
    "orders_queuechange": [],
    "notifications_attempt": [],
}


@dataclass
class Verdict:
    """`wrong`: what must not be, each with its first examples; empty: all is well. `figures`: what
    there was."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    def refuse(self, what: str, found: Iterator[object]) -> None:
        listed = [str(one) for one in found]
        if listed:
            self.wrong[what] = [f"{len(listed)} in all", *listed[:SHOWN]]


@dataclass(frozen=True, slots=True)
class Copies:
    """Of one Message-ID, what the mail server accepted: how many, and how many that differ."""

    number: int
    different: int


_SETTLES = "EXISTS (SELECT FROM orders_event e WHERE e.due_at > clock_timestamp() AND "
STILL_SETTLING = {
    "orders_event": "t.due_at > clock_timestamp()",
    "orders_promise": f"{_SETTLES} e.promise_id = t.id)",
    "orders_queuechange": f"{_SETTLES} e.at = t.at)",
}


def history() -> dict[str, dict[str, str]]:
    """Every row of the append-only tables, as a digest by id. What still settles is not history yet
    (docs/decisions/0013): a count that is corrected takes it back, and nobody has heard of it."""
    rows = {}
    with connection.cursor() as cursor:
        for table, set_once in HISTORY.items():
            cursor.execute(
                f"SELECT id, md5((to_jsonb(t) - %s::text[])::text) FROM {table} t "
                f"WHERE ({STILL_SETTLING.get(table, 'false')}) IS NOT TRUE",
                [set_once],
            )
            rows[table] = {str(pk): digest for pk, digest in cursor.fetchall()}
    return rows


def accepted(mailbox: Path) -> dict[str, Copies]:
    """By Message-ID, without the line the mail server added on top."""
    digests: dict[str, list[str]] = defaultdict(list)
    for path in sorted(mailbox.glob("*.eml")):
        _, _, content = path.read_bytes().partition(b"\r\n")
        message_id = str(message_from_bytes(content, policy=policy.default)["Message-ID"])
        digests[message_id].append(hashlib.sha256(content).hexdigest())
    return {
        message_id: Copies(len(all_of), len(set(all_of))) for message_id, all_of in digests.items()
    }


def judge(directory: Path) -> Verdict:
    verdict = Verdict()
    _mails(verdict, accepted(directory / "mail"))
    _events(verdict)
    _shop(verdict)
    _memory(verdict, directory)
    return verdict


def _mails(verdict: Verdict, mails: Mapping[str, Copies]) -> None:
    messages = {message.message_id: message for message in Message.objects.select_related("order")}
    verdict.figures |= {
        "messages": dict(sorted(Counter(message.state for message in messages.values()).items())),
        "mails_accepted": sum(copies.number for copies in mails.values()),
        "told": sum(message.state == MessageState.SENT for message in messages.values()),
        "lost": sum(
            message.state == MessageState.SENT and key not in mails
            for key, message in messages.items()
        ),
        "extra_copies": sum(copies.number - 1 for copies in mails.values()),
        "ambiguous": sum(message.ambiguous_count for message in messages.values()),
        "attempts": _counts(
            "SELECT outcome, count(*) FROM notifications_attempt GROUP BY 1 ORDER BY 1"
        ),
    }
    verdict.figures["not_sent_because"] = _counts("""
        SELECT state || ': ' || last_error, count(*) FROM notifications_message
        WHERE state NOT IN ('sent', 'superseded') GROUP BY 1 ORDER BY 1""")
    verdict.refuse(
        "marked as sent and never accepted",
        (m for k, m in messages.items() if m.state == MessageState.SENT and k not in mails),
    )
    verdict.refuse(
        "mails that no message stands for", (key for key in mails if key not in messages)
    )
    verdict.refuse(
        "copies that nobody counted",
        (
            f"message {message.pk}: {mails[key].number} accepted, {message.ambiguous_count} "
            f"ambiguous, {message.state}"
            for key, message in messages.items()
            if key in mails
            and mails[key].number > message.ambiguous_count + (message.state == MessageState.SENT)
        ),
    )
    verdict.refuse(
        "copies that differ", (key for key, copies in mails.items() if copies.different > 1)
    )
    verdict.refuse(
        "more than one extra copy", (key for key, copies in mails.items() if copies.number > 2)
    )
    verdict.refuse(
        "messages still under way",
        (m for m in messages.values() if m.state in (MessageState.QUEUED, MessageState.SENDING)),
    )
    for_staff = (
        MessageState.FAILED,
        MessageState.NEEDS_REVIEW,
        MessageState.SUPPRESSED,
        MessageState.CANCELLED,
    )
    verdict.refuse(
        "neither told nor on staff's list",
        (m for m in messages.values() if m.state in for_staff and not m.order.attention),
    )


def _events(verdict: Verdict) -> None:
    verdict.figures["events"] = _counts(
        "SELECT kind, count(*) FROM orders_event GROUP BY 1 ORDER BY 1"
    )
    verdict.refuse(
        "events without a message",
        _rows("""
            SELECT e.id, e.kind FROM orders_event e JOIN orders_order o ON o.id = e.order_id
            WHERE o.released_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM notifications_messageevent c WHERE c.event_id = e.id)"""),
    )
    verdict.refuse(
        "events still to be dispatched",
        _rows("SELECT id, kind FROM orders_event WHERE message_due"),
    )
    verdict.refuse(
        "messages without an event",
        _rows("""
            SELECT id FROM notifications_message m
            WHERE NOT EXISTS (
                SELECT FROM notifications_messageevent c WHERE c.message_id = m.id)"""),
    )
    verdict.refuse(
        "overtaken messages whose events no later one covers",
        _rows("""
            SELECT c.message_id, c.event_id FROM notifications_messageevent c
            JOIN notifications_message m ON m.id = c.message_id AND m.state = 'superseded'
            WHERE NOT EXISTS (SELECT FROM notifications_messageevent n
                              WHERE n.event_id = c.event_id AND n.message_id > c.message_id)"""),
    )
    verdict.refuse(
        "lines in the queue whose promise was told to nobody and is on nobody's list",
        _rows("""
            SELECT l.id, p.id FROM orders_orderline l JOIN orders_promise p ON p.id = l.promise_id
            JOIN orders_order o ON o.id = l.order_id
            WHERE l.waiting > 0 AND p.told_at IS NULL AND o.attention = '{}'
              AND o.released_at IS NOT NULL"""),
    )
    verdict.refuse(
        "events told by a message that was not sent, or not told by one that was",
        _rows("""
            SELECT e.id, e.told_at, array_agg(m.state) FROM orders_event e
            JOIN notifications_messageevent c ON c.event_id = e.id AND c.said
            JOIN notifications_message m ON m.id = c.message_id
            GROUP BY e.id HAVING (e.told_at IS NOT NULL) <> bool_or(m.state = 'sent')"""),
    )


def _shop(verdict: Verdict) -> None:
    verdict.figures |= {
        "orders": Order.objects.count(),
        "lines_waiting": OrderLine.objects.filter(waiting__gt=0).count(),
    }
    verdict.refuse("units not conserved", iter(broken_sums()))
    verdict.refuse("counts of the queue that are not COUNT", iter(queue.differences()))
    true, shown = places_now(), queue.positions(list(places_now()))
    verdict.refuse(
        "places shown that are not the true ones",
        (
            f"line {pk}: {shown[pk].place}, true {place.place}"
            for pk, place in true.items()
            if shown[pk].place != place.place
        ),
    )
    verdict.refuse(
        "units lying beside a line that waits",
        _rows("""
            SELECT s.product_id, s.arrived - s.allocated FROM orders_stock s
            WHERE s.arrived > s.allocated AND EXISTS (
                SELECT FROM orders_orderline l
                WHERE l.product_id = s.product_id AND l.waiting > 0 AND NOT l.held)"""),
    )
    verdict.refuse(
        "units given past an older line",
        (one for one in fifo_inversions() if _stood(one.waiting_line, one.at)),
    )
    verdict.refuse(
        "promises broken without notice", iter(silent_breaks(line_stories(), until=timezone.now()))
    )


def _stood(line_id: int, at: object) -> bool:
    """The line stood in the queue, unchanged, for as long around the moment as times may be
    blurred."""
    moved = """
        SELECT 1 FROM (
            SELECT joined_at AS at FROM orders_orderline WHERE id = %(line)s
            UNION ALL SELECT at FROM orders_allocation WHERE line_id = %(line)s
            UNION ALL SELECT at FROM orders_event
            WHERE line_id = %(line)s AND kind IN ('cancelled', 'corrected')
        ) steps WHERE abs(extract(epoch FROM steps.at - %(at)s)) < %(blurred)s LIMIT 1"""
    return not list(_rows(moved, line=line_id, at=at, blurred=BLURRED_SECONDS))


def _memory(verdict: Verdict, directory: Path) -> None:
    """What somebody was told is done is there, and what once was history still is."""
    facts = [
        json.loads(line) for line in (directory / "acknowledged.jsonl").read_text().splitlines()
    ]
    said: dict[str, set[Any]] = defaultdict(set)
    for fact in facts:
        for what, which in fact.items():
            said[what].add(which)
    verdict.figures["acknowledged"] = dict(Counter(what for fact in facts for what in fact))
    there: dict[str, set[Any]] = {
        "ordered": set(Order.objects.values_list("number", flat=True)),
        "cancelled": set(OrderLine.objects.filter(cancelled__gt=0).values_list("pk", flat=True)),
        "shipped": set(OrderLine.objects.filter(shipped__gt=0).values_list("pk", flat=True)),
        "received": {pk for (pk,) in _rows("SELECT id FROM orders_receipt")},
        "moved": {pk for (pk,) in _rows("SELECT id FROM orders_restockdate")},
    }
    for what, which in said.items():
        verdict.refuse(f"{what}, acknowledged, and gone", iter(which - there[what]))
    now, looks = history(), sorted(directory.glob("history-*.json"))
    verdict.figures["history"] = {"looks": len(looks), "rows": sum(map(len, now.values()))}
    for look in looks:
        for table, rows in json.loads(look.read_text()).items():
            changed = (pk for pk, digest in rows.items() if now[table].get(pk) != digest)
            verdict.refuse(f"history of {table} that changed after {look.stem}", changed)


def _rows(sql: str, **values: object) -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values or None)
        yield from cursor.fetchall()


def _counts(sql: str) -> dict[str, int]:
    return dict(_rows(sql))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    directory = parser.parse_args().directory
    verdict = judge(directory)
    (directory / "verdict.json").write_text(
        json.dumps({"figures": verdict.figures, "wrong": verdict.wrong})
    )


if __name__ == "__main__":
    main()
