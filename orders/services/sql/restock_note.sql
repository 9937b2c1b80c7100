-- A note of the shop becomes an event of everyone who waits for the delivery.
INSERT INTO orders_event (
    order_id, line_id, restock_note_id, kind, facts, at, actor, note, message_due)
SELECT l.order_id, l.id, %(note)s, 'note', jsonb_build_object('code', 'from_shop'), %(now)s,
       %(actor)s, '', o.released_at IS NOT NULL
FROM orders_orderline l
JOIN orders_promise p ON p.id = l.promise_id AND p.reference = %(reference)s
JOIN orders_order o ON o.id = l.order_id
WHERE l.product_id = %(product)s AND l.waiting > 0
ORDER BY l.queued_at, l.id
