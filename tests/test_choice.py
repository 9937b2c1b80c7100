"""The worse the news, the more a customer may do: no choice that was given is taken away by what is
promised later."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders import services
from orders.domain.delay_rules import Sentence
from orders.models import Event, OrderLine, Product, Restock, Supplier
from orders.pages.line_status import LineStatus
from orders.pages.status import order_status
from orders.services.forecasts import cutoff
from tests import factories
from tests.factories import NOON, fresh, make_product, make_supplier

pytestmark = pytest.mark.django_db

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
COUNTRIES = ("US", "US-CA", "DE", "GB", "CH")


def shown(line: OrderLine, now: datetime) -> LineStatus:
    (status,) = order_status(fresh(line).order, locale="en", now=now).lines
    return status


def tell(now: datetime) -> None:
    """The mails with all that is due go out."""
    due = Event.objects.filter(message_due=True)
    services.decide_again(
        list(due.exclude(promise=None).values_list("promise", flat=True)), now=now
    )
    services.mark_told(list(due.values_list("pk", flat=True)), at=now + MINUTE)
    due.update(message_due=False)


def a_day(now: datetime, *, told: bool = True) -> None:
    """What beat does from this morning to this evening."""
    services.review_settled(now=now)
    services.review_all(now=now)
    services.reassure(now=now)
    services.apply_silence(now=now)
    services.remind(now=now)
    services.warn_staff(now=now)
    if told:
        tell(now)
    services.keep_deadlines(now=cutoff(now))
    if told:
        tell(cutoff(now))


@pytest.fixture
def product() -> Product:
    supplier = make_supplier(name="Nordlicht")
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    return make_product()


def expect(product: Product, days: int, *, now: datetime, units: int = 50) -> Restock:
    due = now.date() + timedelta(days=days)
    supplier = Supplier.objects.get(name="Nordlicht")
    restock = factories.restock(product, units, supplier=supplier, now=now, expected_on=due)
    services.review([product], now=now)
    return restock


@pytest.mark.parametrize("country", ["DE", "GB", "CH", "US"])
def test_a_date_that_was_taken_away_leaves_the_choice_when_another_is_found(
    product: Product, country: str
) -> None:
    restock = expect(product, 11, now=NOON - DAY)
    line = factories.order(product, country=country)
    tell(NOON)
    services.cancel_restock(restock, now=NOON + DAY)
    services.review_settled(now=NOON + DAY + 11 * MINUTE)
    tell(NOON + DAY + HOUR)
    asked = shown(line, NOON + 2 * DAY).asked
    assert asked is not None
    expect(product, 60, now=NOON + 3 * DAY)
    tell(NOON + 3 * DAY)
    later = shown(line, NOON + 4 * DAY).asked
    assert fresh(line).promise.kind == "dated"
    assert later is not None
    assert later.answer_by == asked.answer_by


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("days"), st.integers(1, 25)),
        st.tuples(st.just("untold days"), st.integers(1, 6)),
        st.tuples(st.just("move"), st.integers(1, 90)),
        st.tuples(st.just("give up"), st.integers(0, 0)),
        st.tuples(st.just("expect"), st.integers(1, 60)),
        st.tuples(st.just("receive"), st.integers(1, 4)),
        st.tuples(st.just("correct"), st.integers(1, 2)),
        st.tuples(st.just("keep"), st.integers(0, 4)),
        st.tuples(st.just("cancel"), st.integers(0, 4)),
        st.tuples(st.just("put back"), st.integers(0, 4)),
        st.tuples(st.just("bounce"), st.integers(0, 4)),
    ),
    min_size=3,
    max_size=14,
)


@given(steps=STEPS, starts=st.integers(1, 40))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_who_waits_with_an_open_question_or_past_the_day_agreed_has_a_choice(
    product: Product, steps: list[tuple[str, int]], starts: int
) -> None:
    with transaction.atomic():
        now = NOON
        expect(product, starts, now=now - DAY)
        lines = [
            factories.order(product, 2, country=country[:2], now=now, number=f"70{n:02}")
            for n, country in enumerate(COUNTRIES)
        ]
        lines[1].order.region = "CA"
        lines[1].order.save(update_fields=["region"])
        tell(now)
        for step, number in steps:
            now = take(step, number, product, lines, now)
            for line in lines:
                has_a_choice(line, now)
        transaction.set_rollback(True)


def take(
    step: str, number: int, product: Product, lines: list[OrderLine], now: datetime
) -> datetime:
    opened = list(product.restocks.filter(cancelled_at=None).order_by("-pk"))
    restock = next((row for row in opened if row.open_units), None)
    line = fresh(lines[number % len(lines)])
    match step:
        case "days" | "untold days":
            for _ in range(number):
                now += DAY
                a_day(now, told=step == "days")
            return now
        case "move" if restock:
            services.move_restock_date(restock, now.date() + timedelta(days=number), now=now)
        case "give up" if restock:
            services.cancel_restock(restock, now=now)
        case "expect":
            expect(product, number, now=now)
        case "receive":
            services.receive(product, number, now=now, restock=restock)
        case "correct":
            receipt = product.receipts.filter(
                quantity__gt=number, corrects=None, corrections=None
            ).first()
            if receipt:
                services.correct_receipt(
                    receipt, receipt.quantity - number, now=now, reason="counted again"
                )
        case "keep" if line.open_units:
            services.answer(line.order, line.pk, "keep", now=now)
        case "cancel" if line.open_units:
            services.answer(line.order, line.pk, "cancel", units=1, now=now)
        case "put back" if line.cancelled:
            services.put_back_by_staff(line, 1, now=now, actor="ruth")
        case "bounce":
            told = line.order.events.exclude(told_at=None).first()
            services.mark_returned(
                line.order, [told.pk], "came back", told_at=told.told_at, now=now
            )
    now += 20 * MINUTE
    services.review_settled(now=now)
    return now


def has_a_choice(line: OrderLine, now: datetime) -> None:
    line, today = fresh(line), services.today_of(now)
    if not line.waiting or line.promise is None:
        return
    asks = [
        n
        for n in line.notices.filter(outcome="").exclude(told_at=None)
        if Sentence.CHOICE in n.sentences
    ]
    passed = line.agreed_by is not None and line.agreed_by < today and not line.open_wait
    if asks or passed:
        assert shown(line, now).asked is not None, (
            line.order.country,
            line.agreed_by,
            today,
            list(line.notices.values()),
        )
