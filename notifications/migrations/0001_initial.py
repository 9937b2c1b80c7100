from django.db import migrations, models
from django.db.models.functions import Upper

ID = ("id", models.BigAutoField("ID", auto_created=True, primary_key=True, serialize=False))
REPORTS = [
    ("delivered", "Delivered"),
    ("bounced", "Came back"),
    ("rejected", "Not sent by the provider"),
    ("complained", "Reported as spam"),
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
MESSAGE_STATES = [
    ("queued", "Queued"),
    ("sending", "Sending"),
    ("sent", "Sent"),
    ("bounced", "Came back"),
    ("failed", "Failed"),
    ("needs_review", "Sent twice without an answer"),
    ("superseded", "A newer mail says more"),
    ("expired", "Expired"),
    ("suppressed", "Can't be reached"),
    ("cancelled", "Withdrawn by staff"),
    ("unwanted", "Turned off by the customer"),
]


class Migration(migrations.Migration):
    initial = True

    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ProviderReport",
            fields=[
                ID,
                (
                    "event_id",
                    models.CharField(
                        help_text="A digest: the same report again changes nothing.",
                        max_length=64,
                        unique=True,
                    ),
                ),
                ("kind", models.CharField(choices=REPORTS, max_length=10)),
                (
                    "for_good",
                    models.BooleanField(default=False, help_text="No mail will ever arrive there."),
                ),
                (
                    "message_id",
                    models.CharField(
                        blank=True,
                        help_text="Ours, where the provider hands it back.",
                        max_length=320,
                    ),
                ),
                ("provider_id", models.CharField(blank=True, max_length=200)),
                ("recipient", models.EmailField(blank=True, max_length=320)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("received_at", models.DateTimeField()),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("handled_at__isnull", True)),
                        fields=["id"],
                        name="reports_to_handle",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suppression",
            fields=[
                ID,
                ("address", models.EmailField(max_length=254)),
                ("reason", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(Upper("address"), name="an_address_is_suppressed_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ID,
                ("address", models.EmailField(max_length=254)),
                (
                    "good_news",
                    models.BooleanField(default=True, help_text="That it comes earlier than told."),
                ),
                (
                    "no_change",
                    models.BooleanField(
                        default=True, help_text="That nothing changed, after a time without news."
                    ),
                ),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(Upper("address"), name="an_address_chooses_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pause",
            fields=[
                ID,
                ("paused_at", models.DateTimeField()),
                ("paused_by", models.CharField(max_length=150)),
                ("reason", models.CharField(max_length=200)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", models.CharField(blank=True, max_length=150)),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [("pause_email", "Can pause all email and resume it")],
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        models.ExpressionWrapper(
                            models.Q(("ended_at__isnull", True)), models.BooleanField()
                        ),
                        condition=models.Q(("ended_at__isnull", True)),
                        name="email_is_paused_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pace",
            fields=[
                ("name", models.CharField(max_length=254, primary_key=True, serialize=False)),
                ("free_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("task", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                ID,
                (
                    "key",
                    models.CharField(
                        help_text="The order and the newest event it covers.", max_length=60
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=EVENTS, help_text="Its chief news.", max_length=10),
                ),
                ("recipient", models.EmailField(blank=True, max_length=254)),
                ("locale", models.CharField(blank=True, max_length=20)),
                ("subject", models.TextField(blank=True)),
                ("text", models.TextField(blank=True)),
                ("html", models.TextField(blank=True)),
                ("headers", models.JSONField(blank=True, default=dict)),
                ("composed_at", models.DateTimeField(blank=True, null=True)),
                ("message_id", models.CharField(max_length=320)),
                (
                    "thread_root",
                    models.CharField(
                        blank=True,
                        help_text="Message-ID of the order's first mail.",
                        max_length=320,
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=MESSAGE_STATES, default="queued", max_length=12),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                (
                    "ambiguous_count",
                    models.PositiveSmallIntegerField(
                        default=0,
                        help_text="How often the mail server may have taken it without our hearing "
                        "so.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
                ("claim_token", models.UUIDField(blank=True, editable=False, null=True)),
                ("lease_until", models.DateTimeField(blank=True, editable=False, null=True)),
                (
                    "in_flight",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Handed over under the present claim: without an answer it may be "
                        "sent.",
                    ),
                ),
                (
                    "frozen_at",
                    models.DateTimeField(
                        blank=True, help_text="First handed to a mail server.", null=True
                    ),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
                (
                    "provider_id",
                    models.CharField(
                        blank=True, help_text="What the mail server answered.", max_length=200
                    ),
                ),
                ("last_error", models.CharField(blank=True, max_length=300)),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=models.PROTECT,
                        related_name="messages",
                        to="orders.order",
                    ),
                ),
                (
                    "decided_by",
                    models.CharField(
                        blank=True,
                        db_default="",
                        help_text="Who sent it again, counted it as sent or withdrew it.",
                        max_length=150,
                    ),
                ),
                ("decided_why", models.CharField(blank=True, db_default="", max_length=300)),
                (
                    "delivered_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The customer's mail server took it, as the provider reports.",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "permissions": [
                    (
                        "decide_message",
                        "Can send mails again, count them as sent and withdraw them",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "queued")),
                        fields=["next_attempt_at", "id"],
                        name="messages_to_send",
                    ),
                    models.Index(
                        condition=models.Q(("composed_at__isnull", True), ("state", "queued")),
                        fields=["id"],
                        name="to_compose",
                    ),
                    models.Index(
                        condition=models.Q(("state", "sending")),
                        fields=["lease_until"],
                        name="messages_sending",
                    ),
                    models.Index(
                        condition=models.Q(
                            ("state__in", ["bounced", "failed", "needs_review", "suppressed"])
                        ),
                        fields=["state", "-id"],
                        name="messages_for_staff",
                    ),
                    models.Index(fields=["order", "id"], name="messages_of_order"),
                    models.Index(Upper("recipient"), name="messages_to_address"),
                    models.Index(
                        condition=models.Q(("text", ""), _negated=True),
                        fields=["created_at"],
                        name="messages_with_words",
                    ),
                    models.Index(
                        condition=models.Q(("provider_id", ""), _negated=True),
                        fields=["provider_id"],
                        name="messages_by_provider_id",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="events_have_one_message"),
                    models.UniqueConstraint(fields=("message_id",), name="message_ids_are_unique"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "sending"])),
                        fields=("order",),
                        name="one_open_message_per_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("claim_token__isnull", False),
                                ("lease_until__isnull", False),
                                ("state", "sending"),
                            ),
                            models.Q(
                                models.Q(("state", "sending"), _negated=True),
                                ("claim_token__isnull", True),
                                ("lease_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="sending_is_claimed",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("sent_at__isnull", False), ("state__in", ["sent", "bounced"])
                            ),
                            models.Q(
                                models.Q(("state__in", ["sent", "bounced"]), _negated=True),
                                ("sent_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="sent_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageEvent",
            fields=[
                ID,
                (
                    "said",
                    models.BooleanField(
                        default=False,
                        help_text="The mail says it; an event that newer ones have overtaken is "
                        "covered in silence.",
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="covered_by", to="orders.event"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=models.CASCADE, related_name="covered", to="notifications.message"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "event"), name="a_message_covers_an_event_once"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ID,
                ("at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("sent", "Accepted"),
                            ("deferred", "Surely not sent; tried again later"),
                            ("failed", "Refused for good"),
                            ("unknown", "No answer: may have been sent"),
                            ("late", "Ended after its lease; another took over"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "phase",
                    models.CharField(
                        help_text="How far it got: connect, envelope, content, answered.",
                        max_length=10,
                    ),
                ),
                (
                    "detail",
                    models.CharField(
                        blank=True,
                        help_text="The server's answer, without addresses.",
                        max_length=300,
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=models.PROTECT, related_name="log", to="notifications.message"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["at"], name="attempts_by_time")],
            },
        ),
        migrations.AddField(
            model_name="message",
            name="events",
            field=models.ManyToManyField(
                related_name="messages", through="notifications.MessageEvent", to="orders.event"
            ),
        ),
    ]
