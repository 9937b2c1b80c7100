-- The open delay notices of these orders. Of each line the newest comes last, and before it what
-- could not be told.
SELECT n.* FROM orders_delaynotice n
JOIN orders_orderline k ON k.id = n.line_id
WHERE k.order_id = ANY(%(orders)s) AND n.outcome = ''
ORDER BY n.not_told_at NULLS LAST, n.id
