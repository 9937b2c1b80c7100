-- Messages that are due and may go out become ours for a short while. If something happened to an
-- order meanwhile, its message waits for the newer one that dispatch is about to create.
WITH due AS MATERIALIZED (
    SELECT m.id FROM notifications_message m JOIN orders_order o ON o.id = m.order_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN m.frozen_at IS NULL THEN o.email ELSE m.recipient END AS address
    ) receiver
    WHERE m.state = 'queued' AND m.next_attempt_at <= clock_timestamp() AND $not_paused
      AND $lets_out
      AND (%(waiting)s = '{}'
           OR lower(split_part(receiver.address, '@', 2)) <> ALL(%(waiting)s))
      AND NOT EXISTS (SELECT FROM orders_event e WHERE e.order_id = m.order_id AND $email_due)
    ORDER BY m.next_attempt_at, m.id LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
)
UPDATE notifications_message m
SET state = 'sending', claim_token = %(token)s, in_flight = false,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM due WHERE m.id = due.id AND m.state = 'queued'
RETURNING m.id
