import django.db.models.deletion
from django.db import migrations, models

# Units received on the way since the last delivery of their product may still come with the next one. What had left before
# its order joined here came with none.
STILL_TO_COME = """
    SELECT set_config('backorders.erase', 'on', true);
    UPDATE orders_receipt r SET ahead = true
    WHERE r.reason LIKE 'shipped with order % before it was received here' AND r.corrects_id IS NULL
      AND NOT EXISTS (SELECT FROM orders_order o WHERE o.created_at = r.recorded_at)
      AND NOT EXISTS (SELECT FROM orders_receipt d WHERE d.product_id = r.product_id AND d.restock_id IS NOT NULL
                      AND d.stocked AND d.recorded_at >= r.recorded_at);
    SELECT set_config('backorders.erase', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0021_who_sees_addresses")]
    operations = [
        migrations.AddField(
            "receipt",
            "ahead",
            models.BooleanField(
                default=False,
                db_default=False,
                help_text="Its units shipped before a delivery was received here. Those that have come with one since are "
                "taken off by corrections (came_with).",
            ),
        ),
        migrations.AddField(
            "receipt",
            "came_with",
            models.ForeignKey(
                "orders.receipt",
                django.db.models.deletion.PROTECT,
                null=True,
                editable=False,
                related_name="covers",
                help_text="Of a correction of units that shipped ahead: the receipt of the delivery that brought them.",
            ),
        ),
        migrations.RunSQL(STILL_TO_COME, migrations.RunSQL.noop),
        migrations.AddIndex(
            "receipt",
            models.Index(fields=["product", "arrived_on"], condition=models.Q(ahead=True), name="shipped_ahead"),
        ),
    ]
