-- Every change of the units of a line that are neither shipped nor cancelled.
SELECT line_id, at, units FROM (
    SELECT id AS line_id, joined_at AS at, quantity AS units, 0 AS turn FROM orders_orderline
    UNION ALL
    SELECT s.line_id, p.recorded_at, -s.quantity, 1
    FROM orders_shipmentline s JOIN orders_shipment p ON p.id = s.shipment_id
    UNION ALL
    SELECT line_id, at, CASE kind WHEN 'cancelled' THEN -1 ELSE 1 END * (facts->>'units')::int, 1
    FROM orders_event
    WHERE kind = 'cancelled' OR kind = 'corrected' AND facts->>'what' = 'cancellation'
) changes ORDER BY line_id, at, turn
