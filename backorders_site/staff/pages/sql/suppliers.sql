-- How late suppliers' deliveries come. A delivery counts from the first day its supplier gave (the
-- last version of that day: the others were typing mistakes) to the day all of it had come.
WITH came AS (
    SELECT r.supplier_id, c.arrived_on, c.arrived_on - f.expected_on AS late
    FROM orders_restock r
    JOIN LATERAL (
        SELECT expected_on FROM orders_restockdate d WHERE d.restock_id = r.id
        ORDER BY posted_on, id DESC LIMIT 1
    ) f ON true
    JOIN LATERAL (
        SELECT max(arrived_on) AS arrived_on FROM orders_receipt c
        WHERE c.restock_id = r.id AND c.quantity > 0
    ) c ON c.arrived_on IS NOT NULL
    WHERE r.cancelled_at IS NULL AND r.arrived >= r.quantity
),
record AS (
    SELECT supplier_id, count(*) AS came, count(*) FILTER (WHERE late <= 0) AS on_time,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY late) AS median,
           percentile_disc(0.9) WITHIN GROUP (ORDER BY late) AS p90,
           count(*) FILTER (WHERE late BETWEEN 1 AND 3) AS to_3,
           count(*) FILTER (WHERE late BETWEEN 4 AND 7) AS to_7,
           count(*) FILTER (WHERE late BETWEEN 8 AND 14) AS to_14,
           count(*) FILTER (WHERE late BETWEEN 15 AND 30) AS to_30,
           count(*) FILTER (WHERE late > 30) AS over_30,
           count(*) FILTER (WHERE arrived_on > %(since)s) AS recent,
           count(*) FILTER (WHERE arrived_on > %(since)s AND late <= 0) AS recent_on_time
    FROM came GROUP BY supplier_id
),
pending AS (
    SELECT r.supplier_id, count(*) AS open,
           count(*) FILTER (WHERE n.expected_on < %(today)s) AS overdue
    FROM orders_restock r
    JOIN LATERAL (
        SELECT expected_on FROM orders_restockdate d WHERE d.restock_id = r.id
        ORDER BY posted_on DESC, id DESC LIMIT 1
    ) n ON true
    WHERE r.cancelled_at IS NULL AND r.arrived < r.quantity GROUP BY r.supplier_id
)
SELECT s.name, coalesce(came, 0), on_time, median, p90, to_3, to_7, to_14, to_30, over_30,
       coalesce(recent, 0), recent_on_time, coalesce(open, 0), coalesce(overdue, 0)
FROM orders_supplier s
LEFT JOIN record ON record.supplier_id = s.id
LEFT JOIN pending ON pending.supplier_id = s.id
WHERE came > 0 OR open > 0 ORDER BY came DESC NULLS LAST, s.name
