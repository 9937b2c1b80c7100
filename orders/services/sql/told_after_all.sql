-- Staff had to make sure that the customer is told in time. That has happened, perhaps by the email
-- a minute later: off their list.
WITH told AS (
    SELECT l.order_id, p.sku || %(not_told)s AS text
    FROM orders_delaynotice n
    JOIN orders_orderline l ON l.id = n.line_id
    JOIN orders_product p ON p.id = l.product_id
    WHERE n.id = ANY(%(notices)s) AND n.adequate
)
UPDATE orders_order o
SET attention = ARRAY(
    SELECT said.text FROM unnest(o.attention) WITH ORDINALITY AS said (text, place)
    WHERE NOT EXISTS (
        SELECT FROM told WHERE told.order_id = o.id AND starts_with(said.text, told.text))
    ORDER BY said.place)
WHERE o.id IN (SELECT order_id FROM told) AND o.attention <> '{}'
