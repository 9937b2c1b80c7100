"""What the shop writes to all who wait for a delivery, in its own words."""

from django.db import models
from django.db.models import Q

from orders.models.supply import Restock

MAX_NOTE = 600


class RestockNote(models.Model):
    """Customers whose line the delivery serves read it on their page, and are emailed it once. It
    is never changed: another one corrects it, and a mistake is hidden."""

    restock = models.ForeignKey(Restock, models.PROTECT, related_name="notes")
    text = models.CharField(max_length=MAX_NOTE)
    picture_name = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="A digest of its content. Empty if there is no picture.",
    )
    width = models.PositiveSmallIntegerField(default=0, db_default=0)
    height = models.PositiveSmallIntegerField(default=0, db_default=0)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    lines = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How many were waiting for the restock at that time."
    )
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_by = models.CharField(max_length=150, blank=True, db_default="")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["picture_name"], condition=~Q(picture_name=""), name="notes_by_picture"
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def shown(self) -> bool:
        return self.hidden_at is None


class NotePicture(models.Model):
    """Apart from the note, so that nothing reads it but the page of the picture."""

    note = models.OneToOneField(
        RestockNote, models.CASCADE, primary_key=True, related_name="picture"
    )
    content = models.BinaryField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.note.picture_name
