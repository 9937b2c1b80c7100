-- Why dates moved, and why customers were told so, by reason.
WITH moved AS (
    SELECT reason, expected_on - before AS days
    FROM (
        SELECT reason, expected_on, posted_on,
               lag(expected_on) OVER (PARTITION BY restock_id ORDER BY posted_on, id) AS before
        FROM orders_restockdate
    ) v
    WHERE posted_on > %(since)s AND expected_on > before
),
dates AS (
    SELECT coalesce(nullif(reason, ''), 'supplier_late') AS reason, count(*) AS moves,
           avg(days) AS days
    FROM moved GROUP BY 1
),
told AS (
    SELECT coalesce(facts ->> 'reason', 'not_arrived') AS reason,
           count(*) AS promises, count(DISTINCT order_id) AS orders
    FROM orders_event WHERE kind IN ('later', 'no_date') AND at > %(since_at)s GROUP BY 1
)
SELECT reason, coalesce(moves, 0), round(days)::int, coalesce(promises, 0), coalesce(orders, 0)
FROM dates FULL JOIN told USING (reason)
ORDER BY promises DESC NULLS LAST, moves DESC NULLS LAST, reason
