"""What is expected from suppliers and what has come."""

from django.core.validators import URLValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from orders.domain import keys
from orders.models.keys import is_key, on_one_line


class Reason(models.TextChoices):
    """Why a promise changed, in codes a customer's page can word in any language."""

    SUPPLIER_LATE = "supplier_late", _("Supplier late")
    PRODUCTION = "production", _("Production delayed")
    CUSTOMS = "customs", _("Held at customs")
    TRANSPORT = "transport", _("Transport delayed")
    QUALITY = "quality", _("Failed our quality check")
    SHORT_DELIVERY = "short_delivery", _("Fewer units than ordered")
    SUPPLIER_EARLY = "supplier_early", _("Supplier early")
    DELIVERY_CANCELLED = "delivery_cancelled", _("Restock canceled")
    NEW_DELIVERY = "new_delivery", _("New restock ordered")
    NOT_ARRIVED = "not_arrived", _("Restock has not arrived")
    SUPPLIER_RECORD = (
        "supplier_record",
        _("Restocks like this have taken longer or shorter"),
    )
    LATE_JOIN = "late_join", _("An older order was added late")
    MOVED = "moved", _("Moved in line by staff")
    RECEIPT_CORRECTED = "receipt_corrected", _("Fewer units arrived than counted")
    CANCELLATION = "cancellation", _("Cancellations ahead")
    RESTORED = "restored", _("A canceled order was reinstated")
    ARRIVED = "arrived", _("A restock arrived")
    PACKING = "packing", _("Packing is taking longer")
    CLERICAL = "clerical", _("A date was corrected")


class MoveReason(models.TextChoices):
    """Why staff moved an order in the line, in codes that those it overtook can read. What else is
    to be said is staff's own note."""

    REPLACEMENT = "replacement", _("It replaces an item that arrived damaged")
    PROMISED = "promised", _("We had promised this customer an earlier place")
    OUR_MISTAKE = "our_mistake", _("A mistake in our records")
    URGENT = "urgent", _("A medical or other urgent need")
    OTHER = "other", _("Something else, kept private")


class Supplier(models.Model):
    name = models.CharField(max_length=keys.MAX_SUPPLIER, unique=True, validators=[is_key])

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    sku = models.CharField("SKU", max_length=keys.MAX_SKU, unique=True, validators=[is_key])
    name = models.CharField(max_length=300)
    variant = models.CharField(
        max_length=keys.MAX_VARIANT,
        blank=True,
        db_default="",
        help_text="Color or size, if the name does not say it.",
    )
    image_url = models.CharField(
        "picture",
        max_length=keys.MAX_URL,
        blank=True,
        db_default="",
        validators=[URLValidator(schemes=["https"])],
        help_text="Where the shop has its picture: an address with https.",
    )
    # A name that the shop changes is followed, and one that staff have written is kept: the last
    # name of a file, and when the order that had it was placed.
    name_in_shop = models.CharField(max_length=300, blank=True, db_default="", editable=False)
    named_at = models.DateTimeField(null=True, editable=False)
    on_backorder = models.BooleanField(
        default=True, help_text="New orders for this product join its queue."
    )
    handling_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Working days from arrival to the carrier, at least 1. Leave empty for the "
        "shop's own (HANDLING_DAYS).",
    )
    # A change settles before customers hear of it: first unpublished change, when to publish, and
    # why it changed.
    changed_at = models.DateTimeField(null=True, editable=False)
    review_at = models.DateTimeField(null=True, editable=False)
    change_reason = models.CharField(
        max_length=30, blank=True, choices=Reason.choices, editable=False
    )

    class Meta:
        ordering = ["sku"]
        permissions = [("discontinue_product", "Can discontinue a product")]
        indexes = [
            models.Index(
                fields=["review_at"], condition=Q(review_at__isnull=False), name="product_to_review"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(handling_days__gte=1), name="handling_takes_a_working_day"
            ),
            on_one_line("sku", "sku_is_on_one_line"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} · {self.name}"

    @property
    def is_discontinued(self) -> bool:
        """It will not come again, unless staff let orders join its queue once more."""
        return not self.on_backorder and self.discontinuations.exists()


class Shortening(models.Model):
    """The product's queue got shorter while somebody had the product locked, so it still has to be
    marked (services.promises.mark_moved_up)."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.product_id} {self.at}"


class Discontinuation(models.Model):
    """A product that will not come again: all who wait are canceled, from the end of the queue, a
    part at a time. The part before (next_at, next_id) is still to do."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="discontinuations", db_index=False
    )
    reason = models.CharField(max_length=200)
    actor = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    lines = models.PositiveIntegerField(help_text="Orders that were waiting at that time.")
    cancelled = models.PositiveIntegerField(default=0, help_text="Orders canceled so far.")
    next_at = models.DateTimeField(null=True)
    next_id = models.BigIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["product"],
                condition=Q(finished_at__isnull=True),
                name="discontinued_once_at_a_time",
            )
        ]
        indexes = [models.Index(fields=["product", "-id"], name="discontinuations_of_product")]

    def __str__(self) -> str:
        return f"{self.product.sku}: {self.cancelled} of {self.lines}"


class Stock(models.Model):
    """Units of a product that ever arrived, and units allocated. Its row is the lock of every
    allocation."""

    product = models.OneToOneField(Product, models.CASCADE, primary_key=True)
    arrived = models.PositiveIntegerField(default=0)
    allocated = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "stock"
        constraints = [
            models.CheckConstraint(
                condition=Q(allocated__lte=F("arrived")), name="allocated_within_arrived"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product.sku}: {self.arrived - self.allocated} spare"


class Restock(models.Model):
    """A delivery of one product expected from a supplier. Its dates are versions: see
    RestockDate."""

    reference = models.CharField(max_length=keys.MAX_REFERENCE)
    product = models.ForeignKey(Product, models.PROTECT, related_name="restocks")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="restocks")
    quantity = models.PositiveIntegerField()
    arrived = models.PositiveIntegerField(default=0, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_by = models.CharField(max_length=150, blank=True, editable=False, db_default="")
    cancel_reason = models.CharField(max_length=200, blank=True, editable=False, db_default="")
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("receive_restock", "Can receive units"),
            ("move_restock", "Can move a restock's date"),
            ("cancel_restock", "Can cancel the rest of a restock"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "product"], name="one_restock_per_reference_and_product"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="restock_brings_units"),
            on_one_line("reference", "reference_is_on_one_line"),
        ]
        indexes = [
            models.Index(
                fields=["product"],
                condition=Q(cancelled_at__isnull=True, arrived__lt=F("quantity")),
                name="open_restocks",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.product.sku})"

    @property
    def open_units(self) -> int:
        return 0 if self.cancelled_at else max(self.quantity - self.arrived, 0)


class RestockDate(models.Model):
    """One version of the day a supplier promised, as posted; the newest (posted_on, id) is in
    force."""

    restock = models.ForeignKey(Restock, models.PROTECT, related_name="dates")
    expected_on = models.DateField()
    posted_on = models.DateField(help_text="The day the supplier gave us this date.")
    reason = models.CharField(max_length=30, choices=Reason.choices, blank=True)
    actor = models.CharField(max_length=150, blank=True)
    recorded_at = models.DateTimeField()
    undoes = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        related_name="undone_by",
        help_text="The date of an import that was undone. Neither counts in the supplier's record.",
    )

    class Meta:
        ordering = ["posted_on", "id"]
        indexes = [
            models.Index(fields=["restock", "-posted_on", "-id"], name="newest_date_of_restock")
        ]

    def __str__(self) -> str:
        return f"{self.expected_on} (posted {self.posted_on})"


class Receipt(models.Model):
    """Units that arrived; a correction is a row of its own, with the difference."""

    product = models.ForeignKey(Product, models.PROTECT, related_name="receipts")
    restock = models.ForeignKey(
        Restock, models.PROTECT, null=True, blank=True, related_name="receipts"
    )
    quantity = models.IntegerField()
    arrived_on = models.DateField()
    stocked = models.BooleanField(
        default=True,
        help_text="Whether its units came into stock. If not, it arrived before our first order "
        "and is kept only as a record.",
    )
    ahead = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its units shipped before a restock was received here. Units that have arrived "
        "with one since are taken off by corrections (came_with).",
    )
    recorded_at = models.DateTimeField()
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    came_with = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="covers",
        help_text="For a correction of units that shipped ahead: the receipt of the restock that "
        "brought them.",
    )
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("correct_receipt", "Can correct a receipt")]
        indexes = [
            models.Index(
                fields=["product", "arrived_on"], condition=Q(ahead=True), name="shipped_ahead"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(quantity__lt=0, corrects__isnull=False),
                name="only_a_correction_takes_units",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product.sku} on {self.arrived_on}"
