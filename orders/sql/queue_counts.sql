-- The counted index of the queues (orders/queue.py), kept by triggers on the lines, whichever way
-- they are written.

-- Whoever changes a line waits for nobody who changes another of the same day, as an import does
-- for minutes. So of one product, width and start there may be several rows: they add up.
ALTER TABLE orders_queuecount DROP CONSTRAINT orders_queuecount_pkey;

-- A writer makes one row of those that are free, and where none is it begins another. Two
-- statements lock and change: the second sees the rows as they were when the first had locked them.
CREATE FUNCTION orders_apply_queue_deltas(deltas orders_queuecount[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    due orders_queuecount[];
    free tid[];  -- ours until the commit: nobody moves them
BEGIN
    SELECT array_agg(ROW(product_id, width, start, lines, units)::orders_queuecount) INTO due FROM (
        SELECT d.product_id, w.width, date_trunc(w.unit, d.start, 'UTC') AS start,
               sum(d.lines) AS lines, sum(d.units) AS units
        FROM unnest(deltas) d
        CROSS JOIN (VALUES ('d', 'day'), ('h', 'hour'), ('m', 'minute')) AS w (width, unit)
        GROUP BY 1, 2, 3
        HAVING sum(d.lines) <> 0 OR sum(d.units) <> 0) s;
    SELECT array_agg(f.ctid) INTO free FROM (
        SELECT c.ctid FROM unnest(due) d
        JOIN orders_queuecount c
            ON c.product_id = d.product_id AND c.width = d.width AND c.start = d.start
        FOR NO KEY UPDATE OF c SKIP LOCKED) f;
    WITH found AS MATERIALIZED (
        SELECT product_id, width, start, min(ctid) AS place, sum(lines) AS lines,
               sum(units) AS units
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
        DELETE FROM orders_queuecount c
        WHERE c.ctid = ANY(free) AND c.ctid NOT IN (
            SELECT place FROM total WHERE place IS NOT NULL AND (lines <> 0 OR units <> 0))
    )
    INSERT INTO orders_queuecount (product_id, width, start, lines, units)
    SELECT product_id, width, start, lines, units FROM total WHERE place IS NULL;
END $$;

-- Statement triggers with transition tables: what a statement changes is summed up first. Such a
-- table allows one event per trigger; TRUNCATE passes row and statement triggers by.
CREATE FUNCTION orders_count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, n, u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, date_trunc('minute', queued_at, 'UTC') AS m, count(*) AS n,
               sum(waiting) AS u
        FROM new_rows WHERE waiting > 0 GROUP BY 1, 2) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_counts_insert AFTER INSERT ON orders_orderline
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_inserted();

CREATE FUNCTION orders_count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, -n, -u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, date_trunc('minute', queued_at, 'UTC') AS m, count(*) AS n,
               sum(waiting) AS u
        FROM old_rows WHERE waiting > 0 GROUP BY 1, 2) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_counts_delete AFTER DELETE ON orders_orderline
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_deleted();

-- Taken out as they were and put in as they are: what stayed the same cancels out. A join of old
-- and new rows would keep, with the connection, a plan made for one row, and serve 100,000 by it.
CREATE FUNCTION orders_count_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE deltas orders_queuecount[];
BEGIN
    SELECT array_agg(ROW(product_id, 'm', m, n, u)::orders_queuecount) INTO deltas FROM (
        SELECT product_id, m, sum(n) AS n, sum(u) AS u FROM (
            SELECT product_id, date_trunc('minute', queued_at, 'UTC') AS m, -1 AS n, -waiting AS u
            FROM old_rows WHERE waiting > 0
            UNION ALL
            SELECT product_id, date_trunc('minute', queued_at, 'UTC'), 1, waiting
            FROM new_rows WHERE waiting > 0
        ) both_sides GROUP BY 1, 2 HAVING sum(n) <> 0 OR sum(u) <> 0) s;
    IF deltas IS NOT NULL THEN PERFORM orders_apply_queue_deltas(deltas); END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_counts_update AFTER UPDATE ON orders_orderline
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_updated();

CREATE FUNCTION orders_count_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM orders_queuecount;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_counts_truncate AFTER TRUNCATE ON orders_orderline
    FOR EACH STATEMENT EXECUTE FUNCTION orders_count_truncated();
