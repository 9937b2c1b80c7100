-- What customers would hear of an action: orders by what becomes of their news, with one of each
-- sort as an example.
WITH news AS (
    SELECT e.order_id, min(array_position(%(chief_first)s::text[], e.kind::text)) AS chief,
           max(asked.jurisdiction) FILTER (WHERE asked.sentences @> %(choice)s::jsonb) AS law,
           min(asked.silence) FILTER (WHERE asked.sentences @> %(choice)s::jsonb) AS silence,
           bool_and(e.kind = 'earlier' AND $still_holds AND NOT EXISTS (
               SELECT FROM orders_delaynotice n
               WHERE n.line_id = e.line_id AND n.outcome = '' AND n.silence = 'cancel'
                 AND $is_told)) AS optional
    FROM orders_event e
    JOIN orders_order of ON of.id = e.order_id
    LEFT JOIN orders_delaynotice asked ON asked.promise_id = e.promise_id
    WHERE e.id > %(last)s AND e.at = %(now)s AND (e.message_due OR of.released_at IS NULL)
    GROUP BY e.order_id
)
SELECT what, CASE WHEN what = 'asked' THEN law END AS law,
       coalesce(CASE WHEN what = 'asked' THEN silence END, '') AS silence,
       chief, locale, country, region, count(*), min(order_id)
FROM (
    SELECT CASE
               WHEN o.released_at IS NULL THEN 'unreleased'
               WHEN $cannot_be_reached THEN 'unreachable'
               WHEN law IS NOT NULL THEN 'asked'
               WHEN optional AND $turned_off THEN 'turned_off'
               ELSE 'mailed'
           END AS what, law, silence, chief, o.locale, o.country,
           CASE WHEN o.country = ANY(%(regional)s) THEN upper(o.region) ELSE '' END AS region,
           news.order_id
    FROM news JOIN orders_order o ON o.id = news.order_id
) judged
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
