"""Those who answer customers see their email addresses; the log of what was done to an order, which all may read, has none."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Support", "Manager"):
        grant(apps, role, "orders.view_address")


def clear_log(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    of_orders = apps.get_model("admin", "LogEntry").objects.filter(
        content_type__app_label="orders", content_type__model="order", change_message__contains="@"
    )
    of_orders.update(change_message="Email address corrected.")


class Migration(migrations.Migration):
    dependencies = [
        ("backorders_site", "0006_who_enters_answers"),
        ("orders", "0021_who_sees_addresses"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]
    operations = [
        migrations.RunPython(give, migrations.RunPython.noop),
        migrations.RunPython(clear_log, migrations.RunPython.noop),
    ]
