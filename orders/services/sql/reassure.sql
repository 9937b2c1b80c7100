-- Lines that wait and have heard nothing for a while. After "no change" twice in a row the time is
-- longer. A held line has no date that holds, and may have had no event since it joined.
WITH quiet AS (
    SELECT k.*, c.lines + 1 AS place, c.units AS units_ahead
    FROM (
        SELECT l.id, l.order_id, l.product_id, l.queued_at AS at, l.waiting, l.held,
               CASE WHEN NOT l.held THEN l.promise_id END AS promise_id,
               (coalesce(heard.last, l.joined_at) AT TIME ZONE %(zone)s)::date AS heard_on
        FROM orders_orderline l
        JOIN orders_order o ON o.id = l.order_id AND o.released_at IS NOT NULL
        JOIN LATERAL (
            SELECT max(e.at) AS last, count(*) FILTER (WHERE e.kind = 'on_track') AS on_track
            FROM (SELECT e.at, e.kind FROM orders_event e
                  WHERE e.order_id = l.order_id AND e.line_id = l.id
                  ORDER BY e.at DESC, e.id DESC LIMIT 2) e
        ) heard ON true
        WHERE l.waiting > 0 AND (l.held OR l.promise_id IS NOT NULL)
          AND coalesce(heard.last, l.joined_at) <= %(now)s - make_interval(
              days => CASE WHEN heard.on_track = 2 THEN %(long)s ELSE %(short)s END)
    ) k, LATERAL ($counts) c
)
INSERT INTO orders_event (order_id, line_id, promise_id, kind, facts, at, actor, message_due)
SELECT q.order_id, q.id, q.promise_id, 'on_track',
       jsonb_build_object('units', q.waiting, 'place', q.place, 'units_ahead', q.units_ahead,
                          'place_before', t.place, 'held', q.held,
                          'window', CASE WHEN q.held THEN $none ELSE $told END,
                          'told_on', CASE WHEN q.held THEN q.heard_on ELSE t.published_on END,
                          'mailed', t.told_at IS NOT NULL AND t.returned_at IS NULL),
       %(now)s, '', true
FROM quiet q LEFT JOIN orders_promise t ON t.id = q.promise_id
RETURNING 1
