"""Lines and units before a key, as a function: its plan is kept with the connection, and to plan took longer than to count."""

from django.db import migrations

WAITING_BEFORE = """
CREATE FUNCTION orders_waiting_before(of_product bigint, at timestamptz, before_id bigint, OUT lines bigint, OUT units bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
#variable_conflict use_column
BEGIN
    SELECT coalesce(sum(c.lines), 0), coalesce(sum(c.units), 0) INTO lines, units FROM (
        SELECT lines, units FROM orders_queuecount
        WHERE product_id = of_product AND width = 'd' AND start < date_trunc('day', at, 'UTC')
        UNION ALL
        SELECT lines, units FROM orders_queuecount
        WHERE product_id = of_product AND width = 'h'
          AND start >= date_trunc('day', at, 'UTC') AND start < date_trunc('hour', at, 'UTC')
        UNION ALL
        SELECT lines, units FROM orders_queuecount
        WHERE product_id = of_product AND width = 'm'
          AND start >= date_trunc('hour', at, 'UTC') AND start < date_trunc('minute', at, 'UTC')
        UNION ALL
        SELECT 1, waiting FROM orders_orderline
        WHERE product_id = of_product AND waiting > 0
          AND queued_at >= date_trunc('minute', at, 'UTC') AND (queued_at, id) < (at, before_id)
    ) c;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0012_erasure_of_a_person")]
    operations = [migrations.RunSQL(WAITING_BEFORE, "DROP FUNCTION orders_waiting_before;")]
