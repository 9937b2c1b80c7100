-- Every event that is due to be mailed has its mail, and was told by it at once.
WITH mails AS (
    INSERT INTO notifications_message (
        key, order_id, kind, recipient, locale, subject, text, html, headers, message_id,
        thread_root, state, attempts, ambiguous_count, in_flight, created_at, next_attempt_at,
        frozen_at, composed_at, sent_at, provider_id, last_error)
    SELECT e.order_id || '-' || e.id, e.order_id, e.kind, o.email, o.locale, 'Order ' || o.number,
           repeat('Your order is in line. ', 9), repeat('<p>Your order is in line.</p>', 9), '{}',
           '<' || e.id || '@example>', '', 'sent', 1, 0, false, e.at, e.at, e.at, e.at, e.at,
           '', ''
    FROM orders_event e JOIN orders_order o ON o.id = e.order_id WHERE e.message_due
    RETURNING id, order_id
), covered AS (
    INSERT INTO notifications_messageevent (message_id, event_id, said)
    SELECT m.id, e.id, true
    FROM mails m JOIN orders_event e ON e.order_id = m.order_id AND e.message_due
)
UPDATE orders_event SET message_due = false, told_at = at WHERE message_due
