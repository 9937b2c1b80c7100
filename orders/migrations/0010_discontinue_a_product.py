from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0009_uploads")]
    operations = [
        migrations.AlterModelOptions(
            name="product",
            options={"ordering": ["sku"], "permissions": [("discontinue_product", "Can discontinue a product")]},
        ),
    ]
