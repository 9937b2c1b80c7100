from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0011_what_the_shop_stated")]

    operations = [
        migrations.AddField(
            model_name="product",
            name="name_in_shop",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=300),
        ),
        migrations.AddField(
            model_name="product",
            name="named_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
