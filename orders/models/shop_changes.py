"""What the shop changed in an order that is here, learned from its files and decided by a
person."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order, OrderLine


class ShopChange(models.Model):
    """The shop has a value of an order that differs from ours. The row stands until the shop has
    our value, or a third one (`gone_at`). Until then it is decided once, and not asked again."""

    class What(models.TextChoices):
        EMAIL = "email", _("Email address")
        NAME = "name", _("Name")
        PLACE = "place", _("Country and region")
        UNITS = "units", _("Units listed again")

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")

    order = models.ForeignKey(Order, models.PROTECT, related_name="shop_changes")
    line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="shop_changes")
    what = models.CharField(max_length=10, choices=What.choices)
    here = models.JSONField(help_text="How it was here then: fields of the order, or units.")
    there = models.JSONField(help_text="How the shop has it.")
    text = models.CharField(
        max_length=200, blank=True, help_text="What staff's list says until someone decides."
    )
    seen_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(
        max_length=150,
        blank=True,
        help_text="Empty if an import decided, where it makes no difference.",
    )
    gone_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["order", "what", "line"],
                condition=Q(gone_at__isnull=True),
                nulls_distinct=False,
                name="one_standing_change",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", decided_at=None) | ~Q(outcome=""),
                name="decided_with_outcome",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(outcome="", gone_at__isnull=True),
                name="shop_changes_to_decide",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_what_display()} of {self.order.number}"
