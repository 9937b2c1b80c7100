-- An order's locale, and a name for all the rows its page is made of: xmin differs after every
-- change of a row.
SELECT o.locale, md5(concat_ws('/', o.id, o.xmin,
    (SELECT string_agg(
         concat_ws(',', k.id, k.changed, p.xmin, g.xmin, c.lines, c.units, notices.are,
                   refunds.are, newest.id), ';' ORDER BY k.id)
     FROM (
         SELECT *, xmin AS changed, queued_at AS at FROM orders_orderline WHERE order_id = o.id
     ) k
     JOIN orders_product g ON g.id = k.product_id
     LEFT JOIN orders_promise p ON p.id = k.promise_id
     LEFT JOIN LATERAL ($counts) c ON k.waiting > 0
     LEFT JOIN LATERAL (
         SELECT string_agg(n.xmin::text, ',' ORDER BY n.id) AS are
         FROM orders_delaynotice n WHERE n.line_id = k.id
     ) notices ON true
     LEFT JOIN LATERAL (
         SELECT string_agg(r.xmin::text, ',' ORDER BY r.id) AS are
         FROM orders_refund r WHERE r.line_id = k.id
     ) refunds ON true
     LEFT JOIN LATERAL (
         SELECT q.id FROM orders_queuechange q
         WHERE q.product_id = k.product_id ORDER BY q.at DESC, q.id DESC LIMIT 1
     ) newest ON true),
    (SELECT string_agg(e.xmin::text, ',' ORDER BY e.id) FROM orders_event e
     WHERE e.order_id = o.id)))
FROM orders_order o WHERE o.id = %(pk)s AND o.link_version = %(link_version)s
