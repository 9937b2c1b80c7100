"""Events that a customer is due to hear of become messages: one per order, whatever is new in it.

An event's message_due is the outbox mark: its writer sets it in the transaction that states the
fact, and it is cleared here in the transaction that creates the message, so that no event is
without its mail and none has two.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from notifications.compose.link_emails import KEPT
from notifications.compose.selection import CHIEF_FIRST
from notifications.models import State
from orders import services
from orders.models import Order

ORDERS_PER_BATCH = 2000

SUPPRESSED = "can't be reached: mail to this address is suppressed"

# Two dispatchers share the work by locking orders. Each step is a statement of its own, so that it
# sees what others committed before the lock was won. An order with a message being sent waits until
# it is known how that ended.
LOCK = """
    SELECT id FROM orders_order
    WHERE id IN (
        SELECT DISTINCT e.order_id FROM orders_event e
        WHERE e.message_due AND NOT EXISTS (
            SELECT FROM notifications_message m WHERE m.order_id = e.order_id AND m.state = 'sending')
        ORDER BY e.order_id LIMIT %(limit)s)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""

# By a list of orders and not order by order: a table that has just grown is believed to be as small
# as it was, and would be read from end to end for each of them.
SUPERSEDE = """
    WITH overtaken AS MATERIALIZED (
        SELECT m.id, m.order_id FROM notifications_message m WHERE m.state = 'queued' AND m.order_id = ANY(%(orders)s)
    ),
    due AS MATERIALIZED (
        SELECT e.order_id FROM orders_event e WHERE e.message_due AND e.order_id = ANY(%(orders)s)
    )
    UPDATE notifications_message m SET state = 'superseded'
    FROM overtaken WHERE m.id = overtaken.id AND m.state = 'queued' AND overtaken.order_id IN (SELECT order_id FROM due)
    RETURNING m.id
"""

# Events that are marked again, because their customer has another address now, revive the message
# that could not be sent; one that came back or was refused, whose words are what they were, is
# followed by a new one, and one that was sent or may have arrived stays the only one.
COVER = """
    WITH taken AS (
        UPDATE orders_event e SET message_due = false
        WHERE e.order_id = ANY(%(orders)s) AND e.message_due
          AND NOT EXISTS (
              SELECT FROM notifications_message m WHERE m.order_id = e.order_id AND m.state IN ('queued', 'sending'))
        RETURNING e.id, e.order_id, e.kind
    ),
    covered AS (
        SELECT id, order_id, kind FROM taken
        UNION
        SELECT e.id, e.order_id, e.kind
        FROM notifications_messageevent c JOIN orders_event e ON e.id = c.event_id
        WHERE c.message_id = ANY(%(superseded)s)
    ),
    news AS (
        SELECT order_id, max(id) AS newest,
               (array_agg(kind ORDER BY array_position(%(chief_first)s::text[], kind::text), id DESC))[1] AS kind,
               CASE WHEN bool_and(kind = 'link') THEN clock_timestamp() + %(kept)s::interval END AS expires_at
        FROM covered GROUP BY order_id
    ),
    messages AS (
        INSERT INTO notifications_message (
            key, order_id, kind, recipient, locale, subject, text, html, headers, message_id, thread_root, state,
            attempts, ambiguous_count, in_flight, created_at, next_attempt_at, expires_at, provider_id, last_error)
        SELECT n.order_id || '-' || n.newest || again.suffix, n.order_id, n.kind, o.email,
               coalesce(nullif(o.locale, ''), %(language)s),
               '', '', '', '{}', '<' || gen_random_uuid() || '@' || %(domain)s || '>',
               coalesce((SELECT f.message_id FROM notifications_message f
                         WHERE f.order_id = n.order_id AND f.state IN ('sent', 'needs_review')
                         ORDER BY f.id LIMIT 1), ''),
               CASE WHEN unreachable.why IS NULL THEN 'queued' ELSE 'suppressed' END,
               0, 0, false, clock_timestamp(), clock_timestamp(), n.expires_at, '', coalesce(unreachable.why, '')
        FROM news n
        JOIN orders_order o ON o.id = n.order_id
        CROSS JOIN LATERAL (
            SELECT CASE WHEN o.email = '' THEN %(no_address)s
                        WHEN EXISTS (SELECT FROM notifications_suppression s WHERE upper(s.address) = upper(o.email))
                        THEN %(suppressed)s END AS why
        ) unreachable
        CROSS JOIN LATERAL (
            SELECT CASE WHEN count(*) > 0 THEN '-' || count(*) + 1 ELSE '' END AS suffix FROM notifications_message b
            WHERE b.order_id = n.order_id AND (b.state = 'bounced' OR (
                  b.state IN ('failed', 'suppressed') AND b.frozen_at IS NOT NULL AND b.ambiguous_count = 0))
              AND b.key ~ ('^' || n.order_id || '-' || n.newest || '(-|$)')
        ) again
        ON CONFLICT ON CONSTRAINT events_have_one_message DO UPDATE
        SET state = excluded.state, recipient = excluded.recipient, last_error = excluded.last_error,
            next_attempt_at = excluded.next_attempt_at, expires_at = excluded.expires_at, attempts = 0
        WHERE notifications_message.state IN ('suppressed', 'failed')
        RETURNING id, order_id, state, last_error
    ),
    covers AS (
        INSERT INTO notifications_messageevent (message_id, event_id, said)
        SELECT m.id, c.id, false FROM messages m JOIN covered c ON c.order_id = m.order_id ORDER BY c.id
        ON CONFLICT DO NOTHING
    )
    SELECT order_id, state, last_error FROM messages
"""


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Messages that came into being and how many of them nobody can be sent."""

    messages: int
    unreachable: int


@transaction.atomic
def dispatch(*, limit: int = ORDERS_PER_BATCH) -> Dispatched:
    """Give the due events of up to `limit` orders their messages. A message still queued is
    superseded, and the new one covers its events too; one that needs review is left as it is. Who
    can't be reached goes on staff's list."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, {"limit": limit})
        orders = [order for (order,) in cursor.fetchall()]
        if not orders:
            return Dispatched(0, 0)
        cursor.execute(SUPERSEDE, {"orders": orders})
        superseded = [message for (message,) in cursor.fetchall()]
        cursor.execute(
            COVER,
            {
                "orders": orders,
                "superseded": superseded,
                "chief_first": [str(kind) for kind in CHIEF_FIRST],
                "language": settings.LANGUAGE_CODE,
                "domain": settings.MAIL_MESSAGE_ID_DOMAIN,
                "no_address": services.NO_ADDRESS,
                "suppressed": SUPPRESSED,
                "kept": str(KEPT),
            },
        )
        created = cursor.fetchall()
    unreachable = {order: why for order, state, why in created if state == State.SUPPRESSED}
    for order in Order.objects.filter(pk__in=unreachable).order_by("pk"):
        services.mark_not_told(order, unreachable[order.pk], unreachable=True)
    return Dispatched(len(created), len(unreachable))


def dispatch_all() -> int:
    """Dispatch until no event is due, or only those of orders that others hold. Returns the
    messages created."""
    messages = 0
    while batch := dispatch().messages:
        messages += batch
    return messages
