-- What to order. Free: units that have arrived or are on order, and that nobody waits for yet.
-- Below zero: people wait for units that nobody has ordered.
SELECT *, spare + expected - waiting AS free FROM (
    SELECT p.sku, p.name, coalesce(q.units, 0) AS waiting, s.arrived - s.allocated AS spare,
           coalesce(r.units, 0) - coalesce((%(ahead)s::jsonb ->> p.id::text)::bigint, 0)
               AS expected,
           coalesce(d.units, 0) AS demand
    FROM orders_product p
    JOIN orders_stock s ON s.product_id = p.id
    LEFT JOIN (
        SELECT product_id, sum(units)::bigint AS units FROM orders_queuecount
        WHERE width = 'd' GROUP BY product_id
    ) q ON q.product_id = p.id
    LEFT JOIN (
        SELECT product_id, sum(quantity - arrived)::bigint AS units FROM orders_restock
        WHERE cancelled_at IS NULL AND arrived < quantity GROUP BY product_id
    ) r ON r.product_id = p.id
    LEFT JOIN (
        SELECT product_id, sum(quantity - cancelled)::bigint AS units FROM orders_orderline
        WHERE queued_at > %(since)s GROUP BY product_id
    ) d ON d.product_id = p.id
    WHERE p.on_backorder AND (q.units > 0 OR d.units > 0)
) balance
ORDER BY spare + expected >= waiting,
         CASE WHEN spare + expected < waiting THEN spare + expected - waiting
              ELSE (spare + expected - waiting)::numeric / nullif(demand, 0) END NULLS LAST, sku
