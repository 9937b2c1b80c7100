"""Who stands at a place, and how much of the front so many units serve, from the counted index: as functions, since one
statement of all steps is planned badly, and a function's plan is kept with the connection."""

from django.db import migrations

KEY_AT = """
CREATE FUNCTION orders_key_at(of_product bigint, place bigint, OUT at timestamptz, OUT line_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    slot timestamptz;
    ahead bigint;
    still bigint := place;
BEGIN
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, q.lines, sum(q.lines) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'd') c
    WHERE c.upto >= still AND still > 0 ORDER BY c.start LIMIT 1;
    IF NOT FOUND THEN RETURN; END IF;
    still := still - ahead;
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, q.lines, sum(q.lines) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'h' AND q.start >= slot AND q.start < slot + interval '24 hours') c
    WHERE c.upto >= still ORDER BY c.start LIMIT 1;
    still := still - ahead;
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, q.lines, sum(q.lines) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'm' AND q.start >= slot AND q.start < slot + interval '1 hour') c
    WHERE c.upto >= still ORDER BY c.start LIMIT 1;
    still := still - ahead;
    SELECT l.queued_at, l.id INTO at, line_id FROM orders_orderline l
    WHERE l.product_id = of_product AND l.waiting > 0 AND l.queued_at >= slot AND l.queued_at < slot + interval '1 minute'
    ORDER BY l.queued_at, l.id OFFSET still - 1 LIMIT 1;
END $$;
"""

# At each level whole slots are taken while they fit; the first that does not is looked into.
FRONT = """
CREATE FUNCTION orders_front_served(of_product bigint, most bigint, OUT lines bigint, OUT units bigint)
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
        SELECT q.start, q.lines, q.units, sum(q.units) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'd') c;
    lines := lines + more.lines; units := units + more.units; rest := rest - more.units; slot := more.slot;
    IF slot IS NULL THEN RETURN; END IF;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, q.lines, q.units, sum(q.units) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'h' AND q.start >= slot AND q.start < slot + interval '24 hours') c;
    lines := lines + more.lines; units := units + more.units; rest := rest - more.units; slot := more.slot;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, q.lines, q.units, sum(q.units) OVER (ORDER BY q.start) AS upto FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'm' AND q.start >= slot AND q.start < slot + interval '1 hour') c;
    lines := lines + more.lines; units := units + more.units; rest := rest - more.units; slot := more.slot;
    SELECT count(*) AS lines, coalesce(sum(l.waiting), 0) AS units INTO more FROM (
        SELECT r.waiting, sum(r.waiting) OVER (ORDER BY r.queued_at, r.id) AS upto FROM orders_orderline r
        WHERE r.product_id = of_product AND r.waiting > 0
          AND r.queued_at >= slot AND r.queued_at < slot + interval '1 minute') l
    WHERE l.upto <= rest;
    lines := lines + more.lines; units := units + more.units;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("orders", "0015_discontinue_in_parts")]
    operations = [
        migrations.RunSQL(KEY_AT, "DROP FUNCTION orders_key_at;"),
        migrations.RunSQL(FRONT, "DROP FUNCTION orders_front_served;"),
    ]
