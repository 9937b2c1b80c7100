"""What the shop told its customers about a product when they ordered."""

from datetime import date, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from orders.models.supply import Product

MOST_DAYS = 730


class StatedTime(models.Model):
    """When the shop said the product ships, to whoever ordered it within a period: so many days
    after the order, or by a day."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="stated_times")
    ordered_from = models.DateField(help_text="The first day on which customers read this.")
    ordered_until = models.DateField(
        null=True, blank=True, help_text="The last such day. Leave empty while they still do."
    )
    days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        help_text="The longest time they read, in days: 70 for “8 to 10 weeks”.",
    )
    ships_by = models.DateField(null=True, blank=True, help_text="Or the last ship date they read.")

    class Meta:
        ordering = ["product", "-ordered_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "ordered_from"],
                name="one_stated_time_from_a_day",
                violation_error_message="There is already a time from that day.",
            ),
            models.CheckConstraint(
                condition=Q(days__isnull=True) ^ Q(ships_by__isnull=True),
                name="stated_time_is_days_or_a_day",
                violation_error_message="Enter either days or a ship date.",
            ),
            models.CheckConstraint(
                condition=Q(ordered_until__isnull=True) | Q(ordered_until__gte=F("ordered_from")),
                name="stated_time_ends_after_it_begins",
                violation_error_message="The last day is before the first.",
            ),
        ]

    def __str__(self) -> str:
        said = f"{self.days} days" if self.days else f"by {self.ships_by}"
        return f"{self.product.sku}, ordered from {self.ordered_from}: {said}"

    def ships_by_if_ordered(self, on: date) -> date | None:
        """The ship date that somebody read who ordered on a day. None: nothing was said then."""
        if on < self.ordered_from or (self.ordered_until and on > self.ordered_until):
            return None
        return self.ships_by or on + timedelta(days=self.days or 0)
