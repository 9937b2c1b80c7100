-- Every change of a line's waiting units, in the order in which it happened.
SELECT l.product_id, s.at, l.id, l.queued_at, s.units, s.allocated FROM orders_orderline l
JOIN (
    SELECT id AS line_id, joined_at AS at, quantity AS units, false AS allocated, 0 AS turn
    FROM orders_orderline
    UNION ALL
    SELECT line_id, at, -quantity, quantity > 0, 2 FROM orders_allocation
    UNION ALL
    SELECT line_id, at, CASE kind WHEN 'cancelled' THEN -1 ELSE 1 END * (facts->>'units')::int,
           false, 1
    FROM orders_event
    WHERE kind = 'cancelled' OR kind = 'corrected' AND facts->>'what' = 'cancellation'
) s ON s.line_id = l.id
WHERE NOT l.held
ORDER BY l.product_id, s.at, s.turn, l.id
