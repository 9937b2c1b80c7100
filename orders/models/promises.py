"""What we forecast, what we told, what happened, and the counted index of the queues."""

from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.domain import keys
from orders.domain.facts import AllOrdersAsked, AnyFacts, DayPassed, Facts, from_json, to_json
from orders.models.orders import Order, OrderLine
from orders.models.restock_notes import RestockNote
from orders.models.supply import MoveReason, Product, Reason

# Of an event `e`: its email is to be written now.
EMAIL_DUE = "(e.message_due AND (e.due_at IS NULL OR e.due_at <= clock_timestamp()))"


class WindowKind(models.TextChoices):
    DATED = "dated", _("Dated")
    UNRATED = "unrated", _("Supplier's date, not yet rated")
    CHANCES = "chances", _("Chances")
    OPEN = "open", _("No latest date")
    NONE = "none", _("No date")


class Forecast(models.Model):
    """One review's answer for a product: bands of units needed, each with its window
    (orders.domain.supply.Band)."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="forecasts", db_index=False)
    made_at = models.DateTimeField()
    made_on = models.DateField(help_text="The day in the shop's time zone it was made for.")
    bands = models.JSONField()
    evidence = models.JSONField(
        default=dict, help_text="The restocks and records it was computed from."
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["product", "-id"], name="newest_forecast")]

    def __str__(self) -> str:
        return f"{self.product.sku} as of {self.made_on}"

    @property
    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.evidence.get("deliveries", [])
        return found

    @property
    def due_days(self) -> dict[str, date]:
        """By delivery: the day it was expected on."""
        return {
            each["reference"]: date.fromisoformat(each["promised_on"]) for each in self.deliveries
        }


class Promise(models.Model):
    """A window published to a customer. Pages, status.json and emails show the line's newest one
    and nothing else."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="promises")
    forecast = models.ForeignKey(
        Forecast, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=WindowKind.choices)
    early = models.DateField(null=True, blank=True)
    likely = models.DateField(null=True, blank=True)
    late = models.DateField(null=True, blank=True)
    sure = models.FloatField(null=True, blank=True)
    within_14 = models.FloatField(null=True, blank=True)
    within_30 = models.FloatField(null=True, blank=True)
    place = models.PositiveIntegerField(
        null=True, blank=True, help_text="Place in line when published."
    )
    units_ahead = models.PositiveIntegerField(null=True, blank=True)
    reference = models.CharField(
        max_length=keys.MAX_REFERENCE,
        blank=True,
        help_text="The restock that brings the last unit.",
    )
    published_at = models.DateTimeField()
    published_on = models.DateField()
    inherited = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Given by the shop and already broken when we learned of it, so not part of our "
        "record.",
    )
    told_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(
        "bounced at",
        null=True,
        blank=True,
        help_text="When the email about it bounced. Empty again once another email has told it.",
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["late"], condition=Q(late__isnull=False), name="promises_by_last_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.early or '…'} to {self.late or '…'}"


class EventKind(models.TextChoices):
    JOINED = "joined", _("Joined the line")
    LATER = "later", _("Later than told")
    EARLIER = "earlier", _("Earlier than told")
    NO_DATE = "no_date", _("No date anymore")
    ON_TRACK = "on_track", _("Still on track")
    RESERVED = "reserved", _("Arrived and reserved")
    SHIPPED = "shipped", _("Shipped")
    CANCELLED = "cancelled", _("Canceled")
    ANSWERED = "answered", _("Answered")
    CORRECTED = "corrected", _("Corrected")
    NOTE = "note", _("Note")
    LINK = "link", _("Link requested")
    # Derived for a page from QueueChange, never stored:
    MOVED_UP = "moved_up", _("Moved up")
    PASSED_BY = "passed_by", _("Overtaken")


class Event(models.Model):
    """A fact about an order that its customer may see: one row for page, email and staff
    (orders.words.sentence)."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="events", db_index=False)
    line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    promise = models.ForeignKey(
        Promise, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    restock_note = models.ForeignKey(
        RestockNote, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=EventKind.choices)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150, blank=True)
    note = models.CharField(
        max_length=300,
        blank=True,
        db_default="",
        help_text="Staff's reason. Only staff see it.",
    )
    # The outbox mark: true until a message covers this event. Set by the writer, cleared once by
    # dispatch.
    message_due = models.BooleanField("email due", default=False)
    due_at = models.DateTimeField(
        "email due from",
        null=True,
        editable=False,
        help_text="When the count of units that arrived has settled. Empty: at once.",
    )
    told_at = models.DateTimeField(null=True, blank=True)
    returned_at = models.DateTimeField(
        "bounced at",
        null=True,
        blank=True,
        help_text="When the email about it bounced. Empty again once another email has told it.",
    )

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["order", "-at", "-id"], name="events_of_order"),
            models.Index(fields=["order"], condition=Q(message_due=True), name="events_to_mail"),
            models.Index(
                fields=["at"],
                condition=Q(kind__in=["earlier", "later", "no_date"]),
                name="changes_by_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.order.number})"

    @classmethod
    def of(
        cls,
        details: Facts,
        *,
        order: Order,
        at: datetime,
        message_due: bool,
        line: OrderLine | None = None,
        promise: Promise | None = None,
        restock_note: RestockNote | None = None,
        actor: str = "",
        note: str = "",
    ) -> "Event":
        """The event with these details, not saved yet."""
        return cls(
            order=order,
            line=line,
            promise=promise,
            restock_note=restock_note,
            kind=details.kind,
            facts=to_json(details),
            at=at,
            actor=actor,
            note=note,
            message_due=message_due,
        )

    @cached_property
    def details(self) -> AnyFacts:
        """The facts, by the name of its kind; they never change."""
        return from_json(self.kind, self.facts)

    @property
    def says_day_passed(self) -> bool:
        """Whether it says that the day agreed has passed, and what the customer may do since."""
        return isinstance(self.details, DayPassed)

    @property
    def asks_for_all(self) -> bool:
        """Whether somebody asked for a link to all orders of the address, not to this one."""
        return isinstance(self.details, AllOrdersAsked)


class QueueChange(models.Model):
    """Why places changed for the lines with a key between after and upto, both exclusive; an end
    left empty is open. A page derives from it "moved up" (step < 0) or "passed by" (step > 0) for
    lines that had joined before."""

    product = models.ForeignKey(
        Product, models.CASCADE, related_name="queue_changes", db_index=False
    )
    at = models.DateTimeField()
    reason = models.CharField(max_length=30, choices=Reason.choices)
    step = models.SmallIntegerField(help_text="-1 if places went down, +1 if places went up.")
    lines = models.PositiveIntegerField(help_text="Lines that left or joined ahead.")
    units = models.PositiveIntegerField(default=0)
    after_at = models.DateTimeField(null=True)
    after_id = models.BigIntegerField(null=True)
    upto_at = models.DateTimeField(null=True)
    upto_id = models.BigIntegerField(null=True)
    why = models.CharField(
        max_length=20,
        blank=True,
        db_default="",
        choices=MoveReason.choices,
        help_text="Why staff moved someone. Customers who were overtaken see it.",
    )
    note = models.CharField(
        max_length=300, blank=True, help_text="Staff's reason. Only staff see it."
    )
    actor = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["product", "-at"], name="changes_of_queue")]

    def __str__(self) -> str:
        return f"{self.product.sku}: {self.get_reason_display()}"


class QueueCount(models.Model):
    """Waiting lines and units of a product per UTC day, hour and minute of queued_at: the counted
    index of the queue.

    Only database triggers write it (orders/sql/queue_counts.sql), so no way of changing lines can
    break it. Several rows may have one key, and add up: so nobody waits for somebody who changes
    another line of the same day.
    """

    pk = models.CompositePrimaryKey("product_id", "width", "start")
    product = models.ForeignKey(Product, models.CASCADE, related_name="+", db_index=False)
    width = models.CharField(max_length=1, choices=[("d", "day"), ("h", "hour"), ("m", "minute")])
    start = models.DateTimeField()
    lines = models.IntegerField()
    units = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["product", "width", "start"], name="counts_of_queue")]

    def __str__(self) -> str:
        return f"{self.width} {self.start}: {self.lines}"


class Run(models.Model):
    """A daily job that was done for a day. So each is done once, and is caught up after an
    outage."""

    job = models.CharField(max_length=40)
    day = models.DateField()
    finished_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "day"], name="a_job_once_a_day")]

    def __str__(self) -> str:
        return f"{self.job} {self.day}"
