"""Whoever may correct an order sees what the shop changed in it."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Support", "Manager"):
        grant(apps, role, "orders.view_shopchange")


class Migration(migrations.Migration):
    dependencies = [("backorders_site", "0007_who_sees_addresses"), ("orders", "0023_changes_in_the_shop")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
