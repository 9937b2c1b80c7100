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
        "To the address the order has now. A mail that was handed to the mail server before goes "
        "out unchanged; when no "
        "answer came, the customer may have it already."
    )
    impossible = gettext_lazy(
        "Only a mail that failed, got no answer or could not reach the customer is sent again."
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
    label = gettext_lazy("Count as sent")
    explanation = gettext_lazy(
        "For a mail that the customer has, as you found out. Nothing is sent; what the mail says "
        "counts as told."
    )
    impossible = gettext_lazy(
        "Only a mail that was sent twice without an answer is counted as sent."
    )

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state == MessageState.NEEDS_REVIEW

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.count_as_sent(row, reason=self.cleaned_data["reason"], actor=actor)
        return _("“%(mail)s” counts as sent.") % {"mail": row}


class Withdraw(EmailAction):
    name = "withdraw"
    label = gettext_lazy("Withdraw")
    explanation = gettext_lazy(
        "The mail does not go out. Its order needs attention until you have reached the customer "
        "another way; what "
        "happens to the order from now on is mailed as ever."
    )
    impossible = gettext_lazy(
        "Only a queued mail is withdrawn: this one is being sent, or has left the queue."
    )
    dangerous = True

    reason = StaffReason()

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state == MessageState.QUEUED

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.withdraw(row, reason=self.cleaned_data["reason"], actor=actor)
        return _("“%(mail)s” is withdrawn: reach the customer of order %(number)s another way.") % {
            "mail": row,
            "number": row.order.number,
        }


class CameBack(EmailAction):
    name = "came-back"
    label = gettext_lazy("It came back")
    explanation = gettext_lazy(
        "For a mail that was sent and returned as undeliverable. What it told counts as not told: "
        "no deadline runs against "
        "the customer. The order needs attention until you have reached them; with another "
        "address it is told again."
    )
    impossible = gettext_lazy("Only a mail that was sent can come back.")
    dangerous = True

    @classmethod
    def offered(cls, row: Message) -> bool:
        return row.state == MessageState.SENT

    def perform(self, row: Message, *, now: datetime, actor: str) -> str:
        staff_actions.mark_bounced(row, actor=actor)
        return _("“%(mail)s” came back: reach the customer of order %(number)s another way.") % {
            "mail": row,
            "number": row.order.number,
        }
