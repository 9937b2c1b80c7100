"""Orders, their lines in the queue, and what was reserved, shipped and refunded."""

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q, Sum
from django.db.models.functions import Now, Upper

from orders.domain import keys
from orders.domain.money import Money, money
from orders.domain.names import first_name
from orders.models.keys import on_one_line
from orders.models.supply import Product, Reason


def money_field(**options: Any) -> "models.DecimalField[Decimal | str | None, Decimal | None]":
    """None: not known. The decimals of every currency, and of a discount shared by units."""
    return models.DecimalField(
        max_digits=14,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        **options,
    )


class Import(models.Model):
    """One file that was read: what it did and which rows it refused."""

    command = models.CharField(max_length=40)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    rejected = models.JSONField(default=list)
    written = models.JSONField(
        default=dict,
        db_default={},
        editable=False,
        help_text="What can be undone: new dates, new restocks, and quantities before.",
    )
    undone_at = models.DateTimeField(null=True, editable=False)
    undone_by = models.CharField(max_length=150, blank=True, editable=False, db_default="")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.command} {self.file_name}"


class Release(models.Model):
    """Somebody released the orders of a first import: so many an hour may hear from us."""

    started_at = models.DateTimeField()
    per_hour = models.PositiveIntegerField()
    actor = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(per_hour__gt=0), name="release_has_a_pace")
        ]

    def __str__(self) -> str:
        return f"{self.per_hour} an hour from {self.started_at:%Y-%m-%d %H:%M}"


class Order(models.Model):
    number = models.CharField(max_length=keys.MAX_ORDER_NUMBER)
    email = models.EmailField(blank=True, help_text="If empty, we can't reach this customer.")
    customer_name = models.CharField(max_length=300, blank=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.CharField(max_length=100, blank=True)
    locale = models.CharField(max_length=20, blank=True)
    currency = models.CharField(
        max_length=3, blank=True, db_default="", help_text="Of its prices (ISO 4217)."
    )
    total = money_field(help_text="What was paid for the whole order.")
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(editable=False)
    # Nothing is mailed about an order before this; place_order sets it, a first import leaves it to
    # go_live.
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    unreachable_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When an email to this address bounced. Empty again once one arrives.",
    )
    erased_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the customer asked to be forgotten. Imports never fill in the name or "
        "address again.",
    )
    link_version = models.PositiveSmallIntegerField(
        default=1,
        editable=False,
        help_text="Raised to revoke every link sent so far. It never goes down.",
    )
    imported_by = models.ForeignKey(Import, models.SET_NULL, null=True, blank=True, editable=False)
    attention = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="What staff need to look at.",
    )
    flagged = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        editable=False,
        help_text="Everything imports ever put on the list above, so that each is listed only "
        "once.",
    )

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("ship_order", "Can ship orders"),
            ("cancel_order", "Can cancel units of orders"),
            ("view_address", "Can see customers' email addresses"),
        ]
        constraints = [
            models.UniqueConstraint(Upper("number"), name="order_number_is_unique"),
            models.CheckConstraint(
                condition=Q(link_version__gte=1), name="order_links_have_a_version"
            ),
            on_one_line("number", "order_number_is_on_one_line"),
        ]
        indexes = [
            models.Index(Upper("email"), name="orders_of_address"),
            GinIndex(
                SearchVector("customer_name", config="simple"), name="orders_by_words_of_name"
            ),
            models.Index(fields=["country", "id"], name="orders_of_country"),
            models.Index(fields=["id"], condition=Q(released_at__isnull=True), name="quiet_orders"),
            models.Index(fields=["id"], condition=~Q(attention=[]), name="orders_for_a_person"),
            models.Index(
                fields=["id"],
                condition=Q(email="") | Q(unreachable_at__isnull=False),
                name="orders_out_of_reach",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def first_name(self) -> str:
        return first_name(self.customer_name)


class FormerAddress(models.Model):
    """An address that an order had before. The database keeps it whoever changes the order
    (orders/sql/former_addresses.sql), so that it is found when its owner asks."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="former_addresses")
    address = models.EmailField()
    until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(Upper("address"), name="former_addresses")]

    def __str__(self) -> str:
        return self.address


class OrderLine(models.Model):
    """A product in an order. While units wait, the line is in the product's queue, by (queued_at,
    id)."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="lines", db_index=False)
    quantity = models.PositiveIntegerField()
    unit_price = money_field(
        help_text="What was paid for one unit, tax included and discounts taken off."
    )
    allocated = models.PositiveIntegerField(default=0, editable=False)
    shipped = models.PositiveIntegerField(default=0, editable=False)
    cancelled = models.PositiveIntegerField(default=0, editable=False)
    waiting = models.GeneratedField(
        expression=F("quantity") - F("allocated") - F("cancelled"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    queued_at = models.DateTimeField(
        help_text="When the order was paid, or placed if that is unknown. First come, first served."
    )
    joined_at = models.DateTimeField(editable=False)
    stated_by = models.DateField(
        null=True,
        editable=False,
        help_text="The date given when ordering, if any, as the law of the country counts it.",
    )
    agreed_by = models.DateField(
        null=True,
        blank=True,
        help_text="The date the customer agreed to: given when ordering, set by law, or accepted "
        "since.",
    )
    open_wait = models.BooleanField(
        default=False,
        editable=False,
        help_text="The customer expressly agreed to wait without a date.",
    )
    held = models.BooleanField(
        default=False,
        editable=False,
        help_text="Keeps its place and gets no units until staff enter how many are still to come.",
    )
    promise = models.ForeignKey(
        "orders.Promise",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    class Meta:
        ordering = ["id"]
        permissions = [
            ("move_orderline", "Can move someone in line"),
            ("restore_orderline", "Can reinstate canceled units"),
            ("settle_orderline", "Can enter how many units of a held line are still to come"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "product"], name="one_line_per_order_and_product"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="line_has_units"),
            models.CheckConstraint(
                condition=Q(shipped__lte=F("allocated")), name="shipped_within_allocated"
            ),
            models.CheckConstraint(
                condition=Q(quantity__gte=F("allocated") + F("cancelled")),
                name="units_are_conserved",
            ),
        ]
        indexes = [
            models.Index(
                fields=["product", "queued_at", "id"],
                include=["waiting"],
                condition=Q(waiting__gt=0),
                name="queue",
            ),
            models.Index(
                fields=["product", "queued_at", "id"],
                condition=Q(allocated__gt=F("shipped")),
                name="reserved_lines",
            ),
            models.Index(fields=["product"], name="lines_of_product"),
            models.Index(fields=["id"], condition=Q(held=True), name="held_lines"),
            models.Index(fields=["id"], condition=Q(cancelled__gt=0), name="lines_cancelled"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product.sku} of {self.order.number}"

    @property
    def reserved(self) -> int:
        """Units set aside that have not left."""
        return self.allocated - self.shipped

    @property
    def open_units(self) -> int:
        """Still to come: they have not left and were not cancelled."""
        units: int = self.waiting + self.reserved
        return units

    @property
    def is_here(self) -> bool:
        """All that is still to leave is reserved."""
        return self.reserved > 0 and not self.waiting

    @property
    def reserved_beside(self) -> int:
        """Units reserved for a line of which others wait; 0 if none wait."""
        return self.reserved if self.waiting else 0

    @property
    def refunds_to_send(self) -> int:
        """Units whose refund was not sent; `unrefunded` where a query counted them already."""
        counted: int | None = getattr(self, "unrefunded", None)
        if counted is not None:
            return counted
        return int(
            self.refunds.filter(sent_at=None).aggregate(units=Sum("units", default=0))["units"]
        )

    @property
    def may_be_put_back(self) -> int:
        """Cancelled units, until their refund is sent."""
        return min(self.cancelled, self.refunds_to_send)

    @property
    def state(self) -> str:
        """waiting, part_reserved, reserved, part_shipped, shipped or cancelled: the words of
        status.json."""
        if self.cancelled == self.quantity:
            return "cancelled"
        if self.shipped:
            return "shipped" if self.shipped + self.cancelled == self.quantity else "part_shipped"
        if self.allocated:
            return "part_reserved" if self.waiting else "reserved"
        return "waiting"


class Allocation(models.Model):
    """Arrived units set aside for a line; fewer than zero: taken back."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="allocations")
    quantity = models.IntegerField()
    at = models.DateTimeField()
    reason = models.CharField(max_length=30, choices=Reason.choices)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(quantity=0), name="allocation_moves_units")
        ]

    def __str__(self) -> str:
        return f"{self.quantity:+d}"


class Shipment(models.Model):
    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments")
    shipped_at = models.DateTimeField()
    carrier = models.CharField(max_length=keys.MAX_CARRIER, blank=True)
    tracking_number = models.CharField(max_length=keys.MAX_TRACKING_NUMBER, blank=True)
    recorded_at = models.DateTimeField()
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    reason = models.CharField(
        max_length=200, blank=True, db_default="", help_text="Why staff undid the shipment."
    )
    actor = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("correct_shipment", "Can undo a shipment recorded by mistake")]
        indexes = [models.Index(fields=["tracking_number"], name="by_tracking_number")]

    def __str__(self) -> str:
        return f"{self.carrier} {self.tracking_number}".strip() or f"Shipment {self.pk}"

    def standing(self) -> dict[int, int]:
        """Units by line that left with it, but for those that corrections took off."""
        units = {row.line_id: row.quantity for row in self.lines.all()}
        for correction in self.corrections.all():
            for row in correction.lines.all():
                units[row.line_id] += row.quantity
        return {line_id: number for line_id, number in units.items() if number}


class ShipmentLine(models.Model):
    shipment = models.ForeignKey(Shipment, models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shipment_lines")
    quantity = models.IntegerField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "line"], name="one_row_per_shipment_and_line"
            ),
            models.CheckConstraint(condition=~Q(quantity=0), name="shipment_moves_units"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.product.sku}"


# Of a refund or a shop task: its customer cannot undo the cancellation any more, so it is due.
FINAL = Q(undo_until__isnull=True) | Q(undo_until__lte=Now())


class Refund(models.Model):
    """Money the shop owes for cancelled units. We move none: staff send it and mark it sent."""

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refunds")
    units = models.PositiveIntegerField()
    unit_price = money_field(editable=False, help_text="As it was known when they were canceled.")
    currency = models.CharField(max_length=3, blank=True, db_default="", editable=False)
    due_on = models.DateField()
    created_at = models.DateTimeField()
    undo_until = models.DateTimeField(
        null=True, help_text="Until then the customer may undo the cancellation, so it waits."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.CharField(
        max_length=150, blank=True, db_default="", help_text="Who marked it sent."
    )

    class Meta:
        ordering = ["due_on", "id"]
        permissions = [("send_refund", "Can mark refunds sent")]
        indexes = [
            models.Index(fields=["due_on"], condition=Q(sent_at__isnull=True), name="refunds_due")
        ]

    def __str__(self) -> str:
        return f"{self.units} × {self.line.product.sku}, due {self.due_on}"

    @property
    def amount(self) -> Money | None:
        """None: what a unit cost is not known."""
        return money(self.unit_price, self.currency, units=self.units)


__all__ = [
    "FINAL",
    "Allocation",
    "Import",
    "Order",
    "OrderLine",
    "Product",
    "Refund",
    "Release",
    "Shipment",
    "ShipmentLine",
]
