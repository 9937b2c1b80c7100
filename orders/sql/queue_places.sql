-- Places read from the counted index (orders/queue.py). As functions: one statement of all steps is
-- planned badly, and to plan took longer than to count; a function's plan is kept with the
-- connection.

-- Lines and units before a key: whole days, hours of the day, minutes of the hour, rows of the
-- minute.
CREATE FUNCTION orders_waiting_before(
    of_product bigint, at timestamptz, before_id bigint, OUT lines bigint, OUT units bigint)
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

-- Who stands at a place; nobody: nulls.
CREATE FUNCTION orders_key_at(
    of_product bigint, place bigint, OUT at timestamptz, OUT line_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    slot timestamptz;
    ahead bigint;
    still bigint := place;
BEGIN
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(sum(q.lines)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'd' GROUP BY q.start) c
    WHERE c.upto >= still AND still > 0 ORDER BY c.start LIMIT 1;
    IF NOT FOUND THEN RETURN; END IF;
    still := still - ahead;
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(sum(q.lines)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'h'
          AND q.start >= slot AND q.start < slot + interval '24 hours'
        GROUP BY q.start) c
    WHERE c.upto >= still ORDER BY c.start LIMIT 1;
    still := still - ahead;
    SELECT c.start, c.upto - c.lines INTO slot, ahead FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(sum(q.lines)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'm'
          AND q.start >= slot AND q.start < slot + interval '1 hour'
        GROUP BY q.start) c
    WHERE c.upto >= still ORDER BY c.start LIMIT 1;
    still := still - ahead;
    SELECT l.queued_at, l.id INTO at, line_id FROM orders_orderline l
    WHERE l.product_id = of_product AND l.waiting > 0
      AND l.queued_at >= slot AND l.queued_at < slot + interval '1 minute'
    ORDER BY l.queued_at, l.id OFFSET still - 1 LIMIT 1;
END $$;

-- How much of the front so many units serve in full: at each level whole slots are taken while they
-- fit; the first that does not is looked into.
CREATE FUNCTION orders_front_served(
    of_product bigint, most bigint, OUT lines bigint, OUT units bigint)
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
        SELECT q.start, sum(q.lines) AS lines, sum(q.units) AS units,
               sum(sum(q.units)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'd' GROUP BY q.start) c;
    lines := lines + more.lines; units := units + more.units;
    rest := rest - more.units; slot := more.slot;
    IF slot IS NULL THEN RETURN; END IF;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(q.units) AS units,
               sum(sum(q.units)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'h'
          AND q.start >= slot AND q.start < slot + interval '24 hours'
        GROUP BY q.start) c;
    lines := lines + more.lines; units := units + more.units;
    rest := rest - more.units; slot := more.slot;
    SELECT coalesce(sum(c.lines) FILTER (WHERE c.upto <= rest), 0) AS lines,
           coalesce(sum(c.units) FILTER (WHERE c.upto <= rest), 0) AS units,
           min(c.start) FILTER (WHERE c.upto > rest) AS slot INTO more FROM (
        SELECT q.start, sum(q.lines) AS lines, sum(q.units) AS units,
               sum(sum(q.units)) OVER (ORDER BY q.start) AS upto
        FROM orders_queuecount q
        WHERE q.product_id = of_product AND q.width = 'm'
          AND q.start >= slot AND q.start < slot + interval '1 hour'
        GROUP BY q.start) c;
    lines := lines + more.lines; units := units + more.units;
    rest := rest - more.units; slot := more.slot;
    SELECT count(*) AS lines, coalesce(sum(l.waiting), 0) AS units INTO more FROM (
        SELECT r.waiting, sum(r.waiting) OVER (ORDER BY r.queued_at, r.id) AS upto
        FROM orders_orderline r
        WHERE r.product_id = of_product AND r.waiting > 0
          AND r.queued_at >= slot AND r.queued_at < slot + interval '1 minute') l
    WHERE l.upto <= rest;
    lines := lines + more.lines; units := units + more.units;
END $$;
