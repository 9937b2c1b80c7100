"""Staff of every role see what customers read when they ordered; a Manager enters it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def stated_times(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Warehouse", "Support", "Manager"):
        grant(apps, role, "orders.view_statedtime")
    grant(apps, "Manager", "orders.add_statedtime orders.change_statedtime")


class Migration(migrations.Migration):
    dependencies = [
        ("backorders_site", "0002_who_sees_restock_notes"),
        ("orders", "0011_what_the_shop_stated"),
    ]
    operations = [migrations.RunPython(stated_times, migrations.RunPython.noop)]
