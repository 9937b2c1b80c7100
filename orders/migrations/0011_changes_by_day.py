from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0010_discontinue_a_product")]
    operations = [
        migrations.RemoveIndex(model_name="event", name="delays_by_day"),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                fields=["at"], condition=Q(kind__in=["earlier", "later", "no_date"]), name="changes_by_day"
            ),
        ),
    ]
