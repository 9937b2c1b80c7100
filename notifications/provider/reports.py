"""What a provider reports about emails it accepted: kept once, then acted on, in whatever order and
however often it comes."""

import hashlib
from datetime import datetime
from typing import Any

from anymail.signals import EventType, RejectReason
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from notifications.models import Message, MessageState, ProviderReport, Suppression
from notifications.outbox.staff_actions import count_as_sent, mark_bounced

Kind = ProviderReport.Kind
KINDS = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.REJECTED: Kind.REJECTED,
    EventType.FAILED: Kind.REJECTED,
    EventType.COMPLAINED: Kind.COMPLAINED,
}
# Reasons that no later email overcomes: no such address, or the provider sends nothing there any
# more.
FOR_GOOD = {RejectReason.INVALID, RejectReason.BOUNCED, RejectReason.BLOCKED, RejectReason.SPAM}
UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)
BATCH = 500
REASONS = {
    Kind.BOUNCED: "an email bounced: there is no such mailbox",
    Kind.REJECTED: "the provider no longer sends to this address",
    Kind.COMPLAINED: "an email was marked as spam",
}


def keep(event: Any, *, now: datetime) -> None:
    """`event`: an AnymailTrackingEvent. Opened, clicked and the like are none of our business."""
    kind = KINDS.get(event.event_type)
    if kind is None:
        return
    ours = str((event.metadata or {}).get("message_id", ""))
    facts = [event.event_id, kind, event.message_id, ours, event.recipient, event.timestamp]
    ProviderReport.objects.bulk_create(
        [
            ProviderReport(
                event_id=hashlib.sha256(repr(facts).encode()).hexdigest(),
                kind=kind,
                for_good=kind == Kind.COMPLAINED or event.reject_reason in FOR_GOOD,
                message_id=ours[:320],
                provider_id=str(event.message_id or "")[:200],
                recipient=str(event.recipient or "")[:320],
                detail=_without(
                    event.recipient, f"{event.description or ''} {event.mta_response or ''}"
                )[:300],
                received_at=now,
            )
        ],
        ignore_conflicts=True,
    )


def handle_reports() -> int:
    """Act on what was kept. A report that came before the outcome of its email was recorded waits
    for it. Returns how many are done."""
    waiting = (
        ProviderReport.objects.filter(handled_at=None).order_by("pk").values_list("pk", flat=True)
    )
    return sum(_handle(pk) for pk in list(waiting[:BATCH]))


@transaction.atomic
def _handle(pk: int) -> bool:
    report = (
        ProviderReport.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, handled_at=None)
        .first()
    )
    message = report and _message_of(report)
    if report is None or (message and message.state in UNDER_WAY):
        return False
    if message:
        _act(report, message)
    ProviderReport.objects.filter(pk=report.pk).update(handled_at=Now())
    return True


def _message_of(report: ProviderReport) -> Message | None:
    known = (
        Q(message_id=report.message_id) if report.message_id else Q(provider_id=report.provider_id)
    )
    if not report.message_id and not report.provider_id:
        return None
    return Message.objects.select_related("order").filter(known).first()


def _act(report: ProviderReport, message: Message) -> None:
    if report.kind == Kind.DELIVERED:
        if message.state == MessageState.NEEDS_REVIEW:
            count_as_sent(message)
        Message.objects.filter(pk=message.pk, delivered_at=None).update(
            delivered_at=report.received_at
        )
        return
    if report.for_good:
        row = Suppression(address=message.recipient, reason=REASONS[Kind(report.kind)], at=Now())
        Suppression.objects.bulk_create([row], ignore_conflicts=True)
    if report.kind in (Kind.BOUNCED, Kind.REJECTED) and message.state == MessageState.SENT:
        mark_bounced(message)


def _without(address: str | None, words: str) -> str:
    """The server's words without the address they speak of."""
    return " ".join((words.replace(address, "[address]") if address else words).split())
