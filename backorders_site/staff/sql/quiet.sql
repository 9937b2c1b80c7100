-- Lines whose day changes inside what they were told: both forecasts over the queue as it is after
-- the action. A line that it reserves has an event, and no band.
WITH band AS (
    SELECT f.product_id, f.id = ANY(%(before)s) AS was, b.*
    FROM orders_forecast f, jsonb_to_recordset(f.bands) AS b (
        "over" bigint, up_to bigint, kind text, early date, likely date, late date)
    WHERE f.id = ANY(%(before)s) OR f.id = ANY(%(after)s)
),
waiting AS ($waiting)
SELECT count(*)
FROM waiting w
JOIN band b ON b.was AND b.product_id = w.product_id AND w.needed > b."over"
    AND (b.up_to IS NULL OR w.needed <= b.up_to)
JOIN band a ON NOT a.was AND a.product_id = w.product_id AND w.needed > a."over"
    AND (a.up_to IS NULL OR w.needed <= a.up_to)
WHERE (NOT w.held OR w.promise_id IS NOT NULL)
  AND (a.kind, a.early, a.likely, a.late) IS DISTINCT FROM (b.kind, b.early, b.likely, b.late)
  AND w.order_id NOT IN (SELECT order_id FROM orders_event WHERE id > %(last)s AND at = %(now)s)
