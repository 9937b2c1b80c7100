"""A delay asks; the customer answers, or does not."""

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from orders import queue, services
from orders.models import (
    Answer,
    DelayNotice,
    Event,
    Order,
    OrderLine,
    Promise,
    Refund,
    Restock,
    Supplier,
)
from orders.pages.status import order_status
from tests import factories
from tests.factories import NOON, fresh, kinds

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def supplier() -> Supplier:
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    return supplier


@pytest.fixture
def restock(supplier: Supplier) -> Restock:
    """Due in eleven days: everyone's window ends well before the thirtieth."""
    early = NOON - timedelta(hours=2)
    return factories.restock(
        factories.make_product(),
        50,
        supplier=supplier,
        now=early,
        expected_on=(NOON + 11 * DAY).date(),
    )


def slip(restock: Restock, to: date, *, now: object) -> None:
    """The supplier moves the date, it settles, and the mail goes out an hour later."""
    services.move_restock_date(restock, to, now=now, reason="customs")
    services.review_settled(now=now + timedelta(minutes=11))
    tell(now + timedelta(hours=1))


def untold(restock: Restock, to: date, *, now: object) -> None:
    """The supplier moves the date again, and the mail that says so has not gone out."""
    services.move_restock_date(restock, to, now=now, reason="customs")
    services.review_settled(now=now + timedelta(minutes=11))


def tell(now: object) -> None:
    due = Promise.objects.filter(told_at=None).values_list("pk", flat=True)
    services.decide_again(list(due), now=now)
    events = [
        pk
        for order in Order.objects.all()
        for pk in order.events.filter(told_at=None).values_list("pk", flat=True)
    ]
    services.mark_told(events, at=now)


def newest(line: OrderLine) -> DelayNotice:
    return line.notices.first()


def test_a_window_within_the_agreed_day_asks_nobody(restock: Restock) -> None:
    line = factories.order(restock.product)
    assert not line.notices.exists()


def test_a_first_short_delay_is_case_a_and_silence_is_consent_when_it_was_told_in_time(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    original = line.agreed_by
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    notice = newest(line)
    assert (notice.case, notice.silence, notice.notice_by) == ("A", "consent", original)
    assert notice.answer_by == notice.consent_to == fresh(line).promise.late > original
    assert notice.adequate
    assert fresh(line).agreed_by == original
    overdue = NOON + timedelta(days=(notice.answer_by - NOON.date()).days + 2)
    assert (services.apply_silence(now=overdue), services.apply_silence(now=overdue)) == (1, 0)
    assert (fresh(line).agreed_by, newest(line).outcome) == (notice.consent_to, "consented")
    assert fresh(line).waiting == 1


def test_a_second_delay_is_case_d_and_silence_cancels_and_the_customer_can_be_put_back(
    restock: Restock,
) -> None:
    line, behind = factories.order(restock.product), factories.order(restock.product)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    first = newest(line)
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 2 * DAY)
    notice = newest(line)
    assert (notice.case, notice.silence, notice.answer_by) == ("D", "cancel", first.answer_by)
    first.refresh_from_db()
    assert first.outcome == "superseded"
    overdue = NOON + timedelta(days=(notice.answer_by - NOON.date()).days + 2)
    services.apply_silence(now=overdue)
    assert (fresh(line).state, newest(line).outcome) == ("cancelled", "silence_cancelled")
    said = line.order.events.first().facts
    assert (said["by"], said["answer_by"]) == ("silence", notice.answer_by.isoformat())
    assert services.answer(line.order, line.pk, "keep", now=overdue).done == "put_back"
    assert (fresh(line).state, fresh(line).agreed_by) == ("waiting", notice.consent_to)
    undone = line.order.events.filter(kind="corrected").get()
    assert undone.facts["agreed_by"] == notice.consent_to.isoformat()
    assert queue.positions([line.pk])[line.pk].place == 1
    assert not Refund.objects.filter(line=line).exists()
    assert fresh(behind).state == "cancelled"


def test_a_german_order_keeps_its_place_in_silence(restock: Restock) -> None:
    line = factories.order(restock.product, country="DE")
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 2 * DAY)
    assert newest(line).silence == "keeps_place"
    services.apply_silence(now=NOON + 200 * DAY)
    assert (fresh(line).state, fresh(line).agreed_by) == ("waiting", line.agreed_by)


def test_keeping_the_place_moves_the_agreed_day_once(restock: Restock) -> None:
    line = factories.order(restock.product)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    asked = newest(line)
    assert services.answer(line.order, line.pk, "keep", now=NOON + 2 * DAY).done == "kept"
    assert services.answer(line.order, line.pk, "keep", now=NOON + 2 * DAY).done == "already_kept"
    assert fresh(line).agreed_by == asked.consent_to
    assert (Answer.objects.count(), kinds(line.order)[-1]) == (1, "answered")
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 3 * DAY)
    assert newest(line).case == "D"


def test_leaving_is_possible_any_time_whole_or_in_part_and_twice_does_nothing_more(
    restock: Restock,
) -> None:
    line = factories.order(restock.product, 3)
    done = services.answer(line.order, line.pk, "cancel", units=1, now=NOON)
    assert (done.done, done.units, fresh(line).waiting) == ("cancelled", 1, 2)
    services.answer(line.order, line.pk, "withdraw", now=NOON)
    assert fresh(line).state == "cancelled"
    assert services.answer(line.order, line.pk, "cancel", now=NOON).done == "already_cancelled"
    assert Refund.objects.count() == 2


def test_the_shipment_wins_if_the_parcel_left_first(restock: Restock) -> None:
    line = factories.order(restock.product)
    services.receive(restock.product, 1, restock=restock, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    for choice in ("cancel", "keep"):
        with pytest.raises(services.Refused, match="has already shipped"):
            services.answer(line.order, line.pk, choice, now=NOON)


def test_a_line_of_another_order_and_an_unknown_choice_are_refused(restock: Restock) -> None:
    line, other = factories.order(restock.product), factories.order(restock.product)
    with pytest.raises(services.Refused, match="has no such line"):
        services.answer(other.order, line.pk, "cancel", now=NOON)
    with pytest.raises(services.Refused, match="is not an answer"):
        services.answer(line.order, line.pk, "maybe", now=NOON)


def test_a_delay_nobody_was_told_of_runs_no_deadline_against_the_customer(restock: Restock) -> None:
    line = factories.order(restock.product)
    services.move_restock_date(restock, (NOON + 70 * DAY).date(), now=NOON)
    services.review_settled(now=NOON + timedelta(minutes=11))
    assert newest(line).case == "B"
    services.mark_not_told(line.order, "an email to this customer was refused")
    assert newest(line).not_told_at
    assert services.apply_silence(now=NOON + 300 * DAY) == 0


def test_customers_are_reminded_seven_and_two_days_before_silence_cancels(restock: Restock) -> None:
    line = factories.order(restock.product)
    slip(restock, (NOON + 90 * DAY).date(), now=NOON + DAY)
    last = newest(line).answer_by
    reminded = [
        (last - day).days
        for day in (NOON.date() + n * DAY for n in range(2, 70))
        if services.remind(now=NOON + (day - NOON.date()))
    ]
    assert reminded == [7, 2]


@pytest.mark.parametrize(("country", "expected"), [("US", ["2 before"]), ("DE", ["7 after"])])
def test_where_silence_agrees_or_keeps_the_place_customers_are_reminded_once(
    restock: Restock, country: str, expected: list[str]
) -> None:
    line = factories.order(restock.product, country=country)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    notice = newest(line)
    days = [
        day
        for day in (NOON.date() + n * DAY for n in range(2, 60))
        if services.remind(now=NOON + (day - NOON.date()))
    ]
    said = [
        f"{(notice.answer_by - day).days} before"
        if country == "US"
        else f"{(day - notice.told_at.date()).days} after"
        for day in days
    ]
    assert said == expected
    (reminder,) = line.order.events.filter(facts__code="reminder")
    assert reminder.details.answer_by is None


def test_what_is_over_reminds_nobody_and_warns_nobody(restock: Restock) -> None:
    cancelled = factories.order(restock.product)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 2 * DAY)
    assert newest(cancelled).silence == "cancel"
    services.cancel(cancelled.order, now=NOON + 3 * DAY)
    shipped = factories.order(restock.product, placed_at=NOON + 3 * DAY, now=NOON + 3 * DAY)
    untold(restock, (NOON + 90 * DAY).date(), now=NOON + 4 * DAY)
    assert newest(shipped).told_at is None
    services.ship(shipped.order, {shipped.pk: 1}, now=NOON + 5 * DAY, beyond_reserved=True)
    days = [NOON + n * DAY for n in range(6, 100)]
    assert [services.remind(now=day) + services.warn_staff(now=day) for day in days] == [0] * len(
        days
    )


def test_a_quiet_order_is_never_cancelled_by_silence(restock: Restock) -> None:
    line = factories.order(restock.product)
    slip(restock, (NOON + 90 * DAY).date(), now=NOON + DAY)
    Order.objects.update(released_at=None)
    assert services.apply_silence(now=NOON + 300 * DAY) == 0
    assert fresh(line).waiting == 1


def test_staff_are_warned_before_a_delay_nobody_was_told_of_breaks_the_agreed_day(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    services.move_restock_date(restock, (NOON + 70 * DAY).date(), now=NOON)
    services.review_settled(now=NOON + timedelta(minutes=11))
    last = (line.agreed_by - NOON.date()).days
    lists = {
        last - n: Order.objects.get().attention
        for n in range(last + 2)
        if services.warn_staff(now=NOON + n * DAY)
    }
    assert list(lists) == [7, 3, 1, 0, -1]
    # each takes the place of the one before
    assert all(len(texts) == 1 for texts in lists.values())
    assert "the agreed date ends in 7 days" in lists[7][0]
    assert "the agreed date ends today" in lists[0][0]
    assert "the law requires you to cancel and refund it" in lists[-1][0]


def test_a_warning_goes_once_the_customer_was_told_in_time_and_others_of_the_order_stay(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    services.move_restock_date(restock, (NOON + 70 * DAY).date(), now=NOON)
    services.review_settled(now=NOON + timedelta(minutes=11))
    Order.objects.update(attention=["rang twice"])
    warned = NOON + timedelta(days=(line.agreed_by - NOON.date()).days - 7)
    assert services.warn_staff(now=warned) == 1
    assert len(Order.objects.get().attention) == 2
    services.mark_told(
        list(Event.objects.values_list("pk", flat=True)), at=warned + timedelta(minutes=5)
    )
    assert newest(line).adequate
    assert Order.objects.get().attention == ["rang twice"]


def test_who_hears_nothing_for_a_fortnight_is_told_that_nothing_changed_and_later_less_often(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    told = [n for n in range(1, 120) if services.reassure(now=NOON + n * DAY)]
    assert told == [14, 28, 58, 88, 118]
    assert kinds(line.order)[-1] == "on_track"
    assert line.order.events.first().facts["window"]["late"] == fresh(line).promise.late.isoformat()


def test_what_has_arrived_is_not_asked_to_wait_for_the_old_date(restock: Restock) -> None:
    line = factories.order(restock.product)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    assert newest(line).still_asks(fresh(line))
    services.receive(restock.product, 1, restock=restock, now=NOON + 2 * DAY)
    assert not newest(line).still_asks(fresh(line))


def test_nobody_is_told_of_a_cancellation_that_did_not_happen(restock: Restock) -> None:
    line = factories.order(restock.product, 2, placed_at=NOON - 60 * DAY)
    notice = newest(line)
    assert (notice.case, notice.cancels_now, notice.silence) == ("H", True, "keeps_place")
    assert "cancelled" not in notice.sentences
    assert services.warn_staff(now=NOON) == 1
    assert services.warn_staff(now=NOON + DAY) == 0
    assert "the law requires you to cancel and refund it" in Order.objects.get().attention[0]
    assert fresh(line).waiting == 2


def test_a_part_cancelled_leaves_the_question_for_the_rest_and_put_back_returns_only_that(
    restock: Restock,
) -> None:
    line = factories.order(restock.product, 3)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 2 * DAY)
    services.answer(line.order, line.pk, "cancel", units=1, now=NOON + 3 * DAY)
    services.mark_refund_sent(Refund.objects.get(), now=NOON + 4 * DAY)
    notice = newest(line)
    assert notice.outcome == ""
    overdue = NOON + timedelta(days=(notice.answer_by - NOON.date()).days + 2)
    services.apply_silence(now=overdue)
    assert fresh(line).state == "cancelled"
    done = services.answer(line.order, line.pk, "keep", now=overdue)
    assert (done.done, done.units) == ("put_back", 2)
    assert (fresh(line).waiting, fresh(line).cancelled) == (2, 1)


def asked_twice(restock: Restock) -> tuple[OrderLine, DelayNotice]:
    """A question whose silence cancels was told; a newer one stands on the page, and its mail is
    still to go out."""
    line = factories.order(restock.product)
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 2 * DAY)
    told = newest(line)
    untold(restock, (NOON + 70 * DAY).date(), now=NOON + 3 * DAY)
    assert [(row.case, bool(row.told_at)) for row in line.notices.filter(outcome="")] == [
        ("D", False),
        ("D", True),
    ]
    return line, told


def test_an_ok_given_before_the_newest_mail_went_out_answers_what_was_asked_before_too(
    restock: Restock,
) -> None:
    line, told = asked_twice(restock)
    assert services.answer(line.order, line.pk, "keep", now=NOON + 4 * DAY).done == "kept"
    overdue = NOON + timedelta(days=(told.answer_by - NOON.date()).days + 2)
    assert (services.apply_silence(now=overdue), fresh(line).state) == (0, "waiting")
    assert fresh(line).agreed_by == newest(line).consent_to > told.consent_to


def test_who_is_cancelled_before_the_newest_mail_went_out_can_be_put_back_too(
    restock: Restock,
) -> None:
    line, told = asked_twice(restock)
    overdue = NOON + timedelta(days=(told.answer_by - NOON.date()).days + 2)
    assert (services.apply_silence(now=overdue), fresh(line).state) == (1, "cancelled")
    assert services.answer(line.order, line.pk, "keep", now=overdue).done == "put_back"
    assert (fresh(line).state, fresh(line).agreed_by) == ("waiting", newest(line).consent_to)
    assert services.apply_silence(now=overdue + DAY) == 0


def test_no_customer_is_put_back_in_the_line_of_a_product_that_will_not_come_again(
    restock: Restock,
) -> None:
    line, told = asked_twice(restock)
    overdue = NOON + timedelta(days=(told.answer_by - NOON.date()).days + 2)
    services.apply_silence(now=overdue)
    assert order_status(line.order, locale="en", now=overdue).lines[0].put_back
    services.discontinue(line.product, reason="no longer made", now=overdue, actor="mia")
    while services.discontinue_part(now=overdue):
        pass
    assert not order_status(line.order, locale="en", now=overdue).lines[0].put_back
    with pytest.raises(services.Refused, match="this product is discontinued"):
        services.answer(line.order, line.pk, "keep", now=overdue)
    assert fresh(line).state == "cancelled"
    services.put_back_by_staff(
        fresh(line), 1, now=overdue, actor="ruth", reason="one was found in the cellar"
    )
    assert fresh(line).state == "waiting"


def test_who_is_put_back_by_staff_is_asked_again_while_there_is_time_and_agrees_after(
    restock: Restock,
) -> None:
    lines = [factories.order(restock.product) for _ in range(2)]
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    slip(restock, (NOON + 50 * DAY).date(), now=NOON + 2 * DAY)
    notices = [newest(line) for line in lines]
    overdue = NOON + timedelta(days=(notices[0].answer_by - NOON.date()).days + 2)
    services.answer(lines[0].order, lines[0].pk, "cancel", now=NOON + 3 * DAY)
    services.put_back_by_staff(
        fresh(lines[0]), 1, now=NOON + 4 * DAY, actor="ruth", reason="she asked for it back"
    )
    services.cancel(
        lines[1].order, units={lines[1].pk: 1}, now=NOON + 3 * DAY, by="staff", actor="ruth"
    )
    assert (newest(lines[0]).outcome, newest(lines[0]).ended_at) == ("", None)
    services.apply_silence(now=overdue)
    assert [fresh(line).state for line in lines] == ["cancelled", "cancelled"]
    services.put_back_by_staff(fresh(lines[1]), 1, now=overdue, actor="ruth", reason="a mistake")
    assert [newest(line).outcome for line in lines] == ["silence_cancelled", "kept"]
    assert fresh(lines[1]).agreed_by == notices[1].consent_to
    assert (services.apply_silence(now=overdue + DAY), fresh(lines[1]).state) == (0, "waiting")


def test_one_of_several_lines_is_answered_alone(restock: Restock) -> None:
    other = factories.restock(
        factories.make_product(),
        50,
        supplier=restock.supplier,
        now=NOON,
        expected_on=(NOON + 11 * DAY).date(),
    )
    lines = [services.NewLine(row.product, 1) for row in (restock, other)]
    new = services.NewOrder(
        number="TWO", placed_at=NOON, country="US", email="two@example.com", lines=lines
    )
    first, second = services.place_order(new, now=NOON).lines.order_by("pk")
    for row in (restock, other):
        slip(row, (NOON + 90 * DAY).date(), now=NOON + DAY)
    assert services.answer(first.order, first.pk, "keep", now=NOON + 2 * DAY).done == "kept"
    assert (newest(first).outcome, newest(second).outcome) == ("kept", "")
    overdue = NOON + timedelta(days=(newest(second).answer_by - NOON.date()).days + 2)
    assert services.apply_silence(now=overdue) == 1
    assert (fresh(first).state, fresh(second).state) == ("waiting", "cancelled")


def test_staff_who_put_back_what_silence_cancelled_pass_on_the_customers_consent(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    slip(restock, (NOON + 90 * DAY).date(), now=NOON + DAY)
    notice = newest(line)
    overdue = NOON + timedelta(days=(notice.answer_by - NOON.date()).days + 2)
    services.apply_silence(now=overdue)
    services.put_back_by_staff(fresh(line), 1, now=overdue, actor="ruth")
    assert (fresh(line).agreed_by, newest(line).outcome) == (notice.consent_to, "kept")
    assert Answer.objects.values_list("choice", "channel", "actor").get() == (
        "keep",
        "staff",
        "ruth",
    )


def test_a_notice_told_too_late_runs_no_deadline_and_staff_are_told_that_the_law_wants_it_cancelled(
    restock: Restock,
) -> None:
    line = factories.order(restock.product)
    services.move_restock_date(restock, (NOON + 70 * DAY).date(), now=NOON)
    services.review_settled(now=NOON + timedelta(minutes=11))
    after = NOON + timedelta(days=(line.agreed_by - NOON.date()).days + 1)
    services.mark_told(list(line.order.events.values_list("pk", flat=True)), at=after)
    assert newest(line).adequate is False
    assert services.apply_silence(now=NOON + 300 * DAY) == 0
    assert (services.warn_staff(now=after), services.warn_staff(now=after + DAY)) == (1, 0)
    assert (
        "passed without a notice in time; the law requires you to cancel and refund it"
        in Order.objects.get().attention[0]
    )


@pytest.mark.parametrize(
    ("chosen", "applied"), [("", "elsewhere"), ("EU", "EU"), ("US-CA", "elsewhere")]
)
def test_a_shop_may_choose_stricter_rules_than_the_law_of_the_country(
    restock: Restock, settings: Settings, chosen: str, applied: str
) -> None:
    settings.DELAY_RULES = chosen
    line = factories.order(restock.product, country="CA")
    slip(restock, (NOON + 70 * DAY).date(), now=NOON + DAY)
    assert (newest(line).jurisdiction, "withdraw" in newest(line).sentences) == (
        applied,
        applied == "EU",
    )


@pytest.mark.parametrize("lines", [1, 30])
def test_silence_consents_for_any_number_of_lines_at_once(
    restock: Restock, django_assert_num_queries: DjangoAssertNumQueries, lines: int
) -> None:
    waiting = [factories.order(restock.product) for _ in range(lines)]
    slip(restock, (NOON + 35 * DAY).date(), now=NOON + DAY)
    notice = newest(waiting[0])
    with django_assert_num_queries(10):
        assert services.apply_silence(now=NOON + 60 * DAY) == lines
    assert {fresh(line).agreed_by for line in waiting} == {notice.consent_to}
    assert {newest(line).outcome for line in waiting} == {"consented"}
