-- Units reserved for the front of a queue. The front is locked in key order before its running sum
-- is taken, so that a line canceled meanwhile is seen as it is. Lines whose units nobody knows
-- (held) keep their place and are skipped.
WITH front AS (
    SELECT id, order_id, quantity, cancelled, allocated, shipped, waiting, queued_at, promise_id
    FROM orders_orderline
    WHERE product_id = %(product)s AND waiting > 0 AND NOT held
    ORDER BY queued_at, id LIMIT %(spare)s FOR NO KEY UPDATE
),
reached AS MATERIALIZED (
    SELECT f.*, least(waiting, %(spare)s - before) AS units,
           waiting - least(waiting, %(spare)s - before) AS still,
           CASE WHEN waiting <= %(spare)s - before
                THEN nextval('orders_promise_id_seq') END AS ready_id
    FROM (
        SELECT *, sum(waiting) OVER (ORDER BY queued_at, id ROWS UNBOUNDED PRECEDING) - waiting
                  AS before
        FROM front
    ) f
    WHERE before < %(spare)s
),
lines AS (
    UPDATE orders_orderline l
    SET allocated = l.allocated + r.units, promise_id = coalesce(r.ready_id, l.promise_id)
    FROM reached r WHERE l.id = r.id
),
ledger AS (
    INSERT INTO orders_allocation (line_id, quantity, at, reason)
    SELECT id, units, %(now)s, %(reason)s FROM reached
),
promised AS (
    INSERT INTO orders_promise (
        id, line_id, kind, early, likely, late, reference, published_at, published_on)
    SELECT ready_id, id, 'dated', %(today)s, %(leaves_by)s, %(leaves_by)s, '', %(now)s, %(today)s
    FROM reached WHERE ready_id IS NOT NULL
),
told AS (
    INSERT INTO orders_event (
        order_id, line_id, promise_id, kind, facts, at, actor, message_due, due_at)
    SELECT r.order_id, r.id, r.ready_id, 'reserved',
           jsonb_build_object(
               'units', r.units, 'of', r.quantity, 'still', r.still,
               'wanted', r.quantity - r.cancelled,
               'leaving', r.allocated - r.shipped + r.units,
               'mailed', t.told_at IS NOT NULL AND t.returned_at IS NULL,
               'window', CASE WHEN r.ready_id IS NOT NULL THEN jsonb_build_object(
                   'kind', 'dated', 'early', %(today)s,
                   'likely', %(leaves_by)s, 'late', %(leaves_by)s) END,
               'told', CASE WHEN t.id IS NOT NULL THEN $told END, 'told_on', t.published_on),
           %(now)s, '', o.released_at IS NOT NULL, %(settles_at)s::timestamptz
    FROM reached r
    JOIN orders_order o ON o.id = r.order_id
    LEFT JOIN orders_promise t ON t.id = r.promise_id
)
SELECT units, ready_id, queued_at, id FROM reached ORDER BY queued_at, id
