"""What the customer of a line may choose: keep, cancel, withdraw, put back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import IntegerField, JSONField, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from orders import services
from orders.domain.delay_rules import Sentence, Silence, refund_due_on
from orders.law import law_of
from orders.models import IS_TOLD, DelayNotice, Event, Order, OrderLine, Outcome
from orders.sql_files import sql
from orders.words import (
    beside_keep_question,
    consent_sentence,
    keep_question,
    notice_sentences,
    silence_sentence,
)

NOTICE_FIELDS = (
    "promise_id",
    "jurisdiction",
    "late",
    "silence",
    "answer_by",
    "consent_to",
    "delay_days",
    "cancels_now",
    "sentences",
    "adequate",
    "not_told_at",
    "outcome",
)

# Django takes longer to write these from expressions, anew for every page, than the database to
# answer them.
NEWEST_NOTICE = sql(__file__, "newest_notice", only="true")
CANCELLING_NOTICE = sql(
    __file__,
    "newest_notice",
    only=f"n.outcome = '' AND n.silence = 'cancel' AND {IS_TOLD} AND n.adequate",
)
UNREFUNDED = sql(__file__, "unrefunded")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an open delay notice asks, in words: beside its buttons the first sentence is enough,
    and the others say it in full. `answer_by`: the last day, if silence cancels. `question`: what
    the page before the button asks. `kept`: what that leaves unsaid of keeping. `silence`: what no
    answer means. `overtaken`: there is a newer promise, whose date is shown beside it.
    `names_agreed`: the sentences name the agreed date."""

    sentences: tuple[str, ...]
    answer_by: date | None
    question: str
    kept: str
    silence: str
    overtaken: bool = False
    names_agreed: bool = False

    @property
    def briefly(self) -> str:
        return self.sentences[0]

    @property
    def in_full(self) -> tuple[str, ...]:
        return self.sentences[1:]


def with_choices(lines: QuerySet[OrderLine]) -> QuerySet[OrderLine]:
    """With the newest notice that no newer one replaced, as `notice_row`, the one by which silence
    cancels, as `cancelling_row`, and the units whose refund is still to be sent. They differ while
    the newest has not been told."""
    return lines.annotate(
        notice_row=RawSQL(NEWEST_NOTICE, [], JSONField()),  # noqa: S611 - texts of ours
        cancelling_row=RawSQL(CANCELLING_NOTICE, [], JSONField()),  # noqa: S611
        unrefunded=RawSQL(UNREFUNDED, [], IntegerField()),  # noqa: S611
    )


def newest_notice(line: OrderLine) -> DelayNotice | None:
    return _notice(line, "notice_row")


def _notice(line: OrderLine, name: str) -> DelayNotice | None:
    row: dict[str, Any] | None = getattr(line, name, None)
    if row is None:
        return None
    days = {
        name: date.fromisoformat(row[name])
        for name in ("late", "answer_by", "consent_to")
        if row[name]
    }
    return DelayNotice(**{name: days.get(name, row[name]) for name in NOTICE_FIELDS})


def asked(line: OrderLine, newest: DelayNotice | None, *, locale: str, today: date) -> Asked | None:
    """What silence does comes from the notice that was told; keeping agrees to the newest."""
    rows = (_notice(line, "cancelling_row"), newest)
    notice = next((row for row in rows if row and row.still_asks(line)), None)
    asks = notice is not None and Sentence.CHOICE in notice.sentences
    if newest is None or notice is None or not asks or not line.open_units:
        return None
    words: dict[str, Any] = {"locale": locale, "today": today}
    overtaken = newest.promise_id != line.promise_id
    return Asked(
        sentences=tuple(
            notice_sentences(
                notice,
                agreed_by=line.agreed_by,
                overtaken=notice.promise_id != line.promise_id,
                reserved=line.reserved_beside,
                **words,
            )
        ),
        answer_by=notice.answer_by if notice.silence == Silence.CANCEL and notice.binds else None,
        question=keep_question(newest, overtaken=overtaken, **words),
        kept=beside_keep_question(newest, shows_day=overtaken and _names_a_day(line), **words),
        silence=silence_sentence(notice, reserved=line.reserved_beside, **words),
        overtaken=overtaken,
        names_agreed=not {Sentence.ORIGINAL_STANDS, Sentence.DATE_MISSED}.isdisjoint(
            notice.sentences
        ),
    )


def _names_a_day(line: OrderLine) -> bool:
    return line.promise is not None and line.promise.late is not None


def put_back(
    line: OrderLine,
    notice: DelayNotice | None,
    own: Iterable[Event],
    *,
    locale: str,
    today: date,
) -> str:
    """Empty where nothing can be put back."""
    silenced = notice is not None and notice.outcome == Outcome.SILENCE_CANCELLED
    if notice is None or not silenced or services.what_may_be_put_back(line, own) is None:
        return ""
    return consent_sentence(notice, locale=locale, today=today)


def may_withdraw(order: Order) -> bool:
    """From the contract, by the law of the country."""
    return law_of(order.country, order.region).rules.may_withdraw


def refund_by(order: Order, *, now: datetime) -> date:
    """The last day to send the money for what is cancelled now."""
    law = law_of(order.country, order.region)
    return refund_due_on(law, timezone.localtime(now).date())
