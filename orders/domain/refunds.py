"""When a refund is due. Read from guides to the rules, not from the law itself: a lawyer should check before a shop
relies on it (docs/delay-rules.md)."""

from datetime import date, timedelta

from orders.domain.working_days import add_working_days

US_WORKING_DAYS = 7  # 16 CFR 435.2: within seven working days of the right arising
ELSEWHERE_DAYS = 14  # EU and UK: without undue delay, within 14 days where it is a withdrawal; elsewhere the same


def refund_due_on(country: str, cancelled_on: date) -> date:
    """The last day to send the money for units cancelled on a day, by the order's shipping country (ISO 3166 alpha-2)."""
    if country == "US":
        return add_working_days(cancelled_on, US_WORKING_DAYS, "US")
    return cancelled_on + timedelta(days=ELSEWHERE_DAYS)
