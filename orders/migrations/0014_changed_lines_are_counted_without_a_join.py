"""Lines that change are taken out of the counts as they were and put in as they are: what stayed the same cancels out.

Before, old and new rows were joined. A function keeps its plan with the connection, so a plan made for one row served
100,000 of them by nested loops.
"""

from django.db import migrations

COUNT_UPDATED = """
CREATE OR REPLACE FUNCTION orders_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, n, u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, m, sum(n) AS n, sum(u) AS u FROM (
            SELECT product_id, date_trunc('minute', queued_at, 'UTC') AS m, -1 AS n, -waiting AS u FROM old_rows WHERE waiting > 0
            UNION ALL
            SELECT product_id, date_trunc('minute', queued_at, 'UTC'), 1, waiting FROM new_rows WHERE waiting > 0
        ) both_sides GROUP BY 1, 2 HAVING sum(n) <> 0 OR sum(u) <> 0) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION orders_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, n, u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, m, sum(n) AS n, sum(u) AS u FROM (
            SELECT o.product_id, date_trunc('minute', o.queued_at, 'UTC') AS m, -1 AS n, -o.waiting AS u
            FROM old_rows o JOIN new_rows r USING (id)
            WHERE o.waiting > 0 AND (o.product_id, o.queued_at, o.waiting) IS DISTINCT FROM (r.product_id, r.queued_at, r.waiting)
            UNION ALL
            SELECT r.product_id, date_trunc('minute', r.queued_at, 'UTC'), 1, r.waiting
            FROM old_rows o JOIN new_rows r USING (id)
            WHERE r.waiting > 0 AND (o.product_id, o.queued_at, o.waiting) IS DISTINCT FROM (r.product_id, r.queued_at, r.waiting)
        ) both_sides GROUP BY 1, 2 HAVING sum(n) <> 0 OR sum(u) <> 0) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0013_plan_of_a_place_is_kept")]

    operations = [migrations.RunSQL(COUNT_UPDATED, BEFORE)]
