-- The parcel, its content, the units of its lines and the event, in one statement for one order: a
-- shop packs hundreds in a row.
WITH parcel AS (
    INSERT INTO orders_shipment (
        order_id, shipped_at, carrier, tracking_number, recorded_at, actor, reason)
    VALUES (
        %(order)s, %(shipped_at)s, %(carrier)s, %(tracking_number)s, %(now)s, %(actor)s, '')
    RETURNING id
),
packed AS (
    SELECT * FROM jsonb_to_recordset(%(packed)s::jsonb)
        AS p (line_id bigint, units int, facts jsonb)
),
content AS (
    INSERT INTO orders_shipmentline (shipment_id, line_id, quantity)
    SELECT parcel.id, p.line_id, p.units FROM packed p, parcel
),
counted AS (
    UPDATE orders_orderline l SET shipped = l.shipped + p.units FROM packed p
    WHERE l.id = p.line_id AND l.id = ANY(%(lines)s)
),
told AS (
    INSERT INTO orders_event (order_id, line_id, kind, facts, at, actor, message_due)
    SELECT %(order)s, p.line_id, 'shipped', p.facts, %(now)s, %(actor)s, %(due)s FROM packed p
)
SELECT id FROM parcel
