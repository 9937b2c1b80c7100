"""The switch that pauses all email, at once and without a restart. Emails are still written,
superseded and expired, but none goes out until somebody resumes it."""

from datetime import datetime

from django.db import IntegrityError, transaction

from notifications.models import Pause
from notifications.outbox.mail_mode import mail_mode
from orders.services import Refused

PERMISSION = "notifications.pause_email"
# In statements of delivery: asked with every claim and every hand-over.
NOT_PAUSED = "NOT EXISTS (SELECT FROM notifications_pause WHERE ended_at IS NULL)"


def current_pause() -> Pause | None:
    return Pause.objects.filter(ended_at=None).first()


def why_paused() -> str:
    """In a word: mode, staff, or empty while email goes out."""
    if mail_mode().name == "hold":
        return "mode"
    return "staff" if current_pause() else ""


def pause_email(reason: str, *, now: datetime, actor: str) -> Pause:
    """No email is handed over from now on. One whose content is on its way to the mail server is
    not called back."""
    if not reason.strip():
        raise Refused("give a reason, so that colleagues know why email is paused")
    try:
        with transaction.atomic():
            return Pause.objects.create(paused_at=now, paused_by=actor, reason=reason)
    except IntegrityError:
        raise Refused("email is already paused") from None


def resume_email(*, now: datetime, actor: str) -> None:
    """What is still true goes out within seconds, the oldest first."""
    if not Pause.objects.filter(ended_at=None).update(ended_at=now, ended_by=actor):
        raise Refused("email isn't paused")
