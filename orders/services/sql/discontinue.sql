-- What orders.services.cancellations writes about a line that is canceled whole and has nothing
-- reserved, for many at once; a test holds the two together.
WITH gone AS MATERIALIZED (
    SELECT l.id, l.order_id, l.quantity, l.waiting, l.queued_at, d.due_on, o.released_at,
           l.unit_price, o.currency
    FROM orders_orderline l
    JOIN orders_order o ON o.id = l.order_id
    JOIN unnest(%(countries)s::text[], %(regions)s::text[], %(days)s::date[])
        AS d (country, region, due_on)
        ON (d.country, d.region) = (o.country, o.region)
    WHERE l.id = ANY(%(lines)s) AND l.waiting > 0
    ORDER BY l.queued_at, l.id FOR NO KEY UPDATE OF l
),
cancelled AS (
    UPDATE orders_orderline l SET cancelled = l.cancelled + g.waiting, held = false
    FROM gone g WHERE l.id = g.id
),
to_do AS (
    INSERT INTO orders_shoptask (line_id, kind, units, set_aside, created_at, confirmed_by)
    SELECT id, 'cancel', waiting, 0, %(now)s, '' FROM gone
),
gaps AS (
    INSERT INTO orders_queuechange (
        product_id, at, reason, step, lines, units, after_at, after_id, note, actor)
    SELECT %(product)s, %(now)s, 'cancellation', -1, 1, waiting, queued_at, id, '', '' FROM gone
),
owed AS (
    INSERT INTO orders_refund (line_id, units, unit_price, currency, due_on, created_at, sent_by)
    SELECT id, waiting, unit_price, currency, due_on, %(now)s, '' FROM gone
)
INSERT INTO orders_event (order_id, line_id, kind, facts, at, actor, note, message_due)
SELECT order_id, id, 'cancelled',
       jsonb_build_object('units', waiting, 'of', quantity, 'still', 0, 'by', 'discontinued',
                          'refund_due_on', due_on, 'window', NULL,
                          'refund', jsonb_build_object('amount', (unit_price * waiting)::text,
                                                       'currency', currency))
           - CASE WHEN unit_price IS NULL OR currency = '' THEN 'refund' ELSE '' END,
       %(now)s, %(actor)s, %(reason)s, released_at IS NOT NULL
FROM gone
