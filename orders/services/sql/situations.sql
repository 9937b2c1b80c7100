-- Promises as the rules see them, those of one situation together. A window of chances names no
-- definite day, so it has no last day. The told notice is the newest that counts. Zones differ by
-- whole quarters of an hour, so orders of the same quarter have the same day.
SELECT array_agg(p.id), array_agg(l.id), o.country, o.region,
       date_bin('15 minutes', coalesce(o.paid_at, o.placed_at), '2000-01-01Z') AS quarter,
       CASE WHEN p.kind IN ('dated', 'unrated') THEN p.late END AS late,
       l.stated_by, l.agreed_by, l.open_wait, l.waiting = 0 AS set_aside,
       told.id IS NOT NULL AS was_told, told.late AS told_late,
       CASE WHEN told.silence = 'cancel' THEN told.answer_by END AS cancels_on,
       told.outcome = 'kept' AS kept, $unread AS unread
FROM orders_promise p
JOIN orders_orderline l ON l.id = p.line_id AND l.promise_id = p.id
JOIN orders_order o ON o.id = l.order_id
LEFT JOIN LATERAL (
    SELECT n.* FROM orders_delaynotice n
    WHERE n.line_id = l.id AND n.promise_id <> p.id AND n.adequate AND n.not_told_at IS NULL
    ORDER BY n.id DESC LIMIT 1
) told ON true
WHERE p.id = ANY(%(promises)s)
GROUP BY 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
