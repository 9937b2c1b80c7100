"""Staff of every role see what was written to those who wait for a delivery."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def see_notes(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Warehouse", "Support", "Manager"):
        grant(apps, role, "orders.view_restocknote")


class Migration(migrations.Migration):
    dependencies = [
        ("backorders_site", "0001_roles"),
        ("orders", "0007_notes_to_those_who_wait"),
    ]
    operations = [migrations.RunPython(see_notes, migrations.RunPython.noop)]
