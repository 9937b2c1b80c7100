-- One statement, because it runs for every email. What an email told that came back counts as
-- untold.
WITH newly AS MATERIALIZED (
    SELECT e.promise_id FROM orders_event e LEFT JOIN orders_promise p ON p.id = e.promise_id
    WHERE e.id = ANY(%(events)s) AND (e.told_at IS NULL OR p.returned_at IS NOT NULL)
),
promises AS (
    UPDATE orders_promise SET told_at = coalesce(told_at, %(at)s), returned_at = NULL
    WHERE id IN (SELECT promise_id FROM newly) AND (told_at IS NULL OR returned_at IS NOT NULL)
),
orders AS (
    UPDATE orders_order SET unreachable_at = NULL
    WHERE id IN (SELECT order_id FROM orders_event WHERE id = ANY(%(events)s))
      AND unreachable_at IS NOT NULL
),
events AS (
    UPDATE orders_event SET told_at = %(at)s, returned_at = NULL
    WHERE id = ANY(%(events)s) AND (told_at IS NULL OR returned_at IS NOT NULL)
)
SELECT DISTINCT promise_id FROM newly WHERE promise_id IS NOT NULL
