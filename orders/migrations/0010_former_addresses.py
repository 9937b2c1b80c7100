import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models

import orders
from orders.sql_files import sql


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_words_of_exports")]

    operations = [
        migrations.CreateModel(
            name="FormerAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("until", models.DateTimeField()),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former_addresses",
                        to="orders.order",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        django.db.models.functions.text.Upper("address"), name="former_addresses"
                    )
                ],
            },
        ),
        migrations.RunSQL(
            sql(orders.__file__, "former_addresses"),
            "DROP FUNCTION orders_keep_former_address CASCADE",
        ),
    ]
