"""Once the day agreed has passed, the customer may leave: said that day, first, in an email nobody
can turn off."""

from datetime import date, datetime, timedelta
from email.message import EmailMessage

import pytest
from django.test import Client

from notifications.models import Message
from notifications.preferences import choose
from orders import services, tasks
from orders.access import Purpose, link_token
from orders.models import DAY_PASSED, Event, OrderLine, Run
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh, make_product, make_supplier
from tests.mailing import mail
from tests.test_mails import unwrapped

pytestmark = pytest.mark.usefixtures("db", "clocks")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def delayed(country: str = "DE", **fields: object) -> OrderLine:
    """A customer who was told that it comes long after the day agreed."""
    product = make_product(name="Harbour lamp")
    supplier = make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    factories.restock(
        product, 50, supplier=supplier, now=NOON - DAY, expected_on=(NOON + 80 * DAY).date()
    )
    services.review([product], now=NOON - DAY)
    return factories.order(product, number="1042", country=country, **fields)


def passed(line: OrderLine) -> list[Event]:
    return list(line.order.events.filter(kind="note", facts__code=DAY_PASSED))


def morning_after(line: OrderLine) -> datetime:
    agreed = fresh(line).agreed_by
    assert agreed is not None
    return NOON + timedelta(days=(agreed - NOON.date()).days + 1)


def newest(sink: MailSink) -> EmailMessage:
    mail()
    return sink.mails[-1].message


@pytest.mark.parametrize("country", ["DE", "GB", "CH"])
def test_the_day_after_an_email_says_first_that_the_customer_may_leave(
    country: str, clocks: Clocks, mail_sink: MailSink, client: Client
) -> None:
    line = delayed(country)
    mail()
    choose("ada@example.com", good_news=False, no_change=False, now=NOON)
    after = morning_after(line)
    clocks.move_to(after - DAY)
    assert services.say_day_passed(now=after - DAY) == 0
    clocks.move_to(after)
    assert services.say_day_passed(now=after) == 1
    message = newest(mail_sink)
    agreed = f"{fresh(line).agreed_by:%-d %B}"
    assert message["Subject"] == "The agreed date has passed: you can cancel order 1042"
    assert message["List-Unsubscribe"] is None
    text = unwrapped(message)
    assert text.startswith(
        "The agreed date has passed: you can cancel Order 1042 Hello Ada, 1 × Harbour lamp "
        f"The agreed date, {agreed}, has passed and it hasn't shipped. We're sorry. You can cancel "
        "right away"
    )
    assert f"Ships by {fresh(line).promise.late:%-d %B}" in text
    assert "so you can cancel right away if you wish" not in text
    assert ("Keep my place:" in text, "Cancel and refund:" in text) == (True, True)
    assert ("Withdraw from contract here:" in text) == (country == "DE")
    page = client.get(f"/o/{link_token(line.order, Purpose.ACT)}/")
    assert (
        "the agreed date has passed, so you can cancel right away"
        in page.content.decode().replace("&#x27;", "'")
    )
    assert Message.objects.filter(state="sent").count() == len(mail_sink.mails) == 2


def test_it_is_said_once_for_each_day_that_was_agreed() -> None:
    line = delayed()
    services.mark_told([event.pk for event in line.order.events.all()], at=NOON)
    after = morning_after(line)
    assert [services.say_day_passed(now=after + n * DAY) for n in range(5)] == [1, 0, 0, 0, 0]
    services.answer(line.order, line.pk, "keep", now=after + 6 * DAY)
    again = morning_after(line)
    assert again > after + 30 * DAY
    assert [services.say_day_passed(now=again + n * DAY) for n in range(-1, 2)] == [0, 1, 0]


def test_a_day_that_was_missed_is_caught_up() -> None:
    line = delayed()
    assert services.say_day_passed(now=morning_after(line) + 9 * DAY) == 1


def test_the_morning_says_it_once_a_day_however_often_beat_asks(clocks: Clocks) -> None:
    line = delayed()
    services.mark_told([event.pk for event in line.order.events.all()], at=NOON)
    clocks.move_to(morning_after(line))
    for _ in range(3):
        tasks.review_all()
    assert len(passed(line)) == 1
    Run.objects.all().delete()
    tasks.review_all()
    assert len(passed(line)) == 1
    assert line.order.events.filter(kind="on_track").count() == 0  # one word a day is enough


def test_where_the_law_cancels_or_takes_silence_for_consent_it_gives_no_such_right() -> None:
    line = delayed("US")
    assert services.say_day_passed(now=morning_after(line)) == 0


def test_who_shipped_left_or_agreed_to_wait_without_a_date_is_told_nothing() -> None:
    lines = [factories.order(make_product(), country="DE") for _ in range(3)]
    after = morning_after(lines[0])
    services.receive(lines[0].product, 1, now=NOON)
    services.ship(lines[0].order, {lines[0].pk: 1}, now=NOON)
    services.answer(lines[1].order, lines[1].pk, "cancel", now=NOON)
    services.answer(lines[2].order, lines[2].pk, "keep", now=NOON)
    assert fresh(lines[2]).open_wait
    assert services.say_day_passed(now=after) == 0


def test_who_was_told_that_it_had_passed_when_they_joined_is_not_told_again() -> None:
    line = delayed(placed_at=NOON - 60 * DAY, promised_by=(NOON - 30 * DAY).date())
    services.mark_told([event.pk for event in line.order.events.all()], at=NOON)
    assert line.notices.get().sentences.count("date_missed") == 1
    assert services.say_day_passed(now=NOON + DAY) == 0


def test_of_a_day_that_only_the_law_named_and_no_email_nobody_hears_that_it_passed() -> None:
    """Their first email offers the same choice as a welcome."""
    line = delayed(placed_at=NOON - 60 * DAY)
    assert "date_missed" not in line.notices.get().sentences
    assert services.say_day_passed(now=NOON + DAY) == 0
    quiet = _released(NOON - 20 * DAY, at=NOON + 15 * DAY)
    assert services.say_day_passed(now=NOON + 16 * DAY) == 0
    assert "date_missed" not in quiet.notices.get().sentences


def test_quiet_orders_are_told_when_they_are_released() -> None:
    line = _released(NOON - 60 * DAY, at=NOON + MINUTE, promised_by=(NOON - 30 * DAY).date())
    assert [event.message_due for event in passed(line)] == [True]
    assert services.say_day_passed(now=NOON + DAY) == 0


def _released(placed_at: datetime, *, at: datetime, promised_by: date | None = None) -> OrderLine:
    lines = [services.NewLine(make_product(), 1, promised_by=promised_by)]
    new = services.NewOrder(number="1", placed_at=placed_at, country="DE", lines=lines)
    (order,) = services.place_orders([new], now=NOON, quiet=True)
    assert services.say_day_passed(now=NOON) == 0
    services.start_release(1, now=at)
    services.release_orders(now=at)
    return order.lines.get()


def test_what_is_reserved_and_lies_past_the_day_is_asked_and_may_leave(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    product = make_product(name="Harbour lamp")
    factories.restock(product, expected_on=(NOON + 3 * DAY).date(), now=NOON - DAY)
    services.review([product], now=NOON - DAY)
    line = factories.order(product, number="1042", country="DE")
    services.receive(product, 1, now=NOON + DAY)
    mail()
    assert not line.notices.exists()
    after = morning_after(line)
    clocks.move_to(after)
    assert services.say_day_passed(now=after) == 1
    text = unwrapped(newest(mail_sink))
    assert ("Cancel and refund:" in text, "Keep my place:" in text) == (True, True)
    assert line.notices.get().told_at is not None


def test_what_is_reserved_is_said_to_be_looked_for(clocks: Clocks, mail_sink: MailSink) -> None:
    """Without its date or the lack of one nobody can decide whether to wait."""
    product = make_product()
    line = factories.order(product, number="1042", country="GB")
    services.receive(product, 1, now=NOON)
    for n in (1, 3):
        services.keep_deadlines(now=NOON + n * DAY)
    mail()
    after = morning_after(line)
    clocks.move_to(after)
    services.say_day_passed(now=after)
    text = unwrapped(newest(mail_sink))
    assert "We have no record yet of its shipment, and we're checking with our warehouse." in text
    assert "We don't have a ship date yet." not in text


def test_an_order_all_of_which_is_late_is_not_called_a_part(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    lines = [services.NewLine(make_product(), 1) for _ in range(2)]
    new = services.NewOrder(
        number="1042", placed_at=NOON, email="ada@example.com", country="DE", lines=lines
    )
    order = services.place_order(new, now=NOON)
    mail()
    after = morning_after(order.lines.all()[0])
    clocks.move_to(after)
    assert services.say_day_passed(now=after) == 2
    received = newest(mail_sink)
    assert received["Subject"] == "The agreed date has passed: you can cancel order 1042"
    assert unwrapped(received).startswith("The agreed date has passed: you can cancel Order 1042")


def test_a_held_line_is_offered_the_way_out(clocks: Clocks, mail_sink: MailSink) -> None:
    line = factories.order(make_product(), number="1042", country="DE", held=True)
    after = morning_after(line)
    clocks.move_to(after)
    services.say_day_passed(now=after)
    text = unwrapped(newest(mail_sink))
    assert ("Cancel and refund:" in text, "Keep my place:" in text) == (True, False)


def test_the_day_ends_where_the_customer_lives() -> None:
    """Late in the evening of New York it is the day after in Japan,."""
    line = delayed("JP")
    agreed = fresh(line).agreed_by
    assert isinstance(agreed, date)
    evening = NOON + timedelta(days=(agreed - NOON.date()).days)
    assert services.say_day_passed(now=evening - timedelta(hours=3)) == 0
    assert services.say_day_passed(now=evening) == 1


def test_whoever_answers_before_the_mail_is_written_does_not_get_it(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    line = delayed()
    mail()
    after = morning_after(line)
    clocks.move_to(after)
    services.say_day_passed(now=after)
    services.answer(line.order, line.pk, "keep", now=after)
    assert newest(mail_sink)["Subject"] == "You keep your place: order 1042"
