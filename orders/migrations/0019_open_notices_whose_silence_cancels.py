from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orders", "0018_events_told_by_a_mail_that_came_back")]
    operations = [
        migrations.AddIndex(
            "delaynotice",
            models.Index(fields=["answer_by"], condition=Q(outcome="", silence="cancel"), name="notices_to_be_answered"),
        ),
    ]
