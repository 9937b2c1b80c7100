"""Forgetting a person, and the words of old emails: what is kept, for how long, and what goes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from notifications.models import (
    Inquiry,
    Message,
    MessageEvent,
    MessageState,
    Pause,
    Preference,
    ProviderReport,
    Suppression,
)
from orders import services
from orders.access import without_tokens
from orders.models import (
    DelayNotice,
    Discontinuation,
    Event,
    Note,
    Order,
    QueueChange,
    Receipt,
    Restock,
    Shipment,
)
from orders.services import Refused
from orders.services.erasure import ERASED

UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Erased:
    """What the person was erased from, and how many emails keep their words as evidence, without
    the person. `reasons`: what staff wrote elsewhere that contained the address, the whole name or
    a tracking number. `files`: uploaded files that are empty now."""

    orders: int
    mails: int
    evidence: int
    reports: int
    reasons: int
    files: Sequence[str]


@transaction.atomic
def erase_person(address: str, *, now: datetime) -> Erased:
    """Forget the person with this email address, in all tables. Refused while anything of their
    orders is open; the message names it.

    Kept: orders with their goods, days, refunds and answers, and the words of emails that told a
    delay the law asks about, without name, address and links.
    """
    names = _names(address)
    _refuse_mails_under_way(address)
    orders = services.erase_orders(address, now=now)
    files = services.erase_files(address)
    theirs = Message.objects.filter(Q(order__in=orders) | Q(recipient__iexact=address))
    evidence = list(theirs.filter(_tells_a_notice()).exclude(text=""))
    ids = list(theirs.values_list("pk", flat=True))
    reports = ProviderReport.objects.filter(_of_mails(theirs) | Q(recipient__iexact=address))
    gone = reports.update(recipient="", detail="")
    with services.erasing():
        reasons = _erase_from_reasons(_whole(names))
        for message in evidence:
            message.subject, message.text = (
                _without(names, words) for words in (message.subject, message.text)
            )
            message.save(update_fields=["subject", "text"])
        theirs.exclude(pk__in=[message.pk for message in evidence]).update(subject="", text="")
        Message.objects.filter(pk__in=ids).update(
            html="", headers={}, recipient="", decided_why="", last_error=""
        )
    Preference.objects.filter(address__iexact=address).delete()
    Suppression.objects.filter(address__iexact=address).delete()
    for name in _whole(names):
        LogEntry.objects.filter(change_message__icontains=name).update(change_message=ERASED)
        LogEntry.objects.filter(object_repr__icontains=name).update(object_repr=ERASED)
    return Erased(len(orders), len(ids), len(evidence), gone, reasons, files)


# What staff write freely and beside no order, or beside somebody else's.
REASONS: tuple[tuple[type[Model], str], ...] = (
    (Discontinuation, "reason"),
    (Event, "note"),
    (Pause, "reason"),
    (Message, "decided_why"),
    (Note, "text"),
    (QueueChange, "note"),
    (Receipt, "reason"),
    (Restock, "cancel_reason"),
    (Shipment, "reason"),
    (Suppression, "reason"),
)


def _erase_from_reasons(names: list[str]) -> int:
    """The names go, the words around them stay. Returns how many texts had any."""
    found = 0
    for model, field in REASONS:
        named = Q(*((f"{field}__icontains", name) for name in names), _connector=Q.OR)
        for pk, words in list(model._default_manager.filter(named).values_list("pk", field)):
            without = _without(names, words)
            found += without != words
            model._default_manager.filter(pk=pk).update(**{field: without})
    return found


def _whole(names: list[str]) -> list[str]:
    """Those that mean this person and nobody else. Many people share a first name."""
    return [name for name in names if re.search(r"[@\s\d]", name)]


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


def _refuse_mails_under_way(address: str) -> None:
    theirs = Q(order__email__iexact=address) | Q(recipient__iexact=address)
    waiting = Message.objects.filter(theirs, state__in=UNDER_WAY).values_list(
        "order__number", flat=True
    )
    if Inquiry.objects.filter(
        Q(order__email__iexact=address) | Q(answer_to__iexact=address)
    ).exists():
        raise Refused("nothing was erased: a message of theirs to support is still being sent")
    if numbers := sorted(set(waiting)):
        raise Refused(
            f"nothing was erased: an email about order {', '.join(numbers)} is being sent"
        )


def _names(address: str) -> list[str]:
    """What of the person may be in the words of an email."""
    orders = Order.objects.filter(email__iexact=address).prefetch_related("shipments")
    found = [address]
    for order in orders:
        found += [
            order.customer_name,
            order.first_name,
            *(row.tracking_number for row in order.shipments.all()),
        ]
    return [name for name in found if name]


def _without(names: list[str], words: str) -> str:
    """Without the person: no name, no address, and no link that opens anything."""
    words = without_tokens(words, ERASED)
    for name in sorted(names, key=len, reverse=True):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", ERASED, words, flags=re.IGNORECASE)
    return words
