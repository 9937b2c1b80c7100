import pytest

from notifications.models import Message, MessageEvent, MessageState
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.staff_actions import count_as_sent, send_again, withdraw
from orders.models import Event, Order, OrderLine
from orders.services import Refused
from tests import factories
from tests.conftest import MailSink
from tests.factories import make_product
from tests.mailing import mail, states
from tests.test_dispatch import set_state, slip


@pytest.fixture
def line(db: None) -> OrderLine:
    product = make_product()
    factories.restock(product)
    return factories.order(product, number="TT-1042")


def test_a_refused_mail_goes_out_unchanged_to_the_corrected_address(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail_sink.answers = ["550 no such user"]
    mail()
    message = Message.objects.get()
    Order.objects.update(email="lovelace@example.com")
    send_again(message)
    mail()

    (received,) = mail_sink.mails
    assert received.recipients == ["lovelace@example.com"]
    assert received.message["Message-ID"] == message.message_id
    assert states(line.order) == [MessageState.SENT]


def test_a_mail_without_an_address_goes_out_once_there_is_one(
    mail_sink: MailSink, db: None
) -> None:
    order = factories.order(make_product(), email="").order
    mail()
    with pytest.raises(Refused, match="has no email address: enter one first"):
        send_again(order.messages.get())
    Order.objects.update(email="ada@example.com")
    send_again(order.messages.get())
    mail()

    assert (states(order), len(mail_sink.mails)) == ([MessageState.SENT], 1)


def test_a_mail_that_is_out_of_date_is_not_sent_again(line: OrderLine, mail_sink: MailSink) -> None:
    mail_sink.answers = ["550 no"]
    mail()
    failed = Message.objects.get()
    slip(line, 70)
    mail()

    with pytest.raises(Refused, match="has a newer email"):
        send_again(failed)


def test_a_mail_found_in_the_customers_inbox_counts_as_told(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    MessageEvent.objects.update(said=True)
    set_state(line.order, MessageState.NEEDS_REVIEW)
    count_as_sent(Message.objects.get())

    message = Message.objects.get()
    assert message.state == MessageState.SENT
    assert Event.objects.get().told_at == message.sent_at


def test_a_withdrawn_mail_leaves_the_customer_to_staff(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    withdraw(Message.objects.get())
    mail()

    line.order.refresh_from_db()
    assert (states(line.order), mail_sink.mails) == ([MessageState.CANCELLED], [])
    assert line.order.attention == ["an email to this customer was stopped: reach them another way"]


def test_a_sent_mail_can_neither_be_withdrawn_nor_repeated_nor_counted_again(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    for decide in (withdraw, send_again, count_as_sent):
        with pytest.raises(Refused):
            decide(Message.objects.get())
