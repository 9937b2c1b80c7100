"""Events that a customer should hear of become messages: one per order, with everything new in it.

An event's message_due is the outbox mark. Its writer sets it in the transaction that records the
fact. It is cleared here, in the transaction that creates the message. So no event is without its
email, and none has two.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from notifications.compose.left_out import REQUEST_GOOD_FOR
from notifications.compose.news import CHIEF_FIRST
from notifications.may_send import NO_EMAIL_TEXTS, WHY_NOT_MAILED
from notifications.models import MessageState
from orders import services
from orders.models import EMAIL_DUE, Order
from orders.sql_files import sql

ORDERS_PER_BATCH = 2000

# Two dispatchers share the work by locking orders. Each step is a statement of its own, so that it
# sees what others committed before the lock was won. An order with a message being sent waits until
# it is known how that ended.
LOCK = f"""
    SELECT id FROM orders_order
    WHERE id IN (
        SELECT DISTINCT e.order_id FROM orders_event e
        WHERE {EMAIL_DUE} AND NOT EXISTS (
            SELECT FROM notifications_message m
            WHERE m.order_id = e.order_id AND m.state = 'sending')
        ORDER BY e.order_id LIMIT %(limit)s)
    ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - all of it is ours

# By a list of orders and not order by order: a table that has just grown is believed to be as small
# as it was, and would be read from end to end for each of them.
SUPERSEDE = f"""
    WITH overtaken AS MATERIALIZED (
        SELECT m.id, m.order_id FROM notifications_message m
        WHERE m.state = 'queued' AND m.order_id = ANY(%(orders)s)
    ),
    due AS MATERIALIZED (
        SELECT e.order_id FROM orders_event e WHERE {EMAIL_DUE} AND e.order_id = ANY(%(orders)s)
    )
    UPDATE notifications_message m SET state = 'superseded'
    FROM overtaken
    WHERE m.id = overtaken.id AND m.state = 'queued'
      AND overtaken.order_id IN (SELECT order_id FROM due)
    RETURNING m.id
"""  # noqa: S608 - all of it is ours

COVER = sql(__file__, "cover", why_not_mailed=WHY_NOT_MAILED, email_due=EMAIL_DUE)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """Messages that were created, and how many of them cannot be sent to anybody."""

    messages: int
    unreachable: int


@transaction.atomic
def dispatch(*, limit: int = ORDERS_PER_BATCH) -> Dispatched:
    """Give the due events of up to `limit` orders their messages. A message still queued is
    superseded, and the new one covers its events too. One that needs review is left as it is.
    Customers who can't be reached go on staff's list."""
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
                "good_for": str(REQUEST_GOOD_FOR),
                **NO_EMAIL_TEXTS,
            },
        )
        created = cursor.fetchall()
    unreachable = {order: why for order, state, why in created if state == MessageState.SUPPRESSED}
    for order in Order.objects.filter(pk__in=unreachable).order_by("pk"):
        services.mark_not_told(order, unreachable[order.pk], unreachable=True)
    return Dispatched(len(created), len(unreachable))


def dispatch_all() -> int:
    """Dispatch until no event is due, or only those of orders that others have locked. Returns the
    number of messages created."""
    messages = 0
    while batch := dispatch().messages:
        messages += batch
    return messages
