"""Emails of orders with several lines: what the headline is about comes first, what must be
answered is in the subject, and nothing is said twice."""

import pytest

from orders import services
from orders.models import DelayNotice, Order, OrderLine
from orders.services import restock_notes
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, make_product
from tests.mailing import mail
from tests.test_dispatch import slip
from tests.test_mails import (
    DAY,
    SOON,
    html_of,
    newest,
    subject_of,
    text_of,
    two_line_order,
    unwrapped,
    words_of,
)

SECOND_DELAY = (35, 50)  # days after NOON: silence cancels


@pytest.fixture(autouse=True)
def at_noon(clocks: Clocks) -> None:
    """Whether a delay was told in time depends on the database's clock."""


@pytest.fixture
def order(db: None) -> Order:
    """Of a customer in the United States."""
    products = [make_product(name=name) for name in ("Lamp", "Cup")]
    for product in products:
        factories.restock(product, expected_on=SOON)
    return two_line_order(*products, quantity=2, country="US")


def line_of(order: Order, name: str) -> OrderLine:
    return order.lines.select_related("order", "product").get(product__name=name)


def asks(line: OrderLine) -> DelayNotice:
    """The first email about it has asked for an answer, which silence would replace."""
    for hours, days in enumerate(SECOND_DELAY, start=1):
        mail()
        slip(line, days, hours=hours)
    mail()
    notice = line.notices.exclude(outcome="superseded").first()
    assert notice.must_be_answered
    return notice


def day(notice: DelayNotice) -> str:
    assert notice.answer_by is not None
    return f"{notice.answer_by.day} December"


def test_the_line_of_the_headline_comes_first_and_the_link_of_a_parcel_right_after_it(
    order: Order, mail_sink: MailSink
) -> None:
    mail()
    lamp, cup = line_of(order, "Lamp"), line_of(order, "Cup")
    services.receive(lamp.product, 2, now=NOON + DAY)
    mail()
    services.ship(order, {lamp.pk: 2}, now=NOON + DAY, carrier="UPS", tracking_number="1Z9")
    slip(cup, 40, hours=30)
    received = newest(mail_sink)

    assert subject_of(received).startswith("Your order TT-2 is delayed: new ship date ")
    for said in (unwrapped(received), words_of(html_of(received))):
        in_order = ["2 × Cup", "Happy to wait?", "2 × Lamp", "number 1Z9", "Track your parcel"]
        rights = ["Your rights in full", "2 × Cup", "You can keep your place or cancel."]
        places = [said.index(words) for words in in_order]
        assert places == sorted(places)
        end = said[places[-1] :]
        assert [end.index(words) for words in rights] == sorted(map(end.index, rights))


def test_what_of_the_rights_is_alike_is_said_once_for_all_lines(
    order: Order, mail_sink: MailSink
) -> None:
    mail()
    slip(line_of(order, "Lamp"), 40)
    slip(line_of(order, "Cup"), 45)
    said = unwrapped(newest(mail_sink))

    assert said.count("If we do not hear from you by ") == 2
    assert said.count("You can keep your place or cancel. Both are free.") == 1
    assert said.count("If you cancel, you will get a prompt and full refund") == 1
    assert said.count("Keep my place:") == 2


def test_a_line_that_must_be_answered_leads_where_the_subject_names_its_day(
    order: Order, mail_sink: MailSink
) -> None:
    notice = asks(line_of(order, "Cup"))
    slip(line_of(order, "Lamp"), 70, hours=30)
    received = newest(mail_sink)

    assert subject_of(received) == f"Your order TT-2 is delayed: please answer by {day(notice)}"
    said = unwrapped(received)
    assert said.index("2 × Cup") < said.index("Keep my place:") < said.index("2 × Lamp")


def cancels(order: Order) -> None:
    services.cancel(order, units={line_of(order, "Lamp").pk: 1}, now=NOON + DAY, by="staff")


def writes(order: Order) -> None:
    restock = line_of(order, "Lamp").product.restocks.get()
    restock_notes.write_to_waiting(restock, "It is at sea.", now=NOON + DAY, actor="nina")


def corrects(order: Order) -> None:
    lamp = line_of(order, "Lamp")
    services.receive(lamp.product, 2, now=NOON + DAY)
    parcel = services.ship(order, {lamp.pk: 1}, now=NOON + DAY)
    mail()
    services.correct_shipment(parcel, now=NOON + 2 * DAY)


@pytest.mark.parametrize(
    "happens, subject, heading",
    [
        (
            cancels,
            "Part of your order TT-2 is canceled; please answer by {day}",
            "Canceled in part; please answer by {day}",
        ),
        (
            writes,
            "A message about your delivery: order TT-2; please answer by {day}",
            "A message about your delivery; please answer by {day}",
        ),
        (
            corrects,
            "Correction: your order TT-2 hasn't shipped yet; please answer by {day}",
            "Correction: it hasn't shipped yet; please answer by {day}",
        ),
    ],
)
def test_news_that_is_not_good_names_the_day_to_answer_by_in_its_subject(
    happens: object, subject: str, heading: str, order: Order, mail_sink: MailSink
) -> None:
    assert callable(happens)
    notice = asks(line_of(order, "Cup"))
    happens(order)
    received = newest(mail_sink)

    assert subject_of(received) == subject.format(day=day(notice))
    assert text_of(received).startswith(heading.format(day=day(notice)) + "\n")
    said = unwrapped(received)
    assert said.index("2 × Lamp") < said.index("2 × Cup") < said.index("Keep my place:")


def test_whoever_answered_for_one_line_reads_that_another_must_be_answered_too(
    order: Order, mail_sink: MailSink
) -> None:
    asks(line_of(order, "Lamp"))
    notice = asks(line_of(order, "Cup"))
    services.answer(order, line_of(order, "Lamp").pk, "keep", now=NOON + DAY)
    received = newest(mail_sink)

    assert subject_of(received) == f"We still need your answer by {day(notice)} (order TT-2)"
    said = unwrapped(received)
    assert said.index("2 × Cup") < said.index("Keep my place:") < said.index("2 × Lamp")
    assert "You're keeping your place in line. Thank you for letting us know." in said
