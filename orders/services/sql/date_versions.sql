-- Every date that suppliers gave, as posted, with the day the delivery came. Left out are those
-- corrected by hand on the day they were typed, within the settling time, or by undoing an import.
WITH versions AS (
    SELECT s.name, r.reference, r.quantity, r.arrived, d.*,
           lead(d.recorded_at) OVER later AS replaced_at,
           lead(d.posted_on) OVER later AS replaced_on
    FROM orders_supplier s
    JOIN orders_restock r ON r.supplier_id = s.id AND r.cancelled_at IS NULL
    JOIN orders_restockdate d ON d.restock_id = r.id AND d.undoes_id IS NULL
    WHERE s.name = ANY(%s)
      AND NOT EXISTS (SELECT FROM orders_restockdate u WHERE u.undoes_id = d.id)
    WINDOW later AS (PARTITION BY d.restock_id ORDER BY d.posted_on, d.id)
)
SELECT v.name, v.reference, v.posted_on, v.expected_on, v.quantity, came.arrived_on, came.known_on
FROM versions v
LEFT JOIN LATERAL (
    SELECT max(c.arrived_on) AS arrived_on,
           (max(c.recorded_at) AT TIME ZONE %s)::date AS known_on
    FROM orders_receipt c WHERE c.restock_id = v.restock_id AND c.quantity > 0
) came ON v.arrived >= v.quantity
WHERE v.replaced_on IS DISTINCT FROM v.posted_on
   OR v.replaced_at > v.recorded_at + make_interval(secs => %s)
ORDER BY v.posted_on, v.id
