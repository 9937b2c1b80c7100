"""After a backup was restored, nobody knows which of the emails that waited in it have gone out
since. A person decides, from one list."""

from datetime import datetime

from notifications.models import Message, MessageState
from notifications.outbox.delivery import preview
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.pause import current_pause, pause_email
from orders.models import EventKind

RESTORED = "waited in a backup that was restored: it may have been sent since"


def set_aside(*, reason: str, now: datetime, actor: str) -> int:
    """Email is paused, and all that is due is written and put on staff's list. Links that customers
    asked for are too old soon, and stay. Returns how many emails are on the list."""
    if current_pause() is None:
        pause_email(reason, now=now, actor=actor)
    Message.objects.filter(state=MessageState.SENDING).update(
        state=MessageState.QUEUED, claim_token=None, lease_until=None, in_flight=False
    )
    dispatch_all()
    while preview():
        pass
    waiting = Message.objects.filter(state=MessageState.QUEUED).exclude(kind=EventKind.LINK)
    return waiting.update(state=MessageState.NEEDS_REVIEW, last_error=RESTORED)
