"""What emails need to know of their orders beside their own events, read for many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from notifications.may_send import Topic, has_turned_off
from orders.models import DelayNotice, Event, OrderLine
from orders.sql_files import sql

OPEN_NOTICES = sql(__file__, "notices")
NEWEST = sql(__file__, "newest", no_change_off=has_turned_off(Topic.NO_CHANGE))


@dataclass(frozen=True, slots=True)
class Known:
    """`lines`: by order, with product and promise; `notices`: the open ones by line; `newest`: by
    line, what happened last, newest first; `no_change_off`: the orders whose customers turned off
    that nothing changed."""

    lines: Mapping[int, Sequence[OrderLine]] = field(default_factory=dict)
    notices: Mapping[int, DelayNotice] = field(default_factory=dict)
    newest: Mapping[int, Sequence[Event]] = field(default_factory=dict)
    no_change_off: Collection[int] = ()


def known_of(order_ids: Collection[int]) -> Known:
    lines: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.select_related("product", "promise").filter(order__in=order_ids):
        lines.setdefault(line.order_id, []).append(line)
    newest: dict[int, list[Event]] = {}
    off = set()
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, {"orders": list(order_ids)})
        for line, order, is_off, kind, at in cursor.fetchall():
            newest.setdefault(line, [])
            if kind:
                newest[line].append(Event(kind=kind, at=at))
            if is_off:
                off.add(order)
    # of several notices of a line the last counts
    notices = DelayNotice.objects.raw(OPEN_NOTICES, {"orders": list(order_ids)})
    return Known(lines, {notice.line_id: notice for notice in notices}, newest, off)
