-- The newest notice of an order line that no newer one replaced, of those that are asked for.
SELECT to_jsonb(n) FROM orders_delaynotice n
WHERE n.line_id = orders_orderline.id AND n.outcome <> 'superseded' AND $only
ORDER BY n.id DESC LIMIT 1
