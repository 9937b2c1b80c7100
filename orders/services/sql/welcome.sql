-- Customers who were never told anything are told where they are in line now, not how that changed
-- before.
INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
SELECT k.order_id, k.id, k.promise_id, 'joined',
       jsonb_build_object('units', k.waiting, 'place', c.lines + 1, 'units_ahead', c.units,
                          'window', $window),
       %(now)s, '', false
FROM (
    SELECT *, queued_at AS at FROM orders_orderline WHERE order_id = ANY(%(orders)s) AND waiting > 0
) k
JOIN orders_promise p ON p.id = k.promise_id
CROSS JOIN LATERAL ($counts) c
WHERE NOT EXISTS (
    SELECT FROM orders_promise told
    WHERE told.line_id = k.id AND told.told_at IS NOT NULL AND told.returned_at IS NULL)
  AND NOT EXISTS (
    SELECT FROM orders_event e
    WHERE e.order_id = k.order_id AND e.kind = 'joined' AND e.promise_id = p.id
      AND coalesce((e.facts->>'place')::bigint, c.lines + 1) = c.lines + 1
      AND NOT EXISTS (
        SELECT FROM orders_event later
        WHERE later.order_id = k.order_id AND later.id > e.id
          AND later.promise_id = p.id AND later.kind = 'on_track'))
