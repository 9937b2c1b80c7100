"""What customers read, word for word."""

from datetime import UTC, date, datetime, timedelta
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
from orders.domain.supply import Window
from orders.models import DelayNotice, Event, EventKind, Order, Reason
from orders.words import (
    consent_sentence,
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
from orders.words.events import why

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
CANCELLED = {"units": 2, "of": 2, "still": 0, "by": "shop", "window": None}
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
    return sentence(
        Event(kind=kind, facts=facts, at=AT, order=Order(country=country)), locale=locale
    )


def test_a_delay_says_what_was_told_what_is_true_why_and_the_place() -> None:
    assert words("later", LATER) == (
        "You were told: it leaves us by 18 December. Now it leaves us by 8 January 2027, perhaps "
        "from 28 December 2026. "
        "Why: the goods are held at customs. You are still 7th in line."
    )


def test_the_place_is_unchanged_only_if_it_is() -> None:
    assert words("later", LATER | {"place_before": 9}).endswith(
        "You are 7th in line now; you were 9th."
    )
    assert words("later", LATER | {"place_before": None}).endswith("You are 7th in line.")


def test_nobody_was_told_what_no_mail_carried() -> None:
    assert words("later", LATER | {"mailed": False}).startswith(
        "Our page said: it leaves us by 18 December. Now it leaves us by"
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (CHANCES, "You were told: by 4 December 6 times in 10, by 20 December 8 times in 10."),
        (window(None, None, "open", None), "You were told: no latest date yet."),
        (window(None, None, "none", None), "You were told: no date yet."),
        (
            window("2026-12-18", "2026-12-18", "unrated", None),
            "You were told: it leaves us by 18 December, the supplier's own date.",
        ),
    ],
)
def test_what_was_told_is_repeated_as_it_was_told(told: dict[str, Any], said: str) -> None:
    assert words("later", LATER | {"told": told}).startswith(said + " Now it leaves us by ")


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (CHANCES, "It is now: by 7 December 6 times in 10, by 23 December 8 times in 10."),
        (
            window("2026-12-28", None, "open", None),
            "We can't name a latest date now; not before 28 December.",
        ),
        (window(None, None, "open", None), "We can't name a latest date now."),
        (
            window("2027-01-08", "2027-01-08", "unrated", None),
            "Now it leaves us by 8 January 2027, the supplier's own date, not yet rated.",
        ),
        (
            window("2027-01-04", "2027-01-08"),
            "Now it leaves us by 8 January 2027, perhaps from the 4th.",
        ),
        (window("2026-11-20", "2027-01-08"), "Now it leaves us by 8 January 2027."),
    ],
)
def test_what_is_true_now_by_kind_of_window(now: dict[str, Any], said: str) -> None:
    assert words("later", LATER | {"window": now}).startswith(
        f"You were told: it leaves us by 18 December. {said} Why:"
    )


def test_no_date_any_more() -> None:
    facts = LATER | {"window": window(None, None, "none", None), "reason": "delivery_cancelled"}
    assert words("no_date", facts) == (
        "You were told: it leaves us by 18 December. That day was taken back, and we have no new "
        "one yet. "
        "Why: a delivery was cancelled. You are still 7th in line."
    )


def test_a_date_that_nobody_could_count_on_any_more_was_not_taken_back() -> None:
    none = {"window": window(None, None, "none", None), "reason": None}
    assert "It has no date now." in words(
        "no_date", LATER | none | {"told": window(None, None, "open", None)}
    )
    assert "It has no date now." in words(
        "no_date", LATER | none | {"told": window("2026-11-18", "2026-11-20")}
    )


def test_joining_gives_place_and_window() -> None:
    facts = {"units": 1, "place": 37, "units_ahead": 40, "window": TOLD}
    assert words("joined", facts) == (
        "You are in line: 37th. Leaves us by 18 December (9 times in 10), perhaps from the 4th."
    )


def test_a_day_stated_when_ordering_is_named_as_that() -> None:
    facts = {
        "units": 1,
        "stated": True,
        "window": {"kind": "dated", "early": None, "likely": None, "late": "2026-12-18"},
    }
    assert (
        words("joined", facts)
        == "You are in line. It leaves us by 18 December, the day named when you ordered."
    )


def test_arrived_for_you() -> None:
    assert words("reserved", RESERVED | {"window": LEAVES}) == (
        "Yours has arrived and is set aside for you. It leaves us by Thursday, 26 November."
    )


def test_several_arrived_for_you() -> None:
    facts = RESERVED | {"units": 5, "of": 5, "wanted": 5, "leaving": 5, "window": LEAVES}
    assert words("reserved", facts) == (
        "All 5 have arrived and are set aside for you. They leave us by Thursday, 26 November."
    )


def test_arrived_and_yet_later_than_told() -> None:
    facts = RESERVED | {"window": LEAVES, "told": window("2026-11-10", "2026-11-24")}
    assert words("reserved", facts) == (
        "Yours has arrived and is set aside for you. You were told: it leaves us by Tuesday, 24 "
        "November. "
        "Now it leaves us by Thursday, 26 November."
    )


def test_some_have_arrived() -> None:
    facts = RESERVED | {"units": 4, "of": 5, "wanted": 5, "still": 1, "leaving": 4, "window": None}
    assert (
        words("reserved", facts)
        == "4 of your 5 have arrived and are set aside for you. 1 is still to come."
    )


def test_the_last_of_several_is_one_and_what_was_cancelled_is_none_of_them() -> None:
    facts = RESERVED | {"units": 1, "of": 3, "wanted": 2, "leaving": 2, "window": LEAVES}
    assert words("reserved", facts) == (
        "The last 1 of your 2 has arrived and is set aside for you. They leave us by Thursday, 26 "
        "November."
    )
    assert words("reserved", facts | {"leaving": 1}) == (
        "The last 1 of your 2 has arrived and is set aside for you. It leaves us by Thursday, 26 "
        "November."
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
        "You were told: it leaves us by Monday, 23 November. Now it leaves us by Thursday, 26 "
        "November. "
        "Why: we have no record yet that it shipped. Yours stays set aside for you."
    )


def test_shipped_with_tracking_and_what_is_still_to_come() -> None:
    assert words("shipped", SHIPPED) == (
        "2 of 3 shipped on Monday, 23 November. Carrier: UPS, tracking number 1Z9. 1 is still to "
        "come."
    )
    assert words(
        "shipped", SHIPPED | {"units": 3, "still": 0, "carrier": "", "tracking_number": ""}
    ) == ("Shipped on Monday, 23 November.")


def test_cancelled_says_when_the_money_is_sent_and_moves_none() -> None:
    facts = CANCELLED | {"refund_due_on": "2026-12-04"}
    assert words("cancelled", facts) == "Cancelled. Your refund will be sent by 4 December."
    assert words("cancelled", facts | {"by": "customer"}).startswith("Cancelled, as you asked.")


def test_cancelled_in_silence_says_that_nobody_answered() -> None:
    facts = CANCELLED | {"by": "silence", "refund_due_on": "2026-12-04"}
    assert words("cancelled", facts) == (
        "Cancelled, as we had not heard from you. Your refund will be sent by 4 December."
    )
    assert words("cancelled", facts | {"answer_by": "2026-11-22"}).startswith(
        "Cancelled, as we had not heard from you by 22 November."
    )


def test_a_withdrawal_is_acknowledged_with_content_date_and_time() -> None:
    facts = CANCELLED | {
        "units": 1,
        "still": 1,
        "by": "withdraw",
        "refund_due_on": "2026-12-07",
    }
    assert words("cancelled", facts) == (
        "Withdrawn from the contract: 1 of 2, on 23 November 2026 at 10:00 (EST). "
        "Your refund will be sent by 7 December. 1 is still to come."
    )
    # where its customer is
    assert "on 23 November 2026 at 16:00 (CET)." in words("cancelled", facts, country="DE")


def test_what_cannot_be_had_any_more_is_said_with_an_apology() -> None:
    facts = CANCELLED | {"by": "discontinued", "refund_due_on": "2026-12-07"}
    sorry = "we cannot get it any more. We are sorry. Your refund will be sent by 7 December."
    assert words("cancelled", facts) == f"Cancelled: {sorry}"
    assert words("cancelled", facts | {"units": 1}) == f"1 of 2 cancelled: {sorry}"


def test_an_answer_says_what_was_agreed() -> None:
    facts = {"choice": "keep", "units": 1, "agreed_by": "2027-01-08"}
    kept = "You keep your place in line. Thank you for telling us."
    assert words("answered", facts) == f"{kept} The date agreed is now 8 January 2027."
    assert words("answered", facts | {"agreed_by": None}) == (
        f"{kept} You agreed to wait without a date. You can still cancel at any time before it "
        "ships."
    )


def test_a_reminder_names_the_last_day_to_answer() -> None:
    assert words("note", {"code": "reminder", "answer_by": "2026-12-03", "units": 1}) == (
        "A reminder: we have not heard from you, and need your answer by 3 December."
    )


ORDERED = date(2026, 11, 2)  # without a stated day, the original day is 2 December
TOLD_A = NoticeTold(date(2026, 12, 20))
CHOICE = "Keep your place or cancel: it is your choice, and either costs you nothing."
US_REFUND = "If you cancel, you get a prompt and full refund, within 7 working days."
EU_REFUND = "If you cancel, you get a prompt and full refund, within 14 days."
ANY_TIME = "You can still cancel at any time before it ships."
NEED_OK = "We need your OK; without it the rules have us return your money."
NO_CONSENT = "If you do not answer, you keep your place, and we do not take that as a yes."


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
    return notice_sentences(notice, locale="en-GB", today=TODAY)


def test_case_a_is_kind_first_and_then_says_what_silence_means() -> None:
    assert asked(Jurisdiction.US, date(2026, 12, 20)) == [
        "Happy to wait? You need do nothing.",
        "If we do not hear from you before we ship, and by 20 December, we will take it that you "
        "agree to the new date.",
        "The new date: it leaves us by 20 December.",
        CHOICE,
        US_REFUND,
    ]


def test_case_b_needs_an_agreement_within_thirty_days_of_the_original_day() -> None:
    assert asked(Jurisdiction.US, date(2027, 2, 1)) == [
        NEED_OK,
        "If we do not receive your agreement by 1 January 2027, and it has not shipped, we will "
        "cancel it and refund you in "
        "full.",
        "The new date: it leaves us by 1 February 2027.",
        CHOICE,
        US_REFUND,
    ]


def test_case_c_says_that_nobody_can_say() -> None:
    assert asked(Jurisdiction.US, None) == [
        NEED_OK,
        "If we do not receive your agreement by 1 January 2027, and it has not shipped, we will "
        "cancel it and refund you in "
        "full.",
        "We cannot say how long it will take: no delivery that we can count on has room for you "
        "yet.",
        CHOICE,
        US_REFUND,
        ANY_TIME,
    ]


def test_case_d_needs_an_agreement_by_the_day_told_before() -> None:
    said = asked(Jurisdiction.US, date(2026, 12, 21), told=TOLD_A)
    assert said[:2] == [
        NEED_OK,
        "Unless you agree by 20 December, and if it has not shipped by then, we will cancel it "
        "and refund you in full.",
    ]
    assert asked(Jurisdiction.US, None, told=TOLD_A)[-1] == ANY_TIME


def test_case_h_is_cancelled_and_nothing_is_asked() -> None:
    assert asked(Jurisdiction.US, date(2026, 12, 20), stated_by=date(2026, 11, 20)) == [
        "We are sorry.",
        "The date agreed has passed, so the rules have us cancel this.",
        "You get a prompt and full refund, within 7 working days.",
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
        == f"That is a delay of {length}, counted from 2 December, which held so far; we offer "
        "you a refund instead."
    )


@pytest.mark.parametrize("jurisdiction", [Jurisdiction.EU, Jurisdiction.UK])
def test_in_europe_silence_keeps_the_place_and_consents_to_nothing(
    jurisdiction: Jurisdiction,
) -> None:
    assert asked(jurisdiction, date(2026, 12, 20), told=NoticeTold(date(2026, 12, 10))) == [
        "Happy to wait? Your place is kept for you.",
        "The new date: with you by 20 December, the days on the way counted in.",
        CHOICE,
        EU_REFUND,
        "The date agreed stays your right until you agree to another.",
        NO_CONSENT,
        ANY_TIME,
    ]


def test_in_europe_a_question_names_the_day_agreed_and_says_once_it_has_passed() -> None:
    notice = DelayNotice(
        jurisdiction=Jurisdiction.EU,
        sentences=[Sentence.ORIGINAL_STANDS],
        silence=Silence.KEEPS_PLACE,
    )
    before, after = (
        notice_sentences(notice, locale="en", today=date(2027, 1, day), agreed_by=date(2027, 1, 18))
        for day in (18, 19)
    )
    assert before == [
        "Happy to wait? Your place is kept for you.",
        "The date agreed, Monday, 18 January, stays your right until you agree to another.",
    ]
    assert after == [
        "We're sorry: the agreed date has passed, so you can cancel right away if you wish."
    ]


def test_whoever_agrees_to_no_date_does_not_agree_to_the_day_that_is_named_now() -> None:
    notice = DelayNotice(
        jurisdiction=Jurisdiction.US, sentences=[Sentence.CHOICE], silence=Silence.CANCEL
    )
    kept = [
        consent_sentence(notice, locale="en", today=TODAY, overtaken=overtaken, dated=dated)
        for overtaken, dated in [(False, True), (True, False), (True, True)]
    ]
    assert kept == [
        "You'll agree to wait without a fixed date. You can still cancel at any time before it "
        "ships.",
        "You'll agree to wait without a fixed date. You can still cancel at any time before it "
        "ships.",
        "You'll agree to wait without a fixed date. The date shown is our current estimate, not a "
        "commitment. "
        "You can still cancel at any time before it ships.",
    ]


def test_in_europe_a_day_that_has_passed_is_called_that() -> None:
    said = asked(Jurisdiction.EU, date(2026, 12, 20), stated_by=date(2026, 11, 20))
    assert (
        "We're sorry: the agreed date has passed, so you can cancel right away if you wish." in said
    )
    assert NO_CONSENT in said


def test_elsewhere_the_day_is_the_day_it_leaves() -> None:
    cannot_say = (
        "We cannot say how long it will take: "
        "no delivery that we can count on has room for you yet."
    )
    assert asked(Jurisdiction.ELSEWHERE, None)[1:3] == [cannot_say, CHOICE]
    assert (
        asked(Jurisdiction.ELSEWHERE, date(2026, 12, 20))[1]
        == "The new date: it leaves us by 20 December."
    )


def test_a_wrong_count_says_sorry_once() -> None:
    facts = LATER | {"reason": "receipt_corrected", "place": 1, "place_before": None}
    said = words("corrected", facts)
    assert said == (
        "We are sorry: fewer had arrived than we counted, and yours was among those missing. You "
        "were told: it leaves us by "
        "18 December. Now it leaves us by 8 January 2027, perhaps from 28 December 2026. You are "
        "1st in line."
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
        "We are sorry: fewer had arrived than we counted, and yours was among those missing. "
        "Leaves us by 18 December (9 times in 10), perhaps from the 4th. You are 1st in line."
    )


def test_other_corrections() -> None:
    unshipped = {"what": "shipment", "units": 2, "reason": "clerical", "window": None}
    assert words("corrected", unshipped) == (
        "We are sorry: a parcel was recorded by mistake. 2 have not left and are still set aside "
        "for you."
    )
    assert words("corrected", {"what": "cancellation", "units": 1, "reason": "restored"}) == (
        "The cancellation of 1 was undone: it waits again, in its old place. Its refund will not "
        "be sent."
    )
    undone = {"what": "cancellation", "units": 2, "reason": "restored"}
    assert words("corrected", undone | {"agreed_by": "2026-12-18"}) == (
        "The cancellation of 2 was undone: they wait again, in their old place. Their refund will "
        "not be sent. "
        "The date agreed is now 18 December."
    )
    assert words("corrected", undone | {"agreed_by": None}) == (
        "The cancellation of 2 was undone: they wait again, in their old place. Their refund will "
        "not be sent. "
        "You agreed to wait without a date. "
        "You can still cancel at any time before it ships."
    )


def test_moved_by_staff() -> None:
    assert words("note", {"code": "moved", "place_before": 12, "place": 5}) == (
        "We moved you in the line: you are 5th now, and were 12th."
    )


def test_those_behind_read_why_their_place_changed_and_no_name() -> None:
    said = queue_change_sentence("passed_by", "late_join", lines=2, units=3, locale="en")
    assert (
        said
        == "Older orders reached us late. They were paid before yours, so they stand ahead of you."
    )
    said = queue_change_sentence("moved_up", "arrived", lines=30, units=31, locale="en")
    assert said == "You moved up: a delivery arrived, and 30 people ahead of you have theirs."
    said = queue_change_sentence("moved_up", "cancellation", lines=0, units=2, locale="en")
    assert (
        said
        == "Someone ahead of you cancelled a part of their order: 2 fewer are needed before yours."
    )
    said = queue_change_sentence(
        "moved_up", "cancellation", lines=0, units=2, people=2, locale="en"
    )
    assert (
        said
        == "People ahead of you cancelled parts of their orders: 2 fewer are needed before yours."
    )


def test_whom_somebody_passed_reads_from_which_place_to_which() -> None:
    said = queue_change_sentence(
        "passed_by", "moved", lines=2, units=2, locale="en", places=(9, 11)
    )
    assert (
        said
        == "Our staff moved an order ahead of yours. You were 9th in line, and 11th after that."
    )


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
        "The date has not changed since we last told you. Leaves us by 18 December (9 times in "
        "10), perhaps from the 4th. "
        "You are still 7th in line."
    )


@pytest.mark.parametrize(
    ("window", "said"),
    [
        (Window("dated", date(2026, 12, 4), None, date(2026, 12, 18), 0.9),
         "Leaves us by 18 December (9 times in 10), perhaps from the 4th."),
        (Window("dated", date(2026, 11, 28), None, date(2026, 12, 18), 0.9),
         "Leaves us by 18 December (9 times in 10), perhaps from Saturday, 28 November."),
        (Window("dated", date(2026, 11, 20), None, date(2026, 12, 18), 0.9),
         "Leaves us by 18 December (9 times in 10), perhaps any day now."),
        (Window("dated", date(2026, 11, 10), None, date(2026, 11, 20), 0.9),
         "It was to leave us by 20 November, and it has not left yet."),
        (Window("unrated", date(2026, 12, 18), None, date(2026, 12, 18)),
         "Leaves us by 18 December, by the supplier's own date. It is not yet rated: we have too "
         "few past deliveries to "
         "say how sure it is."),
        (Window("chances", date(2026, 12, 1), None, date(2027, 6, 1), None, 0.6, 0.8),
         "Leaves us by 7 December: 6 times in 10. By 23 December: 8 times in 10."),
        (Window("open", date(2026, 12, 28)), "We can't name a latest date yet; not before 28 "
                                             "December."),
        (Window("open", date(2026, 11, 1)), "We can't name a latest date yet."),
        (Window("none"), "We have no date yet."),
    ],
)  # fmt: skip
def test_the_lead_of_the_page_by_kind_of_window(window: Window, said: str) -> None:
    assert window_words(window, since=TODAY, today=TODAY, locale="en") == said


def test_the_place_and_the_delivery_that_serves_it() -> None:
    due = date(2026, 12, 2)
    assert place_sentence(37, locale="en", due=due, today=TODAY) == (
        "37th in line. 36 people are ahead of you; the delivery due 2 December has room for you."
    )
    assert place_sentence(2, locale="en") == "2nd in line. 1 person is ahead of you."
    assert place_sentence(1, locale="en") == "1st in line. Nobody is ahead of you."
    assert place_sentence(1, locale="en", due=date(2026, 11, 20), today=TODAY).endswith(
        "has not arrived yet."
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
        assert day_words(date(2026, 12, 18), today=TODAY, locale=dates) == said


@pytest.mark.parametrize("locale", ["fr-FR", "xx", "x" * 500, "../../etc", "en-US-POSIX-\x00"])
def test_a_locale_without_words_gets_the_shops_language_and_its_dates(locale: str) -> None:
    assert words("later", LATER, locale).startswith("You were told: it leaves us by ")
    assert "December" in words("later", LATER, locale)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", ["31 December", "1 January 2027", "Friday, 1 January 2027", "31 December 2026"]),
        ("de", ["31. Dezember", "1. Januar 2027", "Freitag, 1. Januar 2027", "31. Dezember 2026"]),
        ("ar", ["31 ديسمبر", "1 يناير 2027", "يوم الجمعة 1 يناير 2027", "31 ديسمبر 2026"]),
    ],
)
def test_a_day_of_another_year_has_its_year(locale: str, said: list[str]) -> None:
    eve, new_year = date(2026, 12, 31), date(2027, 1, 1)
    with in_language(locale) as dates:
        days = (
            (eve, TODAY),
            (new_year, TODAY),
            (new_year, eve - timedelta(days=1)),
            (eve, new_year),
        )
        assert [day_words(day, today=today, locale=dates) for day, today in days] == said


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "Leaves us by 8 January 2027 (9 times in 10), perhaps from 28 December 2026."),
        (
            "de",
            "Versand bis 8. Januar 2027 (in 9 von 10 Fällen), vielleicht schon ab 28. Dezember "
            "2026.",
        ),
        (
            "ar",
            "الشحن في موعد أقصاه 8 يناير 2027 (9 مرات من كل 10)، وربما ابتداءً من 28 ديسمبر 2026.",
        ),
    ],
)
def test_a_window_over_new_year_names_both_years(locale: str, said: str) -> None:
    over = Window("dated", date(2026, 12, 28), None, date(2027, 1, 8), 0.9)
    assert window_words(over, since=TODAY, today=TODAY, locale=locale) == said


def test_what_has_left_of_a_line_and_what_has_not() -> None:
    def said(shipped: int, still: int, on: date | None = date(2026, 11, 22)) -> str:
        return split_sentence(
            shipped=shipped, shipped_on=on, still=still, quantity=5, today=TODAY, locale="en"
        )

    assert (
        said(2, 3) == "2 of your 5 left us on 22 November. 3 are still to come, the last of them:"
    )
    assert said(4, 1, None) == "4 of your 5 have left us. 1 is still to come:"
    assert said(0, 3) == "3 are still to come, the last of them:"
    assert said(0, 5) == "The last of your 5:"


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
    ("late", "locale", "expected"),
    [
        ("2026-12-18", "en", "If that changes, we write before the 18th is over."),
        ("2026-12-25", "en", "If that changes, we write before 25 December is over."),
        ("2027-03-02", "en-US", "If that changes, we write before March 2, 2027 is over."),
        (
            "2027-03-02",
            "de",
            "Ändert sich das, schreiben wir Ihnen noch vor Ablauf des 2. März 2027.",
        ),
    ],
)
def test_a_day_that_is_far_off_is_named_with_its_month(
    late: str, locale: str, expected: str
) -> None:
    far = Window("dated", date(2026, 12, 4), date(2026, 12, 9), date.fromisoformat(late), 0.9)
    today = date(2026, 11, 27)
    said = next_word_sentence(
        far, since=today, today=today, reserved=False, mailed=True, locale=locale
    )
    assert said == expected


def test_of_reserved_goods_no_word_is_promised_that_a_nightly_report_could_not_keep() -> None:
    today = date(2026, 12, 1)
    dated, checking = Window("dated", today, today, today), Window("none", None, None, None)
    yesterday = date(2026, 11, 30)
    passed = Window("dated", yesterday, yesterday, yesterday)
    for window, mailed, expected in [
        (dated, True, "If that changes, we'll email you."),
        (dated, False, "If that changes, this page will say so."),
        (passed, True, "We'll email you as soon as it ships."),
        (checking, True, "We'll email you as soon as it ships."),
        (checking, False, "This page will say when it ships."),
    ]:
        said = next_word_sentence(
            window, since=today, today=today, reserved=True, mailed=mailed, locale="en"
        )
        assert said == expected
