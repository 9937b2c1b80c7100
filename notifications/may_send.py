"""Who gets which email. No email goes out, in this order, where

* the order is unreleased: none of its events is due before release_orders (orders.services);
* it has no address, or one that is suppressed: why_not_mailed, when its message is created and
  again when it is written;
* email is paused: NOT_PAUSED (outbox.pause);
* MAIL_MODE keeps the address back: MailMode.lets_out (outbox.mail_mode);
* all the email says was turned off: is_unwanted, once it is written. What is optional is named by
  Topic and decided by compose.selection; everything else is always sent.

Email still goes to an order that was unreachable before (Order.unreachable_at), but no page
promises any: CANNOT_BE_REACHED. Pages ask all of this of `reach`.

Work on many orders at once asks in SQL, about an order `o` and an event `e`.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.db import connection
from django.db.models.functions import Upper

from notifications.models import Preference, Suppression
from orders.models import Event
from orders.services import NO_ADDRESS


class Topic(StrEnum):
    """What may be turned off. The values are the columns of Preference."""

    GOOD_NEWS = "good_news"
    NO_CHANGE = "no_change"
    DELIVERY_NOTES = "delivery_notes"


IS_SUPPRESSED = """EXISTS (
    SELECT FROM notifications_suppression s WHERE upper(s.address) = upper(o.email))"""
WHY_NOT_MAILED = f"""CASE WHEN o.email = '' THEN %(no_address)s
    WHEN {IS_SUPPRESSED} THEN %(suppressed)s END"""
SUPPRESSED = "can't be reached: this address is suppressed"
NO_EMAIL_TEXTS = {"no_address": NO_ADDRESS, "suppressed": SUPPRESSED}
# An email that came back goes there again with the next news, and a person has to see to it.
CANNOT_BE_REACHED = f"(o.email = '' OR o.unreachable_at IS NOT NULL OR {IS_SUPPRESSED})"

# Whether the last day that an email named to this customer is no earlier than the one they would
# read now. Somebody who was told no day hears of the first one in any case.
STILL_HOLDS = """coalesce((
    SELECT t.kind IN ('dated', 'unrated') AND t.late >= (e.facts->'window'->>'late')::date
    FROM orders_promise t
    WHERE t.line_id = e.line_id AND t.told_at IS NOT NULL AND t.returned_at IS NULL
    ORDER BY t.id DESC LIMIT 1), false)"""


def has_turned_off(topic: Topic) -> str:
    return f"""EXISTS (
        SELECT FROM notifications_preference p
        WHERE upper(p.address) = upper(o.email) AND NOT p.{topic})"""


def still_holds(event: Event) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STILL_HOLDS} FROM orders_event e WHERE e.id = %s", [event.pk])
        (holds,) = cursor.fetchone()
    return bool(holds)


def why_not_mailed(addresses: Iterable[str]) -> dict[str, str]:
    """WHY_NOT_MAILED of addresses: a text for each that gets no email, in upper case."""
    upper = [address.upper() for address in addresses]
    rows = Suppression.objects.annotate(upper=Upper("address")).filter(upper__in=upper)
    return dict.fromkeys(rows.values_list("upper", flat=True), SUPPRESSED) | {"": NO_ADDRESS}


def is_unwanted(email: str, about: Iterable[Topic]) -> bool:
    """Whether everything that an email to this address is about was turned off."""
    about = set(about)
    if not about:
        return False
    kept = of_address(email)
    return not any(getattr(kept, topic) for topic in about)


def of_address(email: str) -> Preference:
    """What the owner of an address chose; unsaved, with everything on, if nobody ever did."""
    found = Preference.objects.alias(upper=Upper("address")).filter(upper=email.upper()).first()
    return found or Preference(address=email)
