-- The due events of these orders get their messages. Some events are marked again, because their
-- customer has another address now. They revive a message that could not be sent. A message that
-- came back or was refused keeps its words, and is followed by a new one. One that was sent or may
-- have arrived stays the only one. An event that was due later than newer ones joins them in a new
-- message, too, although the superseded one has the newest of them already.
WITH taken AS (
    UPDATE orders_event e SET message_due = false
    WHERE e.order_id = ANY(%(orders)s) AND $email_due
      AND NOT EXISTS (
          SELECT FROM notifications_message m
          WHERE m.order_id = e.order_id AND m.state IN ('queued', 'sending'))
    RETURNING e.id, e.order_id, e.kind
),
covered AS (
    SELECT id, order_id, kind FROM taken
    UNION
    SELECT e.id, e.order_id, e.kind
    FROM notifications_messageevent c JOIN orders_event e ON e.id = c.event_id
    WHERE c.message_id = ANY(%(superseded)s)
),
news AS (
    SELECT order_id, max(id) AS newest,
           (array_agg(kind ORDER BY array_position(%(chief_first)s::text[], kind::text),
                                    id DESC))[1] AS kind,
           CASE WHEN bool_and(kind = 'link') THEN clock_timestamp() + %(good_for)s::interval END
               AS expires_at
    FROM covered GROUP BY order_id
),
messages AS (
    INSERT INTO notifications_message (
        key, order_id, kind, recipient, locale, subject, text, html, headers, message_id,
        thread_root, state, attempts, ambiguous_count, in_flight, created_at, next_attempt_at,
        expires_at, provider_id, last_error)
    SELECT n.order_id || '-' || n.newest || again.suffix, n.order_id, n.kind, o.email,
           coalesce(nullif(o.locale, ''), %(language)s),
           '', '', '', '{}', '<' || gen_random_uuid() || '@' || %(domain)s || '>',
           coalesce((SELECT f.message_id FROM notifications_message f
                     WHERE f.order_id = n.order_id AND f.state IN ('sent', 'needs_review')
                     ORDER BY f.id LIMIT 1), ''),
           CASE WHEN unreachable.why IS NULL THEN 'queued' ELSE 'suppressed' END,
           0, 0, false, clock_timestamp(), clock_timestamp(), n.expires_at, '',
           coalesce(unreachable.why, '')
    FROM news n
    JOIN orders_order o ON o.id = n.order_id
    CROSS JOIN LATERAL (SELECT $why_not_mailed AS why) unreachable
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(*) > 0 THEN '-' || count(*) + 1 ELSE '' END AS suffix
        FROM notifications_message b
        WHERE b.order_id = n.order_id
          AND (b.state IN ('bounced', 'superseded') OR (
              b.state IN ('failed', 'suppressed') AND b.frozen_at IS NOT NULL
              AND b.ambiguous_count = 0))
          AND b.key ~ ('^' || n.order_id || '-' || n.newest || '(-|$$)')
    ) again
    ON CONFLICT ON CONSTRAINT events_have_one_message DO UPDATE
    SET state = excluded.state, recipient = excluded.recipient, last_error = excluded.last_error,
        next_attempt_at = excluded.next_attempt_at, expires_at = excluded.expires_at, attempts = 0
    WHERE notifications_message.state IN ('suppressed', 'failed')
    RETURNING id, order_id, state, last_error
),
covers AS (
    INSERT INTO notifications_messageevent (message_id, event_id, said)
    SELECT m.id, c.id, false FROM messages m JOIN covered c ON c.order_id = m.order_id
    ORDER BY c.id
    ON CONFLICT DO NOTHING
)
SELECT order_id, state, last_error FROM messages
