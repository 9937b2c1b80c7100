"""Which rules an order falls under, and what each set of rules asks, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from orders.domain.working_days import add_working_days


class Jurisdiction(StrEnum):
    US = "US"
    US_CA = "US-CA"
    EU = "EU"
    UK = "UK"
    ELSEWHERE = "elsewhere"


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
    # and is never consent: the day agreed stands, the customer may leave
    KEEPS_PLACE = "keeps_place"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one jurisdiction asks.

    counts: the day that is promised, "ship" (handed to the carrier) or "delivery". silence: by
    case; a case that is missing asks the customer nothing. refund_days: counted from the day after
    the cancellation, in working days of `refund_calendar` where there is one. delay_length: the
    message states the delay as a number of days or weeks. withdrawal: the shop offers "withdraw
    from contract here", "confirm withdrawal" and an acknowledgement by mail.
    """

    counts: Literal["ship", "delivery"]
    silence: Mapping[Case, Silence]
    refund_days: int
    refund_calendar: str | None = None
    delay_length: bool = False
    withdrawal: bool = False

    @property
    def missed_day_frees(self) -> bool:
        """Whether the customer may leave from the day on that was agreed and has passed, and is
        asked: elsewhere the order is cancelled then, by silence or by staff."""
        return Case.H in self.silence

    @property
    def late_notice_counts(self) -> bool:
        """Whether the customer is still asked when the day has passed; if not, the order is
        cancelled at once."""
        return Case.H in self.silence


_US_SILENCE = {
    Case.A: Silence.CONSENT,
    Case.B: Silence.CANCEL,
    Case.C: Silence.CANCEL,
    Case.D: Silence.CANCEL,
    Case.F: Silence.KEEPS_PLACE,
}
_OFFER = dict.fromkeys([Case.A, Case.B, Case.C, Case.D, Case.F, Case.H], Silence.KEEPS_PLACE)

RULES: Mapping[Jurisdiction, Rules] = {
    # 16 CFR Part 435
    Jurisdiction.US: Rules("ship", _US_SILENCE, refund_days=7, refund_calendar="US"),
    Jurisdiction.US_CA: Rules(
        "ship", _US_SILENCE, refund_days=7, refund_calendar="US", delay_length=True
    ),
    # Directives 2011/83/EU and (EU) 2023/2673
    Jurisdiction.EU: Rules("delivery", _OFFER, refund_days=14, withdrawal=True),
    # Consumer Contracts Regulations 2013
    Jurisdiction.UK: Rules("delivery", _OFFER, refund_days=14),
    # No law in particular: the strictest reading that costs a shop nothing.
    Jurisdiction.ELSEWHERE: Rules("ship", _OFFER, refund_days=14),
}

_US_TERRITORIES = {"US", "AS", "GU", "MP", "PR", "UM", "VI"}
_CALIFORNIA = {"CA", "US-CA", "CALIFORNIA"}
_EU_MEMBERS = set(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
# parts of Finland and France with a code of their own
_EU_OVERSEAS = {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}

# A pair is comparable only where one set asks all that the other asks, and more.
_STRICTER: Mapping[Jurisdiction, set[Jurisdiction]] = {
    Jurisdiction.US: {Jurisdiction.US_CA},
    Jurisdiction.UK: {Jurisdiction.EU},
    Jurisdiction.ELSEWHERE: {Jurisdiction.UK, Jurisdiction.EU},
}

# An assumption, in calendar days, until a shop puts in what its carriers say.
_FAR_TRANSIT_DAYS = 14
TRANSIT_DAYS: Mapping[str, int] = dict.fromkeys(_EU_MEMBERS | {"GB"}, 7) | {"CY": 10, "MT": 10}


def jurisdiction_of(country: str, region: str, *, default_country: str) -> Jurisdiction:
    """By shipping country (ISO 3166 alpha-2) and region as the shop writes it; empty country: by
    `default_country`."""
    country = (country.strip() or default_country).upper()
    if country in _US_TERRITORIES:
        in_california = country == "US" and region.strip().upper() in _CALIFORNIA
        return Jurisdiction.US_CA if in_california else Jurisdiction.US
    if country in _EU_MEMBERS | _EU_OVERSEAS:
        return Jurisdiction.EU
    return Jurisdiction.UK if country == "GB" else Jurisdiction.ELSEWHERE


def strictest(law: Jurisdiction, chosen: Jurisdiction) -> Jurisdiction:
    """The set a shop chose where it asks all that the law of the country asks, else the law."""
    return chosen if chosen in _STRICTER.get(law, ()) else law


def delivery_by(
    ship_late: date, country: str, transit_days: Mapping[str, int] = TRANSIT_DAYS
) -> date:
    """The last day of delivery of what ships by `ship_late`."""
    return ship_late + timedelta(days=transit_days.get(country, _FAR_TRANSIT_DAYS))


def counted_day(
    ship_late: date | None,
    jurisdiction: Jurisdiction,
    country: str,
    transit_days: Mapping[str, int] = TRANSIT_DAYS,
) -> date | None:
    """The last day of a ship window as the jurisdiction counts it: the day of delivery in the EU
    and the UK."""
    if ship_late is None or RULES[jurisdiction].counts == "ship":
        return ship_late
    return delivery_by(ship_late, country, transit_days)


def refund_due_on(jurisdiction: Jurisdiction, cancelled_on: date) -> date:
    """The last day to send the money for what was cancelled on a day."""
    rules = RULES[jurisdiction]
    if rules.refund_calendar:
        return add_working_days(cancelled_on, rules.refund_days, rules.refund_calendar)
    return cancelled_on + timedelta(days=rules.refund_days)
