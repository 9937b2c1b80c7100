from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Support", "Manager"):
        grant(apps, role, "notifications.hold_mail notifications.view_hold")


class Migration(migrations.Migration):
    dependencies = [("backorders_site", "0004_manager_discontinues"), ("notifications", "0008_operations")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
