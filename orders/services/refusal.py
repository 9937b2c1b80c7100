"""What services will not do."""

from datetime import date, datetime

from orders.domain import keys

# of an order line, a delivery or a receipt; a larger number is a slip of the finger
MAX_UNITS = 1_000_000


def day(on: date | datetime) -> str:
    """As staff read it."""
    return f"{on:%-d %B %Y}"


class Refused(ValueError):
    """A service would not do it; the message tells a person what is wrong and what was expected.
    Nothing was written."""


def refuse_bad_key(what: str, value: str, *, most: int) -> None:
    """For keys from any form or file (domain.keys). `what`: its name, for people."""
    try:
        keys.key(value, most=most)
    except keys.BadKey as error:
        raise Refused(f"{what} {error}") from None


def refuse_bad_parcel(*, carrier: str, tracking_number: str) -> None:
    """Either may be unknown, and empty."""
    if carrier:
        refuse_bad_key("the carrier", carrier, most=keys.MAX_CARRIER)
    if tracking_number:
        refuse_bad_key("the tracking number", tracking_number, most=keys.MAX_TRACKING_NUMBER)
