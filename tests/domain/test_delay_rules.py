"""delay_table.csv was written from the rules (docs/delay-rules.md), not from the code: a row per
situation and country.

The shop is asked on 23 November 2026 and stated 1 December when the order came, on 20 October, but
where a situation says otherwise. Days of windows are days of leaving; parcels to Germany and
Britain take 7 days.
"""

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.domain.delay_rules import (
    Case,
    Decision,
    Jurisdiction,
    NoticeTold,
    Sentence,
    Silence,
    Situation,
    adequate,
    counted_day,
    deadline_ends,
    decide,
    duty_ends,
    earliest_day,
    jurisdiction_of,
    latest_day,
    refund_due_on,
    reminders,
    staff_warnings,
    strictest,
)
from orders.domain.transit import transit_days
from orders.domain.working_days import is_working_day

ORDERED, STATED, TODAY = date(2026, 10, 20), date(2026, 12, 1), date(2026, 11, 23)
DEC_15, DEC_31, JAN_15 = date(2026, 12, 15), date(2026, 12, 31), date(2027, 1, 15)

KEYS = {"situation", "country", "region"}  # of delay_table.csv

# asked_until: the day on which silence cancels, where the country's silence ever does.
SITUATIONS: Mapping[str, Mapping[str, Any]] = {
    "first_to_day_30": {"late": DEC_31},
    "first_to_day_31": {"late": date(2027, 1, 1)},
    "first_by_two_weeks": {"late": DEC_15},
    "no_day_stated": {"stated": None, "late": date(2026, 12, 19), "today": date(2026, 11, 10)},
    "first_no_date": {"late": None},
    "later_by_a_day": {"told": DEC_15, "late": date(2026, 12, 16)},
    "later_no_date": {"told": DEC_15, "late": None},
    "later_while_asked": {"told": JAN_15, "asked_until": DEC_31, "late": date(2027, 1, 20)},
    "later_than_agreed": {
        "told": JAN_15,
        "asked_until": DEC_31,
        "kept": True,
        "late": date(2027, 1, 16),
    },
    "within_agreed": {"told": JAN_15, "asked_until": DEC_31, "kept": True, "late": JAN_15},
    "open_wait": {
        "told": None,
        "asked_until": DEC_31,
        "kept": True,
        "late": None,
        "today": date(2027, 6, 1),
    },
    "will_not_ship": {"late": DEC_15, "will_ship": False},
    "missed": {"late": date(2026, 12, 20), "today": date(2026, 12, 2)},
    "on_the_last_day": {"late": DEC_15, "today": STATED},
    "agreed_missed": {
        "told": JAN_15,
        "asked_until": DEC_31,
        "kept": True,
        "late": None,
        "today": date(2027, 1, 30),
    },
    "told_day_missed": {"told": DEC_15, "late": date(2027, 1, 10), "today": date(2026, 12, 24)},
    "earlier": {"late": date(2026, 11, 20), "today": date(2026, 11, 10)},
    "unchanged_since_told": {"told": DEC_15, "late": DEC_15},
    "date_found": {"told": None, "asked_until": DEC_31, "late": DEC_15},
    "answer_overdue": {
        "told": JAN_15,
        "asked_until": DEC_31,
        "late": date(2027, 1, 20),
        "today": date(2027, 1, 1),
    },
}


def situation(country: str, region: str = "", **facts: Any) -> Situation:
    law = jurisdiction_of(country, region, default_country="US")
    way = transit_days(country, home="US", own={})
    told = None
    if "told" in facts:
        cancels_on = facts.get("asked_until") if country == "US" else None
        told = NoticeTold(
            counted_day(facts["told"], law, days_on_the_way=way),
            cancels_on,
            facts.get("kept", False),
        )
    return Situation(
        law,
        ORDERED,
        counted_day(facts["late"], law, days_on_the_way=way),
        facts.get("today", TODAY),
        stated_by=facts.get("stated", STATED),
        agreed_by=told.late if told and told.kept else None,
        open_wait=bool(told and told.kept and told.late is None),
        told=told,
        will_ship=facts.get("will_ship", True),
    )


def read_table() -> list[dict[str, str]]:
    with Path(__file__).with_name("delay_table.csv").open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def as_row(decision: Decision) -> dict[str, str]:
    return {
        "case": decision.case or "",
        "notice_by": str(decision.notice_by or ""),
        "silence": decision.silence or "",
        "answer_by": str(decision.answer_by or ""),
        "consent_to": str(decision.consent_to or ""),
        "cancelled_now": "yes" if decision.cancel_now else "no",
        "must_say": " ".join(decision.sentences),
    }


@pytest.mark.parametrize(
    "row", read_table(), ids=lambda row: f"{row['situation']}-{row['country']}{row['region']}"
)
def test_a_situation_is_decided_as_the_table_of_the_country_says(row: dict[str, str]) -> None:
    asked = situation(row["country"], row["region"], **SITUATIONS[row["situation"]])
    assert as_row(decide(asked)) == {column: row[column] for column in row if column not in KEYS}


def test_the_table_has_every_situation_and_every_case_for_every_jurisdiction() -> None:
    table = read_table()
    places = {(row["country"], row["region"]) for row in table}
    assert {jurisdiction_of(*place, default_country="US") for place in places} == set(Jurisdiction)
    assert sorted((row["situation"], row["country"], row["region"]) for row in table) == sorted(
        (name, *place) for name in SITUATIONS for place in places
    )
    for place in places:
        assert {row["case"] for row in table if (row["country"], row["region"]) == place} >= set(
            Case
        )


@pytest.mark.parametrize(
    ("name", "days"), [("first_by_two_weeks", 14), ("later_by_a_day", 1), ("later_while_asked", 5)]
)
def test_the_length_of_a_delay_is_counted_from_the_day_the_customer_knew(
    name: str, days: int
) -> None:
    assert decide(situation("US", "CA", **SITUATIONS[name])).delay_days == days


def test_no_length_is_stated_of_a_delay_without_a_day() -> None:
    assert decide(situation("US", "CA", **SITUATIONS["first_no_date"])).delay_days is None


@pytest.mark.parametrize(
    ("agreed", "case"),
    [(None, Case.I), (DEC_15, Case.E)],
    ids=["not yet moved", "moved by silence"],
)
def test_in_case_a_the_order_stands_until_the_new_day_whether_or_not_silence_moved_the_agreed(
    agreed: date | None, case: Case
) -> None:
    told = situation("US", told=DEC_15, late=DEC_15, today=date(2026, 12, 10))
    told = replace(told, agreed_by=agreed)

    assert decide(told) == Decision(case)
    slipped = decide(replace(told, late=DEC_31))
    assert (slipped.case, slipped.notice_by, slipped.answer_by) == (Case.D, DEC_15, DEC_15)


def test_keep_said_to_a_date_found_while_none_was_known_ends_the_first_deadline() -> None:
    asked = situation("US", told=None, asked_until=DEC_31, late=DEC_15)
    agreed = replace(asked, agreed_by=DEC_15, told=NoticeTold(None, DEC_31, kept=True))

    assert decide(agreed).case is Case.E
    slipped = decide(replace(agreed, late=date(2026, 12, 20)))
    assert (slipped.case, slipped.answer_by) == (Case.D, DEC_15)


@pytest.mark.parametrize(
    "told",
    [None, NoticeTold(DEC_15), NoticeTold(DEC_15, DEC_15), NoticeTold(date(2027, 1, 10), DEC_31)],
)
def test_a_day_agreed_to_by_telephone_holds_whatever_was_told_before_and_slips_as_a_later_delay(
    told: NoticeTold | None,
) -> None:
    agreed = replace(
        situation("US", late=JAN_15, today=date(2027, 1, 2)), agreed_by=JAN_15, told=told
    )

    assert decide(agreed).case is Case.E
    slipped = decide(replace(agreed, late=date(2027, 1, 16)))
    assert (slipped.case, slipped.answer_by, slipped.delay_days) == (Case.D, JAN_15, 1)


# Jurisdictions.


@pytest.mark.parametrize(
    ("country", "region", "law"),
    [
        ("US", "NY", Jurisdiction.US),
        ("US", "ca", Jurisdiction.US_CA),
        ("us", "California", Jurisdiction.US_CA),
        ("PR", "", Jurisdiction.US),
        ("CA", "CA", Jurisdiction.ELSEWHERE),  # Canada
        ("GR", "", Jurisdiction.EU),
        ("RE", "", Jurisdiction.EU),
        ("GB", "NIR", Jurisdiction.UK),
        ("CH", "", Jurisdiction.ELSEWHERE),
        ("NO", "", Jurisdiction.ELSEWHERE),
        ("", "", Jurisdiction.EU),  # the shop's
        ("", "CA", Jurisdiction.EU),
    ],
)
def test_the_shipping_address_decides_whose_law_it_is_and_the_shop_where_it_is_unknown(
    country: str, region: str, law: Jurisdiction
) -> None:
    assert jurisdiction_of(country, region, default_country="DE") == law


def test_the_union_has_27_members() -> None:
    members = (
        "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split()  # noqa: SIM905
    )
    assert len(members) == 27
    assert {jurisdiction_of(code, "", default_country="US") for code in members} == {
        Jurisdiction.EU
    }


@pytest.mark.parametrize(
    ("law", "chosen", "applied"),
    [
        ("US", "US-CA", "US-CA"),
        ("US-CA", "US", "US-CA"),
        ("elsewhere", "EU", "EU"),
        ("UK", "EU", "EU"),
        ("EU", "UK", "EU"),
        ("EU", "US", "EU"),  # silence that consents
        ("US", "EU", "US"),  # silence that keeps an order the rule cancels
        ("elsewhere", "US", "elsewhere"),
    ],
)
def test_a_shop_may_choose_stricter_rules_but_none_that_ask_less(
    law: str, chosen: str, applied: str
) -> None:
    assert strictest(Jurisdiction(law), Jurisdiction(chosen)) == applied


@given(st.sampled_from(Jurisdiction), st.sampled_from(Jurisdiction))
def test_stricter_rules_never_read_silence_as_consent_where_the_law_does_not(
    law: Jurisdiction, chosen: Jurisdiction
) -> None:
    rules = strictest(law, chosen).rules
    for case, silence in law.rules.silence.items():
        assert rules.silence[case] == silence
    assert (rules.delay_length, rules.withdrawal) >= (
        law.rules.delay_length,
        law.rules.withdrawal,
    )


# What is set aside.


@pytest.mark.parametrize(
    ("facts", "case", "answer_by"),
    [
        ({"told": JAN_15, "asked_until": DEC_31, "late": DEC_31}, Case.I, None),
        ({"told": JAN_15, "asked_until": DEC_31, "late": date(2027, 1, 4)}, Case.D, DEC_31),
        ({"told": None, "asked_until": DEC_31, "late": DEC_15}, Case.I, None),
        ({"told": None, "asked_until": DEC_31, "late": date(2027, 1, 4)}, Case.D, DEC_31),
        ({"told": None, "asked_until": DEC_31, "late": None}, Case.D, DEC_31),
        ({"told": DEC_15, "late": date(2026, 12, 17)}, Case.D, DEC_15),
        ({"late": None}, Case.C, DEC_31),
        (
            {"told": JAN_15, "asked_until": DEC_31, "late": None, "today": date(2027, 1, 1)},
            None,
            None,
        ),
    ],
    ids=[
        "ships by the day asked for",
        "ships after it, within the day told",
        "a date was found, and ships by the day asked for",
        "a date was found after it",
        "there is no date",
        "a later delay",
        "a first delay without a date",
        "that day has passed",
    ],
)
def test_what_is_set_aside_is_asked_of_without_a_threat_and_only_where_the_law_wants_consent(
    facts: Mapping[str, Any], case: Case | None, answer_by: date | None
) -> None:
    decision = decide(replace(situation("US", **facts), set_aside=True))
    kept = Silence.KEEPS_PLACE if answer_by else None
    assert (decision.case, decision.silence, decision.answer_by) == (case, kept, answer_by)


def test_what_is_set_aside_and_has_no_date_is_looked_for_in_the_warehouse_and_not_on_its_way() -> (
    None
):
    asked = situation("US", told=None, asked_until=DEC_31, late=None)
    assert decide(replace(asked, set_aside=True)).sentences == (
        Sentence.CHECKING,
        Sentence.REASON,
        Sentence.CHOICE,
        Sentence.PROMPT_REFUND,
        Sentence.ORIGINAL_STANDS,
        Sentence.SILENCE_KEEPS_PLACE,
        Sentence.CANCEL_ANY_TIME,
    )


# Deadlines.

EVERY_COUNTRY: dict[str, set[str]] = {}
for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines():
    if not line.startswith("#"):
        EVERY_COUNTRY.setdefault(line.split("\t")[0], set()).add(line.split("\t")[2])


@pytest.mark.parametrize(
    ("country", "day", "duty", "deadline"),
    [
        ("US", date(2026, 12, 1), "2026-12-02T05:00", "2026-12-02T10:00"),  # New York, Honolulu
        ("US", date(2026, 7, 1), "2026-07-02T04:00", "2026-07-02T10:00"),
        ("DE", date(2026, 12, 1), "2026-12-01T23:00", "2026-12-01T23:00"),
        ("GB", date(2026, 7, 1), "2026-07-01T23:00", "2026-07-01T23:00"),
        ("PT", date(2026, 12, 1), "2026-12-02T00:00", "2026-12-02T01:00"),  # Lisbon, the Azores
        ("RU", date(2026, 12, 1), "2026-12-01T12:00", "2026-12-01T22:00"),  # Kamchatka, Kaliningrad
        # Sydney in summer, Perth
        ("AU", date(2026, 12, 1), "2026-12-01T13:00", "2026-12-01T16:00"),
        ("BR", date(2026, 12, 1), "2026-12-02T02:00", "2026-12-02T05:00"),  # Noronha, Acre
        # unknown: anywhere on earth
        ("XK", date(2026, 12, 1), "2026-12-01T10:00", "2026-12-02T12:00"),
    ],
)
def test_our_day_ends_in_the_easternmost_zone_and_the_customers_in_the_westernmost(
    country: str, day: date, duty: str, deadline: str
) -> None:
    assert duty_ends(day, country) == datetime.fromisoformat(duty).replace(tzinfo=UTC)
    assert deadline_ends(day, country) == datetime.fromisoformat(deadline).replace(tzinfo=UTC)


@pytest.mark.parametrize("day", [date(2026, 1, 15), date(2026, 7, 15), date(2026, 10, 24)])
def test_the_day_of_every_zone_on_earth_ends_between_our_duty_and_the_customers_deadline(
    day: date,
) -> None:
    assert len(EVERY_COUNTRY) > 240
    for country, zones in EVERY_COUNTRY.items():
        midnight = datetime(day.year, day.month, day.day + 1)
        ends = [midnight.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for zone in zones]
        assert (duty_ends(day, country), deadline_ends(day, country)) == (min(ends), max(ends)), (
            country
        )


@given(
    st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    st.sampled_from([*EVERY_COUNTRY, "", "XX"]),
    st.integers(0, 86_399),
)
@settings(deadline=None)
def test_the_day_it_is_for_our_duties_is_the_first_whose_end_is_still_to_come(
    day: date, country: str, second: int
) -> None:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second)
    today, ordered_on = latest_day(at, country), earliest_day(at, country)

    assert duty_ends(today - timedelta(days=1), country) <= at < duty_ends(today, country)
    assert (
        deadline_ends(ordered_on - timedelta(days=1), country)
        <= at
        < deadline_ends(ordered_on, country)
    )
    assert duty_ends(day, country) <= deadline_ends(day, country)


@pytest.mark.parametrize(
    ("law", "counts"), [("US", False), ("US-CA", False), ("EU", True), ("elsewhere", True)]
)
def test_a_notice_after_the_end_of_its_day_in_new_york_counts_only_where_the_us_rule_does_not_apply(
    law: str, counts: bool
) -> None:
    midnight = datetime(2026, 12, 2, 5, tzinfo=UTC)
    in_time = midnight - timedelta(microseconds=1)

    assert adequate(in_time, STATED, jurisdiction=Jurisdiction(law), country="US")
    assert adequate(midnight, STATED, jurisdiction=Jurisdiction(law), country="US") is counts


def test_customers_are_reminded_7_and_2_days_before_and_staff_warned_7_3_1_and_on_the_day() -> None:
    assert reminders(date(2026, 12, 10)) == [date(2026, 12, 3), date(2026, 12, 8)]
    assert staff_warnings(date(2026, 12, 10)) == [date(2026, 12, day) for day in (3, 7, 9, 10)]


# Refunds.


@pytest.mark.parametrize(
    ("law", "due"),
    [
        ("US", date(2026, 12, 4)),  # Thanksgiving on the 26th
        ("US-CA", date(2026, 12, 4)),
        ("EU", date(2026, 12, 8)),
        ("UK", date(2026, 12, 8)),
        ("elsewhere", date(2026, 12, 8)),
    ],
)
def test_what_is_cancelled_on_24_november_is_refunded_by_the_day_the_law_sets(
    law: str, due: date
) -> None:
    assert refund_due_on(Jurisdiction(law), date(2026, 11, 24)) == due


@given(st.sampled_from(Jurisdiction), st.dates(date(2024, 1, 1), date(2030, 12, 31)))
@settings(deadline=None)
def test_a_refund_is_due_after_the_cancellation_within_two_weeks_or_seven_working_days(
    law: Jurisdiction, cancelled_on: date
) -> None:
    due = refund_due_on(law, cancelled_on)
    between = [
        cancelled_on + timedelta(days=ahead) for ahead in range(1, (due - cancelled_on).days + 1)
    ]
    if law in (Jurisdiction.US, Jurisdiction.US_CA):
        assert is_working_day(due, "US")
        assert sum(is_working_day(day, "US") for day in between) == 7
    else:
        assert len(between) == 14


# Whatever happens.

DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
TOLD = st.builds(NoticeTold, late=st.none() | DAYS, cancels_on=st.none() | DAYS, kept=st.booleans())
ANYTHING = st.builds(
    Situation,
    jurisdiction=st.sampled_from(Jurisdiction),
    ordered_on=DAYS,
    late=st.none() | DAYS,
    today=DAYS,
    stated_by=st.none() | DAYS,
    agreed_by=st.none() | DAYS,
    open_wait=st.booleans(),
    told=st.none() | TOLD,
    will_ship=st.booleans(),
    set_aside=st.booleans(),
)
US = (Jurisdiction.US, Jurisdiction.US_CA)


@given(ANYTHING)
def test_every_situation_has_a_decision_and_silence_consents_in_case_a_of_the_us_alone(
    asked: Situation,
) -> None:
    decision = decide(asked)

    if decision.silence is Silence.CONSENT:
        assert (decision.case, asked.jurisdiction in US) == (Case.A, True)
    if asked.jurisdiction not in US:
        assert decision.silence in (Silence.KEEPS_PLACE, None)
        assert decision.answer_by is None
        assert not decision.cancel_now or not asked.will_ship
    if asked.set_aside:
        assert decision.silence is not Silence.CANCEL


@given(ANYTHING)
def test_a_message_that_asks_says_the_choice_the_refund_and_what_silence_means(
    asked: Situation,
) -> None:
    decision = decide(asked)
    meanings = {code for code in Sentence if code.startswith("silence_")}

    asks = decision.silence is not None and decision.notice_due
    assert ({Sentence.CHOICE, Sentence.PROMPT_REFUND} <= set(decision.sentences)) is asks
    assert len(meanings & set(decision.sentences)) == int(asks)
    assert len(set(decision.sentences)) == len(decision.sentences)
    if asks:
        assert (Sentence.REVISED_DATE in decision.sentences) is (asked.late is not None)
        cannot_say = Sentence.CHECKING if asked.set_aside else Sentence.CANNOT_SAY
        assert (cannot_say in decision.sentences) is (asked.late is None)
        assert (Sentence.WITHDRAW in decision.sentences) is (asked.jurisdiction is Jurisdiction.EU)


STEPS = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.none() | st.integers(0, 80),
        st.booleans(),
        st.sampled_from(["", "keep"]),
    ),
    max_size=8,
)


@given(st.sampled_from(Jurisdiction), st.none() | st.integers(0, 60), STEPS)
@settings(max_examples=300)
def test_however_often_it_slips_no_notice_outlives_the_day_told_or_the_deadline_before_it(
    law: Jurisdiction, stated: int | None, steps: list[tuple[int, int | None, bool, str]]
) -> None:
    """A line's life: days pass, the window moves, the notice is told or not, the customer says keep
    or nothing."""
    line = Situation(
        law,
        ORDERED,
        None,
        ORDERED,
        stated_by=None if stated is None else ORDERED + timedelta(stated),
    )
    for passed, late, is_told, answer in steps:
        today = line.today + timedelta(passed)
        line = replace(line, today=today, late=None if late is None else today + timedelta(late))
        decision, before = decide(line), line.told
        if decision.cancel_now or decision.case is None:
            return
        if decision.case is Case.D and law in US:
            old_r = (
                line.agreed if before is None or before.kept or before.late is None else before.late
            )
            assert decision.answer_by == decision.notice_by <= max(old_r, line.agreed)
            if before and before.cancels_on and not before.kept:
                assert decision.answer_by <= before.cancels_on
        if decision.cancels_on:
            assert today <= decision.notice_by <= decision.cancels_on
        if not (decision.notice_due and is_told):
            continue
        line = replace(line, told=NoticeTold(line.late, decision.cancels_on, kept=answer == "keep"))
        if answer == "keep":
            line = replace(
                line,
                agreed_by=decision.consent_to or line.agreed_by,
                open_wait=decision.consent_to is None,
            )
        told_again = decide(line)
        assert not told_again.notice_due
