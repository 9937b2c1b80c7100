"""Send again, count as sent, withdraw, came back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backorders_site.staff.actions.base import Action, StaffReason
from notifications.models import Message, MessageState
from notifications.outbox import staff_actions


class EmailAction(Action):
    several = True
    permission = "notifications.decide_message"

    def subjects(self) -> list[str]:
        return [
            " · ".join(filter(None, [row.order.number, str(row), self.address(row)]))
            for row in self.rows
        ]

    @staticmethod
    def address(row: Message) -> str:
        return row.recipient

    def rests_on(self, row: Message) -> Sequence[object]:
        return [row.state]


class SendAgain(EmailAction):
    name = "send-again"
    label = gettext_lazy("Send again")
    explanation = gettext_lazy(
        "The email goes to the order's current address. If it was handed to the mail server "
        "before, it goes out unchanged. If the server never answered, the customer may already "
        "have it."
    )
    impossible = gettext_lazy(
        "You can only resend an email that failed, got no answer from the mail server, or "
        "couldn't reach the customer."
    )

    def __init__(self, rows: Sequence[Message], data: Mapping[str, Any] | None = None) -> None:
        """The newest first: it makes the older ones of its order out of date."""
        super().__init__(sorted(rows, key=lambda row: row.pk, reverse=True), data)

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state in staff_actions.SENT_AGAIN

    @staticmethod
    def address(row: Message) -> str:
        return row.order.email

    def rests_on(self, row: Message) -> Sequence[object]:
        return [row.state, row.order.email, row.log.count()]

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.send_again(row, actor=actor)
        return _("“%(mail)s” is queued again, to %(address)s.") % {
            "mail": row,
            "address": row.order.email,
        }


class CountAsSent(EmailAction):
    name = "count-as-sent"
    label = gettext_lazy("Mark as sent")
    explanation = gettext_lazy(
        "Use this when you know that the customer has this email. Nothing is sent, and the "
        "customer counts as told."
    )
    impossible = gettext_lazy(
        "You can only mark an email as sent if nobody knows whether it was sent."
    )

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state == MessageState.NEEDS_REVIEW

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.count_as_sent(row, reason=self.cleaned_data["reason"], actor=actor)
        return _("“%(mail)s” is marked as sent.") % {"mail": row}


class Withdraw(EmailAction):
    name = "withdraw"
    label = gettext_lazy("Stop")
    explanation = gettext_lazy(
        "This email won't go out. The order needs attention until you have reached the customer "
        "another way. Later emails about the order go out as usual."
    )
    impossible = gettext_lazy(
        "You can only stop a queued email. This one is being sent or has left the queue."
    )
    dangerous = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state == MessageState.QUEUED

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.withdraw(row, reason=self.cleaned_data["reason"], actor=actor)
        return _("“%(mail)s” is stopped. Reach the customer of order %(number)s another way.") % {
            "mail": row,
            "number": row.order.number,
        }


class CameBack(EmailAction):
    name = "came-back"
    label = gettext_lazy("Mark as bounced")
    explanation = gettext_lazy(
        "Use this when an email was sent but returned as undeliverable. The customer counts as "
        "not told, so no deadline runs against them. The order needs attention until you have "
        "reached them. If you correct the address, we'll tell them again."
    )
    impossible = gettext_lazy("Only an email that was sent can bounce.")
    dangerous = True

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state == MessageState.SENT

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.mark_bounced(row, actor=actor)
        return _(
            "“%(mail)s” is marked as bounced. Reach the customer of order %(number)s another way."
        ) % {
            "mail": row,
            "number": row.order.number,
        }
