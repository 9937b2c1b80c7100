-- How long customers have waited who still wait, by product and in all.
WITH aged AS (
    SELECT product_id, lines, units, %(today)s - (start AT TIME ZONE 'UTC')::date AS age
    FROM (
        SELECT product_id, start, sum(lines) AS lines, sum(units) AS units
        FROM orders_queuecount WHERE width = 'd'
        GROUP BY 1, 2 HAVING sum(lines) > 0
    ) days
)
SELECT p.sku, p.name, sum(lines)::bigint, sum(units)::bigint, max(age),
       coalesce(sum(lines) FILTER (WHERE age <= 7), 0)::bigint,
       coalesce(sum(lines) FILTER (WHERE age BETWEEN 8 AND 30), 0)::bigint,
       coalesce(sum(lines) FILTER (WHERE age BETWEEN 31 AND 90), 0)::bigint,
       coalesce(sum(lines) FILTER (WHERE age BETWEEN 91 AND 180), 0)::bigint,
       coalesce(sum(lines) FILTER (WHERE age > 180), 0)::bigint
FROM aged JOIN orders_product p ON p.id = product_id
GROUP BY GROUPING SETS ((p.id, p.sku, p.name), ()) HAVING sum(lines) > 0
ORDER BY p.sku IS NOT NULL, max(age) DESC, p.sku
