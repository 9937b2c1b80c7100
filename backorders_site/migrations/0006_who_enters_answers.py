from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from backorders_site.staff.roles import grant


def give(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    grant(apps, "Support", "orders.add_answer")


class Migration(migrations.Migration):
    dependencies = [("backorders_site", "0005_who_holds_mail")]
    operations = [migrations.RunPython(give, migrations.RunPython.noop)]
