-- Orders that the last change of a product was news to, and how many of their emails have gone out.
-- The events of a review have its time, as has the forecast that it made.
WITH news AS (
    SELECT e.id, e.order_id, e.message_due, e.at, max(e.at) OVER () AS last
    FROM orders_event e JOIN orders_orderline l ON l.id = e.line_id
    WHERE e.kind IN ('later', 'no_date', 'earlier') AND l.product_id = %(product)s
      AND e.at IN (
          SELECT made_at FROM orders_forecast
          WHERE product_id = %(product)s AND made_at > %(since)s)
),
by_order AS (
    SELECT n.order_id, n.at,
           bool_or(n.message_due OR m.state IN ('queued', 'sending')) AS to_go,
           bool_or(m.state IN ('sent', 'bounced', 'needs_review')) AS sent
    FROM news n
    LEFT JOIN notifications_messageevent c ON c.event_id = n.id
    LEFT JOIN notifications_message m ON m.id = c.message_id
    WHERE n.at = n.last GROUP BY n.order_id, n.at
)
SELECT count(*), count(*) FILTER (WHERE sent AND NOT to_go), count(*) FILTER (WHERE to_go), max(at)
FROM by_order
