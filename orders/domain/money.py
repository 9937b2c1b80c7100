"""An amount with its currency. Nothing is converted, and nothing is rounded before it is said."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """`currency`: ISO 4217."""

    amount: Decimal
    currency: str


def money(each: Decimal | None, currency: str, *, units: int = 1) -> Money | None:
    """What so many cost. None where the price or its currency is not known."""
    return None if each is None or not currency else Money(each * units, currency)
