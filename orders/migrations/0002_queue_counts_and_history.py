"""The database keeps the counted index of the queues and refuses to rewrite history, whichever way rows are written."""

from django.db import migrations

# Statement triggers with transition tables. One upsert per statement, in key order, so that writers meet the count rows
# in one order and cannot deadlock over them; rows that reach zero go, so that the index is as long as the queue is old.
# A transition table allows one event per trigger, hence three triggers that share one function body; TRUNCATE passes
# row and statement triggers by and has its own.
QUEUE_COUNTS = """
CREATE FUNCTION orders_apply_queue_deltas(deltas orders_queuecount[]) RETURNS void LANGUAGE plpgsql AS $$
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

CREATE FUNCTION orders_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, n, u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, date_trunc('minute', queued_at, 'UTC') AS m, count(*) AS n, sum(waiting) AS u
        FROM new_rows WHERE waiting > 0 GROUP BY 1, 2) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION orders_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, -n, -u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, date_trunc('minute', queued_at, 'UTC') AS m, count(*) AS n, sum(waiting) AS u
        FROM old_rows WHERE waiting > 0 GROUP BY 1, 2) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION orders_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION orders_count_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM orders_queuecount;
    RETURN NULL;
END $$;

CREATE TRIGGER queue_counts_insert AFTER INSERT ON orders_orderline REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_inserted();
CREATE TRIGGER queue_counts_delete AFTER DELETE ON orders_orderline REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_deleted();
CREATE TRIGGER queue_counts_update AFTER UPDATE ON orders_orderline REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_updated();
CREATE TRIGGER queue_counts_truncate AFTER TRUNCATE ON orders_orderline
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_truncated();
"""

DROP_QUEUE_COUNTS = """
DROP TRIGGER queue_counts_insert ON orders_orderline;
DROP TRIGGER queue_counts_delete ON orders_orderline;
DROP TRIGGER queue_counts_update ON orders_orderline;
DROP TRIGGER queue_counts_truncate ON orders_orderline;
DROP FUNCTION orders_count_inserted, orders_count_deleted, orders_count_updated, orders_count_truncated;
DROP FUNCTION orders_apply_queue_deltas;
"""

# Allocation locks a product's stock row, so there is one from the start.
STOCK = """
CREATE FUNCTION orders_open_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orders_stock (product_id, arrived, allocated) SELECT id, 0, 0 FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER open_stock AFTER INSERT ON orders_product REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_open_stock();
"""
DROP_STOCK = "DROP TRIGGER open_stock ON orders_product; DROP FUNCTION orders_open_stock;"

# told_at is set once; an event's outbox mark is the writer's; everything else stands as written. Erasing a person sets
# backorders.erase for its own transaction.
HISTORY = """
CREATE FUNCTION orders_keep_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE may_change text[] := string_to_array(coalesce(TG_ARGV[0], ''), ',');
BEGIN
    IF current_setting('backorders.erase', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - may_change) = (to_jsonb(OLD) - may_change)
       AND NOT ('told_at' = ANY(may_change) AND to_jsonb(OLD)->>'told_at' IS NOT NULL
                AND to_jsonb(NEW)->>'told_at' IS DISTINCT FROM to_jsonb(OLD)->>'told_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is history: correct it by a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
TABLES = {
    "orders_restockdate": "",
    "orders_receipt": "",
    "orders_allocation": "",
    "orders_shipment": "",
    "orders_shipmentline": "",
    "orders_promise": "told_at",
    "orders_event": "told_at,message_due",
    "orders_queuechange": "",
}
KEEP = "\n".join(
    f"CREATE TRIGGER keep_history BEFORE UPDATE OR DELETE ON {table} "
    f"FOR EACH ROW EXECUTE FUNCTION orders_keep_history('{columns}');"
    for table, columns in TABLES.items()
)
DROP_KEEP = "\n".join(f"DROP TRIGGER keep_history ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]
    operations = [
        migrations.RunSQL(QUEUE_COUNTS, DROP_QUEUE_COUNTS),
        migrations.RunSQL(STOCK, DROP_STOCK),
        migrations.RunSQL(HISTORY, "DROP FUNCTION orders_keep_history;"),
        migrations.RunSQL(KEEP, DROP_KEEP),
    ]
