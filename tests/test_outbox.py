import socket
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from celery.exceptions import SoftTimeLimitExceeded
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from backorders_site.demo.embedded import free_port
from notifications import tasks
from notifications.models import Attempt, Message, MessageState, Suppression
from notifications.outbox import delivery
from notifications.outbox.delivery import (
    Claimed,
    claim,
    deliver,
    finish,
    hand_over,
    prepare,
    release_stuck,
)
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.mail_mode import MailMode
from notifications.transport.smtp import Outcome, Phase, ServerReply
from orders import services
from orders.models import Event, Order, OrderLine
from orders.services.locks import AdvisoryLock
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, make_product
from tests.mailing import mail, outcomes, states, wait
from tests.test_dispatch import slip, together

MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=301)
SEND = MailMode("send")


@pytest.fixture
def line(db: None) -> OrderLine:
    product = make_product(name="Walnut lamp")
    factories.restock(product)
    return factories.order(product, number="TT-1042")


def message_of(line: OrderLine) -> Message:
    return line.order.messages.latest("pk")


def attention(order: Order) -> list[str]:
    order.refresh_from_db()
    return order.attention


def claim_one(line: OrderLine) -> Claimed:
    token = uuid.uuid4()
    (claimed,) = prepare(claim(token, mode=SEND), token)
    assert claimed.message == message_of(line)
    return claimed


def lose_answers(sink: MailSink, number: int) -> None:
    """The server takes so many mails and hangs up before it says so."""
    keep, lost = sink.handle_DATA, iter(range(number))

    async def handle(server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await keep(server, session, envelope)
        if next(lost, None) is not None:
            server.transport.abort()
        return answer

    sink.handle_DATA = handle  # type: ignore[method-assign]


# What is told


def test_a_mail_taken_by_the_server_counts_as_told(line: OrderLine, mail_sink: MailSink) -> None:
    mail()

    message = message_of(line)
    event = Event.objects.get()
    assert (message.state, message.attempts, outcomes(message)) == (MessageState.SENT, 1, ["sent"])
    assert event.told_at == message.sent_at
    assert factories.fresh(line).promise.told_at == message.sent_at
    (received,) = mail_sink.mails
    assert received.recipients == ["ada@example.com"]
    assert received.message["Message-ID"] == message.message_id


def test_nothing_is_mailed_twice(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    mail()
    wait(LEASE)
    mail()

    assert len(mail_sink.mails) == 1


def test_what_newer_news_has_overtaken_is_covered_but_not_counted_as_told(
    line: OrderLine, mail_sink: MailSink
) -> None:
    first = factories.fresh(line).promise
    slip(line, 70)
    mail()

    assert list(message_of(line).covered.values_list("event__kind", "said")) == [
        ("joined", False),
        ("later", True),
    ]
    first.refresh_from_db()
    assert first.told_at is None
    assert factories.fresh(line).promise.told_at is not None


def test_three_changes_while_the_server_is_down_then_shipped_are_one_current_mail(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    mail()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    for hours, days in ((2, 70), (6, 120), (10, 180)):
        slip(line, days, hours=hours)
        mail()
    later = NOON + timedelta(days=1)
    services.receive(line.product, 1, now=later)
    mail()
    services.ship(line.order, {line.pk: 1}, now=later, carrier="UPS", tracking_number="1Z9")
    mail()
    settings.EMAIL_PORT = port
    wait(timedelta(hours=1))
    mail()

    subjects = [received.message["Subject"] for received in mail_sink.mails]
    assert subjects[1:] == ["Shipped: your order TT-1042"]
    assert states(line.order) == [
        MessageState.SENT,
        *[MessageState.SUPERSEDED] * 4,
        MessageState.SENT,
    ]
    assert message_of(line).events.count() == 5


def test_a_later_mail_threads_to_the_first(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    slip(line, 70)
    mail()
    slip(line, 120, hours=6)
    mail()

    first, second, third = (received.message for received in mail_sink.mails)
    assert first["In-Reply-To"] is None
    assert [second["In-Reply-To"], third["In-Reply-To"]] == [first["Message-ID"]] * 2
    assert third["References"] == first["Message-ID"]
    assert len({first["Message-ID"], second["Message-ID"], third["Message-ID"]}) == 3


# What the server answers


def test_a_server_that_is_down_means_later_with_a_growing_pause(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    mail()
    message = message_of(line)
    pause = message.next_attempt_at - timezone.now()
    assert (message.state, message.attempts, message.frozen_at) == (MessageState.QUEUED, 1, None)
    assert timedelta(seconds=3) < pause < timedelta(seconds=7)
    mail()
    assert message_of(line).attempts == 1  # its time has not come
    wait(MINUTE)
    mail()
    assert message_of(line).next_attempt_at - timezone.now() > pause

    settings.EMAIL_PORT = port
    wait(MINUTE)
    mail()
    assert outcomes(message) == ["deferred", "deferred", "sent"]
    assert attention(line.order) == []


def test_a_server_that_is_down_is_tried_with_one_mail_at_a_time(
    settings: Settings, db: None
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = free_port()
    for _ in range(3):
        factories.order(make_product())
    mail()

    assert Attempt.objects.count() == 1
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.QUEUED}


@pytest.mark.parametrize("answer", ["451 try later", "421 closing", "452 full"])
def test_a_passing_refusal_means_later(line: OrderLine, mail_sink: MailSink, answer: str) -> None:
    mail_sink.answers = [answer]
    mail()
    message = message_of(line)
    assert (message.state, message.ambiguous_count, outcomes(message)) == (
        MessageState.QUEUED,
        0,
        ["deferred"],
    )

    wait(MINUTE)
    mail()
    assert message_of(line).state == MessageState.SENT
    assert len(mail_sink.mails) == 1


@pytest.mark.parametrize("answer", ["550 no such user <ada@example.com>", "552 too big", "554 no"])
def test_a_refusal_for_good_fails_and_goes_on_staffs_list(
    line: OrderLine, mail_sink: MailSink, answer: str
) -> None:
    mail_sink.answers = [answer]
    mail()
    wait(LEASE)
    mail()

    message = message_of(line)
    assert (message.state, outcomes(message)) == (MessageState.FAILED, ["failed"])
    assert attention(line.order) == [
        "an email to this customer was refused: see the order's emails"
    ]
    assert "ada@example.com" not in message.last_error + Attempt.objects.get().detail
    assert Event.objects.get().told_at is None


def test_one_refused_mail_holds_up_no_other(line: OrderLine, mail_sink: MailSink) -> None:
    other = factories.order(line.product)
    mail_sink.answers = ["550 no"]
    mail()

    assert states(line.order) + states(other.order) == [MessageState.FAILED, MessageState.SENT]


def test_an_answer_lost_after_the_content_costs_one_copy_that_is_counted(
    line: OrderLine, mail_sink: MailSink
) -> None:
    lose_answers(mail_sink, 1)
    mail()
    message = message_of(line)
    assert (message.state, message.ambiguous_count, outcomes(message)) == (
        MessageState.QUEUED,
        1,
        ["unknown"],
    )
    mail()
    assert len(mail_sink.mails) == 1  # the server has time to think

    wait(LEASE)
    mail()
    first, copy = (received.message for received in mail_sink.mails)
    assert copy.as_bytes() == first.as_bytes()
    assert first["Message-ID"] == message.message_id
    message.refresh_from_db()
    assert (message.state, message.ambiguous_count) == (MessageState.SENT, 1)


def test_an_answer_lost_twice_needs_a_person(line: OrderLine, mail_sink: MailSink) -> None:
    lose_answers(mail_sink, 2)
    mail()
    wait(LEASE)
    mail()
    wait(LEASE)
    mail()

    message = message_of(line)
    assert (message.state, message.ambiguous_count, len(mail_sink.mails)) == (
        MessageState.NEEDS_REVIEW,
        2,
        2,
    )
    assert attention(line.order) == [
        "an email to this customer was sent twice without an answer: see the order's emails"
    ]
    assert Event.objects.get().told_at is None


def test_a_server_that_takes_the_connection_and_says_nothing_means_later(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        mail()

    assert outcomes(message_of(line)) == ["deferred"]
    assert message_of(line).frozen_at is None


def test_a_connection_the_server_closed_between_two_mails_is_opened_again(
    line: OrderLine, mail_sink: MailSink
) -> None:
    for _ in range(3):
        factories.order(line.product)
    keep = mail_sink.handle_DATA

    async def hang_up_after(server: SMTP, session: Session, envelope: Envelope) -> str:
        await keep(server, session, envelope)
        await server.push("250 OK")
        server.transport.close()
        return "250 never seen"

    mail_sink.handle_DATA = hang_up_after  # type: ignore[method-assign]
    mail()

    assert set(Message.objects.values_list("state", "attempts", "ambiguous_count")) == {
        (MessageState.SENT, 1, 0)
    }
    assert len(mail_sink.mails) == 4


# Who owns a message


@pytest.mark.django_db(transaction=True)
def test_eight_senders_claim_twenty_messages_exactly_once() -> None:
    product = make_product()
    for _ in range(20):
        factories.order(product)
    dispatch_all()
    claimed: list[int] = []
    start = threading.Barrier(8)

    def sender() -> None:
        start.wait()
        while ids := claim(uuid.uuid4(), mode=SEND, limit=3):
            claimed.extend(ids)

    together(8, sender)
    assert sorted(claimed) == sorted(Message.objects.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_senders_that_run_together_send_each_mail_once(mail_sink: MailSink) -> None:
    product = make_product()
    for _ in range(20):
        factories.order(product)

    together(4, mail)

    assert len(mail_sink.mails) == 20
    assert set(Message.objects.values_list("state", "attempts")) == {(MessageState.SENT, 1)}
    assert not Event.objects.filter(told_at__isnull=True).exists()


def test_an_owner_slower_than_its_lease_changes_nothing(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    slow = claim_one(line)
    assert hand_over(slow)
    wait(LEASE)
    release_stuck()
    before = Message.objects.values().get()

    assert not finish(slow, ServerReply(Outcome.SENT, Phase.ANSWERED))
    assert Message.objects.values().get() == before
    assert Event.objects.get().told_at is None
    assert outcomes(slow.message) == ["unknown", "late"]


def test_a_sender_that_died_before_handing_over_leaves_nothing_in_doubt(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    dead = claim_one(line)
    wait(timedelta(seconds=31))
    mail()

    assert (message_of(line).state, message_of(line).ambiguous_count) == (MessageState.SENT, 0)
    assert not hand_over(dead)
    assert len(mail_sink.mails) == 1


def test_a_sender_that_died_with_a_mail_in_flight_is_counted(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    hand_over(claim_one(line))
    wait(MINUTE)
    mail()
    assert message_of(line).state == MessageState.SENDING
    wait(LEASE)
    mail()

    assert (message_of(line).state, message_of(line).ambiguous_count) == (MessageState.SENT, 1)


def test_senders_that_die_twice_in_flight_leave_it_to_a_person(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    for _ in range(2):
        hand_over(claim_one(line))
        wait(LEASE)
        release_stuck()

    assert message_of(line).state == MessageState.NEEDS_REVIEW
    assert attention(line.order) == [
        "an email to this customer was sent twice without an answer: see the order's emails"
    ]


def test_what_a_failing_sender_did_not_reach_is_given_back(
    line: OrderLine, mail_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.order(line.product)
    dispatch_all()
    monkeypatch.setattr(delivery, "mail_of", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        deliver()
    assert sorted(Message.objects.values_list("state", "in_flight")) == [
        (MessageState.QUEUED, False),
        (MessageState.SENDING, True),
    ]


@pytest.mark.parametrize("trouble", [SoftTimeLimitExceeded, OperationalError])
def test_a_worker_stopped_while_it_writes_a_mail_does_not_give_the_mail_up(
    line: OrderLine, mail_sink: MailSink, monkeypatch: pytest.MonkeyPatch, trouble: type[Exception]
) -> None:
    dispatch_all()

    def stopped(*_: object, **__: object) -> None:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "compose", stopped)
        with pytest.raises(trouble):
            deliver()
    assert message_of(line).state == MessageState.QUEUED
    mail()
    assert message_of(line).state == MessageState.SENT


def test_news_that_comes_after_the_claim_stops_the_older_mail(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    claimed = claim_one(line)
    slip(line, 70)

    assert not hand_over(claimed)
    wait(timedelta(seconds=31))
    release_stuck()
    mail()
    assert [received.message["Subject"] for received in mail_sink.mails] == [
        message_of(line).subject
    ]
    assert message_of(line).kind == "later"


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_sends_and_the_other_goes_on(mail_sink: MailSink) -> None:
    factories.order(make_product())
    dispatch_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.ONE_SENDER])
    together(1, tasks.deliver)
    assert mail_sink.mails == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.ONE_SENDER])
    together(1, tasks.deliver)
    assert len(mail_sink.mails) == 1


# What leaves the outbox without being sent


def test_an_expired_message_is_not_sent(line: OrderLine, mail_sink: MailSink) -> None:
    dispatch_all()
    Message.objects.update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    mail()

    assert (states(line.order), mail_sink.mails) == ([MessageState.EXPIRED], [])


def test_an_address_suppressed_meanwhile_is_not_mailed(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    Suppression.objects.create(address="ADA@example.com", reason="bounced", at=NOON)
    mail()

    assert (states(line.order), mail_sink.mails) == ([MessageState.SUPPRESSED], [])
    assert attention(line.order) == ["can't be reached: this address is suppressed"]


def test_an_address_corrected_meanwhile_is_the_one_mailed(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    Order.objects.update(email="lovelace@example.com")
    mail()

    (received,) = mail_sink.mails
    assert (received.recipients, received.message["To"]) == (
        ["lovelace@example.com"],
        "lovelace@example.com",
    )
    assert message_of(line).recipient == "lovelace@example.com"


def test_an_order_that_moved_on_past_its_news_gets_no_mail(
    line: OrderLine, mail_sink: MailSink
) -> None:
    dispatch_all()
    services.cancel(line.order, now=NOON)
    Event.objects.filter(kind="cancelled").update(message_due=False)
    mail()

    assert (states(line.order), mail_sink.mails) == ([MessageState.EXPIRED], [])


@pytest.mark.django_db
def test_a_mail_that_cannot_be_written_is_staffs_and_holds_up_no_other(mail_sink: MailSink) -> None:
    line = factories.order(make_product())
    other = factories.order(make_product())
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL backorders.erase = 'on'")
        cursor.execute("UPDATE orders_event SET facts = '{}' WHERE order_id = %s", [line.order_id])
    mail()

    assert states(line.order) + states(other.order) == [MessageState.FAILED, MessageState.SENT]
    assert attention(line.order) == [
        "an email to this customer could not be written: see the order's emails"
    ]


# The rows themselves


def test_an_order_has_one_open_message(line: OrderLine) -> None:
    dispatch_all()
    with pytest.raises(IntegrityError, match="one_open_message_per_order"), transaction.atomic():
        Message.objects.create(
            key="x",
            order=line.order,
            message_id="<x@y>",
            created_at=NOON,
            next_attempt_at=NOON,
            kind="later",
        )


def test_what_was_handed_over_cannot_be_rewritten(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    with pytest.raises(IntegrityError, match="its content cannot change"), transaction.atomic():
        Message.objects.update(text="We never said so.")


def test_the_log_of_tries_cannot_be_rewritten(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    with pytest.raises(IntegrityError, match="is history"), transaction.atomic():
        Attempt.objects.update(outcome="failed")


# Without Celery


def test_the_command_dispatches_and_delivers(
    line: OrderLine, mail_sink: MailSink, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("deliver_messages")
    assert capsys.readouterr().out == (
        "Emails created: 1; 1 sent, 0 deferred, 0 failed, 0 unknown; 0 written and kept back\n"
    )


def test_the_command_fails_when_a_mail_could_not_be_sent(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail_sink.answers = ["451 later"]
    with pytest.raises(CommandError, match="some emails could not be sent"):
        call_command("deliver_messages")
