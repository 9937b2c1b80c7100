"""Files that staff upload, from the dry run to the import."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from orders.models.orders import Import


class Upload(models.Model):
    """A file and what became of it. It is kept in the row, because the worker may run on another
    machine. A worker that ends half-way leaves the row as it was, and the next takes it up."""

    class State(models.TextChoices):
        UNKNOWN_COLUMNS = "columns", _("Columns unknown")
        TO_CHECK = "to_check", _("Being checked")
        CHECKED = "checked", _("Checked: waiting for you")
        TO_IMPORT = "to_import", _("Being imported")
        DONE = "done", _("Imported")
        REFUSED = "refused", _("Not imported")
        DISCARDED = "discarded", _("Discarded")

    class Kind(models.TextChoices):
        ORDERS = "orders", _("Orders")
        RESTOCKS = "restocks", _("Restocks")
        SHIPMENTS = "shipments", _("Shipments")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(help_text="Empty after a month.")
    column_map = models.JSONField(
        null=True, help_text="Which column contains what. Empty if recognized by its header."
    )
    encoding = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="Empty: UTF-8."
    )
    all_products = models.BooleanField(
        default=False, help_text="All products in the file are on backorder."
    )
    by_name = models.BooleanField(
        default=False, db_default=False, help_text="Lines without a SKU go by the product's name."
    )
    words = models.JSONField(
        default=dict, db_default={}, help_text="What someone said its words mean, by word."
    )
    words_found = models.JSONField(
        default=dict,
        db_default={},
        help_text="Words to decide: what each means now, and in how many orders it is.",
    )
    skus = models.JSONField(
        default=list,
        db_default=[],
        help_text="Its products that the command marked as on backorder.",
    )
    remaining = models.BinaryField(
        default=b"",
        db_default=b"",
        help_text="The file that came with it, with how many units are still to come.",
    )
    is_held = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Uploaded by a command, because it would tell too many customers worse news.",
    )
    skip_bad = models.BooleanField(default=False, help_text="Whether wrong rows are left out.")
    state = models.CharField(max_length=10, choices=State.choices)
    changes = models.BooleanField(default=True, help_text="Whether importing it changes anything.")
    summary = models.JSONField(default=list)
    examples = models.JSONField(default=list)
    told = models.JSONField(
        default=dict,
        db_default={},
        help_text="What customers would be told, in numbers and sentences.",
    )
    told_worse = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Orders that would be told worse news."
    )
    bad_rows = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(default=dict, help_text="What is wrong, by row number.")
    uploaded_at = models.DateTimeField()
    waits_since = models.DateTimeField(
        null=True, help_text="What the worker has to do: check or import."
    )
    uploaded_by = models.CharField(max_length=150)
    confirmed_by = models.CharField(max_length=150, blank=True)
    finished_at = models.DateTimeField(null=True)
    record = models.ForeignKey(Import, models.SET_NULL, null=True, related_name="uploads")

    class Meta:
        ordering = ["-id"]
        default_permissions = ()  # people who may import may upload
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=["to_check", "to_import"]),
                name="uploads_to_work_off",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.TO_CHECK, self.State.TO_IMPORT)


class ShopWord(models.Model):
    """What a word of the shop's export means, as the shop said it: how an order is to be paid, or
    what became of it. It holds for every later file."""

    class Means(models.TextChoices):
        WAITING = "waiting", _("Waiting: joins the line")
        PART_SHIPPED = "part_shipped", _("Partly shipped")
        SHIPPED = "shipped", _("Shipped")
        CANCELLED = "cancelled", _("Canceled")
        REFUNDED = "refunded", _("Refunded")
        UNPAID = "unpaid", _("Not paid yet: left out")

    word = models.CharField(max_length=200, unique=True, help_text="In small letters.")
    means = models.CharField(max_length=20, choices=Means.choices)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["word"]
        default_permissions = ()  # people who may import may say what words mean

    def __str__(self) -> str:
        return f"{self.word}: {self.get_means_display()}"
