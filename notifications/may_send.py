"""Who gets which email: who cannot be reached, and what the owner of an address turned off. All
that is optional is named here; everything else is always sent, whatever they chose.

Work on many orders at once asks in SQL, about an order `o` and an event `e`.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.db import connection
from django.db.models.functions import Upper

from notifications.models import Preference, Suppression
from orders.models import Event


class Topic(StrEnum):
    """What may be turned off. The values are the columns of Preference."""

    GOOD_NEWS = "good_news"
    NO_CHANGE = "no_change"


IS_SUPPRESSED = """EXISTS (
    SELECT FROM notifications_suppression s WHERE upper(s.address) = upper(o.email))"""
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


def suppressed(addresses: Iterable[str]) -> set[str]:
    """Those that must not be mailed, in upper case."""
    upper = [address.upper() for address in addresses]
    rows = Suppression.objects.annotate(upper=Upper("address")).filter(upper__in=upper)
    return set(rows.values_list("upper", flat=True))


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
