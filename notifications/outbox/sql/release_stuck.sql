-- An owner that was silent for a whole lease counts as dead. What it had in flight may have been
-- sent. It is sent once more, with the same Message-ID and bytes; after that a person decides.
WITH stuck AS (
    SELECT id, in_flight FROM notifications_message
    WHERE state = 'sending' AND lease_until <= clock_timestamp() FOR UPDATE SKIP LOCKED
)
UPDATE notifications_message m
SET state = CASE WHEN m.in_flight AND m.ambiguous_count > 0 THEN 'needs_review'
                 ELSE 'queued' END,
    ambiguous_count = m.ambiguous_count + m.in_flight::int,
    claim_token = NULL, lease_until = NULL, in_flight = false,
    last_error = CASE WHEN m.in_flight THEN %(silent)s ELSE m.last_error END
FROM stuck WHERE m.id = stuck.id
RETURNING m.id, stuck.in_flight
