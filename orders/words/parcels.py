"""Units reserved, shipped and numbered."""

from django.utils.translation import gettext, ngettext

from orders.domain.facts import ParcelNumbered, Reserved, ShipmentUndone, Shipped
from orders.words.bidi import isolated, visible
from orders.words.cancellations import crossing
from orders.words.promised import now, ready, told
from orders.words.reader import Reader


def reserved(facts: Reserved, reader: Reader) -> list[str]:
    """Of the units still wanted."""
    units, still, wanted, window = facts.units, facts.still, facts.wanted, facts.window
    numbers = {
        "units": reader.number(units),
        "of": reader.number(wanted),
        "still": reader.number(still),
    }
    if still:
        return [
            ngettext(
                "%(units)s of your %(of)s items has arrived and is reserved for you.",
                "%(units)s of your %(of)s items have arrived and are reserved for you.",
                units,
            )
            % numbers,
            reader.still_to_come(still),
        ]
    arrived = _all_arrived(units, wanted) % numbers
    if window is None or window.late is None:
        return [arrived]
    if facts.told and facts.told.late and window.late > facts.told.late:
        late = gettext("Why: the delivery arrived later than we expected.")
        return [arrived, told(facts, reader), *now(window, reader), late]
    if facts.leaving > 1:
        return [
            arrived,
            gettext("They ship by %(day)s.") % {"day": reader.day(window.late)},
        ]
    return [arrived, *reader.window(window)]


def _all_arrived(units: int, wanted: int) -> str:
    """`units` of `wanted` have arrived, and no more are to come."""
    if wanted == 1:
        return gettext("Your item has arrived and is reserved for you.")
    if units == wanted == 2:
        return gettext("Both items have arrived and are reserved for you.")
    if units == wanted:
        return ngettext(
            "All %(of)s items have arrived and are reserved for you.",
            "All %(of)s items have arrived and are reserved for you.",
            wanted,
        )
    return ngettext(
        "The last of your %(of)s items has arrived and is reserved for you.",
        "The last %(units)s of your %(of)s items have arrived and are reserved for you.",
        units,
    )


def shipped(facts: Shipped, reader: Reader) -> list[str]:
    numbers = {"units": reader.number(facts.units), "of": reader.number(facts.of)}
    if facts.shipped_on:
        numbers["day"] = reader.day(facts.shipped_on)
    crossed = crossing(facts.crossed, reader) if facts.crossed else []
    return [_left(facts) % numbers, *crossed, _parcel(facts), reader.still_to_come(facts.still)]


def _left(facts: Shipped) -> str:
    """Nobody knows the day of what left the shop before we were told."""
    if facts.units == facts.of:
        return gettext("Shipped on %(day)s.") if facts.shipped_on else gettext("Shipped.")
    if facts.shipped_on:
        return ngettext(
            "%(units)s of %(of)s items shipped on %(day)s.",
            "%(units)s of %(of)s items shipped on %(day)s.",
            facts.units,
        )
    return ngettext(
        "%(units)s of %(of)s items has shipped.",
        "%(units)s of %(of)s items have shipped.",
        facts.units,
    )


def shipment_undone(facts: ShipmentUndone, reader: Reader) -> list[str]:
    return [
        gettext("We're sorry: we recorded a shipment by mistake."),
        ngettext(
            "%(units)s item hasn't shipped and is still reserved for you.",
            "%(units)s items haven't shipped and are still reserved for you.",
            facts.units,
        )
        % {"units": reader.number(facts.units)},
        *ready(facts.window, reader),
    ]


def numbered(facts: ParcelNumbered, reader: Reader) -> str:
    """The number came after the parcel had left, or the carrier has given it another."""
    words = _parcel_words(facts) | {
        "units": reader.number(facts.units),
        "of": reader.number(facts.of),
    }
    part = facts.units < facts.of
    if not words["number"]:
        return gettext("Your parcel was sent with %(carrier)s.") % words
    if facts.changed:
        if words["carrier"]:
            return (
                gettext("Your parcel has a new tracking number: %(number)s (%(carrier)s).") % words
            )
        return gettext("Your parcel has a new tracking number: %(number)s.") % words
    if part and words["carrier"]:
        return (
            gettext("Your tracking number for %(units)s of %(of)s: %(number)s (%(carrier)s).")
            % words
        )
    if part:
        return gettext("Your tracking number for %(units)s of %(of)s: %(number)s.") % words
    if words["carrier"]:
        return gettext("Your tracking number: %(number)s (%(carrier)s).") % words
    return gettext("Your tracking number: %(number)s.") % words


def _parcel_words(facts: Shipped | ParcelNumbered) -> dict[str, str]:
    return {
        "carrier": isolated(visible(facts.carrier)),
        "number": isolated(visible(facts.tracking_number)),
    }


def _parcel(facts: Shipped) -> str:
    words = _parcel_words(facts)
    if words["carrier"] and words["number"]:
        return gettext("Carrier: %(carrier)s, tracking number %(number)s.") % words
    if words["number"]:
        return gettext("Tracking number: %(number)s.") % words
    return gettext("Carrier: %(carrier)s.") % words if words["carrier"] else ""
