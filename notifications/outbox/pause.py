"""The switch that keeps all mail back, at once and without a restart: mails are written, superseded
and expire as ever, and none goes out until somebody releases them."""

from datetime import datetime

from django.db import IntegrityError, transaction

from notifications.models import Hold
from notifications.outbox.mail_mode import mail_mode
from orders.services import Refused

PERMISSION = "notifications.hold_mail"
# In statements of delivery: asked with every claim and every hand-over.
NOT_HELD = "NOT EXISTS (SELECT FROM notifications_hold WHERE released_at IS NULL)"


def present_hold() -> Hold | None:
    return Hold.objects.filter(released_at=None).first()


def why_held() -> str:
    """In a word: mode, staff, or empty while mail goes out."""
    if mail_mode().name == "hold":
        return "mode"
    return "staff" if present_hold() else ""


def hold_mail(reason: str, *, now: datetime, actor: str) -> Hold:
    """No mail is handed over from now on. One whose content is on its way to the mail server is not
    called back."""
    if not reason.strip():
        raise Refused("why mail is held has to be said, for whoever finds it so")
    try:
        with transaction.atomic():
            return Hold.objects.create(held_at=now, held_by=actor, reason=reason)
    except IntegrityError:
        raise Refused("mail is held already") from None


def release_mail(*, now: datetime, actor: str) -> None:
    """What is still true goes out within seconds, the oldest first."""
    if not Hold.objects.filter(released_at=None).update(released_at=now, released_by=actor):
        raise Refused("mail is not held")
