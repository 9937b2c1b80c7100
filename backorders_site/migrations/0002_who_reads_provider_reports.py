from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def let_read(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Support", "Manager"):
        grant(apps, role, "notifications.view_providerreport")


class Migration(migrations.Migration):
    dependencies = [
        ("backorders_site", "0001_roles"),
        ("notifications", "0006_provider_reports"),
    ]

    operations = [migrations.RunPython(let_read, migrations.RunPython.noop)]
