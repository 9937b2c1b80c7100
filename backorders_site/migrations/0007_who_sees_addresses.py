from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Support", "Manager"):
        grant(apps, role, "orders.view_address")


class Migration(migrations.Migration):
    dependencies = [("backorders_site", "0006_who_enters_answers"), ("orders", "0021_who_sees_addresses")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
