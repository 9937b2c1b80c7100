"""What customers read, word for word."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from orders.domain.delay_rules import (
    Decision,
    Jurisdiction,
    NoticeTold,
    Sentence,
    Silence,
    Situation,
    decide,
)
from orders.domain.facts import AnyFacts
from orders.domain.money import Money
from orders.domain.supply import Window
from orders.models import DelayNotice, Event, EventKind, Order, Reason
from orders.words import (
    beside_keep_question,
    consent_sentence,
    meanwhile_sentence,
    next_word_sentence,
    notice_sentences,
    place_sentence,
    queue_change_sentence,
    sentence,
    split_sentence,
    tracking_link,
    window_words,
)
from orders.words.days import day_words, in_language, ordinal
from orders.words.money import money_words
from orders.words.reasons import why
from tests.html import spaced

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def window(
    early: str | None, late: str | None, kind: str = "dated", sure: float | None = 0.9
) -> dict[str, Any]:
    return {
        "kind": kind,
        "early": early,
        "likely": late,
        "late": late,
        "sure": sure,
        "within_14": None,
        "within_30": None,
    }


TOLD = window("2026-12-04", "2026-12-18")
NOW = window("2026-12-28", "2027-01-08")
CHANCES = {
    "kind": "chances",
    "early": "2026-12-01",
    "late": "2027-03-01",
    "within_14": 0.62,
    "within_30": 0.8,
}
LATER = {
    "units": 1,
    "place": 7,
    "place_before": 7,
    "units_ahead": 9,
    "window": NOW,
    "told": TOLD,
    "told_on": "2026-11-20",
    "mailed": True,
    "reason": "customs",
}
RESERVED = {
    "units": 1,
    "of": 1,
    "wanted": 1,
    "still": 0,
    "leaving": 1,
    "told": TOLD,
    "told_on": "2026-11-20",
    "mailed": True,
}
CANCELLED = {"units": 2, "of": 2, "still": 0, "by": "staff", "window": None}
LEAVES = {"kind": "dated", "early": "2026-11-23", "likely": "2026-11-26", "late": "2026-11-26"}
SHIPPED = {
    "units": 2,
    "of": 3,
    "still": 1,
    "shipped_on": "2026-11-23",
    "carrier": "UPS",
    "tracking_number": "1Z9",
}


def words(kind: str, facts: dict[str, Any], locale: str = "en-GB", country: str = "") -> str:
    event = Event(kind=kind, facts=facts, at=AT, order=Order(country=country))
    return spaced(sentence(event, locale=locale))


def test_a_delay_says_what_was_told_what_is_true_why_and_the_place() -> None:
    assert words("later", LATER) == (
        "We told you it would ship by 18 December. It's now due to ship by 8 January. It could "
        "ship as early as 28 December. Why: the delivery is being held at customs. You're still "
        "7th in line."
    )


def test_the_place_is_unchanged_only_if_it_is() -> None:
    assert words("later", LATER | {"place_before": 9}).endswith(
        "You're now 7th in line (you were 9th)."
    )
    assert words("later", LATER | {"place_before": None}).endswith("You're 7th in line.")


def test_nobody_was_told_what_no_mail_carried() -> None:
    assert words("later", LATER | {"mailed": False}).startswith(
        "Your order page said it would ship by 18 December. It's now due to ship by"
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            CHANCES,
            "We told you that 6 in 10 orders like this would ship by 4 December, and 8 in 10 by 20 "
            "December.",
        ),
        (window(None, None, "open", None), "We told you we couldn't name a date yet."),
        (window(None, None, "none", None), "We told you we didn't have a ship date yet."),
        (
            window("2026-12-18", "2026-12-18", "unrated", None),
            "We told you it would ship by 18 December.",
        ),
    ],
)
def test_what_was_told_is_repeated_as_it_was_told(told: dict[str, Any], said: str) -> None:
    assert words("later", LATER | {"told": told}).startswith(said + " It's now due to ship by ")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            CHANCES,
            "We can't name a date yet. 6 in 10 orders like this ship by 7 December, and 8 in 10 "
            "by 23 December.",
        ),
        (
            window("2026-12-28", None, "open", None),
            "We can't name a date yet. It won't ship before 28 December.",
        ),
        (window(None, None, "open", None), "We can't name a date yet."),
        (
            window("2027-01-08", "2027-01-08", "unrated", None),
            "It's now due to ship by 8 January, according to our supplier.",
        ),
        (
            window("2026-11-24", "2027-01-08"),
            "It's now due to ship by 8 January. It could ship any time between Tuesday, 24 "
            "November and 8 January.",
        ),
        (
            window("2026-11-20", "2027-01-08"),
            "It's now due to ship by 8 January. It could ship any day now.",
        ),
    ],
)
def test_what_is_true_now_by_kind_of_window(now: dict[str, Any], said: str) -> None:
    assert words("later", LATER | {"window": now}).startswith(
        f"We told you it would ship by 18 December. {said} Why:"
    )


def test_no_date_any_more() -> None:
    facts = LATER | {"window": window(None, None, "none", None), "reason": "delivery_cancelled"}
    assert words("no_date", facts) == (
        "We told you it would ship by 18 December. That date no longer stands, and we don't have "
        "a new one yet. Why: a delivery was canceled. You're still 7th in line."
    )


def test_a_date_that_nobody_could_count_on_any_more_was_not_taken_back() -> None:
    none = {"window": window(None, None, "none", None), "reason": None}
    assert "There's no ship date at the moment." in words(
        "no_date", LATER | none | {"told": window(None, None, "open", None)}
    )
    assert "There's no ship date at the moment." in words(
        "no_date", LATER | none | {"told": window("2026-11-18", "2026-11-20")}
    )


def test_joining_gives_place_and_window() -> None:
    facts = {"units": 1, "place": 37, "units_ahead": 40, "window": TOLD}
    assert words("joined", facts) == (
        "You're 37th in line. Ships by 18 December. It could ship as early as 4 December."
    )


def test_a_day_stated_when_ordering_is_named_as_that() -> None:
    facts = {
        "units": 1,
        "stated": True,
        "window": {"kind": "dated", "early": None, "likely": None, "late": "2026-12-18"},
    }
    assert words("joined", facts) == "You're in line. Ships by 18 December."
    assert window_words(
        Window("dated", None, None, date(2026, 12, 18)), since=TODAY, locale="en"
    ).endswith("That's the date given when you ordered.")


def test_arrived_for_you() -> None:
    assert words("reserved", RESERVED | {"window": LEAVES}) == (
        "Your item has arrived and is reserved for you. Ships by Thursday, 26 November."
    )


def test_several_arrived_for_you() -> None:
    facts = RESERVED | {"units": 5, "of": 5, "wanted": 5, "leaving": 5, "window": LEAVES}
    assert words("reserved", facts) == (
        "All 5 items have arrived and are reserved for you. They ship by Thursday, 26 November."
    )
    both = facts | {"units": 2, "of": 2, "wanted": 2, "leaving": 2}
    assert words("reserved", both).startswith("Both items have arrived and are reserved for you.")


def test_arrived_and_yet_later_than_told() -> None:
    facts = RESERVED | {"window": LEAVES, "told": window("2026-11-10", "2026-11-24")}
    assert words("reserved", facts) == (
        "Your item has arrived and is reserved for you. We told you it would ship by Tuesday, 24 "
        "November. It's now due to ship by Thursday, 26 November. Why: the delivery arrived later "
        "than we expected."
    )


def test_some_have_arrived() -> None:
    facts = RESERVED | {"units": 4, "of": 5, "wanted": 5, "still": 1, "leaving": 4, "window": None}
    assert (
        words("reserved", facts)
        == "4 of your 5 items have arrived and are reserved for you. 1 item is still to come."
    )


def test_the_last_of_several_is_one_and_what_was_cancelled_is_none_of_them() -> None:
    facts = RESERVED | {"units": 1, "of": 3, "wanted": 2, "leaving": 2, "window": LEAVES}
    arrived = "The last of your 2 items has arrived and is reserved for you."
    assert words("reserved", facts) == f"{arrived} They ship by Thursday, 26 November."
    assert words("reserved", facts | {"leaving": 1}) == (
        f"{arrived} Ships by Thursday, 26 November."
    )


def test_packing_takes_longer() -> None:
    facts = {
        "units": 1,
        "of": 1,
        "window": LEAVES,
        "told": LEAVES | {"late": "2026-11-23"},
        "told_on": "2026-11-19",
        "mailed": True,
        "reason": "packing",
    }
    assert words("later", facts) == (
        "We told you it would ship by Monday, 23 November. It's now due to ship by Thursday, 26 "
        "November. Why: it's here, but our warehouse hasn't packed it yet. Your item is still "
        "reserved for you."
    )


def test_shipped_with_tracking_and_what_is_still_to_come() -> None:
    assert words("shipped", SHIPPED) == (
        "2 of 3 items shipped on Monday, 23 November. Carrier: UPS, tracking number 1Z9. 1 item is "
        "still to come."
    )
    assert words(
        "shipped", SHIPPED | {"units": 3, "still": 0, "carrier": "", "tracking_number": ""}
    ) == ("Shipped on Monday, 23 November.")


@pytest.mark.parametrize(
    "locale,words",
    [
        ("en-US", "$127.90"),
        ("de-DE", "127,90\xa0$"),
        # set apart, and within that from left to right: no mark turns "US$" into "$US"
        ("ar-EG", "\u2068127.90\xa0US$\u2069"),
    ],
)
def test_an_amount_is_written_as_in_the_reader_s_country(locale: str, words: str) -> None:
    assert money_words(Money(Decimal("127.9"), "USD"), locale=locale) == words


def test_cancelled_says_when_the_money_is_sent_and_moves_none() -> None:
    facts = CANCELLED | {"refund_due_on": "2026-12-04"}
    assert words("cancelled", facts) == (
        "We've canceled this, and we're sorry. We'll send your refund by 4 December."
    )
    assert words("cancelled", facts | {"by": "customer"}).startswith("Canceled, as you asked.")


def test_cancelled_in_silence_says_that_nobody_answered() -> None:
    facts = CANCELLED | {"by": "silence", "refund_due_on": "2026-12-04"}
    assert words("cancelled", facts) == (
        "Canceled, because we didn't hear from you. We'll send your refund by 4 December."
    )
    assert words("cancelled", facts | {"answer_by": "2026-11-22"}).startswith(
        "Canceled, because we didn't hear from you by 22 November."
    )


def test_a_withdrawal_is_acknowledged_with_content_date_and_time() -> None:
    facts = CANCELLED | {
        "units": 1,
        "still": 1,
        "by": "withdraw",
        "refund_due_on": "2026-12-07",
    }
    assert words("cancelled", facts) == (
        "You have withdrawn from the contract for 1 of 2 items, on 23 November 2026 at 10:00 "
        "(New York time). We'll send your refund by 7 December. 1 item is still to come."
    )
    # where its customer is
    assert "on 23 November 2026 at 16:00 (Berlin time)." in words("cancelled", facts, country="DE")


@pytest.mark.parametrize(("units", "items"), [(1, "1 item"), (3, "3 items")])
def test_a_withdrawal_from_all_of_a_line_counts_no_part(units: int, items: str) -> None:
    facts = CANCELLED | {"units": units, "of": units, "by": "withdraw"}
    assert words("cancelled", facts).startswith(
        f"You have withdrawn from the contract for {items}, on 23 November 2026 at "
    )


def test_what_cannot_be_had_any_more_is_said_with_an_apology() -> None:
    facts = CANCELLED | {"by": "discontinued", "refund_due_on": "2026-12-07"}
    sorry = "We're sorry. We'll send your refund by 7 December."
    assert words("cancelled", facts) == f"Canceled: we can no longer get this product. {sorry}"
    assert words("cancelled", facts | {"units": 1}) == (
        f"1 of 2 items canceled: we can no longer get them. {sorry}"
    )


def test_an_answer_says_what_was_agreed() -> None:
    facts = {"choice": "keep", "units": 1, "agreed_by": "2027-01-08"}
    kept = "You're keeping your place in line. Thank you for letting us know."
    assert words("answered", facts) == f"{kept} The agreed date is now 8 January."
    assert words("answered", facts | {"agreed_by": None}) == (
        f"{kept} You agreed to wait without a fixed date. You can still cancel at any time "
        "before it ships."
    )


def test_a_reminder_names_the_last_day_to_answer() -> None:
    assert words("note", {"code": "reminder", "answer_by": "2026-12-03", "units": 1}) == (
        "Reminder: we haven't heard from you yet. Please answer by 3 December. If you pressed a "
        "button in our email, please confirm on the page that it opens."
    )


ORDERED = date(2026, 11, 2)  # without a stated day, the original day is 2 December
TOLD_A = NoticeTold(date(2026, 12, 20))
CHOICE = "You can keep your place or cancel. Both are free."
US_REFUND = "If you cancel, you will get a prompt and full refund, within 7 working days."
EU_REFUND = "If you cancel, you will get a prompt and full refund, within 14 days."
ANY_TIME = "You can still cancel at any time before it ships."
NEED_OK = "Without your OK, we are legally required to cancel it and refund you."
NO_CONSENT = (
    "If you do not reply, you keep your place, and we will not treat that as agreement to the new "
    "date."
)


def asked(jurisdiction: Jurisdiction, late: date | None, **situation: Any) -> list[str]:
    """What a notice of this situation says on TODAY."""
    decision: Decision = decide(Situation(jurisdiction, ORDERED, late, TODAY, **situation))
    notice = DelayNotice(
        jurisdiction=jurisdiction,
        case=decision.case or "",
        late=late,
        silence=decision.silence or "",
        answer_by=decision.answer_by,
        consent_to=decision.consent_to,
        delay_days=decision.delay_days,
        cancels_now=decision.cancel_now,
        sentences=list(decision.sentences),
    )
    return [spaced(said) for said in notice_sentences(notice, locale="en-GB", today=TODAY)]


def test_case_a_is_kind_first_and_then_says_what_silence_means() -> None:
    assert asked(Jurisdiction.US, date(2026, 12, 20)) == [
        "Happy to wait? You don't need to do anything.",
        "If we do not hear from you by 20 December, or before we ship if that is earlier, we will "
        "assume that you agree to the new date.",
        "The new date: it ships by 20 December.",
        CHOICE,
        US_REFUND,
    ]


def test_case_b_needs_an_agreement_within_thirty_days_of_the_original_day() -> None:
    assert asked(Jurisdiction.US, date(2027, 2, 1)) == [
        NEED_OK,
        "If we do not receive your agreement by 1 January, and it has not shipped by then, we will "
        "cancel it and refund you in full.",
        "The new date: it ships by 1 February.",
        CHOICE,
        US_REFUND,
    ]


def test_case_c_says_that_nobody_can_say() -> None:
    assert asked(Jurisdiction.US, None) == [
        NEED_OK,
        "If we do not receive your agreement by 1 January, and it has not shipped by then, we will "
        "cancel it and refund you in full.",
        "We cannot say how long it will take: no delivery that we can rely on covers your order "
        "yet.",
        CHOICE,
        US_REFUND,
        ANY_TIME,
    ]


def test_case_d_needs_an_agreement_by_the_day_told_before() -> None:
    said = asked(Jurisdiction.US, date(2026, 12, 21), told=TOLD_A)
    assert said[:2] == [
        NEED_OK,
        "If you do not agree by 20 December, and it has not shipped by then, we will cancel it "
        "and refund you in full.",
    ]
    assert asked(Jurisdiction.US, None, told=TOLD_A)[-1] == ANY_TIME


def test_case_h_is_cancelled_and_nothing_is_asked() -> None:
    assert asked(Jurisdiction.US, date(2026, 12, 20), stated_by=date(2026, 11, 20)) == [
        "We're sorry.",
        "The agreed date has passed, so we are legally required to cancel this.",
        "You will get a prompt and full refund, within 7 working days.",
    ]


@pytest.mark.parametrize(
    ("late", "length"), [(date(2026, 12, 23), "3 weeks"), (date(2026, 12, 12), "10 days")]
)
def test_california_reads_the_length_of_the_delay_with_the_offer_of_a_refund(
    late: date, length: str
) -> None:
    said = asked(Jurisdiction.US_CA, late)
    assert (
        said[3]
        == f"That is a delay of {length} from 2 December, the date that applied until now. If you "
        "would rather not wait, we offer you a full refund."
    )


@pytest.mark.parametrize("jurisdiction", [Jurisdiction.EU, Jurisdiction.UK])
def test_in_europe_silence_keeps_the_place_and_consents_to_nothing(
    jurisdiction: Jurisdiction,
) -> None:
    assert asked(jurisdiction, date(2026, 12, 20), told=NoticeTold(date(2026, 12, 10))) == [
        "Happy to wait? Your place is kept for you.",
        NO_CONSENT,
        "The new date: with you by 20 December, including delivery time.",
        CHOICE,
        EU_REFUND,
        "You are still entitled to the agreed date, unless you accept a new one.",
        ANY_TIME,
    ]


def test_in_europe_a_question_names_the_day_agreed_and_says_once_it_has_passed() -> None:
    notice = DelayNotice(
        jurisdiction=Jurisdiction.EU,
        sentences=[Sentence.ORIGINAL_STANDS],
        silence=Silence.KEEPS_PLACE,
    )
    before, after = (
        [
            spaced(said)
            for said in notice_sentences(
                notice, locale="en", today=date(2027, 1, day), agreed_by=date(2027, 1, 18)
            )
        ]
        for day in (18, 19)
    )
    assert before == [
        "Happy to wait? Your place is kept for you.",
        "You are still entitled to the agreed date, Monday, 18 January, unless you accept a new "
        "one.",
    ]
    assert after == [
        "We're sorry: the agreed date has passed, so you can cancel right away if you wish."
    ]


def test_whoever_agrees_to_no_date_does_not_agree_to_the_day_that_is_named_now() -> None:
    notice = DelayNotice(
        jurisdiction=Jurisdiction.US, sentences=[Sentence.CHOICE], silence=Silence.CANCEL
    )
    any_time = "You can still cancel at any time before it ships."
    assert consent_sentence(notice, locale="en", today=TODAY) == (
        f"You'll agree to wait without a fixed date. {any_time}"
    )
    assert [
        beside_keep_question(notice, locale="en", today=TODAY, shows_day=shows_day)
        for shows_day in (False, True)
    ] == [any_time, f"The date shown is our current estimate, not a commitment. {any_time}"]


def test_in_europe_a_day_that_has_passed_is_called_that() -> None:
    said = asked(Jurisdiction.EU, date(2026, 12, 20), stated_by=date(2026, 11, 20))
    assert (
        "We're sorry: the agreed date has passed, so you can cancel right away if you wish." in said
    )
    assert NO_CONSENT in said


def test_elsewhere_the_day_is_the_day_it_ships() -> None:
    cannot_say = (
        "We cannot say how long it will take: "
        "no delivery that we can rely on covers your order yet."
    )
    to_wait = NO_CONSENT.replace("to the new date", "to wait")
    assert asked(Jurisdiction.ELSEWHERE, None)[1:4] == [to_wait, cannot_say, CHOICE]
    assert (
        asked(Jurisdiction.ELSEWHERE, date(2026, 12, 20))[2]
        == "The new date: it ships by 20 December."
    )


def test_a_wrong_count_says_sorry_once() -> None:
    facts = LATER | {"reason": "receipt_corrected", "place": 1, "place_before": None}
    said = words("corrected", facts)
    assert said == (
        "We're sorry: your item isn't here after all. We told you it would ship by 18 December. "
        "It's now due to ship by 8 January. It could ship as early as 28 December. Why: fewer "
        "items had arrived than we counted. You're 1st in line."
    )


def test_a_wrong_count_that_leaves_the_last_day_told_is_not_worded_as_a_change_of_it() -> None:
    """Part of a line had been set aside: the window told for the rest still stands for all of
    it."""
    facts = LATER | {
        "window": LATER["told"],
        "reason": "receipt_corrected",
        "place": 1,
        "place_before": None,
    }
    assert words("corrected", facts) == (
        "We're sorry: your item isn't here after all. Ships by 18 December. It could ship as "
        "early as 4 December. Why: fewer items had arrived than we counted. You're 1st in line."
    )


def test_other_corrections() -> None:
    unshipped = {"what": "shipment", "units": 2, "reason": "clerical", "window": None}
    assert words("corrected", unshipped) == (
        "We're sorry: we recorded a shipment by mistake. 2 items haven't shipped and are still "
        "reserved for you."
    )
    assert words("corrected", {"what": "cancellation", "units": 1, "reason": "restored"}) == (
        "You're back in line, in your old place: we've reversed the cancellation of 1 item. We "
        "won't send the refund."
    )
    undone = {"what": "cancellation", "units": 2, "reason": "restored"}
    reversed_ = (
        "You're back in line, in your old place: we've reversed the cancellation of 2 items. We "
        "won't send the refund."
    )
    assert words("corrected", undone | {"agreed_by": "2026-12-18"}) == (
        f"{reversed_} The agreed date is now 18 December."
    )
    assert words("corrected", undone | {"agreed_by": None}) == (
        f"{reversed_} You agreed to wait without a fixed date. You can still cancel at any time "
        "before it ships."
    )


def test_moved_by_staff() -> None:
    assert words("note", {"code": "moved", "place_before": 12, "place": 5}) == (
        "We've moved you in the line: you're now 5th (you were 12th)."
    )


def test_those_behind_read_why_their_place_changed_and_no_name() -> None:
    said = queue_change_sentence("passed_by", "late_join", lines=2, units=3, locale="en")
    assert (
        said
        == "Older orders reached us late. They were paid before yours, so they're ahead of you."
    )
    said = queue_change_sentence("moved_up", "arrived", lines=30, units=31, locale="en")
    assert said == "You moved up 30 places: a delivery arrived."
    said = queue_change_sentence("moved_up", "cancellation", lines=0, units=2, locale="en")
    assert (
        said
        == "Someone ahead of you canceled part of their order, so 2 fewer items are needed before "
        "it's your turn."
    )
    said = queue_change_sentence(
        "moved_up", "cancellation", lines=0, units=2, people=2, locale="en"
    )
    assert (
        said
        == "People ahead of you canceled parts of their orders, so 2 fewer items are needed before "
        "it's your turn."
    )


def test_whom_somebody_passed_reads_from_which_place_to_which() -> None:
    said = queue_change_sentence(
        "passed_by", "moved", lines=2, units=2, locale="en", places=(9, 11)
    )
    assert said == "We moved an order ahead of yours. You moved from 9th to 11th in line."


@pytest.mark.parametrize("reason", Reason.values)
@pytest.mark.parametrize("kind", ["moved_up", "passed_by"])
def test_every_reason_has_words(kind: str, reason: str) -> None:
    assert why(reason).startswith("Why: ")
    assert queue_change_sentence(kind, reason, lines=0, units=1, locale="en").endswith(".")


def test_every_stored_kind_has_words() -> None:
    derived = {EventKind.MOVED_UP, EventKind.PASSED_BY}
    assert set(EventKind) - derived == {facts.kind for facts in get_args(AnyFacts)}


def test_no_change_is_said_with_the_window_as_it_was_told() -> None:
    facts = {
        "units": 1,
        "place": 7,
        "place_before": 7,
        "window": TOLD,
        "told_on": "2026-11-09",
        "mailed": True,
    }
    assert words("on_track", facts) == (
        "Your ship date hasn't changed since our last email. Ships by 18 December. It could ship "
        "as early as 4 December. You're still 7th in line."
    )


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Window("dated", date(2026, 12, 4), None, date(2026, 12, 18), 0.9),
         "Ships by 18 December. 9 in 10 orders like this ship by then. It could ship as early as "
         "4 December."),
        (Window("dated", date(2026, 11, 28), None, date(2026, 12, 18), 0.98),
         "Ships by 18 December. Almost all orders like this ship by then. It could ship as early "
         "as Saturday, 28 November."),
        (Window("dated", date(2026, 11, 20), None, date(2026, 12, 18), 0.9),
         "Ships by 18 December. 9 in 10 orders like this ship by then. It could ship any day now."),
        (Window("dated", date(2026, 12, 4), None, date(2027, 1, 15), 0.9),
         "Ships by 15 January. 9 in 10 orders like this ship by then. It could ship any time "
         "between 4 December and 15 January."),
        (Window("dated", date(2026, 11, 10), None, date(2026, 11, 20), 0.9),
         "It was due to ship by 20 November and hasn't shipped yet. We're sorry."),
        (Window("unrated", date(2026, 12, 18), None, date(2026, 12, 18)),
         "Ships by 18 December, according to our supplier. We don't have enough past deliveries "
         "yet to say how reliable that date is."),
        (Window("chances", date(2026, 12, 1), None, date(2027, 6, 1), None, 0.6, 0.7),
         "We can't name a date yet. 6 in 10 orders like this ship by 7 December, and 7 in 10 "
         "by 23 December."),
        (Window("open", date(2026, 12, 28)),
         "We can't name a date yet. It won't ship before 28 December."),
        (Window("open", date(2026, 11, 1)), "We can't name a date yet."),
        (Window("none"), "We don't have a ship date yet."),
    ],
)  # fmt: skip
def test_the_lead_of_the_page_by_kind_of_window(window: Window, said: str) -> None:
    assert spaced(window_words(window, since=TODAY, today=TODAY, locale="en")) == said


def test_the_place_and_the_delivery_that_serves_it() -> None:
    due = date(2026, 12, 2)
    assert spaced(place_sentence(37, locale="en", due=due, today=TODAY)) == (
        "37th in line. 36 people are ahead of you. The delivery due 2 December should cover your "
        "order."
    )
    assert place_sentence(2, locale="en") == "2nd in line. 1 person is ahead of you."
    assert place_sentence(1, locale="en") == "1st in line. Nobody is ahead of you."
    assert place_sentence(1, locale="en", due=date(2026, 11, 20), today=TODAY).endswith(
        "hasn't arrived yet."
    )


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("", "18 December"),
        ("en", "18 December"),
        ("en-GB", "18 December"),
        ("en_US", "December 18"),
    ],
)
def test_days_are_written_as_the_readers_region_does(locale: str, said: str) -> None:
    with in_language(locale) as dates:
        words = day_words(date(2026, 12, 18), today=TODAY, locale=dates)
    assert words == said.replace(" ", "\N{NO-BREAK SPACE}")


@pytest.mark.parametrize("locale", ["it-IT", "xx", "x" * 500, "../../etc", "en-US-POSIX-\x00"])
def test_a_locale_without_words_gets_the_shops_language_and_its_dates(locale: str) -> None:
    assert words("later", LATER, locale).startswith("We told you it would ship by ")
    assert "December" in words("later", LATER, locale)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ["1 January", "Friday, 1 January", "31 December", "1 March 2027", "15 May 2026"]),
        ("de", ["1. Januar", "Freitag, 1. Januar", "31. Dezember", "1. März 2027", "15. Mai 2026"]),
    ],
)
def test_a_day_has_its_year_only_where_it_could_be_taken_for_another(
    locale: str, said: list[str]
) -> None:
    eve, new_year = date(2026, 12, 31), date(2027, 1, 1)
    with in_language(locale) as dates:
        days = (
            (new_year, TODAY),
            (new_year, eve - timedelta(days=1)),
            (eve, new_year),
            (date(2027, 3, 1), TODAY),
            (date(2026, 5, 15), new_year),
        )
        assert [spaced(day_words(day, today=today, locale=dates)) for day, today in days] == said


def test_what_has_shipped_of_a_line_and_what_has_not() -> None:
    def said(shipped: int, still: int, on: date | None = date(2026, 11, 22)) -> str:
        return spaced(
            split_sentence(
                shipped=shipped, shipped_on=on, still=still, quantity=5, today=TODAY, locale="en"
            )
        )

    assert said(2, 3) == "2 of your 5 items shipped on 22 November. 3 items are still to come."
    assert said(4, 1, None) == "4 of your 5 items have shipped. 1 item is still to come."
    assert said(0, 3) == "3 items are still to come."
    assert said(0, 5) == "All 5 items are still to come."


def test_ordinals() -> None:
    with in_language("en") as dates:
        said = [ordinal(n, locale=dates) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112, 1101)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th", "1,101st"]


def test_tracking_links_of_known_carriers_only_and_quoted() -> None:
    assert tracking_link("ups ", "1Z 9&x=1") == "https://www.ups.com/track?tracknum=1Z%209%26x%3D1"
    assert tracking_link("Royal Mail", "AB1").startswith("https://www.royalmail.com/")
    assert tracking_link("Bob's Vans", "7") == ""
    assert tracking_link("UPS", " ") == ""


@pytest.mark.parametrize(
    ("mailed", "expected"),
    [
        (True, "You'll hear from us by December\N{NO-BREAK SPACE}18."),
        (False, "We'll update this page by December\N{NO-BREAK SPACE}18."),
    ],
)
def test_the_one_day_of_the_next_word_promises_an_email_only_where_one_arrives(
    mailed: bool, expected: str
) -> None:
    by, today = date(2026, 12, 18), date(2026, 11, 27)
    assert next_word_sentence(by, today=today, mailed=mailed, locale="en-US") == expected


def test_what_we_do_meanwhile_is_said_where_no_day_stands_and_names_none() -> None:
    today = date(2026, 12, 1)
    dated, none = Window("dated", today, today, today), Window("none", None, None, None)
    yesterday = date(2026, 11, 30)
    passed = Window("dated", yesterday, yesterday, yesterday)
    checks = "We check every morning and will email you as soon as we can name a date."
    for window, reserved, mailed, expected in [
        (dated, False, True, ""),
        (dated, True, True, ""),
        (none, False, True, checks),
        (passed, False, True, checks),
        (passed, True, True, "We'll email you as soon as it ships."),
        (none, True, True, "We'll email you as soon as it ships."),
        (none, True, False, "This page will say when it ships."),
    ]:
        said = meanwhile_sentence(
            window, today=today, reserved=reserved, mailed=mailed, locale="en"
        )
        assert said == expected
