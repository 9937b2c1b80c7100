"""Which rules an order falls under, and what each set of rules asks, as data."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal, Self

from orders.domain.transit import arrives_by
from orders.domain.working_days import add_working_days


class Case(StrEnum):
    """The rows of the table in docs/delay-rules.md."""

    A = "A"  # first delay, at most 30 days beyond the original day
    B = "B"  # first delay, beyond that
    C = "C"  # first delay, no day known
    D = "D"  # any later delay, however short
    E = "E"  # within a day the customer agreed to since ordering
    F = "F"  # the customer agreed to wait without a day
    G = "G"  # the shop will not ship
    H = "H"  # the day passed with no adequate notice
    I = "I"  # noqa: E741 - the letter of the table: not later than what the customer was told


class Silence(StrEnum):
    """What it means when the customer does not answer a delay notice."""

    CONSENT = "consent"
    CANCEL = "cancel"
    # and is never consent: the agreed date stands, the customer may cancel
    KEEPS_PLACE = "keeps_place"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one jurisdiction asks.

    name: as DELAY_RULES and the notices have it, at most 10 characters. counts: the day that is
    promised, "ship" (handed to the carrier) or "delivery". silence: by case; a case that is missing
    asks the customer nothing. refund_days: counted from the day after the cancellation, in working
    days of `refund_calendar` if there is one. delay_length: the message states the delay as a
    number of days or weeks. may_withdraw: from the contract, and the order page offers it.
    withdrawal: the rules ask for that offer: "withdraw from contract here", "confirm withdrawal"
    and an acknowledgement by email.

    countries: shipping countries, ISO 3166 alpha-2; with `regions`, in upper case, only these parts
    of them. beside_country: a name for the rules, where the country's name does not say whose they
    are.
    """

    name: str
    counts: Literal["ship", "delivery"]
    silence: Mapping[Case, Silence]
    refund_days: int
    refund_calendar: str | None = None
    delay_length: bool = False
    may_withdraw: bool = False
    withdrawal: bool = False
    countries: Collection[str] = ()
    regions: Collection[str] = ()
    beside_country: str = ""

    @property
    def missed_day_frees(self) -> bool:
        """Whether the customer is still asked when the day agreed has passed, and may leave from
        then on, so that a late notice counts; elsewhere the order is cancelled at once, by silence
        or by staff."""
        return Case.H in self.silence

    def ask_more_than(self, other: "Rules") -> bool:
        """Comparable only where one set asks all that the other asks, and more."""
        return self._ask_all_of(other) and not other._ask_all_of(self)

    def _ask_all_of(self, other: "Rules") -> bool:
        return (
            self.silence == other.silence
            and self.refund_calendar == other.refund_calendar
            and self.refund_days <= other.refund_days
            and (self.counts == "delivery" or other.counts == "ship")
            and self.delay_length >= other.delay_length
            and self.may_withdraw >= other.may_withdraw
            and self.withdrawal >= other.withdrawal
        )


_US_SILENCE = {
    Case.A: Silence.CONSENT,
    Case.B: Silence.CANCEL,
    Case.C: Silence.CANCEL,
    Case.D: Silence.CANCEL,
    Case.F: Silence.KEEPS_PLACE,
}
_OFFER = dict.fromkeys([Case.A, Case.B, Case.C, Case.D, Case.F, Case.H], Silence.KEEPS_PLACE)

_US_TERRITORIES = {"US", "AS", "GU", "MP", "PR", "UM", "VI"}
_EU_MEMBERS = set(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
# parts of Finland, France and Spain with a code of their own
_EU_OVERSEAS = {"AX", "EA", "IC", "GF", "GP", "MF", "MQ", "RE", "YT"}


class Jurisdiction(StrEnum):
    """One row each. Everything that depends on the jurisdiction is asked of `rules`."""

    _value_: str
    rules: Rules

    # 16 CFR Part 435
    US = Rules(
        "US", "ship", _US_SILENCE, refund_days=7, refund_calendar="US", countries=_US_TERRITORIES
    )
    US_CA = Rules(
        "US-CA",
        "ship",
        _US_SILENCE,
        refund_days=7,
        refund_calendar="US",
        delay_length=True,
        countries={"US"},
        regions={"CA", "US-CA", "CALIFORNIA"},
        beside_country="California",
    )
    # Directives 2011/83/EU and (EU) 2023/2673
    EU = Rules(
        "EU",
        "delivery",
        _OFFER,
        refund_days=14,
        may_withdraw=True,
        withdrawal=True,
        countries=_EU_MEMBERS | _EU_OVERSEAS,
        beside_country="EU",
    )
    # Consumer Contracts Regulations 2013: they ask for no function to withdraw, yet customers have
    # the same right and find the same link.
    UK = Rules("UK", "delivery", _OFFER, refund_days=14, may_withdraw=True, countries={"GB"})
    # No law in particular: the strictest reading that costs a shop nothing.
    ELSEWHERE = Rules("elsewhere", "ship", _OFFER, refund_days=14)

    def __new__(cls, rules: Any) -> Self:  # mypy sends look-ups by name here, too
        row = str.__new__(cls, rules.name)
        row._value_, row.rules = rules.name, rules
        return row


_OF_PLACE: Mapping[tuple[str, str], Jurisdiction] = {
    (country, region): law
    for law in Jurisdiction
    for country in law.rules.countries
    for region in law.rules.regions or ("",)
}
# Where the region of an address decides.
REGIONAL_COUNTRIES = frozenset(country for country, region in _OF_PLACE if region)
# Those that a shop may choose: each asks more than the law of some other country.
STRICTER = tuple(
    law
    for law in Jurisdiction
    if any(law.rules.ask_more_than(other.rules) for other in Jurisdiction)
)


def jurisdiction_of(country: str, region: str, *, default_country: str) -> Jurisdiction:
    """By shipping country (ISO 3166 alpha-2) and region as the shop writes it; empty country: by
    `default_country`."""
    country, region = (country.strip() or default_country).upper(), region.strip().upper()
    return _OF_PLACE.get((country, region)) or _OF_PLACE.get((country, ""), Jurisdiction.ELSEWHERE)


def strictest(law: Jurisdiction, chosen: Jurisdiction) -> Jurisdiction:
    """The set a shop chose where it asks all that the law of the country asks, else the law."""
    return chosen if chosen.rules.ask_more_than(law.rules) else law


def counted_day(
    ship_late: date | None, jurisdiction: Jurisdiction, *, days_on_the_way: int
) -> date | None:
    """The last day of a ship window as the jurisdiction counts it: to some, the day of delivery."""
    if ship_late is None or jurisdiction.rules.counts == "ship":
        return ship_late
    return arrives_by(ship_late, days_on_the_way)


def refund_due_on(jurisdiction: Jurisdiction, cancelled_on: date) -> date:
    """The last day to send the money for what was cancelled on a day."""
    rules = jurisdiction.rules
    if rules.refund_calendar:
        return add_working_days(cancelled_on, rules.refund_days, rules.refund_calendar)
    return cancelled_on + timedelta(days=rules.refund_days)
