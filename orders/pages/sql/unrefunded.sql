-- The units of an order line whose refund is still to be sent.
SELECT coalesce(sum(r.units), 0) FROM orders_refund r
WHERE r.line_id = orders_orderline.id AND r.sent_at IS NULL
