-- The queues, longest first. The day counts hold lines and units, in rows that may add up to zero.
-- What no restock brings is what remains after open restocks and spare units.
SELECT p.id, p.sku, p.name, q.lines, q.units, q.oldest,
       greatest(q.units - coalesce(r.units, 0)
                + coalesce((%(ahead)s::jsonb ->> p.id::text)::bigint, 0)
                - s.arrived + s.allocated, 0)
FROM (
    SELECT product_id, sum(lines)::bigint AS lines, sum(units)::bigint AS units,
           (min(start) AT TIME ZONE 'UTC')::date AS oldest
    FROM (
        SELECT product_id, start, sum(lines) AS lines, sum(units) AS units
        FROM orders_queuecount WHERE width = 'd'
        GROUP BY 1, 2 HAVING sum(lines) > 0
    ) days GROUP BY product_id
) q
JOIN orders_product p ON p.id = q.product_id
JOIN orders_stock s ON s.product_id = q.product_id
LEFT JOIN (
    SELECT product_id, sum(quantity - arrived)::bigint AS units FROM orders_restock
    WHERE cancelled_at IS NULL AND arrived < quantity GROUP BY product_id
) r ON r.product_id = q.product_id
ORDER BY q.lines DESC, p.sku
