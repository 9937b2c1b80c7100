"""Everybody who sees orders reads and writes our notes about them."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for role in ("Warehouse", "Support", "Manager"):
        grant(apps, role, "orders.view_note orders.add_note")


class Migration(migrations.Migration):
    dependencies = [("backorders_site", "0002_who_reads_provider_reports"), ("orders", "0007_search_and_notes")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
