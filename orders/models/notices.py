"""Delays that the law may want answered, and what customers answered."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import OrderLine
from orders.models.promises import Promise


class Outcome(models.TextChoices):
    """How a notice ended. Empty: it is open."""

    KEPT = "kept", _("The customer keeps their place")
    LEFT = "left", _("The customer canceled")
    CONSENTED = "consented", _("No answer: counts as agreement")
    SILENCE_CANCELLED = "silence_cancelled", _("No answer: canceled")
    SUPERSEDED = "superseded", _("Replaced by a newer notice")
    SHIPPED = "shipped", _("Shipped before an answer")


# Told by an email that did not come back; in SQL, about a notice `n`.
TOLD = Q(told_at__isnull=False, not_told_at=None)
IS_TOLD = "(n.told_at IS NOT NULL AND n.not_told_at IS NULL)"
# Told in time as well.
BINDING = TOLD & Q(adequate=True)
# Of a row that has a line: some of its units have neither shipped nor been canceled. When none are
# left, nobody is asked anything.
TO_COME = Q(line__waiting__gt=0) | Q(line__allocated__gt=F("line__shipped"))


class DelayNotice(models.Model):
    """What a delay asks of us, and of the customer (orders.domain.delay_rules.Decision). It follows
    its promise, is decided again when its email is written, and counts from `told_at`. Days are
    counted days: days of delivery if the rules count those."""

    promise = models.OneToOneField(Promise, models.PROTECT, related_name="notice")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="notices")
    jurisdiction = models.CharField(max_length=10)
    case = models.CharField(max_length=1)
    late = models.DateField(
        null=True, help_text="The last day of the new window. Empty if none is known."
    )
    notice_by = models.DateField(help_text="The last day on which the notice is in time.")
    silence = models.CharField(max_length=12, blank=True)
    answer_by = models.DateField(null=True, help_text="The last day to answer.")
    consent_to = models.DateField(
        null=True,
        help_text="The date the customer would agree to. Empty for a wait without a date.",
    )
    delay_days = models.PositiveIntegerField(null=True)
    cancels_now = models.BooleanField(default=False)
    sentences = models.JSONField(default=list, help_text="What the email has to say, as codes.")
    decided_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    adequate = models.BooleanField(null=True, help_text="Told in time; the law counts only these.")
    not_told_at = models.DateTimeField(
        null=True,
        help_text="Its email bounced or couldn't be sent, so the customer was not notified.",
    )
    reminded_for = models.DateField(null=True, help_text="The last reminder day that was handled.")
    outcome = models.CharField(max_length=20, blank=True, choices=Outcome.choices)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["answer_by"], condition=Q(outcome=""), name="open_notices"),
            models.Index(
                fields=["answer_by"],
                condition=Q(outcome="", silence="cancel"),
                name="notices_to_be_answered",
            ),
            models.Index(fields=["line", "-id"], name="notices_of_line"),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction} case {self.case}, answer by {self.answer_by}"

    @property
    def binds(self) -> bool:
        """Whether its deadline runs against the customer, or will once it is told. It does not if
        it was told too late, or its email came back."""
        return self.not_told_at is None and self.adequate is not False

    @property
    def is_told(self) -> bool:
        """By an email that did not come back."""
        return self.told_at is not None and self.not_told_at is None

    @property
    def must_be_answered(self) -> bool:
        """Silence cancels, or will once it is told. All other notices may be answered, but need
        not."""
        return self.binds and self.silence == "cancel"

    def still_asks(self, line: OrderLine) -> bool:
        """Whether the customer should read it now. While units wait, a question is open until it is
        answered or another takes its place, whatever was promised since. It rests once all units
        still to come are reserved: to ask for patience until Christmas when the parcel leaves
        tomorrow would be absurd."""
        return not self.outcome and (line.waiting > 0 or self.promise_id == line.promise_id)


class Choice(models.TextChoices):
    KEEP = "keep", _("Keep my place")
    CANCEL = "cancel", _("Cancel and refund")
    WITHDRAW = "withdraw", _("Withdraw from the contract")
    UNDO = "undo", _("Undo the cancellation")


class Answer(models.Model):
    """What a customer chose, on a page or through staff."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="answers")
    notice = models.ForeignKey(DelayNotice, models.PROTECT, null=True, related_name="answers")
    choice = models.CharField(max_length=10, choices=Choice.choices)
    units = models.PositiveIntegerField()
    channel = models.CharField(max_length=10, choices=[("page", _("Page")), ("staff", _("Staff"))])
    actor = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_choice_display()} ({self.units})"
