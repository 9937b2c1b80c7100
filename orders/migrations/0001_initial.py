from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models.functions import Upper

from orders.models.keys import is_key

ID = ("id", models.BigAutoField("ID", auto_created=True, primary_key=True, serialize=False))
CONTROLS = "[\\u0001-\\u001f\\u007f-\\u009f\\u2028\\u2029]"
REASONS = [
    ("supplier_late", "Supplier late"),
    ("production", "Production delayed"),
    ("customs", "Held at customs"),
    ("transport", "Transport delayed"),
    ("quality", "Failed our quality check"),
    ("short_delivery", "Fewer units than ordered"),
    ("supplier_early", "Supplier early"),
    ("delivery_cancelled", "Delivery cancelled"),
    ("new_delivery", "New delivery ordered"),
    ("not_arrived", "Delivery has not arrived"),
    ("supplier_record", "Deliveries like this have been taking longer or shorter"),
    ("late_join", "An older order reached us late"),
    ("moved", "Moved in line by staff"),
    ("receipt_corrected", "Fewer units had arrived than counted"),
    ("cancellation", "Cancellations ahead"),
    ("restored", "A cancelled order was put back"),
    ("arrived", "A delivery arrived"),
    ("packing", "Packing takes longer"),
    ("clerical", "A date was corrected"),
]
WINDOWS = [
    ("dated", "Dated"),
    ("unrated", "Supplier's own date, not yet rated"),
    ("chances", "Chances"),
    ("open", "No latest date"),
    ("none", "No date"),
]
EVENTS = [
    ("joined", "Joined the line"),
    ("later", "Later than told"),
    ("earlier", "Earlier than told"),
    ("no_date", "No date any more"),
    ("on_track", "Still on track"),
    ("reserved", "Arrived and set aside"),
    ("shipped", "Shipped"),
    ("cancelled", "Cancelled"),
    ("answered", "Answered"),
    ("corrected", "Corrected"),
    ("note", "Note"),
    ("link", "Link asked for"),
    ("moved_up", "Moved up"),
    ("passed_by", "Passed by"),
]
OUTCOMES = [
    ("kept", "The customer keeps the place"),
    ("left", "The customer cancelled"),
    ("consented", "Nobody answered: taken as consent"),
    ("silence_cancelled", "Nobody answered: cancelled"),
    ("superseded", "A newer notice took its place"),
    ("shipped", "Shipped before anybody answered"),
]
UPLOAD_STATES = [
    ("columns", "Its columns are not known"),
    ("to_check", "Being checked"),
    ("checked", "Checked: waits for you"),
    ("to_import", "Being imported"),
    ("done", "Imported"),
    ("refused", "Not imported"),
    ("discarded", "Discarded"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Supplier",
            fields=[
                ID,
                ("name", models.CharField(max_length=200, unique=True, validators=[is_key])),
            ],
        ),
        migrations.CreateModel(
            name="Product",
            fields=[
                ID,
                (
                    "sku",
                    models.CharField(
                        max_length=100, unique=True, validators=[is_key], verbose_name="SKU"
                    ),
                ),
                ("name", models.CharField(max_length=300)),
                (
                    "on_backorder",
                    models.BooleanField(
                        default=True, help_text="Orders of this product join its queue."
                    ),
                ),
                (
                    "handling_days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Working days from arrival to the carrier, one at least; empty: the "
                        "shop's own (HANDLING_DAYS).",
                        null=True,
                    ),
                ),
                ("changed_at", models.DateTimeField(editable=False, null=True)),
                ("review_at", models.DateTimeField(editable=False, null=True)),
                (
                    "change_reason",
                    models.CharField(blank=True, choices=REASONS, editable=False, max_length=30),
                ),
            ],
            options={
                "ordering": ["sku"],
                "permissions": [("discontinue_product", "Can discontinue a product")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("review_at__isnull", False)),
                        fields=["review_at"],
                        name="product_to_review",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("handling_days__gte", 1)),
                        name="handling_takes_a_working_day",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sku__regex", CONTROLS), _negated=True),
                        name="sku_is_on_one_line",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shortening",
            fields=[
                ID,
                ("at", models.DateTimeField()),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="+",
                        to="orders.product",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Discontinuation",
            fields=[
                ID,
                ("reason", models.CharField(max_length=200)),
                ("actor", models.CharField(max_length=150)),
                ("asked_at", models.DateTimeField()),
                ("lines", models.PositiveIntegerField(help_text="Orders that waited then.")),
                (
                    "cancelled",
                    models.PositiveIntegerField(default=0, help_text="Orders cancelled so far."),
                ),
                ("next_at", models.DateTimeField(null=True)),
                ("next_id", models.BigIntegerField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="discontinuations",
                        to="orders.product",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["product", "-id"], name="discontinuations_of_product"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=("product",),
                        name="discontinued_once_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Stock",
            fields=[
                (
                    "product",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="orders.product",
                    ),
                ),
                ("arrived", models.PositiveIntegerField(default=0)),
                ("allocated", models.PositiveIntegerField(default=0)),
            ],
            options={
                "verbose_name_plural": "stock",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("allocated__lte", models.F("arrived"))),
                        name="allocated_within_arrived",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Restock",
            fields=[
                ID,
                ("reference", models.CharField(max_length=200)),
                ("quantity", models.PositiveIntegerField()),
                ("arrived", models.PositiveIntegerField(default=0, editable=False)),
                ("cancelled_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="restocks", to="orders.product"
                    ),
                ),
                (
                    "supplier",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="restocks", to="orders.supplier"
                    ),
                ),
                (
                    "cancel_reason",
                    models.CharField(blank=True, db_default="", editable=False, max_length=200),
                ),
                (
                    "cancelled_by",
                    models.CharField(blank=True, db_default="", editable=False, max_length=150),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("receive_restock", "Can receive goods"),
                    ("move_restock", "Can move the date of a restock"),
                    ("cancel_restock", "Can cancel what has not arrived of a restock"),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("arrived__lt", models.F("quantity")), ("cancelled_at__isnull", True)
                        ),
                        fields=["product"],
                        name="open_restocks",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("reference", "product"),
                        name="one_restock_per_reference_and_product",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="restock_brings_units"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference__regex", CONTROLS), _negated=True),
                        name="reference_is_on_one_line",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RestockDate",
            fields=[
                ID,
                ("expected_on", models.DateField()),
                (
                    "posted_on",
                    models.DateField(help_text="The day the supplier gave us this date."),
                ),
                ("reason", models.CharField(blank=True, choices=REASONS, max_length=30)),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("recorded_at", models.DateTimeField()),
                (
                    "restock",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="dates", to="orders.restock"
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        help_text="The version of an import that was undone: neither is the supplier's "
                        "word.",
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="undone_by",
                        to="orders.restockdate",
                    ),
                ),
            ],
            options={
                "ordering": ["posted_on", "id"],
                "indexes": [
                    models.Index(
                        fields=["restock", "-posted_on", "-id"], name="newest_date_of_restock"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ID,
                ("quantity", models.IntegerField()),
                ("arrived_on", models.DateField()),
                (
                    "stocked",
                    models.BooleanField(
                        default=True,
                        help_text="Its units were ours to set aside; no: it came before our first "
                        "order, as a record only.",
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("actor", models.CharField(blank=True, max_length=150)),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="corrections",
                        to="orders.receipt",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="receipts", to="orders.product"
                    ),
                ),
                (
                    "restock",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="receipts",
                        to="orders.restock",
                    ),
                ),
                (
                    "ahead",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Its units shipped before a delivery was received here. Those that "
                        "have come with one since are taken off by corrections (came_with).",
                    ),
                ),
                (
                    "came_with",
                    models.ForeignKey(
                        editable=False,
                        help_text="Of a correction of units that shipped ahead: the receipt of the "
                        "delivery that brought them.",
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="covers",
                        to="orders.receipt",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [("correct_receipt", "Can correct a receipt")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ahead", True)),
                        fields=["product", "arrived_on"],
                        name="shipped_ahead",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quantity__gt", 0),
                            models.Q(("corrects__isnull", False), ("quantity__lt", 0)),
                            _connector="OR",
                        ),
                        name="only_a_correction_takes_units",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Import",
            fields=[
                ID,
                ("command", models.CharField(max_length=40)),
                ("file_name", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("counts", models.JSONField(default=dict)),
                ("rejected", models.JSONField(default=list)),
                ("undone_at", models.DateTimeField(editable=False, null=True)),
                (
                    "undone_by",
                    models.CharField(blank=True, db_default="", editable=False, max_length=150),
                ),
                (
                    "written",
                    models.JSONField(
                        db_default={},
                        default=dict,
                        editable=False,
                        help_text="What of deliveries can be undone: dates, new ones, their sizes "
                        "before.",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                ID,
                ("started_at", models.DateTimeField()),
                ("per_hour", models.PositiveIntegerField()),
                ("actor", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("per_hour__gt", 0)), name="release_has_a_pace"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                ID,
                ("number", models.CharField(max_length=100)),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Empty: this customer can't be reached.",
                        max_length=254,
                    ),
                ),
                ("customer_name", models.CharField(blank=True, max_length=300)),
                ("country", models.CharField(blank=True, max_length=2)),
                ("region", models.CharField(blank=True, max_length=100)),
                ("locale", models.CharField(blank=True, max_length=20)),
                ("placed_at", models.DateTimeField()),
                ("paid_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("released_at", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "link_version",
                    models.PositiveSmallIntegerField(
                        default=1,
                        editable=False,
                        help_text="Raised to revoke every link sent so far; it never falls.",
                    ),
                ),
                (
                    "attention",
                    ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        help_text="What a person has to look at.",
                        size=None,
                    ),
                ),
                (
                    "flagged",
                    ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        editable=False,
                        help_text="What imports ever put on the list above: each is said once.",
                        size=None,
                    ),
                ),
                (
                    "imported_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=models.SET_NULL,
                        to="orders.import",
                    ),
                ),
                (
                    "unreachable_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="Mail to this address came back; empty again once one arrives.",
                        null=True,
                    ),
                ),
                (
                    "erased_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="Its customer asked to be forgotten: it learns no name and no "
                        "address again.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("ship_order", "Can ship orders"),
                    ("cancel_order", "Can cancel units of orders"),
                    ("view_address", "Can see customers' email addresses"),
                ],
                "indexes": [
                    models.Index(Upper("email"), name="orders_of_address"),
                    GinIndex(
                        SearchVector("customer_name", config="simple"),
                        name="orders_by_words_of_name",
                    ),
                    models.Index(fields=["country", "id"], name="orders_of_country"),
                    models.Index(
                        condition=models.Q(("released_at__isnull", True)),
                        fields=["id"],
                        name="quiet_orders",
                    ),
                    models.Index(
                        condition=models.Q(("attention", []), _negated=True),
                        fields=["id"],
                        name="orders_for_a_person",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("email", ""), ("unreachable_at__isnull", False), _connector="OR"
                        ),
                        fields=["id"],
                        name="orders_out_of_reach",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(Upper("number"), name="order_number_is_unique"),
                    models.CheckConstraint(
                        condition=models.Q(("link_version__gte", 1)),
                        name="order_links_have_a_version",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__regex", CONTROLS), _negated=True),
                        name="order_number_is_on_one_line",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                ID,
                ("quantity", models.PositiveIntegerField()),
                ("allocated", models.PositiveIntegerField(default=0, editable=False)),
                ("shipped", models.PositiveIntegerField(default=0, editable=False)),
                ("cancelled", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "waiting",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.F("quantity")
                        - models.F("allocated")
                        - models.F("cancelled"),
                        output_field=models.IntegerField(),
                    ),
                ),
                (
                    "queued_at",
                    models.DateTimeField(
                        help_text="When the order was paid, else placed: first come, first served."
                    ),
                ),
                ("joined_at", models.DateTimeField(editable=False)),
                (
                    "stated_by",
                    models.DateField(
                        editable=False,
                        help_text="The ship date stated when ordering, if one was.",
                        null=True,
                    ),
                ),
                (
                    "agreed_by",
                    models.DateField(
                        blank=True,
                        help_text="The date the customer agreed to: stated, set by law, or consented "
                        "to since.",
                        null=True,
                    ),
                ),
                (
                    "open_wait",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="The customer expressly agreed to wait without a date.",
                    ),
                ),
                (
                    "held",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Keeps its place and gets no units until a person says how many.",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="lines", to="orders.order"
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="lines",
                        to="orders.product",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "permissions": [
                    ("move_orderline", "Can move someone in line"),
                    ("restore_orderline", "Can put cancelled units back"),
                    ("settle_orderline", "Can say how many units of a held line are to come"),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("waiting__gt", 0)),
                        fields=["product", "queued_at", "id"],
                        include=("waiting",),
                        name="queue",
                    ),
                    models.Index(
                        condition=models.Q(("allocated__gt", models.F("shipped"))),
                        fields=["product", "queued_at", "id"],
                        name="reserved_lines",
                    ),
                    models.Index(fields=["product"], name="lines_of_product"),
                    models.Index(
                        condition=models.Q(("held", True)), fields=["id"], name="held_lines"
                    ),
                    models.Index(
                        condition=models.Q(("cancelled__gt", 0)),
                        fields=["id"],
                        name="lines_cancelled",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("order", "product"), name="one_line_per_order_and_product"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity__gt", 0)), name="line_has_units"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("shipped__lte", models.F("allocated"))),
                        name="shipped_within_allocated",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("quantity__gte", models.F("allocated") + models.F("cancelled"))
                        ),
                        name="units_are_conserved",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Allocation",
            fields=[
                ID,
                ("quantity", models.IntegerField()),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(choices=REASONS, max_length=30)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="allocations", to="orders.orderline"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quantity", 0), _negated=True),
                        name="allocation_moves_units",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ID,
                ("shipped_at", models.DateTimeField()),
                ("carrier", models.CharField(blank=True, max_length=100)),
                ("tracking_number", models.CharField(blank=True, max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("actor", models.CharField(blank=True, max_length=150)),
                (
                    "corrects",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="corrections",
                        to="orders.shipment",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="shipments", to="orders.order"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Staff's, of a correction.",
                        max_length=200,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("correct_shipment", "Can take back a shipment recorded by mistake"),
                ],
                "indexes": [models.Index(fields=["tracking_number"], name="by_tracking_number")],
            },
        ),
        migrations.CreateModel(
            name="ShipmentLine",
            fields=[
                ID,
                ("quantity", models.IntegerField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT,
                        related_name="shipment_lines",
                        to="orders.orderline",
                    ),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="lines", to="orders.shipment"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shipment", "line"), name="one_row_per_shipment_and_line"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("quantity", 0), _negated=True),
                        name="shipment_moves_units",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                ID,
                ("units", models.PositiveIntegerField()),
                ("due_on", models.DateField()),
                ("created_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="refunds", to="orders.orderline"
                    ),
                ),
                (
                    "sent_by",
                    models.CharField(
                        blank=True, db_default="", help_text="Who marked it sent.", max_length=150
                    ),
                ),
            ],
            options={
                "ordering": ["due_on", "id"],
                "permissions": [("send_refund", "Can mark refunds sent")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True)),
                        fields=["due_on"],
                        name="refunds_due",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ID,
                ("text", models.TextField(max_length=2000)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=150)),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="notes", to="orders.order"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Forecast",
            fields=[
                ID,
                ("made_at", models.DateTimeField()),
                ("made_on", models.DateField(help_text="The shop's day it was made for.")),
                ("bands", models.JSONField()),
                (
                    "evidence",
                    models.JSONField(
                        default=dict, help_text="The deliveries and records it was computed from."
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="forecasts",
                        to="orders.product",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["product", "-id"], name="newest_forecast")],
            },
        ),
        migrations.CreateModel(
            name="Promise",
            fields=[
                ID,
                ("kind", models.CharField(choices=WINDOWS, max_length=10)),
                ("early", models.DateField(blank=True, null=True)),
                ("likely", models.DateField(blank=True, null=True)),
                ("late", models.DateField(blank=True, null=True)),
                ("sure", models.FloatField(blank=True, null=True)),
                ("within_14", models.FloatField(blank=True, null=True)),
                ("within_30", models.FloatField(blank=True, null=True)),
                (
                    "place",
                    models.PositiveIntegerField(
                        blank=True, help_text="Place in line when published.", null=True
                    ),
                ),
                ("units_ahead", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "reference",
                    models.CharField(
                        blank=True,
                        help_text="The delivery that brings the last unit.",
                        max_length=200,
                    ),
                ),
                ("published_at", models.DateTimeField()),
                ("published_on", models.DateField()),
                (
                    "inherited",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Stated by the shop and broken before we knew of it: not of our "
                        "record.",
                    ),
                ),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "forecast",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="orders.forecast",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="promises", to="orders.orderline"
                    ),
                ),
                (
                    "returned_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The mail that told it came back; empty again once another tells it.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("late__isnull", False)),
                        fields=["late"],
                        name="promises_by_last_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ID,
                ("kind", models.CharField(choices=EVENTS, max_length=10)),
                ("facts", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("message_due", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="events",
                        to="orders.order",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="orders.orderline",
                    ),
                ),
                (
                    "promise",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="+",
                        to="orders.promise",
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Staff's reason; customers never read it.",
                        max_length=300,
                    ),
                ),
                (
                    "returned_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The mail that told it came back; empty again once another tells it.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["order", "-at", "-id"], name="events_of_order"),
                    models.Index(
                        condition=models.Q(("message_due", True)),
                        fields=["order"],
                        name="events_to_mail",
                    ),
                    models.Index(
                        condition=models.Q(("kind__in", ["earlier", "later", "no_date"])),
                        fields=["at"],
                        name="changes_by_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueueChange",
            fields=[
                ID,
                ("at", models.DateTimeField()),
                ("reason", models.CharField(choices=REASONS, max_length=30)),
                ("step", models.SmallIntegerField(help_text="-1: places fell, +1: places rose.")),
                (
                    "lines",
                    models.PositiveIntegerField(help_text="Lines that left or came in ahead."),
                ),
                ("units", models.PositiveIntegerField(default=0)),
                ("after_at", models.DateTimeField(null=True)),
                ("after_id", models.BigIntegerField(null=True)),
                ("upto_at", models.DateTimeField(null=True)),
                ("upto_id", models.BigIntegerField(null=True)),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        help_text="Staff's reason; customers never read it.",
                        max_length=300,
                    ),
                ),
                ("actor", models.CharField(blank=True, max_length=150)),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="queue_changes",
                        to="orders.product",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["product", "-at"], name="changes_of_queue")],
            },
        ),
        migrations.CreateModel(
            name="QueueCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "product_id",
                        "width",
                        "start",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.CASCADE,
                        related_name="+",
                        to="orders.product",
                    ),
                ),
                (
                    "width",
                    models.CharField(
                        choices=[("d", "day"), ("h", "hour"), ("m", "minute")], max_length=1
                    ),
                ),
                ("start", models.DateTimeField()),
                ("lines", models.IntegerField()),
                ("units", models.BigIntegerField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["product", "width", "start"], name="counts_of_queue"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ID,
                ("job", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("finished_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("job", "day"), name="a_job_once_a_day"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DelayNotice",
            fields=[
                ID,
                ("jurisdiction", models.CharField(max_length=10)),
                ("case", models.CharField(max_length=1)),
                (
                    "late",
                    models.DateField(
                        help_text="The last day of the new window; empty: none is known.", null=True
                    ),
                ),
                (
                    "notice_by",
                    models.DateField(help_text="The last day on which it is a notice in time."),
                ),
                ("silence", models.CharField(blank=True, max_length=12)),
                (
                    "answer_by",
                    models.DateField(help_text="The last day for the answer.", null=True),
                ),
                (
                    "consent_to",
                    models.DateField(
                        help_text="The day that consent agrees to; empty: a wait without one.",
                        null=True,
                    ),
                ),
                ("delay_days", models.PositiveIntegerField(null=True)),
                ("cancels_now", models.BooleanField(default=False)),
                (
                    "sentences",
                    models.JSONField(
                        default=list, help_text="What the message has to say, as codes."
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                (
                    "adequate",
                    models.BooleanField(
                        help_text="Told in time; the law counts no other.", null=True
                    ),
                ),
                (
                    "not_told_at",
                    models.DateTimeField(
                        help_text="Its mail bounced or could not be sent: not notified.", null=True
                    ),
                ),
                (
                    "reminded_for",
                    models.DateField(help_text="The reminder day that has been served.", null=True),
                ),
                ("outcome", models.CharField(blank=True, choices=OUTCOMES, max_length=20)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="notices", to="orders.orderline"
                    ),
                ),
                (
                    "promise",
                    models.OneToOneField(
                        on_delete=models.PROTECT, related_name="notice", to="orders.promise"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("outcome", "")),
                        fields=["answer_by"],
                        name="open_notices",
                    ),
                    models.Index(
                        condition=models.Q(("outcome", ""), ("silence", "cancel")),
                        fields=["answer_by"],
                        name="notices_to_be_answered",
                    ),
                    models.Index(fields=["line", "-id"], name="notices_of_line"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ID,
                (
                    "choice",
                    models.CharField(
                        choices=[
                            ("keep", "Keep my place"),
                            ("cancel", "Cancel, refund me"),
                            ("withdraw", "Withdraw from the contract"),
                        ],
                        max_length=10,
                    ),
                ),
                ("units", models.PositiveIntegerField()),
                (
                    "channel",
                    models.CharField(choices=[("page", "Page"), ("staff", "Staff")], max_length=10),
                ),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("at", models.DateTimeField()),
                (
                    "notice",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="answers",
                        to="orders.delaynotice",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="answers", to="orders.orderline"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ShopChange",
            fields=[
                ID,
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("email", "Email address"),
                            ("name", "Name"),
                            ("place", "Country and region"),
                            ("units", "Units listed again"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "here",
                    models.JSONField(
                        help_text="As it was here then: fields of the order, or units."
                    ),
                ),
                ("there", models.JSONField(help_text="As the shop has it.")),
                (
                    "text",
                    models.CharField(
                        blank=True,
                        help_text="What staff's list says while nobody has decided.",
                        max_length=200,
                    ),
                ),
                ("seen_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("accepted", "Accepted"), ("rejected", "Rejected")],
                        max_length=10,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "decided_by",
                    models.CharField(
                        blank=True,
                        help_text="Empty: an import, where nothing hangs on it.",
                        max_length=150,
                    ),
                ),
                ("gone_at", models.DateTimeField(null=True)),
                (
                    "line",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.PROTECT,
                        related_name="shop_changes",
                        to="orders.orderline",
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="shop_changes", to="orders.order"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("gone_at__isnull", True), ("outcome", "")),
                        fields=["id"],
                        name="shop_changes_to_decide",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("gone_at__isnull", True)),
                        fields=("order", "what", "line"),
                        name="one_standing_change",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at", None), ("outcome", "")),
                            models.Q(("outcome", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="decided_with_outcome",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShopTask",
            fields=[
                ID,
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cancel", "Cancel in the shop"),
                            ("put_back", "Put back in the shop"),
                        ],
                        max_length=10,
                    ),
                ),
                ("units", models.PositiveIntegerField()),
                (
                    "set_aside",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="Of these, units that were set aside when they were cancelled: they "
                        "may be being packed.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "confirmed_by",
                    models.CharField(
                        blank=True,
                        help_text="Who said so; empty: an import showed it.",
                        max_length=150,
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="shop_tasks", to="orders.orderline"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "permissions": [("confirm_shoptask", "Can confirm what was done in the shop")],
                "indexes": [
                    models.Index(
                        condition=models.Q(("confirmed_at__isnull", True)),
                        fields=["line", "id"],
                        name="shop_tasks_to_do",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("units__gt", 0)), name="shop_task_has_units"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ID,
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("orders", "Orders"),
                            ("restocks", "Restocks"),
                            ("shipments", "Shipments"),
                        ],
                        max_length=10,
                    ),
                ),
                ("file_name", models.CharField(max_length=255)),
                ("sha256", models.CharField(max_length=64)),
                (
                    "content",
                    models.BinaryField(help_text="Empty once it has been kept for a month."),
                ),
                (
                    "column_map",
                    models.JSONField(
                        help_text="Which of its columns hold what; empty: recognised by its header.",
                        null=True,
                    ),
                ),
                (
                    "all_products",
                    models.BooleanField(
                        default=False, help_text="All products of the file are on backorder."
                    ),
                ),
                (
                    "skip_bad",
                    models.BooleanField(
                        default=False, help_text="Rows that are wrong are left out."
                    ),
                ),
                ("state", models.CharField(choices=UPLOAD_STATES, max_length=10)),
                (
                    "changes",
                    models.BooleanField(
                        default=True, help_text="Whether importing it changes anything."
                    ),
                ),
                ("summary", models.JSONField(default=list)),
                ("examples", models.JSONField(default=list)),
                ("bad_rows", models.PositiveIntegerField(default=0)),
                (
                    "rejected",
                    models.JSONField(
                        default=dict, help_text="What is wrong, by the number of the row."
                    ),
                ),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.CharField(max_length=150)),
                ("confirmed_by", models.CharField(blank=True, max_length=150)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "record",
                    models.ForeignKey(
                        null=True,
                        on_delete=models.SET_NULL,
                        related_name="uploads",
                        to="orders.import",
                    ),
                ),
                (
                    "waits_since",
                    models.DateTimeField(
                        help_text="Asked of the worker: to be checked, or imported.", null=True
                    ),
                ),
                (
                    "is_held",
                    models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="A command was given it, and it would tell too many customers worse "
                        "news.",
                    ),
                ),
                (
                    "remaining",
                    models.BinaryField(
                        db_default=b"",
                        default=b"",
                        help_text="The file that came with it: how many units are still to come.",
                    ),
                ),
                (
                    "skus",
                    models.JSONField(
                        db_default=[],
                        default=list,
                        help_text="Products of it that the command named as on backorder.",
                    ),
                ),
                (
                    "told",
                    models.JSONField(
                        db_default={},
                        default=dict,
                        help_text="What customers would hear of it, in numbers and sentences.",
                    ),
                ),
                (
                    "told_worse",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="Orders that would be told worse news."
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["to_check", "to_import"])),
                        fields=["id"],
                        name="uploads_to_work_off",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="orderline",
            name="promise",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=models.PROTECT,
                related_name="+",
                to="orders.promise",
            ),
        ),
    ]
