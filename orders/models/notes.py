"""What staff write for each other about an order, and what they can tell its customer in our
words."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Order


class Note(models.Model):
    """Internal: customers never read it. It is never changed; a mistake in it is corrected by
    another note."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="notes")
    text = models.TextField(max_length=2000)
    at = models.DateTimeField()
    actor = models.CharField(max_length=150)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.text[:80]


class Word(models.TextChoices):
    """What staff tell the customer of an order, apart from its dates: codes that page and email
    word in any language."""

    LOOKING_INTO = "looking_into", _("We are looking into it and will get back to you")
    ASKED_SUPPLIER = "asked_supplier", _("We have asked the supplier for news")
    ANSWERED_BY_MAIL = "answered_by_mail", _("We have answered your question by email")
