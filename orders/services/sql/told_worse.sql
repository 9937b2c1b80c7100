-- Orders that would be told worse news by what was written since, and of these the ones that were
-- here before the file.
SELECT count(DISTINCT e.order_id),
       count(DISTINCT e.order_id) FILTER (WHERE e.kind = 'later'),
       count(DISTINCT e.order_id) FILTER (WHERE e.kind = 'no_date'),
       count(DISTINCT e.order_id) FILTER (WHERE n.id IS NOT NULL),
       count(DISTINCT e.order_id) FILTER (WHERE o.imported_by_id IS DISTINCT FROM %(record)s)
FROM orders_event e
JOIN orders_order o ON o.id = e.order_id
LEFT JOIN orders_delaynotice n
    ON n.promise_id = e.promise_id AND n.sentences @> %(choice)s::jsonb
WHERE e.id > %(last)s AND e.at = %(now)s AND e.message_due
  AND (e.kind IN ('later', 'no_date') OR n.id IS NOT NULL)
