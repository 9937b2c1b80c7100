"""The outbox: one row per email, the events it covers, every try to send it, and who gets none."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from orders.models import Event, EventKind, Order

MAX_INQUIRY_LENGTH = 5000


class MessageState(models.TextChoices):
    """QUEUED -> SENDING -> SENT | FAILED | QUEUED again | NEEDS_REVIEW; a queued one may end
    without being sent, and one that was sent may come back."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    BOUNCED = "bounced", _("Bounced")
    FAILED = "failed", _("Failed")
    NEEDS_REVIEW = "needs_review", _("May have been sent")
    SUPERSEDED = "superseded", _("Replaced by a newer email")
    EXPIRED = "expired", _("Expired")
    SUPPRESSED = "suppressed", _("Can't be reached")
    CANCELLED = "cancelled", _("Stopped by staff")
    UNWANTED = "unwanted", _("Turned off by the customer")


class Message(models.Model):
    """An email to the customer of an order about some of its events.

    Subject, text, HTML and headers are composed when the email is first handed to a mail server,
    and never change after that (frozen_at). So if an answer gets lost, a second copy is the first
    one again. While MAIL_MODE keeps an email back, they are a preview, and are composed again when
    it goes out.
    """

    key = models.CharField(
        max_length=60, help_text="The order and the newest event this email covers."
    )
    order = models.ForeignKey(Order, models.PROTECT, related_name="messages", db_index=False)
    kind = models.CharField(max_length=10, choices=EventKind.choices, help_text="Its main news.")
    events = models.ManyToManyField(Event, through="MessageEvent", related_name="messages")
    recipient = models.EmailField(blank=True)
    locale = models.CharField(max_length=20, blank=True)
    subject = models.TextField(blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    headers = models.JSONField(default=dict, blank=True)
    composed_at = models.DateTimeField(null=True, blank=True)
    message_id = models.CharField(max_length=320)
    thread_root = models.CharField(
        max_length=320, blank=True, help_text="Message-ID of the order's first email."
    )
    state = models.CharField(
        max_length=12, choices=MessageState.choices, default=MessageState.QUEUED
    )
    attempts = models.PositiveIntegerField(default=0)
    ambiguous_count = models.PositiveSmallIntegerField(
        default=0, help_text="How often the mail server may have accepted it without telling us."
    )
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    claim_token = models.UUIDField(null=True, blank=True, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    in_flight = models.BooleanField(
        default=False,
        editable=False,
        help_text="Handed over under the current claim. Without an answer, it may have been sent.",
    )
    frozen_at = models.DateTimeField(
        null=True, blank=True, help_text="First handed to a mail server."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(
        max_length=200, blank=True, help_text="What the mail server answered."
    )
    delivered_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the customer's mail server accepted it, as the provider reports.",
    )
    last_error = models.CharField(max_length=300, blank=True)
    decided_by = models.CharField(
        max_length=150,
        blank=True,
        db_default="",
        help_text="Who sent it again, marked it as sent or stopped it.",
    )
    decided_why = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        verbose_name = "email"
        permissions = [("decide_message", "Can resend emails, mark them as sent and stop them")]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="events_have_one_message"),
            models.UniqueConstraint(fields=["message_id"], name="message_ids_are_unique"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["queued", "sending"]),
                name="one_open_message_per_order",
            ),
            models.CheckConstraint(
                condition=Q(state="sending", claim_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="sending") & Q(claim_token__isnull=True, lease_until__isnull=True)),
                name="sending_is_claimed",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["sent", "bounced"], sent_at__isnull=False)
                | (~Q(state__in=["sent", "bounced"]) & Q(sent_at__isnull=True)),
                name="sent_has_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=Q(state="queued"),
                name="messages_to_send",
            ),
            models.Index(
                fields=["id"],
                condition=Q(state="queued", composed_at__isnull=True),
                name="to_compose",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state="sending"), name="messages_sending"
            ),
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=["bounced", "failed", "needs_review", "suppressed"]),
                name="messages_for_staff",
            ),
            models.Index(fields=["order", "id"], name="messages_of_order"),
            models.Index(Upper("recipient"), name="messages_to_address"),
            models.Index(fields=["created_at"], condition=~Q(text=""), name="messages_with_words"),
            models.Index(
                fields=["provider_id"], condition=~Q(provider_id=""), name="messages_by_provider_id"
            ),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.get_kind_display()} ({self.order.number})"


class MessageEvent(models.Model):
    """A message covers an event. A newer message that supersedes a queued one covers its events as
    well."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="covered")
    event = models.ForeignKey(Event, models.PROTECT, related_name="covered_by")
    said = models.BooleanField(
        default=False,
        help_text="Whether the email mentions it. An event that newer ones replaced is covered "
        "without being mentioned.",
    )

    class Meta:
        ordering = ["id"]
        verbose_name = "event in an email"
        verbose_name_plural = "events in emails"
        constraints = [
            models.UniqueConstraint(
                fields=["message", "event"], name="a_message_covers_an_event_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.event)


class Attempt(models.Model):
    """One try to send a message and how it ended; rows are never changed."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("Accepted")
        DEFERRED = "deferred", _("Not sent; will be tried again")
        FAILED = "failed", _("Refused permanently")
        UNKNOWN = "unknown", _("No answer: may have been sent")
        LATE = "late", _("Timed out; another worker took over")

    message = models.ForeignKey(Message, models.PROTECT, related_name="log")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    phase = models.CharField(
        max_length=10, help_text="How far it got: connect, envelope, content or answered."
    )
    detail = models.CharField(
        max_length=300, blank=True, help_text="The mail server's answer, without addresses."
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "attempt to send"
        verbose_name_plural = "attempts to send"
        indexes = [models.Index(fields=["at"], name="attempts_by_time")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} ({self.phase})"


class ProviderReport(models.Model):
    """What the mail provider reported about an email: kept as it came, once, and then acted on."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        REJECTED = "rejected", _("Not sent by the provider")
        COMPLAINED = "complained", _("Marked as spam")

    event_id = models.CharField(
        max_length=64,
        unique=True,
        help_text="A digest, so that the same report again changes nothing.",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    for_good = models.BooleanField(
        default=False, help_text="No email can ever be delivered to this address."
    )
    message_id = models.CharField(
        max_length=320, blank=True, help_text="Our Message-ID, if the provider returns it."
    )
    provider_id = models.CharField(max_length=200, blank=True)
    recipient = models.EmailField(max_length=320, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(handled_at__isnull=True), name="reports_to_handle"
            )
        ]

    def __str__(self) -> str:
        return self.get_kind_display()


class Suppression(models.Model):
    """An address that email must not be sent to. What its customers should hear goes on staff's
    list instead."""

    address = models.EmailField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(Upper("address"), name="an_address_is_suppressed_once")
        ]

    def __str__(self) -> str:
        return self.address


class Inquiry(models.Model):
    """What somebody wrote on the page Contact us, until the mail server has it
    (notifications.outbox.inquiries). `answer_to`: where they want the answer. `only_looks`: they
    had a link that may have been shared."""

    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="inquiries")
    answer_to = models.EmailField()
    text = models.TextField(max_length=MAX_INQUIRY_LENGTH)
    only_looks = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(db_default=Now())
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.at}: {self.answer_to}"


class Preference(models.Model):
    """What the owner of an address wants to be emailed beyond what is always sent. Without a row:
    everything."""

    address = models.EmailField()
    good_news = models.BooleanField(
        default=True, help_text="That an order ships earlier than we told them."
    )
    no_change = models.BooleanField(
        default=True, help_text="That nothing has changed, after a while without news."
    )
    delivery_notes = models.BooleanField(
        default=True,
        db_default=True,
        help_text="What the shop writes to all who wait for a delivery.",
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(Upper("address"), name="an_address_chooses_once")]

    def __str__(self) -> str:
        return self.address


class Pause(models.Model):
    """A time in which no email went out because somebody paused it (notifications.outbox.pause)."""

    paused_at = models.DateTimeField()
    paused_by = models.CharField(max_length=150)
    reason = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [("pause_email", "Can pause all email and resume it")]
        constraints = [
            models.UniqueConstraint(
                models.ExpressionWrapper(Q(ended_at__isnull=True), models.BooleanField()),
                condition=Q(ended_at__isnull=True),
                name="email_is_paused_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.paused_at}: {self.reason}"


class Pace(models.Model):
    """When the next email may go, of all or of those to a domain
    (notifications.transport.rates)."""

    name = models.CharField(primary_key=True, max_length=254)
    free_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name} {self.free_at}"


class Heartbeat(models.Model):
    """When a task that repeats last ended well (backorders_site.ops.heartbeats)."""

    task = models.CharField(primary_key=True, max_length=100)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.task} {self.at}"
