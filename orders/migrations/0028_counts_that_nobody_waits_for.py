"""Whoever changes a line waits for nobody who changes another of the same day, as an import does for minutes.

Of one product, width and start there may be several count rows: they add up. A writer makes one row of those that are free, and
where none is it begins another.
"""

from importlib import import_module

from django.db import migrations

SEVERAL = """
ALTER TABLE orders_queuecount DROP CONSTRAINT orders_queuecount_pkey;
CREATE INDEX counts_of_queue ON orders_queuecount (product_id, width, start);
"""
ONE = """
CREATE TEMPORARY TABLE summed ON COMMIT DROP AS
    SELECT product_id, width, start, sum(lines) AS lines, sum(units) AS units FROM orders_queuecount GROUP BY 1, 2, 3
    HAVING sum(lines) <> 0 OR sum(units) <> 0;
DELETE FROM orders_queuecount;
INSERT INTO orders_queuecount (product_id, width, start, lines, units) SELECT * FROM summed;
DROP INDEX counts_of_queue;
ALTER TABLE orders_queuecount ADD CONSTRAINT orders_queuecount_pkey PRIMARY KEY (product_id, width, start);
"""

# Two statements: the second sees the rows as they were when the first had locked them.
APPLY = """
CREATE OR REPLACE FUNCTION orders_apply_queue_deltas(deltas orders_queuecount[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    due orders_queuecount[];
    free tid[];  -- ours until the commit: nobody moves them
BEGIN
    SELECT array_agg(ROW(product_id, width, start, lines, units)::orders_queuecount) INTO due FROM (
        SELECT d.product_id, w.width, date_trunc(w.unit, d.start, 'UTC') AS start, sum(d.lines) AS lines, sum(d.units) AS units
        FROM unnest(deltas) d
        CROSS JOIN (VALUES ('d', 'day'), ('h', 'hour'), ('m', 'minute')) AS w (width, unit)
        GROUP BY 1, 2, 3
        HAVING sum(d.lines) <> 0 OR sum(d.units) <> 0) s;
    SELECT array_agg(f.ctid) INTO free FROM (
        SELECT c.ctid FROM unnest(due) d
        JOIN orders_queuecount c ON c.product_id = d.product_id AND c.width = d.width AND c.start = d.start
        FOR NO KEY UPDATE OF c SKIP LOCKED) f;
    WITH found AS MATERIALIZED (
        SELECT product_id, width, start, min(ctid) AS place, sum(lines) AS lines, sum(units) AS units
        FROM orders_queuecount WHERE ctid = ANY(free) GROUP BY 1, 2, 3
    ),
    total AS MATERIALIZED (
        SELECT d.product_id, d.width, d.start, f.place, d.lines + coalesce(f.lines, 0) AS lines,
               d.units + coalesce(f.units, 0) AS units
        FROM unnest(due) d LEFT JOIN found f USING (product_id, width, start)
    ),
    kept AS (
        UPDATE orders_queuecount c SET lines = t.lines, units = t.units FROM total t
        WHERE c.ctid = t.place AND (t.lines <> 0 OR t.units <> 0)
    ),
    gone AS (
        DELETE FROM orders_queuecount c WHERE c.ctid = ANY(free)
            AND c.ctid NOT IN (SELECT place FROM total WHERE place IS NOT NULL AND (lines <> 0 OR units <> 0))
    )
    INSERT INTO orders_queuecount (product_id, width, start, lines, units)
    SELECT product_id, width, start, lines, units FROM total WHERE place IS NULL;
END $$;
"""

KEY_AT = """
CREATE OR REPLACE FUNCTION orders_key_at(of_product bigint, place bigint, OUT at timestamptz, OUT line_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    slot timestamptz;
    ahead bigint;
    still bigint := place;
BEGIN
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(sum(q.lines)) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'd' GROUP BY q.start) c
    WHERE c.upto >= still AND still > 0 ORDER BY c.start LIMIT 1;
    IF NOT FOUND THEN RETURN; END IF;
    still := still - ahead;
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(sum(q.lines)) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'h' AND q.start >= slot AND q.start < slot + interval '24 hours'
        GROUP BY q.start) c
    WHERE c.upto >= still ORDER BY c.start LIMIT 1;
    still := still - ahead;
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(sum(q.lines)) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'm' AND q.start >= slot AND q.start < slot + interval '1 hour'
        GROUP BY q.start) c
    WHERE c.upto >= still ORDER BY c.start LIMIT 1;
    still := still - ahead;
    SELECT l.queued_at, l.id INTO at, line_id FROM orders_orderline l
    WHERE l.product_id = of_product AND l.waiting > 0 AND l.queued_at >= slot AND l.queued_at < slot + interval '1 minute'
    ORDER BY l.queued_at, l.id OFFSET still - 1 LIMIT 1;
END $$;
"""

FRONT = """
CREATE OR REPLACE FUNCTION orders_front_served(of_product bigint, most bigint, OUT lines bigint, OUT units bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    slot timestamptz;
    rest bigint := most;
    more record;
BEGIN
    lines := 0;
    units := 0;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(q.units) AS units, sum(sum(q.units)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q WHERE q.product_id = of_product AND q.width = 'd' GROUP BY q.start) c;
    lines := lines + more.lines; units := units + more.units; rest := rest - more.units; slot := more.slot;
    IF slot IS NULL THEN RETURN; END IF;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(q.units) AS units, sum(sum(q.units)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'h' AND q.start >= slot AND q.start < slot + interval '24 hours'
        GROUP BY q.start) c;
    lines := lines + more.lines; units := units + more.units; rest := rest - more.units; slot := more.slot;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(q.units) AS units, sum(sum(q.units)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'm' AND q.start >= slot AND q.start < slot + interval '1 hour'
        GROUP BY q.start) c;
    lines := lines + more.lines; units := units + more.units; rest := rest - more.units; slot := more.slot;
    SELECT count(*) AS lines, coalesce(sum(l.waiting), 0) AS units INTO more FROM (
        SELECT r.waiting, sum(r.waiting) OVER (ORDER BY r.queued_at, r.id) AS upto FROM orders_orderline r
        WHERE r.product_id = of_product AND r.waiting > 0
          AND r.queued_at >= slot AND r.queued_at < slot + interval '1 minute') l
    WHERE l.upto <= rest;
    lines := lines + more.lines; units := units + more.units;
END $$;
"""

BEFORE: str = import_module("orders.migrations.0020_empty_counts_are_deleted_by_their_row").APPLY


class Migration(migrations.Migration):
    dependencies = [("orders", "0027_queues_that_got_shorter")]
    operations = [
        migrations.RunSQL(KEY_AT, migrations.RunSQL.noop),
        migrations.RunSQL(FRONT, migrations.RunSQL.noop),
        migrations.RunSQL(SEVERAL, ONE),
        migrations.RunSQL(APPLY, BEFORE),
    ]
