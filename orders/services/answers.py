"""The customer's answer, and what silence means when there is none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils.translation import gettext

from orders.domain import facts
from orders.domain.delay_rules import (
    REMIND_AFTER,
    Sentence,
    Silence,
    deadline_ends,
    reminder_of_consent,
    reminder_without_end,
    reminders,
    staff_warnings,
)
from orders.models import (
    BINDING,
    TO_COME,
    TOLD,
    Answer,
    Choice,
    DelayNotice,
    Event,
    Order,
    OrderLine,
    Outcome,
    Refund,
)
from orders.services.cancellations import Changed, cancel, return_to_queue
from orders.services.delay_notices import NOT_TOLD
from orders.services.flags import flag
from orders.services.forecasts import today_of
from orders.services.locks import passing_over
from orders.services.promises import lock_stock
from orders.services.put_back_rules import undo_of, units_to_put_back
from orders.services.refusal import Refused
from orders.services.shipments import lock_lines

SILENCES_AT_ONCE = 500
# all that is to come of a row's line
SET_ASIDE = Q(line__waiting=0, line__allocated__gt=F("line__shipped"))
UNITS = ("quantity", "allocated", "shipped", "cancelled", "waiting")
Done = Literal[
    "kept", "nothing_asked", "cancelled", "already_cancelled", "put_back", "already_kept"
]


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer did; a second one of the same kind does nothing more and says so. Refunds it
    made due."""

    done: Done
    units: int = 0
    refunds: tuple[Refund, ...] = ()


@transaction.atomic
def answer(
    order: Order,
    line_id: int,
    choice: str,
    *,
    now: datetime,
    units: int | None = None,
    seen: int | None = None,
    channel: str = "page",
    actor: str = "",
    reason: str = "",
) -> Answered:
    """Keep the place, cancel, withdraw from the contract, or undo what was canceled just now, for
    one line (`units`: a part of it).

    `seen`: the units that had not shipped when the choice was offered; Changed when that is not so
    any more. `reason`: how staff know of it, where they enter that a place is kept. Refused: a line
    of another order, an unknown choice, units that have left or were never ordered."""
    line = (
        OrderLine.objects.select_related("product", "order").filter(order=order, pk=line_id).first()
    )
    if line is None:
        raise Refused(f"order {order.number} has no such line")
    if choice == Choice.KEEP:
        return _keep(line, now=now, channel=channel, actor=actor, reason=reason)
    if choice == Choice.UNDO:
        return _undo(line, now=now, channel=channel, actor=actor)
    if choice in (Choice.CANCEL, Choice.WITHDRAW):
        return _leave(line, Choice(choice), units, seen, now=now, channel=channel, actor=actor)
    raise Refused(f"{choice!r} is not an answer: expected keep, cancel, withdraw or undo")


def _keep(
    line: OrderLine, *, now: datetime, channel: str, actor: str, reason: str = ""
) -> Answered:
    """Express consent: the day of the open notice becomes the day agreed to; where silence
    cancelled, the place returns."""
    silenced = _open_or(line, Outcome.SILENCE_CANCELLED)
    # as an answer left it that came while we waited for the notice
    line.refresh_from_db(fields=UNITS)
    if silenced and silenced.outcome == Outcome.SILENCE_CANCELLED and line.cancelled:
        back = units_to_put_back(line, by_customer=channel == "page")
        if back is None:
            raise Refused(gettext("this product is discontinued, so there is no line to return to"))
        return _put_back(line, silenced, back, now=now, channel=channel, actor=actor, reason=reason)
    if not line.open_units:
        raise Refused(
            gettext("this has already shipped, so there is nothing to wait for")
            if line.shipped
            else gettext("this was canceled, so there is no place to keep")
        )
    notice = silenced if silenced and not silenced.outcome else None
    if notice is None:
        kept = line.notices.filter(outcome=Outcome.KEPT).exists()
        return Answered("already_kept" if kept else "nothing_asked", line.open_units)
    units = line.open_units
    _consent(line, notice, Outcome.KEPT, now=now)
    _end_all(line, Outcome.KEPT, now=now)
    Answer.objects.create(
        line=line,
        notice=notice,
        choice=Choice.KEEP,
        units=units,
        channel=channel,
        actor=actor,
        at=now,
    )
    answered = facts.Answered(choice=Choice.KEEP, units=units, agreed_by=notice.consent_to)
    _tell(line, answered, now=now, actor=actor, note=reason)
    return Answered("kept", units)


@transaction.atomic
def put_back_by_staff(
    line: OrderLine, units: int, *, now: datetime, actor: str, reason: str = ""
) -> None:
    """Staff undo a cancellation. That the customer wants it is consent, as from the page, where
    silence had cancelled or would have by now; what was asked of the customer is asked again where
    there is still time to answer."""
    notice = _open_or(line, Outcome.SILENCE_CANCELLED, Outcome.LEFT)
    if notice is None or not notice.outcome:
        return_to_queue(line, units, now=now, actor=actor, reason=reason)
    elif notice.outcome == Outcome.LEFT and not _is_over(notice, line, now):
        return_to_queue(line, units, now=now, actor=actor, reason=reason)
        DelayNotice.objects.filter(pk=notice.pk).update(outcome="", ended_at=None)
    else:
        _put_back(line, notice, units, now=now, channel="staff", actor=actor, reason=reason)


def _is_over(notice: DelayNotice, line: OrderLine, now: datetime) -> bool:
    where = line.order.country or settings.SHOP_COUNTRY
    return notice.answer_by is not None and now >= deadline_ends(notice.answer_by, where)


def _put_back(
    line: OrderLine,
    notice: DelayNotice,
    units: int,
    *,
    now: datetime,
    channel: str,
    actor: str,
    reason: str = "",
) -> Answered:
    return_to_queue(line, units, now=now, actor=actor, reason=reason, agreed_by=notice.consent_to)
    _consent(line, notice, Outcome.KEPT, now=now)
    Answer.objects.create(
        line=line,
        notice=notice,
        choice=Choice.KEEP,
        units=units,
        channel=channel,
        actor=actor,
        at=now,
    )
    return Answered("put_back", units)


def _leave(
    line: OrderLine,
    choice: Choice,
    units: int | None,
    seen: int | None,
    *,
    now: datetime,
    channel: str,
    actor: str,
) -> Answered:
    """Anyone may leave with what has not left us. The cancellation is told with the day its refund
    is due."""
    notice = _open_or(line)
    line.refresh_from_db(fields=UNITS)
    open_units = line.open_units
    if not open_units:
        if line.cancelled:
            return Answered("already_cancelled", line.cancelled)
        raise Refused(gettext("this has already shipped, so it can no longer be canceled here"))
    leaving = open_units if units is None else units
    if not 1 <= leaving <= (seen or open_units):
        words = gettext("%(units)s can't be canceled: expected 1 to %(most)s")
        raise Refused(words % {"units": leaving, "most": seen or open_units})
    rests_on = {line.pk: open_units if seen is None else seen}
    try:
        refunds = cancel(
            line.order, units={line.pk: leaving}, seen=rests_on, now=now, by=choice, actor=actor
        )
    except Changed:
        line.refresh_from_db(fields=UNITS)
        if seen is None or not line.open_units:  # there is an answer to that
            return _leave(line, choice, units, seen, now=now, channel=channel, actor=actor)
        raise
    if leaving == open_units:
        _end_all(line, Outcome.LEFT, now=now)
    Answer.objects.create(
        line=line, notice=notice, choice=choice, units=leaving, channel=channel, actor=actor, at=now
    )
    return Answered("cancelled", leaving, tuple(refunds))


def _undo(line: OrderLine, *, now: datetime, channel: str, actor: str) -> Answered:
    """The customer's own cancellation of a moment ago is undone, and what it answered is asked
    again. Units that were reserved may be somebody else's by now: then the line is the first to get
    others."""
    _locked(line.pk)
    lock_stock([line.product_id])
    lock_lines(line.order, {line.pk: 0})
    line.refresh_from_db(fields=UNITS)
    undo = undo_of(line, now=now)
    if undo is None:
        if line.open_units:  # undone already
            return Answered("already_kept", line.open_units)
        raise Refused(gettext("this can no longer be undone"))
    return_to_queue(line, undo.units, now=now, actor=actor)
    line.notices.filter(outcome=Outcome.LEFT, ended_at=undo.made_at).update(
        outcome="", ended_at=None
    )
    Answer.objects.create(
        line=line, choice=Choice.UNDO, units=undo.units, channel=channel, actor=actor, at=now
    )
    return Answered("put_back", undo.units)


def apply_silence(*, now: datetime) -> int:
    """Every notice told in time whose last moment to answer has passed, in the customer's
    westernmost zone, ends as it said it would; once, however often this runs. Unreleased orders are
    left alone. So is what is reserved (warn_staff says what the law wants of it) and, for now, what
    somebody has locked. Returns how many ended."""
    due = (
        DelayNotice.objects.filter(
            BINDING,
            outcome="",
            answer_by__lt=today_of(now),
            line__order__released_at__lte=now,
        )
        .exclude(SET_ASIDE, silence=Silence.CANCEL)
        .exclude(silence=Silence.KEEPS_PLACE)
    )
    over = [
        notice
        for notice in due.select_related("line__order").order_by("answer_by", "pk")
        if _is_over(notice, notice.line, now)
    ]
    consents = [notice for notice in over if notice.silence == Silence.CONSENT]
    parts = [
        consents[start : start + SILENCES_AT_ONCE]
        for start in range(0, len(consents), SILENCES_AT_ONCE)
    ]
    cancels = [[notice] for notice in over if notice.silence == Silence.CANCEL]
    consented = sum(
        passing_over(parts, lambda part: _consent_by_silence(part, now=now), of="notice")
    )
    return consented + sum(
        passing_over(cancels, lambda part: _cancel_by_silence(part[0], now=now), of="notice")
    )


CONSENT = """
    UPDATE orders_orderline l
    SET agreed_by = coalesce(n.consent_to, l.agreed_by),
        open_wait = l.open_wait OR n.consent_to IS NULL
    FROM orders_delaynotice n WHERE n.id = ANY(%s) AND l.id = n.line_id
"""


@transaction.atomic
def _consent_by_silence(over: Collection[DelayNotice], *, now: datetime) -> int:
    """Many at once: a delay ends for all who were told of it on the same day."""
    due = {notice.pk for notice in over}
    locked = [
        row
        for row in _locked(*{each.line_id for each in over})
        if row.pk in due and row.binds and not row.outcome
    ]
    lines = OrderLine.objects.in_bulk([row.line_id for row in locked])
    by_outcome: dict[Outcome, list[int]] = {
        Outcome.CONSENTED: [],
        Outcome.SHIPPED: [],
        Outcome.LEFT: [],
    }
    for row in locked:
        by_outcome[_gone(lines[row.line_id]) or Outcome.CONSENTED].append(row.pk)
    with connection.cursor() as cursor:
        cursor.execute(CONSENT, [by_outcome[Outcome.CONSENTED]])
    for outcome, ids in by_outcome.items():
        DelayNotice.objects.filter(pk__in=ids).update(outcome=outcome, ended_at=now)
    return len(locked)


@transaction.atomic
def _cancel_by_silence(over: DelayNotice, *, now: datetime) -> bool:
    notice = next(row for row in _locked(over.line_id) if row.pk == over.pk)
    if notice.outcome or not notice.binds:
        return False
    line = OrderLine.objects.select_related("order", "product").get(pk=over.line_id)
    if outcome := _gone(line):
        _end_all(line, outcome, now=now)
        return True
    if not line.waiting:  # set aside since
        return False
    cancel(line.order, units={line.pk: line.waiting}, now=now, by="silence")
    _end_all(line, Outcome.SILENCE_CANCELLED, now=now)
    return True


def _gone(line: OrderLine) -> Outcome | None:
    """How a question ended if nothing is left to ask; None: units are still to come."""
    if line.open_units:
        return None
    return Outcome.SHIPPED if line.shipped else Outcome.LEFT


def remind(*, now: datetime) -> int:
    """Customers who have not answered are reminded: seven and two days before silence cancels, two
    days before it agrees, and once, a week later, where it ends nothing. Some believe that they
    have answered. Returns how many."""
    today = today_of(now)
    nearly_due = now - timedelta(days=REMIND_AFTER - 1)  # the day decides
    due = Q(BINDING, silence__in=[Silence.CANCEL, Silence.CONSENT], answer_by__gte=today) | Q(
        TOLD, silence=Silence.KEEPS_PLACE, reminded_for=None, told_at__lte=nearly_due
    )
    notices = DelayNotice.objects.select_related("line__order").filter(
        due,
        outcome="",
        sentences__contains=[Sentence.CHOICE],
        line__waiting__gt=0,
        line__order__released_at__lte=now,
    )
    return sum(
        passing_over(
            [[notice] for notice in notices], lambda part: _remind(part[0], now=now), of="notice"
        )
    )


@transaction.atomic
def _remind(notice: DelayNotice, *, now: datetime) -> bool:
    today = today_of(now)
    told_on = today_of(notice.told_at) if notice.told_at else today
    days = [day for day in _reminder_days(notice, told_on) if day <= today]
    if not days or days[-1] <= max(told_on, notice.reminded_for or told_on):
        return False
    DelayNotice.objects.filter(pk=notice.pk).update(reminded_for=days[-1])
    _tell(
        notice.line,
        facts.Reminded(
            units=notice.line.open_units,
            answer_by=notice.answer_by if notice.silence == Silence.CANCEL else None,
        ),
        now=now,
        actor="",
    )
    return True


def _reminder_days(notice: DelayNotice, told_on: date) -> list[date]:
    if notice.silence == Silence.KEEPS_PLACE or notice.answer_by is None:
        return [reminder_without_end(told_on)]
    if notice.silence == Silence.CONSENT:
        return [reminder_of_consent(notice.answer_by)]
    return reminders(notice.answer_by)


def warn_staff(*, now: datetime) -> int:
    """Orders go on staff's list, each text once. First for a delay that nobody was told of in time
    to count, shortly before and on the last day for it. Then if that day has passed, so that the
    law wants the order canceled, or had passed when nothing was shipped of what is reserved.
    Returns how many are new."""
    today = today_of(now)
    notices = DelayNotice.objects.select_related("line__order", "line__product").filter(
        TO_COME, outcome="", line__order__released_at__lte=now
    )
    does_not_count = Q(told_at=None) | Q(adequate=False) | Q(not_told_at__isnull=False)
    untold = notices.filter(does_not_count, notice_by__gte=today)
    texts = [
        (row, _warning(row, today)) for row in untold if today in staff_warnings(row.notice_by)
    ]
    too_late = does_not_count & Q(
        notice_by__lt=today, silence__in=[Silence.CONSENT, Silence.CANCEL]
    )
    texts += [(row, _to_cancel(row)) for row in notices.filter(too_late | Q(cancels_now=True))]
    not_shipped = notices.filter(SET_ASIDE, BINDING, answer_by__lt=today)
    texts += [(row, _to_ship(row)) for row in not_shipped.exclude(silence=Silence.CONSENT)]

    def put(part: Sequence[tuple[DelayNotice, str]]) -> int:
        ((row, text),) = part
        return flag(row.line.order, [text], instead_of=_untold(row))

    return sum(passing_over([[each] for each in texts], put, of="warning"))


def _untold(row: DelayNotice) -> str:
    return f"{row.line.product.sku}{NOT_TOLD}"


def _warning(row: DelayNotice, today: date) -> str:
    days = (row.notice_by - today).days
    when = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
    return f"{_untold(row)}the agreed date ends {when}, on {row.notice_by}"


def _to_cancel(row: DelayNotice) -> str:
    return (
        f"{row.line.product.sku}: the agreed date passed without a notice in time; the law "
        "requires you to cancel and refund it unless the customer keeps it"
    )


def _to_ship(row: DelayNotice) -> str:
    return (
        f"{row.line.product.sku}: reserved, but no shipment recorded by {row.answer_by}, the "
        "agreed date; record the shipment, or the law requires you to cancel and refund it "
        "unless the customer keeps it"
    )


def _consent(line: OrderLine, notice: DelayNotice, outcome: Outcome, *, now: datetime) -> None:
    agreed = {"agreed_by": notice.consent_to} if notice.consent_to else {"open_wait": True}
    OrderLine.objects.filter(pk=line.pk).update(**agreed)
    _end(notice, outcome, now=now)


def _end(notice: DelayNotice, outcome: Outcome, *, now: datetime) -> None:
    DelayNotice.objects.filter(pk=notice.pk).update(outcome=outcome, ended_at=now)


def _end_all(line: OrderLine, outcome: Outcome, *, now: datetime) -> None:
    """Also a question that a newer one is to replace once that is told: an answer answers both, and
    a cancellation ends both, so that putting back agrees to the newest day."""
    line.notices.filter(outcome="").update(outcome=outcome, ended_at=now)


def _open_or(line: OrderLine, *outcomes: Outcome) -> DelayNotice | None:
    """The line's newest notice that none replaced, if it is open or ended in one of these ways."""
    notice = next((row for row in _locked(line.pk) if row.outcome != Outcome.SUPERSEDED), None)
    return notice if notice and notice.outcome in ("", *outcomes) else None


def _locked(*line_ids: int) -> list[DelayNotice]:
    """The notices of lines, the newest first as everywhere, so that answers, silence and emails
    wait in turn."""
    return list(DelayNotice.objects.select_for_update().filter(line__in=line_ids).order_by("-pk"))


def _tell(
    line: OrderLine,
    details: facts.Facts,
    *,
    now: datetime,
    actor: str,
    note: str = "",
) -> None:
    Event.of(
        details,
        order=line.order,
        line=line,
        at=now,
        actor=actor,
        note=note,
        message_due=line.order.released_at is not None,
    ).save()
