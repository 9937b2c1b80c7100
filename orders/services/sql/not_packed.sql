-- Reserved lines that have not left on their last promised day, or before: a later day, told once.
-- When that passes too, the shipment is not recorded or the goods are not found: nobody knows a
-- day, and one that slides on would be worse than none. Lines that somebody has locked, as the dry
-- run of a file does, are skipped.
WITH overdue AS (
    SELECT l.id, l.order_id, l.allocated - l.shipped AS units, l.quantity, l.promise_id,
           nextval('orders_promise_id_seq') AS new_id,
           CASE WHEN EXISTS (
               SELECT FROM orders_event e
               WHERE e.order_id = l.order_id AND e.promise_id = l.promise_id
                 AND e.facts->>'reason' = %(reason)s
           ) THEN 'none' ELSE 'dated' END AS kind
    $overdue
    FOR NO KEY UPDATE OF l SKIP LOCKED
),
promised AS (
    INSERT INTO orders_promise (
        id, line_id, kind, early, likely, late, reference, published_at, published_on)
    SELECT o.new_id, o.id, o.kind, d.early, d.late, d.late, '', %(now)s, %(today)s
    FROM overdue o
    LEFT JOIN (SELECT %(next_day)s::date AS early, %(leaves_by)s::date AS late) d
        ON o.kind = 'dated'
),
lines AS (
    UPDATE orders_orderline l SET promise_id = o.new_id FROM overdue o WHERE l.id = o.id
)
INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
SELECT v.order_id, v.id, v.new_id, CASE v.kind WHEN 'none' THEN 'no_date' ELSE 'later' END,
       jsonb_build_object(
           'units', v.units, 'of', v.quantity, 'reason', %(reason)s,
           'told', $told, 'told_on', t.published_on,
           'mailed', t.told_at IS NOT NULL AND t.returned_at IS NULL,
           'window', CASE v.kind WHEN 'none' THEN jsonb_build_object('kind', 'none')
                                 ELSE jsonb_build_object(
               'kind', 'dated', 'early', %(next_day)s,
               'likely', %(leaves_by)s, 'late', %(leaves_by)s) END),
       %(now)s, '', o.released_at IS NOT NULL
FROM overdue v
JOIN orders_promise t ON t.id = v.promise_id
JOIN orders_order o ON o.id = v.order_id
RETURNING promise_id
