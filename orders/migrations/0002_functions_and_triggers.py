"""What the database keeps itself, from orders/sql. A file that a release has read stays as it is:
what replaces a function later is a file of its own."""

from django.db import migrations

import orders
from orders.sql_files import sql

FUNCTIONS = {
    "history": "orders_keep_history",
    "open_stock": "orders_open_stock",
    "queue_counts": "orders_count_inserted, orders_count_deleted, orders_count_updated, "
    "orders_count_truncated, orders_apply_queue_deltas",
    "queue_places": "orders_waiting_before, orders_key_at, orders_front_served",
    "revoked_links": "orders_links_stay_revoked",
}


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [
        migrations.RunSQL(sql(orders.__file__, file), f"DROP FUNCTION {functions} CASCADE")
        for file, functions in FUNCTIONS.items()
    ]
