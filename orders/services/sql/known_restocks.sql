-- What is open of the restocks that customers know of, on the days they know. A restock that was
-- received in full, and then was not after all, has no published day; it came before what settles.
SELECT r.created_at, r.reference, s.name, coalesce(known.promised_on, before.expected_on) AS day,
       r.quantity - r.arrived
FROM orders_restock r
JOIN orders_supplier s ON s.id = r.supplier_id
LEFT JOIN jsonb_to_recordset(%(restocks)s::jsonb) AS known (reference text, promised_on date)
    ON known.reference = r.reference
LEFT JOIN LATERAL (
    SELECT expected_on FROM orders_restockdate d
    WHERE d.restock_id = r.id AND d.recorded_at < %(changed_at)s
    ORDER BY posted_on DESC, id DESC LIMIT 1
) before ON r.created_at < %(changed_at)s
WHERE r.product_id = %(product)s AND r.arrived < r.quantity
  AND (r.cancelled_at IS NULL OR r.cancelled_at >= %(changed_at)s)
  AND coalesce(known.promised_on, before.expected_on) IS NOT NULL
ORDER BY day, r.id
