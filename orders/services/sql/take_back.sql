-- Reserved units go back, from the end of the lines that have some.
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
)
SELECT id, queued_at, units FROM lost ORDER BY queued_at, id
