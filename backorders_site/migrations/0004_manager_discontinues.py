from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    grant(apps, "Manager", "orders.discontinue_product")


class Migration(migrations.Migration):
    dependencies = [("backorders_site", "0003_notes"), ("orders", "0010_discontinue_a_product")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
