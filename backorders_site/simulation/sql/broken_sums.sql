-- Lines and products whose numbers and ledgers disagree.
SELECT 'line', l.id FROM orders_orderline l
WHERE l.allocated <> (
        SELECT coalesce(sum(quantity), 0) FROM orders_allocation WHERE line_id = l.id)
   OR l.shipped <> (
        SELECT coalesce(sum(quantity), 0) FROM orders_shipmentline WHERE line_id = l.id)
   OR l.cancelled <> (
        SELECT coalesce(sum(
            CASE kind WHEN 'cancelled' THEN 1 ELSE -1 END * (facts->>'units')::int), 0)
        FROM orders_event WHERE order_id = l.order_id AND line_id = l.id
        AND (kind = 'cancelled' OR kind = 'corrected' AND facts->>'what' = 'cancellation'))
   OR l.allocated + l.cancelled + l.waiting <> l.quantity
   OR l.shipped > l.allocated OR l.waiting < 0
UNION ALL
SELECT 'product', s.product_id FROM orders_stock s
WHERE s.allocated > s.arrived
   OR s.allocated <> (
        SELECT coalesce(sum(allocated), 0) FROM orders_orderline WHERE product_id = s.product_id)
   OR s.arrived <> (
        SELECT coalesce(sum(quantity), 0) FROM orders_receipt
        WHERE product_id = s.product_id AND stocked)
