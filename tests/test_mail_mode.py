from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from notifications.models import Message, MessageState
from notifications.outbox.mail_mode import MailMode, parse_mail_mode
from orders.models import Event, Order, OrderLine
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, make_product
from tests.mailing import mail, states
from tests.test_dispatch import slip


@pytest.fixture
def line(db: None) -> OrderLine:
    product = make_product()
    factories.restock(product, expected_on=(NOON + timedelta(days=14)).date())
    return factories.order(product, number="TT-1042", country="CA")


def test_in_hold_mails_can_be_read_and_are_not_sent(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_MODE = "hold"
    mail()

    message = line.order.messages.get()
    assert (message.state, message.attempts, mail_sink.mails) == (MessageState.QUEUED, 0, [])
    assert message.subject.startswith("Thank you for your order TT-1042: ")
    assert "You're 1st in line." in message.text
    assert Event.objects.get().told_at is None


def test_what_was_held_goes_out_when_sending_is_switched_on(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_MODE = "hold"
    mail()
    slip(line, 70)
    mail()
    settings.MAIL_MODE = "send"
    mail()

    assert states(line.order) == [MessageState.SUPERSEDED, MessageState.SENT]
    assert len(mail_sink.mails) == 1


def test_a_preview_is_composed_anew_when_it_goes_out(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_MODE = "hold"
    mail()
    Order.objects.update(customer_name="Augusta Ada King", email="king@example.com")
    settings.MAIL_MODE = "send"
    mail()

    (received,) = mail_sink.mails
    assert received.recipients == ["king@example.com"]
    assert "\nHello Augusta,\n" in line.order.messages.get().text


def test_a_trial_reaches_the_listed_addresses_alone(
    settings: Settings, mail_sink: MailSink, db: None
) -> None:
    product = make_product()
    for email in ("ada@example.com", "grace@example.com", "Tester@Shop.example"):
        factories.order(product, email=email)
    settings.MAIL_MODE = "only:tester@shop.example, ada@example.com"
    mail()
    mail()

    assert sorted(mail.recipients[0] for mail in mail_sink.mails) == [
        "Tester@Shop.example",
        "ada@example.com",
    ]
    kept = Message.objects.get(state=MessageState.QUEUED)
    assert kept.recipient == "grace@example.com"
    assert kept.subject


@pytest.mark.parametrize(
    ("setting", "mode"),
    [
        ("hold", MailMode("hold")),
        (" send ", MailMode("send")),
        ("only:Ada@Example.com", MailMode("only", frozenset({"ADA@EXAMPLE.COM"}))),
        ("only: a@b.co , c@d.co,", MailMode("only", frozenset({"A@B.CO", "C@D.CO"}))),
    ],
)
def test_the_mode_is_read_from_the_setting(setting: str, mode: MailMode) -> None:
    assert parse_mail_mode(setting) == mode


@pytest.mark.parametrize(
    "setting", ["", "on", "Send", "only", "only:", "only:ada", "only:a@b.co;c@d.co"]
)
def test_a_mode_that_cannot_be_read_sends_nothing(setting: str) -> None:
    with pytest.raises(ValueError, match="expected hold, send or only:ADDRESS"):
        parse_mail_mode(setting)
