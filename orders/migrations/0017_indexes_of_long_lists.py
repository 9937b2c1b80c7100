from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_places_and_fronts_from_counts")]
    operations = [
        migrations.AddIndex("order", models.Index(fields=["country", "id"], name="orders_of_country")),
        migrations.AddIndex(
            "orderline", models.Index(fields=["id"], condition=Q(cancelled__gt=0), name="lines_cancelled")
        ),
    ]
