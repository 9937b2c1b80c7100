"""Steps of the mails' tests: what the beat does every two seconds, and time that passes for the
database."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F

from notifications.models import Attempt, Message
from notifications.outbox.delivery import deliver
from notifications.outbox.dispatch import dispatch_all
from orders.models import Event, Order


def mail() -> None:
    """What is due is dispatched and delivered, as once all counts have settled."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('backorders.erase', 'on', true)")
        Event.objects.filter(message_due=True, due_at__isnull=False).update(due_at=None)
        cursor.execute("SELECT set_config('backorders.erase', 'off', true)")
    mail_now()


def mail_now() -> None:
    """What is due at this moment: what settles waits."""
    dispatch_all()
    deliver()


def wait(span: timedelta) -> None:
    """The outbox as it is after `span`: pauses and leases are that much further gone."""
    Message.objects.update(next_attempt_at=F("next_attempt_at") - span)
    Message.objects.filter(lease_until__isnull=False).update(lease_until=F("lease_until") - span)


def states(order: Order) -> list[str]:
    """Of an order's messages, oldest first."""
    return list(order.messages.order_by("pk").values_list("state", flat=True))


def outcomes(message: Message) -> list[str]:
    return list(
        Attempt.objects.filter(message=message).order_by("pk").values_list("outcome", flat=True)
    )
