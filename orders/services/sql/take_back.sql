-- Reserved units go back, from the end of the lines that have some. With each line: whether one
-- behind it, whose units came no sooner, had shipped and so kept its own.
WITH reserved AS (
    SELECT id, order_id, allocated - shipped AS units, queued_at FROM orders_orderline
    WHERE product_id = %(product)s AND allocated > shipped
    ORDER BY queued_at DESC, id DESC LIMIT %(missing)s FOR NO KEY UPDATE
),
lost AS MATERIALIZED (
    SELECT id, queued_at, least(units, %(missing)s - before) AS units
    FROM (
        SELECT *, sum(units) OVER (ORDER BY queued_at DESC, id DESC ROWS UNBOUNDED PRECEDING)
                  - units AS before
        FROM reserved
    ) r
    WHERE before < %(missing)s
),
lines AS (
    UPDATE orders_orderline l SET allocated = l.allocated - lost.units
    FROM lost WHERE l.id = lost.id
),
ledger AS (
    INSERT INTO orders_allocation (line_id, quantity, at, reason)
    SELECT id, -units, %(now)s, %(reason)s FROM lost
),
last_shipped AS (
    SELECT id, queued_at,
           (SELECT max(a.at) FROM orders_allocation a
            WHERE a.line_id = l.id AND a.quantity > 0) AS at
    FROM orders_orderline l WHERE product_id = %(product)s AND shipped > 0
    ORDER BY queued_at DESC, id DESC LIMIT 1
)
SELECT id, queued_at, units, EXISTS (
    SELECT FROM last_shipped s
    WHERE (s.queued_at, s.id) > (lost.queued_at, lost.id)
      AND s.at >= (SELECT max(a.at) FROM orders_allocation a
                   WHERE a.line_id = lost.id AND a.quantity > 0))
FROM lost ORDER BY queued_at, id
