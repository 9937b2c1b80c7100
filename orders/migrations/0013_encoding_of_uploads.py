from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_product_name_in_shop")]

    operations = [
        migrations.AddField(
            "upload",
            "encoding",
            models.CharField(
                max_length=20, blank=True, default="", db_default="", help_text="Empty: UTF-8."
            ),
        ),
    ]
