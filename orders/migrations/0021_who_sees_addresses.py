"""Email addresses are for those who answer customers; and no order has version 0 of its links, the one of examples."""

from django.db import migrations, models

# Whoever had set a version back to 0 had ended its links: they stay ended.
MEND = "UPDATE orders_order SET link_version = 1000 WHERE link_version = 0;"
UPWARD = """
CREATE FUNCTION orders_links_stay_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'links that were revoked stay revoked: link_version only rises' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER links_stay_revoked BEFORE UPDATE OF link_version ON orders_order
    FOR EACH ROW WHEN (NEW.link_version < OLD.link_version) EXECUTE FUNCTION orders_links_stay_revoked();
"""
DROP_UPWARD = "DROP TRIGGER links_stay_revoked ON orders_order; DROP FUNCTION orders_links_stay_revoked;"


class Migration(migrations.Migration):
    dependencies = [("orders", "0020_empty_counts_are_deleted_by_their_row")]
    operations = [
        migrations.AlterModelOptions(
            "order",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("ship_order", "Can ship orders"),
                    ("cancel_order", "Can cancel units of orders"),
                    ("view_address", "Can see customers' email addresses"),
                ],
            },
        ),
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.RunSQL(UPWARD, DROP_UPWARD),
        migrations.AlterField(
            "order",
            "link_version",
            models.PositiveSmallIntegerField(
                default=1, editable=False, help_text="Raised to revoke every link sent so far; it never falls."
            ),
        ),
        migrations.AddConstraint(
            "order",
            models.CheckConstraint(condition=models.Q(link_version__gte=1), name="order_links_have_a_version"),
        ),
    ]
