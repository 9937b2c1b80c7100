"""Which new promises the law wants answered, and what it asks: a DelayNotice follows its promise.

The rules run once per distinct situation, not per line. A notice is decided when its promise is
published, so that page and staff can show it. It is decided again when its email is written,
because only then is it known what was told before.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.forms import model_to_dict

from orders.domain.delay_rules import (
    Decision,
    Jurisdiction,
    NoticeTold,
    Sentence,
    Silence,
    Situation,
    adequate,
    counted_day,
    decide,
    earliest_day,
    latest_day,
)
from orders.law import law_of
from orders.models import IS_TOLD, DelayNotice, Outcome
from orders.services.forecasts import today_of
from orders.sql_files import sql
from orders.transit import days_on_the_way

# Of a line `l` of an order `o`: the law alone named its agreed day, which had passed before the
# order reached us, or before it was released. So no email ever named it to its customer.
UNREAD = """(l.stated_by IS NULL AND l.agreed_by < (
    greatest(l.joined_at, coalesce(o.released_at, %(now)s)) AT TIME ZONE %(zone)s)::date)"""
SITUATIONS = sql(__file__, "situations", unread=UNREAD)


@dataclass(frozen=True, slots=True)
class _Case:
    """Promises in one situation, each with its line."""

    situation: Situation
    decision: Decision
    lines: dict[int, int]


# Notices of one case differ by promise and line alone. A row each, or a statement for each case,
# takes many times longer.
INSERT = """
    INSERT INTO orders_delaynotice (promise_id, line_id, {columns})
    SELECT new.promise_id, new.line_id, {columns}
    FROM unnest(%(promises)s::bigint[], %(lines)s::bigint[], %(numbers)s::bigint[])
        AS new (promise_id, line_id, number)
    JOIN jsonb_to_recordset(%(notices)s::jsonb) AS asked (number bigint, {typed}) USING (number)
"""


# An answer has locked the notice and waits for the line, which is ours. Such a notice is skipped,
# and ends before the next email.
END_UNHEARD = f"""
    UPDATE orders_delaynotice SET outcome = 'superseded', ended_at = %(now)s
    WHERE id IN (
        SELECT n.id FROM orders_promise p
        JOIN orders_orderline l ON l.id = p.line_id AND l.promise_id = p.id
        JOIN orders_delaynotice n ON n.line_id = l.id AND n.promise_id <> p.id
        WHERE p.id = ANY(%(promises)s) AND n.outcome = ''
          AND NOT {IS_TOLD}
        FOR UPDATE OF n SKIP LOCKED
    )
"""


@transaction.atomic(savepoint=False)
def notice_new_promises(promise_ids: Collection[int], *, now: datetime) -> int:
    """A DelayNotice for each of these new promises that asks for one. What was to be asked before,
    and no email asked, ends. Returns how many."""
    _end_unheard(promise_ids, now=now)
    asking = [case for case in _cases(promise_ids, now=now) if case.decision.notice_due]
    if asking:
        _insert(asking, now=now)
    return sum(len(case.lines) for case in asking)


def _insert(cases: Sequence[_Case], *, now: datetime) -> None:
    fields = [
        field
        for field in DelayNotice._meta.concrete_fields
        if field.name not in ("id", "promise", "line")
    ]
    columns = {
        connection.ops.quote_name(str(field.column)): field.db_type(connection) for field in fields
    }
    notices = [
        {field.column: getattr(_notice(case, now), field.attname) for field in fields}
        for case in cases
    ]
    values: dict[str, Any] = {
        "promises": [promise_id for case in cases for promise_id in case.lines],
        "lines": [line_id for case in cases for line_id in case.lines.values()],
        "numbers": [number for number, case in enumerate(cases) for _ in case.lines],
        "notices": json.dumps(
            [{"number": n, **notice} for n, notice in enumerate(notices)], default=str
        ),
    }
    statement = INSERT.format(
        columns=", ".join(columns), typed=", ".join(f"{name} {of}" for name, of in columns.items())
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@transaction.atomic
def decide_again(promise_ids: Collection[int], *, now: datetime) -> list[DelayNotice]:
    """The notices of these promises as the rules see them now, for the email that is about to tell
    them. A notice that was told and did not come back, or has ended, stays as it is. Returns those
    that are open."""
    _end_unheard(promise_ids, now=now)
    existing = {
        notice.promise_id: notice
        for notice in DelayNotice.objects.select_for_update()
        .filter(promise__in=promise_ids)
        .order_by("-pk")
    }
    for case in _cases(promise_ids, now=now):
        for promise_id, line_id in case.lines.items():
            if notice := _decide_again(
                case, promise_id, line_id, existing.get(promise_id), now=now
            ):
                existing[promise_id] = notice
    return [notice for notice in existing.values() if not notice.outcome]


def _end_unheard(promise_ids: Collection[int], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(END_UNHEARD, {"promises": list(promise_ids), "now": now})


def _decide_again(
    case: _Case, promise_id: int, line_id: int, notice: DelayNotice | None, *, now: datetime
) -> DelayNotice | None:
    if notice and (notice.outcome or notice.is_told):
        return notice
    if not case.decision.notice_due:
        if notice:
            notice.outcome, notice.ended_at = Outcome.SUPERSEDED, now
            notice.save(update_fields=["outcome", "ended_at"])
        return notice
    fresh = _notice(case, now)
    fresh.promise_id, fresh.line_id = promise_id, line_id
    if notice:
        fresh.pk, fresh.not_told_at, fresh.decided_at = (
            notice.pk,
            notice.not_told_at,
            notice.decided_at,
        )
    if notice is None or model_to_dict(fresh) != model_to_dict(notice):
        fresh.decided_at = now
        fresh.save()
    return fresh


COUNT_AS_TOLD = """
    UPDATE orders_delaynotice n
    SET told_at = %(at)s, adequate = told.adequate, not_told_at = NULL,
        outcome = CASE n.outcome WHEN 'superseded' THEN '' ELSE n.outcome END,
        ended_at = CASE n.outcome WHEN 'superseded' THEN NULL ELSE n.ended_at END
    FROM unnest(%(notices)s::bigint[], %(adequate)s::boolean[]) AS told (id, adequate)
    WHERE n.id = told.id
"""
END_BEFORE = """
    UPDATE orders_delaynotice n SET outcome = 'superseded', ended_at = %(at)s
    FROM (
        SELECT line_id, max(id) AS id FROM orders_delaynotice WHERE id = ANY(%(notices)s) GROUP BY 1
    ) newest
    WHERE n.line_id = newest.line_id AND n.id < newest.id AND n.outcome = ''
"""

NOT_TOLD = ": not told of a delay; "
TOLD_AFTER_ALL = sql(__file__, "told_after_all")


def count_as_told(promise_ids: Collection[int], *, at: datetime) -> None:
    """The mail server accepted their email. The notices count from now, if they were in time, and
    end those before them. One that a newer promise had ended while its email was under way was
    heard after all. Staff are no longer warned of those in time."""
    untold = (
        DelayNotice.objects.filter(
            Q(told_at=None) | Q(not_told_at__isnull=False, outcome=""), promise__in=promise_ids
        )
        .order_by()
        .values_list("pk", "notice_by", "jurisdiction", "line__order__country")
    )
    if not untold:
        return
    in_time = [
        adequate(
            at,
            notice_by,
            jurisdiction=Jurisdiction(jurisdiction),
            country=country or settings.SHOP_COUNTRY,
        )
        for _, notice_by, jurisdiction, country in untold
    ]
    values: dict[str, Any] = {
        "at": at,
        "notices": [notice_id for notice_id, *_ in untold],
        "adequate": in_time,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT_AS_TOLD, values)
        cursor.execute(END_BEFORE, values)
        cursor.execute(TOLD_AFTER_ALL, values | {"not_told": NOT_TOLD})


def _cases(promise_ids: Collection[int], *, now: datetime) -> Collection[_Case]:
    cases: dict[Situation, _Case] = {}
    with connection.cursor() as cursor:
        values: dict[str, Any] = {
            "promises": list(promise_ids),
            "now": now,
            "zone": settings.TIME_ZONE,
        }
        cursor.execute(SITUATIONS, values)
        for promises, lines, *facts in cursor.fetchall():
            situation = _situation(*facts, now=now)
            if situation not in cases:
                cases[situation] = _Case(situation, decide(situation), {})
            cases[situation].lines.update(zip(promises, lines, strict=True))
    return cases.values()


def _situation(
    country: str,
    region: str,
    ordered_at: datetime,
    late: date | None,
    stated_by: date | None,
    agreed_by: date | None,
    open_wait: bool,
    set_aside: bool,
    was_told: bool,
    told_late: date | None,
    cancels_on: date | None,
    kept: bool,
    unread: bool,
    *,
    now: datetime,
) -> Situation:
    jurisdiction = law_of(country, region)
    where = country or settings.SHOP_COUNTRY
    situation = Situation(
        jurisdiction=jurisdiction,
        ordered_on=earliest_day(ordered_at, where),
        late=counted_day(late, jurisdiction, days_on_the_way=days_on_the_way(where)),
        today=latest_day(now, where),
        stated_by=stated_by,
        open_wait=open_wait,
        set_aside=set_aside,
        agreed_by=agreed_by,
        told=NoticeTold(told_late, cancels_on, kept) if was_told else None,
        unread=unread,
    )
    return situation


# Where the law wants an order cancelled at once, staff decide and do it: until then the customer
# reads a choice.
LEFT_TO_STAFF = (Sentence.CHOICE, Sentence.PROMPT_REFUND, Sentence.CANCEL_ANY_TIME)


def _notice(case: _Case, now: datetime) -> DelayNotice:
    """Of none of the case's lines yet."""
    decision = case.decision
    if decision.cancel_now:
        decision = replace(decision, silence=Silence.KEEPS_PLACE, sentences=LEFT_TO_STAFF)
    return DelayNotice(
        jurisdiction=case.situation.jurisdiction,
        case=decision.case or "",
        late=case.situation.late,
        notice_by=decision.notice_by or today_of(now),
        silence=decision.silence or "",
        answer_by=decision.answer_by,
        consent_to=decision.consent_to,
        delay_days=decision.delay_days,
        cancels_now=decision.cancel_now,
        sentences=list(decision.sentences),
        decided_at=now,
    )
