-- A try has ended. A link that was asked for is good for minutes: unless its email may have been
-- sent, the next try writes it again.
UPDATE notifications_message
SET state = %(state)s, claim_token = NULL, lease_until = NULL, in_flight = false,
    last_error = %(error)s, provider_id = %(provider_id)s, attempts = attempts + %(tried)s,
    ambiguous_count = ambiguous_count + %(ambiguous)s,
    sent_at = CASE WHEN %(state)s = 'sent' THEN clock_timestamp() END,
    frozen_at = CASE
        WHEN %(state)s = 'queued' AND kind = 'link' AND ambiguous_count + %(ambiguous)s = 0
        THEN NULL ELSE frozen_at END,
    next_attempt_at = CASE
        WHEN %(state)s = 'queued' THEN clock_timestamp() + make_interval(secs => %(pause)s)
        ELSE next_attempt_at END
WHERE id = %(id)s AND state = 'sending' AND claim_token = %(token)s
RETURNING sent_at
