-- Lines in these places with units still to come after the agreed date, whose customers no email
-- has told since.
SELECT l.id,
       CASE WHEN n.id IS NULL AND l.promise_id <> coalesce(p.promise_id, 0) THEN l.promise_id END
FROM orders_orderline l
JOIN orders_order o ON o.id = l.order_id AND o.released_at IS NOT NULL
JOIN unnest(%(countries)s::text[], %(regions)s::text[], %(days)s::date[])
    AS d (country, region, today)
    ON (d.country, d.region) = (o.country, o.region)
LEFT JOIN LATERAL (
    SELECT id FROM orders_delaynotice WHERE line_id = l.id AND outcome = '' LIMIT 1
) n ON true
LEFT JOIN orders_delaynotice p ON p.promise_id = l.promise_id
WHERE l.agreed_by < d.today AND NOT l.open_wait AND NOT $unread
  AND (l.waiting > 0 OR l.allocated > l.shipped)
  AND (%(orders)s::bigint[] IS NULL OR l.order_id = ANY(%(orders)s))
  AND NOT EXISTS (
      SELECT FROM orders_event e
      WHERE e.order_id = l.order_id AND e.line_id = l.id
        AND e.kind = 'note' AND e.facts->>'code' = %(code)s
        AND e.facts->>'agreed_by' = l.agreed_by::text)
  AND NOT EXISTS (
      SELECT FROM orders_delaynotice m
      WHERE m.line_id = l.id AND m.not_told_at IS NULL AND m.sentences ? 'date_missed'
        AND m.told_at >= (l.agreed_by + 1)::timestamp AT TIME ZONE %(zone)s)
