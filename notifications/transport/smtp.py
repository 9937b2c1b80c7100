"""One conversation after another with the mail server, and how far each got.

Whether an email may have been sent depends on where an error struck: before its content, surely
not; after it, nobody knows.
"""

import re
import smtplib
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from urllib3.exceptions import NewConnectionError

from notifications.models import Attempt

Outcome = Attempt.Outcome

GOODBYE_SECONDS = 5
ANSWER_LENGTH = 200
SEND_CONTENT = 354  # the server's answer to DATA: from here on a silence tells nothing
CLOSING = 421
TOO_BIG = 552
# of a provider: the key, the bill, the pace; they are tried again
OURS_TO_MEND = {401, 402, 403, 408, 429}


class Phase(StrEnum):
    CONNECT = "connect"
    ENVELOPE = "envelope"
    CONTENT = "content"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class ServerReply:
    """How a try ended. `stop`: the trouble is the server's, not this email's, so others should
    wait."""

    outcome: Attempt.Outcome
    phase: Phase
    detail: str = ""
    stop: bool = False


class _Watched(smtplib.SMTP):
    """Knows from the server's answers how far an email got."""

    phase = Phase.ENVELOPE
    last_answer = ""
    accepted = 0

    def getreply(self) -> tuple[int, bytes]:
        code, words = super().getreply()
        if code == SEND_CONTENT:
            self.phase = Phase.CONTENT
        elif self.phase is Phase.CONTENT:
            self.phase = Phase.ANSWERED if 200 <= code < 300 else Phase.ENVELOPE
            self.last_answer = words.decode(errors="replace")
        return code, words


class _WatchedOverTls(_Watched, smtplib.SMTP_SSL):
    pass


class _SmtpBackend(EmailBackend):
    connection: _Watched | None
    _partial_connection: _Watched | None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchedOverTls if self.use_ssl else _Watched


class MailServer:
    """One connection, opened when first needed and used for all emails until it fails."""

    def __init__(self) -> None:
        backend: Any = get_connection()
        self._smtp = _SmtpBackend() if isinstance(backend, EmailBackend) else None
        self._other: BaseEmailBackend = backend

    def __enter__(self) -> "MailServer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._smtp and self._smtp.connection:
            if self._smtp.connection.sock:
                self._smtp.connection.sock.settimeout(GOODBYE_SECONDS)
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.close()
        self._drop()

    def connect(self) -> ServerReply | None:
        """None when connected; else why not, and nothing was sent."""
        try:
            (self._smtp or self._other).open()
        except Exception as error:  # noqa: BLE001 - a provider's client raises its own errors
            self._drop()
            return ServerReply(Outcome.DEFERRED, Phase.CONNECT, _words(error), stop=True)
        return None

    def send(self, mail: EmailMultiAlternatives) -> ServerReply:
        """Hand one email over. A connection that the server closed between two emails is opened
        again, once."""
        if self._smtp is None:
            return self._send_by_other(mail)
        used = bool(self._smtp.connection and self._smtp.connection.accepted)
        answer = self.connect() or self._send_by_smtp(mail, self._smtp)
        if used and answer.outcome == Outcome.DEFERRED and answer.stop:
            answer = self.connect() or self._send_by_smtp(mail, self._smtp)
        return answer

    def _send_by_smtp(self, mail: EmailMultiAlternatives, backend: _SmtpBackend) -> ServerReply:
        smtp = backend.connection
        if smtp is None:
            raise RuntimeError("connect before sending")
        smtp.phase = Phase.ENVELOPE
        try:
            sender = sanitize_address(mail.from_email, settings.DEFAULT_CHARSET)
            recipients = [
                sanitize_address(to, settings.DEFAULT_CHARSET) for to in mail.recipients()
            ]
            message: Any = mail.message()
            content = message.as_bytes(linesep="\r\n")
        except ValueError as error:
            return ServerReply(Outcome.FAILED, Phase.ENVELOPE, _words(error))
        try:
            smtp.sendmail(sender, recipients, content)
        except Exception as error:  # noqa: BLE001 - also the worker's time limit: what counts is how far it got
            answer = _judge(error, smtp.phase)
            if answer.stop:
                self._drop()
            return answer if smtp.phase is not Phase.ANSWERED else _accepted(smtp, stop=True)
        smtp.accepted += 1
        return _accepted(smtp)

    def _send_by_other(self, mail: EmailMultiAlternatives) -> ServerReply:
        try:
            mail.message()
        except ValueError as error:
            return ServerReply(Outcome.FAILED, Phase.ENVELOPE, _words(error))
        if isinstance(self._other, AnymailBaseBackend):
            mail = _for_provider(mail)
        try:
            self._other.send_messages([mail])
        except Exception as error:  # noqa: BLE001 - a provider's client raises its own errors
            return _judge_provider(error)
        status = getattr(mail, "anymail_status", None)
        return ServerReply(
            Outcome.SENT,
            Phase.ANSWERED,
            str(getattr(status, "message_id", "") or "")[:ANSWER_LENGTH],
        )

    def _drop(self) -> None:
        """Without a goodbye, for which a server that hangs would let us wait."""
        if self._smtp:
            for connection in (self._smtp.connection, self._smtp._partial_connection):
                if connection:
                    with suppress(OSError):
                        connection.close()
            self._smtp.connection = self._smtp._partial_connection = None


def _accepted(smtp: _Watched, *, stop: bool = False) -> ServerReply:
    return ServerReply(Outcome.SENT, Phase.ANSWERED, smtp.last_answer[:ANSWER_LENGTH], stop)


def _judge(error: Exception, phase: Phase) -> ServerReply:
    """A refused sender is our own trouble (not allowed, not logged in), so it is tried again."""
    code = _code(error)
    if code is None:
        silent_after_content = phase is Phase.CONTENT
        outcome = Outcome.UNKNOWN if silent_after_content else Outcome.DEFERRED
        return ServerReply(outcome, phase, _words(error), stop=True)
    if isinstance(error, smtplib.SMTPDataError):
        phase = Phase.CONTENT
    ours = isinstance(error, smtplib.SMTPSenderRefused) and code != TOO_BIG
    outcome = Outcome.FAILED if code >= 500 and not ours else Outcome.DEFERRED
    return ServerReply(outcome, phase, _words(error), stop=ours or code == CLOSING)


def _for_provider(mail: EmailMultiAlternatives) -> EmailMultiAlternatives:
    """A provider builds the email itself. What has a field of its own is not a header, and our
    Message-ID comes back with each report."""
    by_fields = {"From", "Reply-To", "Date"}
    ours = {name: value for name, value in mail.extra_headers.items() if name not in by_fields}
    sent = EmailMultiAlternatives(
        mail.subject,
        mail.body,
        mail.from_email,
        mail.to,
        headers=ours,
        reply_to=mail.reply_to,
        alternatives=list(mail.alternatives),
    )
    sent.metadata = {"message_id": ours["Message-ID"]}  # type: ignore[attr-defined]
    return sent


def _judge_provider(error: Exception) -> ServerReply:
    """A refusal in so many words is one; a fault of the provider's, or silence after the request,
    may have been sent."""
    status = error.status_code if isinstance(error, AnymailAPIError) else None
    if isinstance(error, AnymailRecipientsRefused):
        return ServerReply(Outcome.FAILED, Phase.ENVELOPE, _words(error))
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return ServerReply(Outcome.DEFERRED, Phase.CONNECT, _words(error), stop=True)
    if status in OURS_TO_MEND:
        return ServerReply(Outcome.DEFERRED, Phase.ENVELOPE, _words(error), stop=True)
    if status is not None and 400 <= status < 500:
        return ServerReply(Outcome.FAILED, Phase.CONTENT, _words(error))
    if isinstance(error, AnymailError) and not isinstance(error, AnymailAPIError):
        return ServerReply(
            Outcome.FAILED, Phase.ENVELOPE, _words(error)
        )  # it cannot even be asked for
    return ServerReply(Outcome.UNKNOWN, Phase.CONTENT, _words(error), stop=True)


def _never_connected(error: Exception) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        reason = getattr(cause, "reason", None) or (cause.args[0] if cause.args else None)
        if isinstance(reason, NewConnectionError) or isinstance(
            getattr(reason, "reason", None), NewConnectionError
        ):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _code(error: Exception) -> int | None:
    """The server's answer, if it gave one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(code for code, _ in error.recipients.values())
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else -1
    return code if code >= 400 else None


def _words(error: Exception) -> str:
    """For the log and staff: the answer without any email address in it."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return _without_addresses(f"{code} {_text(answer)}")
    if isinstance(error, smtplib.SMTPResponseException):
        return _without_addresses(f"{error.smtp_code} {_text(error.smtp_error)}")
    return _without_addresses(f"{type(error).__name__}: {error}")


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer


def _without_addresses(words: str) -> str:
    """Looked for at the beginning of each word alone: a long one without an address takes no longer
    than others."""
    return re.sub(r"(?<![^\s<>])[^\s<>]+@[^\s<>]+", "[address]", " ".join(words.split()))[
        :ANSWER_LENGTH
    ]
