-- How the windows told ended, by period: of all, by product, and by how far ahead they were told. A
-- window is over when its line's last unit left, or at the end of its last day, whichever came
-- first. It counts on that day. A customer who canceled before its end is left out; one who
-- canceled after it had been let down. Reserved units had arrived: it proves nothing that they ship
-- within the handling time, so that is not counted. Nor is what a shop had broken before we knew of
-- it (inherited). A window without a first day is open from the day it was told.
WITH told AS (
    SELECT l.product_id, t.early, t.late, t.late - t.published_on AS days_ahead,
           l.shipped > 0 AND left_open.units = 0 AS has_left,
           left_open.units > 0 AS is_open, gone.day AS gone_on, cancelled.day AS cancelled_on
    FROM orders_promise t
    JOIN orders_orderline l ON l.id = t.line_id
    CROSS JOIN LATERAL (SELECT l.quantity - l.shipped - l.cancelled AS units) left_open
    LEFT JOIN LATERAL (
        SELECT (max(p.shipped_at) AT TIME ZONE %(zone)s)::date AS day
        FROM orders_shipmentline s JOIN orders_shipment p ON p.id = s.shipment_id
        WHERE s.line_id = l.id AND p.corrects_id IS NULL
          AND NOT EXISTS (SELECT FROM orders_shipment c WHERE c.corrects_id = p.id)
    ) gone ON true
    LEFT JOIN LATERAL (
        SELECT (max(e.at) AT TIME ZONE %(zone)s)::date AS day FROM orders_event e
        WHERE e.order_id = l.order_id AND e.line_id = l.id AND e.kind = 'cancelled'
    ) cancelled ON true
    WHERE t.told_at IS NOT NULL AND t.returned_at IS NULL
      AND t.late IS NOT NULL AND t.kind IN ('dated', 'unrated')
      AND (t.forecast_id IS NOT NULL OR t.early IS NULL)
      AND NOT t.inherited AND t.late >= %(since)s
),
ended AS (
    SELECT product_id, CASE WHEN has_left THEN least(gone_on, late + 1) ELSE late + 1 END AS day,
           has_left AND gone_on <= late AS in_time,
           has_left AND gone_on <= late AND gone_on >= coalesce(early, gone_on) AS inside,
           width_bucket(days_ahead, %(ahead)s::int[]) AS ahead
    FROM told
    WHERE has_left OR late < %(today)s AND (is_open OR cancelled_on > late)
)
SELECT product_id, p.sku, p.name, ahead, period.days, count(*), count(*) FILTER (WHERE in_time),
       count(*) FILTER (WHERE inside)
FROM ended
JOIN orders_product p ON p.id = product_id
JOIN unnest(%(periods)s::int[]) AS period (days)
    ON ended.day > %(today)s - period.days AND ended.day <= %(today)s
GROUP BY GROUPING SETS (
    (product_id, p.sku, p.name, period.days), (ahead, period.days), (period.days))
ORDER BY product_id NULLS FIRST, ahead NULLS FIRST, period.days
