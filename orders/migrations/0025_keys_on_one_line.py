"""What orders, products and deliveries are known by stands on one line: pages have it in their addresses."""

from django.db import migrations, models

from orders.models.keys import CONTROLS, is_key, on_one_line

KEYS = {"orders_order": "number", "orders_product": "sku", "orders_restock": "reference"}
# With its id, so that it is no other's: two that differed by a line break stay two.
MEND = "\n".join(
    f"UPDATE {table} SET {column} = left(btrim(regexp_replace({column}, '{CONTROLS}+', ' ', 'g')), 80) || ' (' || id || ')' "
    f"WHERE {column} ~ '{CONTROLS}';"
    for table, column in KEYS.items()
)


class Migration(migrations.Migration):
    dependencies = [("orders", "0024_uploads_wait_since")]
    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.AlterField(
            "product", "sku", models.CharField("SKU", max_length=100, unique=True, validators=[is_key])
        ),
        migrations.AlterField("supplier", "name", models.CharField(max_length=200, unique=True, validators=[is_key])),
        migrations.AddConstraint("order", on_one_line("number", "order_number_is_on_one_line")),
        migrations.AddConstraint("product", on_one_line("sku", "sku_is_on_one_line")),
        migrations.AddConstraint("restock", on_one_line("reference", "reference_is_on_one_line")),
    ]
