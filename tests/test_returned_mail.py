"""A mail that came back told nobody anything."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from notifications.models import Message, MessageState, Suppression
from notifications.outbox.staff_actions import mark_bounced, send_again
from orders import services
from orders.access import order_url
from orders.models import DelayNotice, Event, Order, OrderLine
from orders.services import Refused
from orders.words import sentence
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh
from tests.mailing import mail, states
from tests.test_admin import act, page
from tests.test_answering_pages import said
from tests.test_dispatch import slip
from tests.test_mails import SOON, asked_of, delayed, text_of

DAY = timedelta(days=1)
CAME_BACK = (
    "an email to this customer bounced: reach them another way, or enter an address that works"
)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon(clocks: Clocks) -> None:
    """Whether a notice was told in time depends on the database's clock."""


def returned(*days: int) -> OrderLine:
    """The newest mail of this line told of a delay, and came back."""
    line = delayed("US", *days)
    mail()
    mark_bounced(Message.objects.latest("pk"))
    return line


def deadline(notice: DelayNotice) -> timedelta:
    return timedelta(days=(notice.answer_by - NOON.date()).days)


def test_no_deadline_runs_and_staff_see_who_was_not_notified(mail_sink: MailSink) -> None:
    line = returned(35, 50)
    notice = asked_of(line)
    assert (notice.case, notice.silence, notice.not_told_at) == ("D", "cancel", NOON)
    assert Order.objects.get().attention == [CAME_BACK]
    assert services.remind(now=NOON + deadline(notice) - 2 * DAY) == 0
    assert services.apply_silence(now=NOON + deadline(notice) + 100 * DAY) == 0
    assert fresh(line).waiting == 1


def test_the_page_names_no_deadline_and_says_that_mails_do_not_arrive(
    client: Client, mail_sink: MailSink
) -> None:
    line = returned(35, 50)
    words = said(client.get(order_url(line.order)))
    assert "If we do not receive your agreement by" not in words
    assert "We need your answer by" not in words
    assert "You'll hear from us by" not in words
    assert "Happy to wait? Your place is kept for you." in words
    assert "Our emails to a•••@example.com don't arrive." in words
    shown = client.get(order_url(line.order) + f"answer/?line={line.pk}&choice=cancel")
    assert "If you do nothing, nothing changes: you'll keep your place in line." in said(shown)


def test_what_a_mail_that_came_back_said_was_on_the_page_alone(mail_sink: MailSink) -> None:
    line = returned(35)
    slip(line, 50, hours=5)
    event = Event.objects.get(promise=fresh(line).promise)
    assert event.facts["mailed"] is False
    assert "Your order page said it would ship by" in sentence(event, locale="en")


def test_nothing_is_said_to_be_told_that_came_back(
    client: Client, admin_client: Client, mail_sink: MailSink, clocks: Clocks
) -> None:
    line = returned(35)
    assert said(client.get(order_url(line.order))).count("emailed") == 1  # that they joined
    assert (
        "bounced"
        in said(admin_client.get(page(Order, "change", line.order.pk))).split("What happened")[1]
    )
    clocks.move_to(NOON + 2 * DAY)
    act(
        admin_client,
        "correct-address",
        line.order,
        email="lovelace@example.com",
        reason="the old one came back",
    )
    mail()
    assert "emailed on Wednesday, 4 November" in said(client.get(order_url(line.order)))


def test_the_next_delay_after_a_notice_that_came_back_is_the_first(mail_sink: MailSink) -> None:
    line = returned(35)
    assert asked_of(line).case == "A"
    slip(line, 50, hours=5)
    mail()
    assert (asked_of(line).case, asked_of(line).told_at is not None, asked_of(line).binds) == (
        "A",
        True,
        True,
    )


def test_an_address_that_works_gets_a_mail_of_its_own_and_the_notice_counts_from_then(
    admin_client: Client, mail_sink: MailSink, clocks: Clocks
) -> None:
    line = returned(35, 50)
    clocks.move_to(NOON + 2 * DAY)
    act(
        admin_client,
        "correct-address",
        line.order,
        email="lovelace@example.com",
        reason="the old one came back",
    )
    mail()
    sent = mail_sink.mails[-1]
    assert sent.recipients == ["lovelace@example.com"]
    assert f"If you do not agree by {asked_of(line).answer_by.day} December" in text_of(
        sent.message
    )
    assert states(line.order)[-2:] == [MessageState.BOUNCED, MessageState.SENT]
    notice = asked_of(line)
    assert (notice.told_at, notice.adequate, notice.not_told_at) == (
        Message.objects.latest("pk").sent_at,
        True,
        None,
    )
    assert Order.objects.get().unreachable_at is None
    assert services.apply_silence(now=NOON + deadline(notice) + 2 * DAY) == 1


def corrected(client: Client, line: OrderLine, **more: str) -> Message:
    """The mail that follows when staff enter another address."""
    act(
        client,
        "correct-address",
        line.order,
        email="lovelace@example.com",
        reason="a typing error",
        **more,
    )
    mail()
    return Message.objects.latest("pk")


def test_what_came_back_is_written_anew_also_where_no_promise_was_told(
    admin_client: Client, mail_sink: MailSink, clocks: Clocks
) -> None:
    line = factories.order(factories.make_product(), 2)
    services.receive(line.product, 2, now=NOON)
    mail()
    services.ship(line.order, {line.pk: 2}, now=NOON, carrier="UPS", tracking_number="1Z9")
    mail()
    old = Message.objects.latest("pk")
    mark_bounced(old)
    clocks.move_to(NOON + 2 * DAY)
    new = corrected(admin_client, line)
    sent = mail_sink.mails[-1]
    assert (states(line.order)[-2:], new.message_id != old.message_id) == (
        [MessageState.BOUNCED, MessageState.SENT],
        True,
    )
    assert sent.recipients == ["lovelace@example.com"]
    assert "Shipped on Monday, 2 November." in text_of(sent.message)
    assert sent.message["Date"].startswith("Wed, 04 Nov 2026")
    assert Order.objects.get().attention == []


def test_of_two_mails_that_came_back_both_are_told(
    admin_client: Client, mail_sink: MailSink
) -> None:
    line = factories.order(factories.make_product(), 3)
    services.receive(line.product, 2, now=NOON)
    mail()
    services.ship(line.order, {line.pk: 2}, now=NOON)
    mail()
    mark_bounced(Message.objects.latest("pk"))
    services.cancel(line.order, units={line.pk: 1}, now=NOON)
    mail()
    mark_bounced(Message.objects.latest("pk"))
    corrected(admin_client, line)
    said = text_of(mail_sink.mails[-1].message)
    assert "2 of 3 items shipped on" in said
    assert "We've canceled 1 of 3 items" in said


def test_what_was_refused_names_the_place_as_it_is_now(
    admin_client: Client, mail_sink: MailSink, clocks: Clocks
) -> None:
    product = factories.restock(factories.make_product(), 50).product
    ahead = factories.order(product, placed_at=NOON - DAY, email="bob@example.com")
    mail()
    line = factories.order(product)
    mail_sink.answers = ["550 no such user"]
    mail()
    assert states(line.order) == [MessageState.FAILED]
    services.cancel(ahead.order, now=NOON + DAY)
    mail()
    clocks.move_to(NOON + 2 * DAY)
    corrected(admin_client, line)
    sent = mail_sink.mails[-1].message
    assert sent["Date"].startswith("Wed, 04 Nov 2026")
    assert "You're 1st in line." in text_of(sent)
    assert "2nd" not in text_of(sent)


def test_a_refused_mail_with_the_same_news_is_composed_anew(
    admin_client: Client, mail_sink: MailSink, clocks: Clocks
) -> None:
    line = factories.order(factories.make_product())
    mail_sink.answers = ["550 no such user"]
    mail()
    clocks.move_to(NOON + 2 * DAY)
    corrected(admin_client, line)
    assert states(line.order) == [MessageState.FAILED, MessageState.SENT]
    assert mail_sink.mails[-1].message["Date"].startswith("Wed, 04 Nov 2026")


def test_what_may_have_arrived_goes_out_as_it_was(
    admin_client: Client, mail_sink: MailSink, clocks: Clocks
) -> None:
    line = delayed("US", 35, 50)
    mail()
    first = mail_sink.mails[-1].message
    services.mark_told(list(Event.objects.values_list("pk", flat=True)), at=NOON)
    Message.objects.filter(pk=Message.objects.latest("pk").pk).update(
        state=MessageState.NEEDS_REVIEW, sent_at=None, ambiguous_count=2
    )
    clocks.move_to(NOON + 2 * DAY)
    corrected(admin_client, line)
    assert mail_sink.mails[-1].recipients == ["lovelace@example.com"]
    assert [mail_sink.mails[-1].message[name] for name in ("Message-ID", "Date")] == [
        first[name] for name in ("Message-ID", "Date")
    ]


def test_staff_are_not_asked_for_an_address_once_they_entered_one(
    admin_client: Client, mail_sink: MailSink
) -> None:
    line = returned(35)
    act(
        admin_client,
        "correct-address",
        line.order,
        email="ada@example.com",
        revoke="on",
        reason="a neighbour got it",
    )
    assert Order.objects.get().attention == [CAME_BACK]
    act(
        admin_client,
        "correct-address",
        line.order,
        email="lovelace@example.com",
        reason="the old one came back",
    )
    assert Order.objects.get().attention == []


def test_once_its_address_was_corrected_no_card_and_no_list_names_it(
    client: Client, mail_sink: MailSink
) -> None:
    client.force_login(User.objects.create_superuser("mia"))
    line = returned(35)

    def named() -> list[int]:
        lists = [
            client.get(page(Message), {"with": "staff"}),
            client.get(page(Order), {"needs": "attention"}),
            client.get(page(Order), {"needs": "address"}),
        ]
        return [shown.context["cl"].result_count for shown in lists]

    assert named() == [1, 1, 1]
    act(client, "correct-address", line.order, email="new@example.com", reason="came back")
    mail()
    assert Order.objects.get().attention == []
    assert named() == [0, 0, 0]
    assert line.order.messages.filter(state=MessageState.BOUNCED).count() == 1  # on record


def test_sent_again_unchanged_it_counts_from_then(mail_sink: MailSink) -> None:
    line = returned(35, 50)
    message = Message.objects.latest("pk")
    Order.objects.update(email="lovelace@example.com")
    send_again(message)
    mail()
    assert mail_sink.mails[-1].message["Message-ID"] == message.message_id
    assert states(line.order)[-1] == MessageState.SENT
    assert asked_of(line).binds
    assert fresh(line).promise.returned_at is None


def test_what_silence_had_agreed_to_is_not_agreed(mail_sink: MailSink) -> None:
    line = delayed("US", 35)
    mail()
    original, notice = line.agreed_by, asked_of(line)
    services.apply_silence(now=NOON + deadline(notice) + 2 * DAY)
    assert fresh(line).agreed_by == notice.consent_to > original
    mark_bounced(Message.objects.latest("pk"))
    assert (fresh(line).agreed_by, asked_of(line).outcome) == (original, "")


def test_a_later_mail_that_comes_back_leaves_told_what_the_first_one_told(
    mail_sink: MailSink, clocks: Clocks
) -> None:
    line = delayed("US", 35, 50)
    mail()
    clocks.move_to(NOON + 20 * DAY)
    services.reassure(now=NOON + 20 * DAY)
    mail()
    assert Message.objects.latest("pk").kind == "on_track"
    assert "Your ship date hasn't changed since" in text_of(mail_sink.mails[-1].message)
    mark_bounced(Message.objects.latest("pk"))
    assert asked_of(line).binds
    assert fresh(line).promise.returned_at is None


def test_only_a_mail_that_was_sent_can_come_back_and_once(mail_sink: MailSink) -> None:
    line = returned(35)
    with pytest.raises(Refused, match="only an email that was sent can bounce"):
        mark_bounced(line.order.messages.latest("pk"))


def test_staff_say_that_a_mail_came_back(admin_client: Client, mail_sink: MailSink) -> None:
    line = delayed("US", 35)
    mail()
    message = Message.objects.latest("pk")
    assert "is marked as bounced. Reach the customer of order 1042 another way." in act(
        admin_client, "came-back", message
    )
    listed = admin_client.get(page(DelayNotice), {"notified": "no"}).context["cl"].result_list
    assert [notice.line for notice in listed] == [line]
    assert (
        page(Message, "came-back")
        not in admin_client.get(page(Message, "change", message.pk)).content.decode()
    )


def test_an_address_that_is_suppressed_is_promised_no_mail(
    client: Client, mail_sink: MailSink
) -> None:
    product = factories.make_product()
    factories.restock(product, expected_on=SOON)
    Suppression.objects.create(address="ada@example.com", reason="bounced", at=NOON)
    line = factories.order(product)
    mail()
    words = said(client.get(order_url(line.order)))
    assert "You'll hear from us by" not in words
    assert "Our emails to a•••@example.com don't arrive." in words


def test_who_was_never_told_anything_reads_where_they_stand_and_not_that_nothing_has_changed(
    mail_sink: MailSink, clocks: Clocks
) -> None:
    line = factories.order(factories.restock(factories.make_product(), 50).product, email="")
    mail()
    clocks.move_to(NOON + 20 * DAY)
    services.reassure(now=NOON + 20 * DAY)
    mail()
    services.correct_address(
        line.order,
        "ada@example.com",
        revoke=False,
        reason="they rang",
        now=NOON + 20 * DAY,
        actor="ann",
    )
    mail()
    (sent,) = mail_sink.mails
    assert "You're 1st in line." in text_of(sent.message)
    assert "hasn't changed" not in text_of(sent.message)
