"""Which new promises the law wants answered, and what it asks: DelayNotice follows its promise.

The rules run once per distinct situation, not per line. A notice is decided when its promise is published, so that page
and staff can show it, and again when its mail is written, because only then is it known what was told before.
"""

from collections.abc import Collection, Iterable, Sequence
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
    Sentence,
    Silence,
    Situation,
    Told,
    adequate,
    counted_day,
    decide,
    earliest_day,
    latest_day,
)
from orders.law import law_of
from orders.models import DelayNotice, Outcome
from orders.services.forecasting import today_of

# A window of chances names no definite day, so its last day is none. The told notice is the newest that counts.
SITUATIONS = """
    SELECT p.id, l.id, o.country, o.region, coalesce(o.paid_at, o.placed_at),
           CASE WHEN p.kind IN ('dated', 'unrated') THEN p.late END,
           l.stated_by, l.agreed_by, l.open_wait,
           told.id IS NOT NULL, told.late, CASE WHEN told.silence = 'cancel' THEN told.answer_by END, told.outcome = 'kept'
    FROM orders_promise p
    JOIN orders_orderline l ON l.promise_id = p.id
    JOIN orders_order o ON o.id = l.order_id
    LEFT JOIN LATERAL (
        SELECT n.* FROM orders_delaynotice n
        WHERE n.line_id = l.id AND n.promise_id <> p.id AND n.adequate AND n.not_told_at IS NULL
        ORDER BY n.id DESC LIMIT 1
    ) told ON true
    WHERE p.id = ANY(%s)
    ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class _Case:
    promise_id: int
    line_id: int
    situation: Situation
    decision: Decision


@transaction.atomic
def notice_new_promises(promise_ids: Collection[int], *, now: datetime) -> int:
    """A DelayNotice for each of these promises, just published, that asks for one. Returns how many."""
    alike: dict[tuple[Decision, Jurisdiction, date | None], list[_Case]] = {}
    for case in _cases(promise_ids, now=now):
        if case.decision.notice_due:
            key = case.decision, case.situation.jurisdiction, case.situation.late
            alike.setdefault(key, []).append(case)
    for cases in alike.values():
        _insert(_notice(cases[0], now), cases)
    return sum(len(cases) for cases in alike.values())


def _insert(notice: DelayNotice, cases: Sequence[_Case]) -> None:
    """`notice` for each of these: they differ by promise and line alone. A row each is many times slower in a long queue."""
    fields = [field for field in DelayNotice._meta.concrete_fields if field.name not in ("id", "promise", "line")]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    values = [field.get_db_prep_save(getattr(notice, field.attname), connection) for field in fields]
    sql = f"""
        INSERT INTO orders_delaynotice (promise_id, line_id, {columns})
        SELECT new.promise_id, new.line_id, {", ".join(["%s"] * len(fields))}
        FROM unnest(%s::bigint[], %s::bigint[]) AS new (promise_id, line_id)"""
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, [case.promise_id for case in cases], [case.line_id for case in cases]])


@transaction.atomic
def decide_again(promise_ids: Collection[int], *, now: datetime) -> list[DelayNotice]:
    """The notices of these promises as the rules see them now, for the mail that is about to tell them. One that was told
    already and did not come back, or is over, stays as it is. Returns those that are open."""
    existing = {
        notice.promise_id: notice
        for notice in DelayNotice.objects.select_for_update().filter(promise__in=promise_ids).order_by("pk")
    }
    for case in _cases(promise_ids, now=now):
        notice = existing.get(case.promise_id)
        if notice and (notice.outcome or (notice.told_at and not notice.not_told_at)):
            continue
        if case.decision.notice_due:
            fresh = _notice(case, now)
            if notice:
                fresh.pk, fresh.not_told_at, fresh.decided_at = notice.pk, notice.not_told_at, notice.decided_at
            if notice is None or model_to_dict(fresh) != model_to_dict(notice):
                fresh.decided_at = now
                fresh.save()
            existing[case.promise_id] = fresh
        elif notice:
            notice.outcome, notice.ended_at = Outcome.SUPERSEDED, now
            notice.save(update_fields=["outcome", "ended_at"])
    return [notice for notice in existing.values() if not notice.outcome]


def count_as_told(promise_ids: Collection[int], *, at: datetime) -> None:
    """The mail server took their mail: the notices count from now, if they were in time, and end those before them."""
    untold = Q(told_at=None) | Q(not_told_at__isnull=False, outcome="")
    notices = list(DelayNotice.objects.select_related("line__order").filter(untold, promise__in=promise_ids))
    if not notices:
        return
    for notice in notices:
        notice.told_at = at
        notice.adequate = adequate(
            at,
            notice.notice_by,
            jurisdiction=Jurisdiction(notice.jurisdiction),
            country=notice.line.order.country or settings.SHOP_COUNTRY,
        )
        notice.not_told_at = None
    DelayNotice.objects.bulk_update(notices, ["told_at", "adequate", "not_told_at"], batch_size=1000)
    newest: dict[int, int] = {}
    for notice in notices:
        newest[notice.line_id] = max(notice.pk, newest.get(notice.line_id, 0))
    still_open = DelayNotice.objects.filter(line__in=newest, outcome="").values_list("pk", "line")
    before = [pk for pk, line_id in still_open if pk < newest[line_id]]
    if before:
        DelayNotice.objects.filter(pk__in=before).update(outcome=Outcome.SUPERSEDED, ended_at=at)


def _cases(promise_ids: Collection[int], *, now: datetime) -> Iterable[_Case]:
    decided: dict[tuple[Any, ...], tuple[Situation, Decision]] = {}
    with connection.cursor() as cursor:
        cursor.execute(SITUATIONS, [list(promise_ids)])
        for promise_id, line_id, country, region, ordered_at, *rest in cursor.fetchall():
            # No zone is off by less than a quarter of an hour: orders of the same quarter are of the same day.
            quarter = ordered_at.replace(minute=ordered_at.minute // 15 * 15, second=0, microsecond=0)
            facts = country, region, quarter, *rest
            if facts not in decided:
                situation = _situation(*facts, now=now)
                decided[facts] = situation, decide(situation)
            yield _Case(promise_id, line_id, *decided[facts])


def _situation(
    country: str,
    region: str,
    ordered_at: datetime,
    late: date | None,
    stated_by: date | None,
    agreed_by: date | None,
    open_wait: bool,
    was_told: bool,
    told_late: date | None,
    cancels_on: date | None,
    kept: bool,
    *,
    now: datetime,
) -> Situation:
    jurisdiction = law_of(country, region)
    where = country or settings.SHOP_COUNTRY
    situation = Situation(
        jurisdiction=jurisdiction,
        ordered_on=earliest_day(ordered_at, where),
        late=counted_day(late, jurisdiction, where),
        today=latest_day(now, where),
        stated_by=stated_by,
        open_wait=open_wait,
        agreed_by=agreed_by,
        told=Told(told_late, cancels_on, kept) if was_told else None,
    )
    return situation


# Where the law wants an order cancelled at once, staff decide and do it: until then the customer reads a choice.
LEFT_TO_STAFF = (Sentence.CHOICE, Sentence.PROMPT_REFUND, Sentence.CANCEL_ANY_TIME)


def _notice(case: _Case, now: datetime) -> DelayNotice:
    decision = case.decision
    if decision.cancel_now:
        decision = replace(decision, silence=Silence.KEEPS_PLACE, sentences=LEFT_TO_STAFF)
    return DelayNotice(
        promise_id=case.promise_id,
        line_id=case.line_id,
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
