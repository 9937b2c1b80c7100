-- Every line's newest promise against the bands of its product's forecast. Where a customer would
-- notice the change, promise and event are written. A new line with a day stated by the shop, older
-- than the last of the queue, is the order that joined late itself: it is not told of a late join.
WITH band AS (
    SELECT f.product_id, f.id AS forecast_id, b.*
    FROM orders_forecast f, jsonb_to_recordset(f.bands) AS b (
        "over" bigint, up_to bigint, kind text, early date, likely date, late date, sure float8,
        within_14 float8, within_30 float8, reference text)
    WHERE f.id = ANY(%(forecasts)s)
),
waiting AS ($waiting),
judged AS (
    SELECT w.id AS line_id, w.order_id, w.product_id, w.waiting, w.place,
           w.needed - w.waiting AS units_ahead, b.forecast_id, b.kind, b.early, b.likely, b.late,
           b.sure, b.within_14, b.within_30, b.reference, w.promise_id AS told_id,
           -- orders.domain.promises.change, row by row of its table; the first row here is a line
           -- nobody has promised anything yet
           CASE
               WHEN t.id IS NULL THEN 'joined'
               WHEN w.id = ANY(%(corrected)s) THEN 'corrected'
               WHEN b.kind = 'none' THEN CASE WHEN t.kind <> 'none' THEN 'no_date' END
               WHEN t.kind = 'none' THEN 'earlier'
               WHEN t.late IS NOT NULL AND (b.likely IS NULL OR b.likely > t.late) THEN 'later'
               WHEN b.kind IN ('dated', 'unrated')
                   THEN CASE WHEN t.kind IN ('chances', 'open') OR b.late < t.early
                             THEN 'earlier' END
               WHEN t.kind = 'chances' AND %(today)s >= t.published_on + 30 THEN 'later'
           END AS change
    FROM waiting w
    JOIN band b ON b.product_id = w.product_id
        AND w.needed > b."over" AND (b.up_to IS NULL OR w.needed <= b.up_to)
    LEFT JOIN orders_promise t ON t.id = w.promise_id
    WHERE (NOT w.held OR w.promise_id IS NOT NULL) AND $which
),
still AS MATERIALIZED (
    SELECT l.id, nextval('orders_promise_id_seq') AS promise_id
    FROM (SELECT l.id FROM orders_orderline l
          WHERE l.id IN (SELECT line_id FROM judged WHERE change IS NOT NULL) AND l.waiting > 0
          ORDER BY l.product_id, l.queued_at, l.id FOR NO KEY UPDATE) l
),
promised AS (
    INSERT INTO orders_promise (
        id, line_id, forecast_id, kind, early, likely, late, sure, within_14, within_30, place,
        units_ahead, reference, published_at, published_on)
    SELECT s.promise_id, j.line_id, j.forecast_id, j.kind, j.early, j.likely, j.late, j.sure,
           j.within_14, j.within_30, j.place, j.units_ahead, j.reference, %(now)s, %(today)s
    FROM judged j JOIN still s ON s.id = j.line_id
),
pointed AS (
    UPDATE orders_orderline l SET promise_id = s.promise_id FROM still s WHERE l.id = s.id
)
INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
SELECT j.order_id, j.line_id, s.promise_id, j.change,
       jsonb_build_object(
           'units', j.waiting, 'place', j.place, 'units_ahead', j.units_ahead,
           'reason', nullif(CASE WHEN j.change = 'earlier' THEN reason.earlier
                                 WHEN t.forecast_id IS NULL
                                     AND coalesce(reason.later, 'late_join') = 'late_join'
                                     THEN CASE WHEN t.late < %(today)s THEN 'not_arrived' END
                                 ELSE reason.later END, ''),
           'window', $window, 'told', CASE WHEN t.id IS NOT NULL THEN $told END,
           'told_on', t.published_on, 'mailed', t.told_at IS NOT NULL AND t.returned_at IS NULL,
           'place_before', t.place)
       || CASE WHEN j.line_id = ANY(%(overtaken)s) THEN '{"overtaken": true}' ELSE '{}' END::jsonb,
       %(now)s, '', o.released_at IS NOT NULL
FROM judged j
JOIN still s ON s.id = j.line_id
JOIN orders_order o ON o.id = j.order_id
LEFT JOIN orders_promise t ON t.id = j.told_id
LEFT JOIN unnest(%(why_products)s::bigint[], %(why_earlier)s::text[], %(why_later)s::text[])
    AS reason (product_id, earlier, later)
    ON reason.product_id = j.product_id AND t.id IS NOT NULL
RETURNING kind, promise_id
