-- Products whose queue got shorter and that nobody has locked are due a review. What settles
-- already continues to settle.
WITH free AS MATERIALIZED (
    SELECT id FROM orders_product WHERE id = ANY(%(products)s)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
),
shortened AS (
    DELETE FROM orders_shortening s USING free WHERE s.product_id = free.id
    RETURNING s.product_id, s.at
)
UPDATE orders_product p
SET changed_at = first.at, review_at = first.at + %(settle)s, change_reason = %(reason)s
FROM (SELECT product_id, min(at) AS at FROM shortened GROUP BY 1) first
WHERE p.id = first.product_id AND p.review_at IS NULL
