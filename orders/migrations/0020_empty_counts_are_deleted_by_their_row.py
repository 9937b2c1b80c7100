"""Counts that became nothing are deleted where the upsert left them, without a search.

Before, they were searched for among all counts by joining what changed. PostgreSQL took one of them to be empty where ten
thousand were, and looked through all changes for each: lines that changed took a time that grew with their square.
"""

from django.db import migrations

APPLY = """
CREATE OR REPLACE FUNCTION orders_apply_queue_deltas(deltas orders_queuecount[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE emptied tid[];
BEGIN
    WITH applied AS (
        INSERT INTO orders_queuecount AS c (product_id, width, start, lines, units)
        SELECT d.product_id, w.width, date_trunc(w.unit, d.start, 'UTC'), sum(d.lines), sum(d.units)
        FROM unnest(deltas) d
        CROSS JOIN (VALUES ('d', 'day'), ('h', 'hour'), ('m', 'minute')) AS w (width, unit)
        GROUP BY 1, 2, 3
        HAVING sum(d.lines) <> 0 OR sum(d.units) <> 0
        ORDER BY 1, 2, 3
        ON CONFLICT (product_id, width, start)
        DO UPDATE SET lines = c.lines + excluded.lines, units = c.units + excluded.units
        RETURNING c.ctid, c.lines, c.units
    )
    SELECT array_agg(ctid) INTO emptied FROM applied WHERE lines = 0 AND units = 0;
    IF emptied IS NOT NULL THEN
        DELETE FROM orders_queuecount WHERE ctid = ANY(emptied);  -- ours until the commit: nobody moves them
    END IF;
END $$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION orders_apply_queue_deltas(deltas orders_queuecount[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_queuecount AS c (product_id, width, start, lines, units)
    SELECT d.product_id, w.width, date_trunc(w.unit, d.start, 'UTC'), sum(d.lines), sum(d.units)
    FROM unnest(deltas) d
    CROSS JOIN (VALUES ('d', 'day'), ('h', 'hour'), ('m', 'minute')) AS w (width, unit)
    GROUP BY 1, 2, 3
    HAVING sum(d.lines) <> 0 OR sum(d.units) <> 0
    ORDER BY 1, 2, 3
    ON CONFLICT (product_id, width, start)
    DO UPDATE SET lines = c.lines + excluded.lines, units = c.units + excluded.units;
    IF EXISTS (SELECT 1 FROM unnest(deltas) d WHERE d.lines < 0) THEN
        DELETE FROM orders_queuecount c
        USING (SELECT DISTINCT d.product_id, w.width, date_trunc(w.unit, d.start, 'UTC') AS start
               FROM unnest(deltas) d
               CROSS JOIN (VALUES ('d', 'day'), ('h', 'hour'), ('m', 'minute')) AS w (width, unit)
               WHERE d.lines < 0) gone
        WHERE c.product_id = gone.product_id AND c.width = gone.width AND c.start = gone.start
          AND c.lines = 0 AND c.units = 0;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0019_open_notices_whose_silence_cancels")]
    operations = [migrations.RunSQL(APPLY, BEFORE)]
