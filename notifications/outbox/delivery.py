"""From a queued message to an email that the mail server accepted. Every step is one filtered
UPDATE, committed by itself.

    QUEUED -> SENDING -> SENT | FAILED | QUEUED again | NEEDS_REVIEW,
    or without being sent SUPPRESSED | EXPIRED | UNWANTED

A batch is claimed for a short while. Each of its emails is handed over under a longer lease, just
before its content goes to the server. If a worker dies, that one email may or may not have been
sent, and the others certainly were not. All times are the database's, because workers' clocks
differ.
"""

import hashlib
import json
import logging
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from email.header import Header
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from notifications.compose import Composed, Known, compose, known_of
from notifications.may_send import is_unwanted, why_not_mailed
from notifications.models import Attempt, Message, MessageEvent, MessageState
from notifications.outbox.inquiries import send_inquiries
from notifications.outbox.mail_mode import LETS_OUT, MailMode, mail_mode
from notifications.outbox.pause import NOT_PAUSED, why_paused
from notifications.transport.rates import Pacer, domain_of
from notifications.transport.smtp import MailServer, Outcome, Phase, ServerReply
from orders import services
from orders.models import EMAIL_DUE, Event
from orders.sql_files import sql

log = logging.getLogger(__name__)

BATCH = 50
# and twice as many each time: on a slow machine the first are sent before the time is over
FIRST_BATCH = 5
# to compose a batch and reach its last email; what is not reached is claimed again
CLAIM_SECONDS = 30
PREVIEWS = 200
FIRST_PAUSE_SECONDS = 5
MAX_PAUSE_SECONDS = 600
MAX_ATTEMPTS = 300  # about two days

TROUBLE_OF_THE_MOMENT = (OperationalError, InterfaceError, SoftTimeLimitExceeded)

NOTHING_LEFT = "nothing left to say: the order has moved on"
REFUSED = "an email to this customer was refused: see the order's emails"
SILENT = "no answer in time"
UNANSWERED = "an email to this customer was sent twice without an answer: see the order's emails"
UNWANTED = "the customer has turned off emails like this one"
NOT_COMPOSED = "an email to this customer could not be written: see the order's emails"

CLAIM = sql(__file__, "claim", not_paused=NOT_PAUSED, lets_out=LETS_OUT, email_due=EMAIL_DUE)

# If something happened to the order meanwhile, the email waits for the newer one that dispatch is
# about to create.
HAND_OVER = f"""
    UPDATE notifications_message m
    SET in_flight = true, attempts = attempts + 1,
        frozen_at = coalesce(frozen_at, clock_timestamp()), {{words}}
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    WHERE id = %(id)s AND state = 'sending' AND claim_token = %(token)s
      AND lease_until > clock_timestamp()
      AND {NOT_PAUSED}
      AND NOT EXISTS (SELECT FROM orders_event e WHERE e.order_id = m.order_id AND {EMAIL_DUE})
    RETURNING id
"""

WORDS = """
    kind = %(kind)s, recipient = %(recipient)s, subject = %(subject)s,
    text = %(text)s, html = %(html)s,
    headers = %(headers)s, composed_at = clock_timestamp(),
"""

PREVIEW = f"""
    UPDATE notifications_message SET {WORDS} last_error = ''
    WHERE id = %(id)s AND state = 'queued' AND frozen_at IS NULL AND composed_at IS NULL
    RETURNING id
"""

SAID = """
    UPDATE notifications_messageevent SET said = NOT said
    WHERE message_id = %(id)s AND said <> (event_id = ANY(%(said)s))
"""

LEAVE = sql(__file__, "leave")

RELEASE_STUCK = sql(__file__, "release_stuck")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours while `token` is on its row. `composed`: what it says, unless that was
    frozen before."""

    message: Message
    token: uuid.UUID
    composed: Composed | None = None


def deliver(*, seconds: float = 10.0) -> Counter[str]:
    """Send what is due, as MAIL_MODE allows, for about `seconds`. Any number of these may run at a
    time.

    Returns how many tries ended how (Attempt.Outcome), and under "kept" how many emails were
    composed and kept back.
    """
    ends = time.monotonic() + seconds
    release_stuck()
    mode, paused = mail_mode(), why_paused()
    tally: Counter[str] = Counter()
    if paused or mode.name != "send":
        tally["kept"] = preview()
    if paused:
        return tally
    pace, limit = Pacer(), FIRST_BATCH
    with MailServer() as server:
        to_support = mode.lets_out(settings.SUPPORT_EMAIL)
        stopped = to_support and send_inquiries(server, pace, ends)
        while not stopped:
            token = uuid.uuid4()
            ids = claim(token, mode=mode, limit=limit, waiting=pace.waiting())
            limit = min(2 * limit, BATCH)
            if not ids:
                break
            try:
                stopped = (
                    _send(server, pace, prepare(ids, token), tally, ends)
                    or time.monotonic() >= ends
                )
            finally:
                _give_back(token)
    return tally


def _give_back(token: uuid.UUID) -> None:
    ours = Message.objects.filter(claim_token=token, state=MessageState.SENDING, in_flight=False)
    ours.update(state=MessageState.QUEUED, claim_token=None, lease_until=None)


def claim(
    token: uuid.UUID, *, mode: MailMode, limit: int = BATCH, waiting: Sequence[str] = ()
) -> list[int]:
    """Claim up to `limit` due messages, but none to the domains that are `waiting`. Nobody else
    gets them before the claim runs out."""
    with transaction.atomic(durable=True):
        rows = _run(
            CLAIM,
            token=token,
            limit=limit,
            lease=CLAIM_SECONDS,
            waiting=list(waiting),
            **mode.values,
        )
    return sorted(pk for (pk,) in rows)


def prepare(ids: Sequence[int], token: uuid.UUID) -> list[Claimed]:
    """Those of the claimed messages that are still to be sent, composed; the others leave the
    outbox here."""
    messages, events = _messages(ids), _events_of(ids)
    for message in messages:
        if not message.frozen_at:
            message.recipient = message.order.email
    barred = why_not_mailed(message.recipient for message in messages)
    _decide_again(
        event
        for message in messages
        if not message.frozen_at
        for event in events.get(message.pk, ())
    )
    known = known_of({message.order_id for message in messages})
    expired = set(
        Message.objects.filter(pk__in=ids, expires_at__lte=Now()).values_list("pk", flat=True)
    )
    ready = []
    for message in messages:
        claimed = Claimed(message, token)
        if message.pk in expired:
            _leave(claimed, MessageState.EXPIRED, error="expired before it could be sent")
        elif why := barred.get(message.recipient.upper()):
            _leave(claimed, MessageState.SUPPRESSED, error=why, attention=why)
        elif message.frozen_at:
            ready.append(claimed)
        elif written := _compose(claimed, events.get(message.pk, ()), known):
            ready.append(written)
    return ready


def hand_over(claimed: Claimed) -> bool:
    """Freeze what the email says and take the long lease, just before it goes out. False: it is not
    ours any more, something newer happened to the order, or email is paused."""
    message, composed = claimed.message, claimed.composed
    values = {"id": message.pk, "token": claimed.token, "lease": settings.MAIL_LEASE_SECONDS}
    with transaction.atomic(durable=True):
        if composed is None:
            rows = _run(HAND_OVER.format(words=""), **values)
        elif rows := _run(HAND_OVER.format(words=WORDS), **values, **_words(message, composed)):
            _run(SAID, id=message.pk, said=list(composed.said))
    message.attempts += len(rows)
    return bool(rows)


def finish(claimed: Claimed, answer: ServerReply) -> bool:
    """Write down how a try ended. False: the lease was over, somebody else has the message, and
    nothing was changed."""
    message = claimed.message
    match answer.outcome:
        case Outcome.SENT:
            ours = _leave(claimed, MessageState.SENT, answer)
        case Outcome.FAILED:
            ours = _leave(claimed, MessageState.FAILED, answer, attention=REFUSED)
        case Outcome.UNKNOWN if message.ambiguous_count:
            ours = _leave(claimed, MessageState.NEEDS_REVIEW, answer, attention=UNANSWERED)
        case Outcome.UNKNOWN:
            ours = _leave(claimed, MessageState.QUEUED, answer, pause=settings.MAIL_LEASE_SECONDS)
        case _ if message.attempts >= MAX_ATTEMPTS:
            ours = _leave(claimed, MessageState.FAILED, answer, attention=REFUSED)
        case _:
            ours = _leave(claimed, MessageState.QUEUED, answer, pause=_pause(message.attempts))
    return ours


def preview(limit: int = PREVIEWS) -> int:
    """Compose what MAIL_MODE keeps back, so that people can read it. It is composed again when it
    goes out."""
    waiting = Message.objects.filter(state=MessageState.QUEUED, composed_at__isnull=True).order_by(
        "pk"
    )
    ids = list(waiting.values_list("pk", flat=True)[:limit])
    messages, events = _messages(ids), _events_of(ids)
    known = known_of({message.order_id for message in messages})
    for message in messages:
        message.recipient = message.order.email
        composed, problem = _try_to_compose(message, events.get(message.pk, ()), known)
        if composed is None:
            Message.objects.filter(pk=message.pk, composed_at=None).update(
                composed_at=Now(), last_error=problem
            )
            continue
        with transaction.atomic():
            if _run(PREVIEW, id=message.pk, **_words(message, composed)):
                _run(SAID, id=message.pk, said=list(composed.said))
    return len(messages)


def release_stuck() -> int:
    """Take back what owners left behind whose lease is over. Returns how many may have been
    sent."""
    with transaction.atomic():
        in_flight = [
            pk for pk, was_in_flight in _run(RELEASE_STUCK, silent=SILENT) if was_in_flight
        ]
        for message in (
            Message.objects.select_related("order").filter(pk__in=in_flight).order_by("order_id")
        ):
            _log(message, ServerReply(Outcome.UNKNOWN, Phase.CONTENT, SILENT))
            if message.state == MessageState.NEEDS_REVIEW:
                services.mark_not_told(message.order, UNANSWERED)
    return len(in_flight)


def mail_of(message: Message, words: Composed | None = None) -> EmailMultiAlternatives:
    """`words`: those just handed over, else the row's. The same bytes each time: date and
    Message-ID are frozen with the words, and so is what parts text from HTML."""
    said = words or message
    return _SameBytes(
        subject=said.subject,
        body=said.text,
        from_email=said.headers["From"],
        to=[message.recipient],
        reply_to=[said.headers["Reply-To"]],
        # the database keeps them in an order of its own
        headers=dict(sorted(said.headers.items())),
        alternatives=[(said.html, "text/html")],
    )


class _SameBytes(EmailMultiAlternatives):
    def message(self, *args: Any, **kwargs: Any) -> Any:
        built = super().message(*args, **kwargs)
        # Django's words are as long as a line: its first line would be empty
        if not self.subject.isascii():
            built.replace_header(
                "Subject", Header(str(self.subject), "utf-8", header_name="Subject").encode()
            )
        built.set_boundary(
            "=_" + hashlib.sha256(self.extra_headers["Message-ID"].encode()).hexdigest()[:40]
        )
        return built


def _send(
    server: MailServer, pace: Pacer, ready: Sequence[Claimed], tally: Counter[str], ends: float
) -> bool:
    """True: others should wait, because the mail server has trouble or is at its rate."""
    waiting: set[str] = set()
    for claimed in ready:
        domain = domain_of(claimed.message.recipient)
        if domain in waiting:
            continue
        if not pace.may_go(domain):
            waiting.add(domain)
            continue
        if not pace.wait_for_turn(ends):
            return True
        started = time.monotonic()
        answer = server.connect()
        if answer is None:
            if not hand_over(claimed):
                continue
            answer = server.send(mail_of(claimed.message, claimed.composed))
        if pace.was_slow(domain, time.monotonic() - started):
            waiting.add(domain)
        tally[answer.outcome] += 1
        finish(claimed, answer)
        if answer.stop:
            return True
        # after the first: however long it took to write them, some are sent
        if time.monotonic() >= ends:
            break
    return False


def _leave(
    claimed: Claimed,
    state: MessageState,
    answer: ServerReply | None = None,
    *,
    error: str = "",
    attention: str = "",
    pause: float = 0,
) -> bool:
    """SENDING ends, if it still is ours. `attention` puts the order on staff's list; `pause` in
    seconds."""
    message = claimed.message
    sent = state == MessageState.SENT
    with transaction.atomic():
        rows = _run(
            LEAVE,
            id=message.pk,
            token=claimed.token,
            state=state,
            error="" if sent else answer.detail if answer else error,
            provider_id=answer.detail if answer and sent else "",
            tried=int(answer is not None and answer.phase == Phase.CONNECT),
            ambiguous=int(answer is not None and answer.outcome == Outcome.UNKNOWN),
            pause=pause,
        )
        if answer:
            _log(message, answer if rows else replace(answer, outcome=Outcome.LATE))
        if not rows:
            return False
        if sent:
            services.mark_told(_said(claimed), at=rows[0][0])
        if attention:
            services.mark_not_told(
                message.order, attention, unreachable=state == MessageState.SUPPRESSED
            )
    about = {
        "message_id": message.pk,
        "order_id": message.order_id,
        "state": str(state),
        "attempt": message.attempts,
    }
    log.info("message %s: %s", message.pk, state, extra={"about": about})
    return True


def _said(claimed: Claimed) -> list[int]:
    """The events the email tells of."""
    if claimed.composed:
        return list(claimed.composed.said)
    return [row.event_id for row in claimed.message.covered.all() if row.said]


def _decide_again(events: Iterable[Event]) -> None:
    """What emails ask depends on what was told until now. Nothing is decided again for words that
    are frozen."""
    promises = {event.promise_id for event in events if event.promise_id}
    if promises:
        services.decide_again(promises, now=timezone.now())


def _compose(claimed: Claimed, events: Sequence[Event], known: Known) -> Claimed | None:
    composed, problem = _try_to_compose(claimed.message, events, known)
    if composed and is_unwanted(claimed.message.recipient, composed.about):
        _leave(claimed, MessageState.UNWANTED, error=UNWANTED)
        return None
    if composed:
        return replace(claimed, composed=composed)
    if problem == NOTHING_LEFT:
        _leave(claimed, MessageState.EXPIRED, error=problem)
    else:
        _leave(claimed, MessageState.FAILED, error=problem, attention=NOT_COMPOSED)
    return None


def _try_to_compose(
    message: Message, events: Sequence[Event], known: Known
) -> tuple[Composed | None, str]:
    """One email that cannot be written must not hold up the others. It goes to staff, with the
    reason."""
    try:
        composed = compose(message, events, known, now=timezone.now())
    except TROUBLE_OF_THE_MOMENT:
        raise  # not the email's fault: what was claimed is given back
    except Exception as error:
        log.exception("message %s cannot be composed", message.pk)
        return None, f"{type(error).__name__}: {error}"[:300]
    return composed, "" if composed else NOTHING_LEFT


def _words(message: Message, composed: Composed) -> dict[str, Any]:
    return {
        "kind": composed.kind,
        "recipient": message.recipient,
        "subject": composed.subject,
        "text": composed.text,
        "html": composed.html,
        "headers": json.dumps(composed.headers),
    }


def _messages(ids: Sequence[int]) -> list[Message]:
    messages = Message.objects.select_related("order").filter(pk__in=ids)
    return list(messages.order_by("next_attempt_at", "pk"))


def _events_of(ids: Sequence[int]) -> dict[int, list[Event]]:
    """What the messages are about, by their ids. To prefetch them costs more than to read them."""
    events: dict[int, list[Event]] = {}
    for row in MessageEvent.objects.select_related("event").filter(message__in=ids):
        events.setdefault(row.message_id, []).append(row.event)
    return events


def _log(message: Message, answer: ServerReply) -> None:
    Attempt.objects.create(
        message=message,
        at=Now(),
        outcome=answer.outcome,
        phase=answer.phase,
        detail=answer.detail,
    )


def _pause(attempts: int) -> float:
    """Doubling, and apart from each other, so that what failed together does not come back
    together."""
    pause = float(min(FIRST_PAUSE_SECONDS * 2 ** min(attempts, 10), MAX_PAUSE_SECONDS))
    return pause * random.uniform(0.75, 1.25)  # noqa: S311 - nobody gains by guessing it


def _run(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []
