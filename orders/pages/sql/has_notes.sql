-- Whether the shop wrote to those who wait for the delivery that an order line is promised from.
orders_orderline.waiting > 0 AND EXISTS (
    SELECT FROM orders_restocknote n JOIN orders_restock r ON r.id = n.restock_id
    WHERE r.reference = orders_promise.reference AND r.product_id = orders_orderline.product_id
        AND n.hidden_at IS NULL)
