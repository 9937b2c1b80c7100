"""Contact us: what is written there reaches support, once, and hurts nobody."""

import re

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from notifications.models import Inquiry, Preference
from notifications.outbox.delivery import deliver
from notifications.outbox.pause import pause_email, resume_email
from orders.access import Purpose, link_token
from orders.models import Order, OrderLine
from tests import factories
from tests.conftest import Mail, MailSink
from tests.factories import NOON

HOSTILE = "Hello\r\nBcc: eve@example.com\n=?utf-8?b?QmNj?= <script>alert(1)</script> \u202e"


@pytest.fixture
def line(db: None) -> OrderLine:
    return factories.order(factories.make_product(), number="TT-7", email="ada@example.com")


def page(order: Order, purpose: Purpose = Purpose.ACT) -> str:
    return f"/o/{link_token(order, purpose)}/contact/"


def words_of(mail: Mail) -> str:
    return str(mail.message.get_content())


def test_a_message_about_an_order_reaches_support_once_with_a_link_that_may_look(
    line: OrderLine, client: Client, mail_sink: MailSink
) -> None:
    answered = client.post(page(line.order), {"message": "Where is my lamp?"})
    shown = client.get(answered["Location"])
    deliver()
    deliver()

    (received,) = mail_sink.mails
    look = f"http://testserver/o/{link_token(line.order, Purpose.LOOK)}/"
    assert received.recipients == ["help@shop.example"]
    assert received.message["Reply-To"] == "ada@example.com"
    assert received.message["Subject"] == "Order TT-7: message from a customer"
    assert look in words_of(received)
    assert "Where is my lamp?" in words_of(received)
    assert "Thank you, we have your message." in shown.text
    assert not Inquiry.objects.exists()


def test_staff_are_told_that_a_view_only_link_proves_nobody(
    line: OrderLine, client: Client, mail_sink: MailSink
) -> None:
    for purpose in (Purpose.LOOK, Purpose.ACT):
        client.post(page(line.order, purpose), {"message": "Cancel it"})
    deliver()
    warned = ["may have been shared" in words_of(received) for received in mail_sink.mails]
    assert warned == [True, False]


def test_a_visitor_without_an_order_names_an_address_to_reply_to(
    client: Client, db: None, mail_sink: MailSink
) -> None:
    refused = client.post("/contact/", {"message": "Do you ship to Peru?", "email": "me"})
    client.post("/contact/", {"message": "Do you ship to Peru?", "email": "ines@example.com"})
    deliver()

    assert refused.status_code == 400
    assert "Do you ship to Peru?" in refused.text
    (received,) = mail_sink.mails
    assert received.message["Reply-To"] == "ines@example.com"
    assert "/o/" not in words_of(received)


def test_an_address_that_no_email_reaches_is_not_answered(line: OrderLine, client: Client) -> None:
    Order.objects.update(unreachable_at=NOON)

    refused = client.post(page(line.order), {"message": "You never write"})
    client.post(page(line.order), {"message": "You never write", "email": "new@example.com"})

    assert refused.status_code == 400
    assert Inquiry.objects.get().answer_to == "new@example.com"


def test_a_message_stays_a_text_whatever_it_says(
    line: OrderLine, client: Client, mail_sink: MailSink
) -> None:
    client.post(page(line.order), {"message": HOSTILE})
    deliver()

    (received,) = mail_sink.mails
    assert received.recipients == ["help@shop.example"]
    assert received.message["Bcc"] is None
    assert received.message.get_content_type() == "text/plain"


@pytest.mark.parametrize("message", ["", "   ", "x" * 5001, "a\0b"])
def test_what_is_no_message_is_refused_and_nothing_is_lost(
    line: OrderLine, client: Client, message: str
) -> None:
    refused = client.post(page(line.order), {"message": message})

    assert refused.status_code == 400
    assert "Your message has not been sent." in refused.text
    assert not Inquiry.objects.exists()


def test_too_many_messages_are_refused_with_the_words_still_there(
    line: OrderLine, client: Client
) -> None:
    codes = [
        client.post(page(line.order), {"message": f"Message {n}"}).status_code for n in range(6)
    ]
    last = client.post(page(line.order), {"message": "Message 7"})

    assert codes == [303] * 5 + [429]
    assert "Message 7" in last.text
    assert int(last["Retry-After"]) > 0


def test_nobody_s_mailbox_is_flooded_with_answers_to_what_others_wrote(
    client: Client, db: None, settings: Settings
) -> None:
    settings.TRUSTED_PROXIES = 1
    written = {"message": "Call me", "email": "ines@example.com"}
    codes = [
        client.post("/contact/", written, headers={"X-Forwarded-For": f"198.51.{n}.1"}).status_code
        for n in range(6)
    ]
    assert codes == [303] * 5 + [429]


def test_a_message_waits_while_the_mail_server_is_away(
    line: OrderLine, client: Client, settings: Settings
) -> None:
    client.post(page(line.order), {"message": "Hello"})
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    deliver()

    waiting = Inquiry.objects.get()
    assert (waiting.attempts, bool(waiting.last_error)) == (1, True)


def test_while_no_email_goes_out_the_page_names_the_address_instead(
    line: OrderLine, client: Client, settings: Settings, mail_sink: MailSink
) -> None:
    client.post(page(line.order), {"message": "Before the pause"})
    pause_email("testing", now=NOON, actor="ruth")
    refused = client.post(page(line.order), {"message": "During the pause"})
    deliver()
    kept = Inquiry.objects.count()
    resume_email(now=NOON, actor="ruth")
    settings.MAIL_MODE = "only:ada@example.com"
    deliver()
    held = client.get("/contact/")

    assert refused.status_code == 409
    assert "mailto:help@shop.example" in refused.text
    assert (kept, Inquiry.objects.count(), mail_sink.mails) == (1, 1, [])
    assert "<textarea" not in held.text
    settings.MAIL_MODE = "send"
    deliver()
    assert len(mail_sink.mails) == 1


def test_the_foot_of_a_page_says_who_the_shop_is_and_when_it_replies(
    line: OrderLine, client: Client, settings: Settings
) -> None:
    settings.SHOP_ADDRESS = "Tern & Tide, 12 Harbor Street"
    settings.IMPRINT_URL = "https://shop.example/imprint"
    settings.PRIVACY_URL = "https://shop.example/privacy"
    settings.SUPPORT_HOURS, settings.SUPPORT_REPLY_HOURS = "Monday to Friday, 9 to 5", 24

    shown = client.get(f"/o/{link_token(line.order, Purpose.LOOK)}/").text

    assert "Tern &amp; Tide, 12 Harbor Street" in shown
    assert 'href="https://shop.example/imprint"' in shown
    assert 'href="https://shop.example/privacy"' in shown
    assert "Monday to Friday, 9 to 5. We usually reply within 24 hours." in shown


def test_links_of_a_page_about_an_order_stay_as_good_as_its_own(
    line: OrderLine, client: Client
) -> None:
    look = client.get(f"/o/{link_token(line.order, Purpose.LOOK)}/").text
    stop = client.get(f"/unsubscribe/{link_token(line.order, Purpose.STOP)}/").text

    assert set(re.findall(r"/(?:o|preferences)/([^/]+)/(?:contact/)?\"", look)) == {
        link_token(line.order, Purpose.LOOK)
    }
    assert 'href="/contact/"' in stop
    assert "/o/" not in stop
    assert not Preference.objects.exists()
