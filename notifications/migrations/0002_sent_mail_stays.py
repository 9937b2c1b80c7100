from django.db import migrations

import notifications
from orders.sql_files import sql

DROP = """
    DROP TRIGGER keep_history ON notifications_attempt;
    DROP FUNCTION notifications_keep_frozen CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0001_initial"),
        ("orders", "0002_functions_and_triggers"),
    ]
    operations = [migrations.RunSQL(sql(notifications.__file__, "sent_mail"), DROP)]
