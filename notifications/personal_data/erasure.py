"""Forgetting a person, and the words of old emails: what is kept, for how long, and what goes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications.models import (
    Inquiry,
    Message,
    MessageEvent,
    MessageState,
    Preference,
    ProviderReport,
    Suppression,
)
from notifications.personal_data.person import Person, mentions, person_of
from orders import services
from orders.access import without_tokens
from orders.domain import traces
from orders.models import DelayNotice
from orders.services import Refused
from orders.services.erasure import ERASED

UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Erased:
    """What the person was erased from, and how many emails keep their words as evidence, without
    the person. `written`: texts elsewhere that named them. `files`: uploaded files that are empty
    now. `in_use`: former addresses of theirs that stay, because another order has them now."""

    orders: int
    mails: int
    evidence: int
    reports: int
    written: int
    files: Sequence[str]
    in_use: Sequence[str]


@transaction.atomic
def erase_person(address: str, *, now: datetime) -> Erased:
    """Forget the person with this email address, in all tables. Refused while anything of their
    orders is open; the message names it.

    Kept: orders with their goods, days, refunds and answers, and the words of emails that told a
    delay the law asks about, without name, address and links.
    """
    person = person_of(address)
    _refuse_mails_under_way(person)
    orders = services.erase_orders(address, now=now)
    files = services.erase_files(person.pattern)
    theirs = Message.objects.filter(Q(order__in=orders) | person.has("recipient"))
    evidence = list(theirs.filter(_tells_a_notice()).exclude(text=""))
    ids = list(theirs.values_list("pk", flat=True))
    reports = ProviderReport.objects.filter(_of_mails(theirs) | person.has("recipient"))
    gone = reports.update(recipient="", detail="")
    Preference.objects.filter(person.has("address")).delete()
    Suppression.objects.filter(person.has("address")).delete()
    with services.erasing():
        for message in evidence:
            message.subject, message.text = (
                _without_any(person, words) for words in (message.subject, message.text)
            )
            message.save(update_fields=["subject", "text"])
        theirs.exclude(pk__in=[message.pk for message in evidence]).update(subject="", text="")
        Message.objects.filter(pk__in=ids).update(
            html="", headers={}, recipient="", decided_why="", last_error=""
        )
        written = _erase_mentions(person)
    return Erased(len(orders), len(ids), len(evidence), gone, written, files, person.in_use)


def _erase_mentions(person: Person) -> int:
    """The names go, the words around them stay. Returns how many texts had any."""
    pattern, found = person.pattern, 0
    for mention in mentions(person):
        value = traces.replaced(mention.value, lambda words: pattern.sub(ERASED, words))
        rows = mention.model._default_manager.filter(pk=mention.pk)
        found += rows.update(**{mention.field: value})
    return found


def forget_words(*, now: datetime) -> int:
    """The words of emails older than MESSAGE_RETENTION_DAYS go, those of legal notices after
    NOTICE_RETENTION_DAYS. That they were sent, when and about what, stays. Returns how many."""
    forgotten = 0
    while batch := _forget_batch(now):
        forgotten += batch
    return forgotten


@transaction.atomic
def _forget_batch(now: datetime) -> int:
    old = now - timedelta(days=settings.MESSAGE_RETENTION_DAYS)
    very_old = now - timedelta(days=settings.NOTICE_RETENTION_DAYS)
    due = Message.objects.exclude(state__in=UNDER_WAY).exclude(text="").filter(created_at__lt=old)
    gone = due.filter(~_tells_a_notice() | Q(created_at__lt=very_old)).order_by("created_at")
    ids = list(gone.values_list("pk", flat=True)[:BATCH])
    with services.erasing():
        Message.objects.filter(pk__in=ids).update(text="", html="", headers={})
    ProviderReport.objects.filter(received_at__lt=old).exclude(recipient="", detail="").update(
        recipient="", detail=""
    )
    return len(ids)


def _tells_a_notice() -> Exists:
    """Of a message: it said something that the law wants answered."""
    notices = DelayNotice.objects.filter(promise=OuterRef("event__promise"))
    return Exists(MessageEvent.objects.filter(Exists(notices), message=OuterRef("pk"), said=True))


def _of_mails(messages: QuerySet[Message]) -> Q:
    sent = messages.exclude(provider_id="").values("provider_id")
    return Q(message_id__in=messages.values("message_id")) | Q(provider_id__in=sent)


def _refuse_mails_under_way(person: Person) -> None:
    theirs = Q(order__in=person.orders) | person.has("recipient")
    waiting = Message.objects.filter(theirs, state__in=UNDER_WAY).values_list(
        "order__number", flat=True
    )
    if Inquiry.objects.filter(Q(order__in=person.orders) | person.has("answer_to")).exists():
        raise Refused("nothing was erased: a message of theirs to support is still being sent")
    if numbers := sorted(set(waiting)):
        raise Refused(
            f"nothing was erased: an email about order {', '.join(numbers)} is being sent"
        )


def _without_any(person: Person, words: str) -> str:
    """An email to them without any name of theirs, and without a link that opens anything."""
    words = person.pattern.sub(ERASED, without_tokens(words, ERASED))
    for name in sorted(person.short, key=len, reverse=True):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ERASED, words, flags=re.IGNORECASE)
    return words
