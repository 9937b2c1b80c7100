"""What the law asks of a delay message, per jurisdiction: data and pure functions
(docs/delay-rules.md).

It was read from guides to the rules, not from the law itself. A lawyer should check it before a
shop relies on it.
"""

from orders.domain.delay_rules.cases import (
    DAYS_TO_SHIP,
    Decision,
    NoticeTold,
    Sentence,
    Situation,
    decide,
)
from orders.domain.delay_rules.deadlines import (
    REMIND_AFTER,
    REMIND_BEFORE,
    adequate,
    deadline_ends,
    duty_ends,
    earliest_day,
    latest_day,
    reminder_of_consent,
    reminder_without_end,
    reminders,
    staff_warnings,
)
from orders.domain.delay_rules.jurisdictions import (
    REGIONAL_COUNTRIES,
    STRICTER,
    Case,
    Jurisdiction,
    Silence,
    counted_day,
    jurisdiction_of,
    refund_due_on,
    strictest,
)

__all__ = [
    "DAYS_TO_SHIP",
    "REGIONAL_COUNTRIES",
    "REMIND_AFTER",
    "REMIND_BEFORE",
    "STRICTER",
    "Case",
    "Decision",
    "Jurisdiction",
    "NoticeTold",
    "Sentence",
    "Silence",
    "Situation",
    "adequate",
    "counted_day",
    "deadline_ends",
    "decide",
    "duty_ends",
    "earliest_day",
    "jurisdiction_of",
    "latest_day",
    "refund_due_on",
    "reminder_of_consent",
    "reminder_without_end",
    "reminders",
    "staff_warnings",
    "strictest",
]
