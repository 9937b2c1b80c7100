-- The newest two events of each line of these orders, newest first, and whether the customer turned
-- off emails that say that nothing changed.
SELECT k.id, k.order_id, $no_change_off, e.kind, e.at
FROM orders_orderline k
JOIN orders_order o ON o.id = k.order_id
LEFT JOIN LATERAL (
    SELECT n.id, n.kind, n.at FROM orders_event n
    WHERE n.order_id = k.order_id AND n.line_id = k.id ORDER BY n.at DESC, n.id DESC LIMIT 2
) e ON true
WHERE k.order_id = ANY(%(orders)s)
ORDER BY k.id, e.at DESC, e.id DESC
