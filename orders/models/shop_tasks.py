"""What staff have to do in the shop's own system, because it was decided here."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import OrderLine


class ShopTask(models.Model):
    """Units canceled here that the shop still means to send, or put back here that it has canceled.
    Listed until staff say that it is done, or an import shows it."""

    class Kind(models.TextChoices):
        CANCEL = "cancel", _("Cancel in the shop")
        PUT_BACK = "put_back", _("Reinstate in the shop")

    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="shop_tasks")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    units = models.PositiveIntegerField()
    set_aside = models.PositiveIntegerField(
        default=0,
        help_text="How many of these were reserved when they were canceled. They may be in "
        "packing.",
    )
    created_at = models.DateTimeField()
    undo_until = models.DateTimeField(
        null=True, help_text="Until then the customer may undo the cancellation, so it waits."
    )
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(
        max_length=150, blank=True, help_text="Who confirmed it. Empty if an import showed it."
    )

    class Meta:
        ordering = ["id"]
        permissions = [("confirm_shoptask", "Can confirm what was done in the shop")]
        constraints = [models.CheckConstraint(condition=Q(units__gt=0), name="shop_task_has_units")]
        indexes = [
            models.Index(
                fields=["line", "id"],
                condition=Q(confirmed_at__isnull=True),
                name="shop_tasks_to_do",
            )
        ]

    def __str__(self) -> str:
        what = f"{self.units} × {self.line.product.sku} of {self.line.order.number}"
        return f"{self.get_kind_display()}: {what}"
