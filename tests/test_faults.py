"""Faults that need no second machine: what mail servers answer, clocks that differ, nights the
clock changes, words that people type. Those that need processes to be killed are in tests/faults/.
"""

import asyncio
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from django.db import DataError, connection, transaction
from pytest_django.fixtures import Settings

from backorders_site.demo.embedded import free_port
from notifications.models import Message, MessageState
from notifications.outbox.delivery import claim, deliver, finish, hand_over, prepare, release_stuck
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.mail_mode import MailMode
from notifications.tasks import deliver as deliver_task
from notifications.transport.smtp import Outcome, Phase, ServerReply
from orders import services, tasks
from orders.models import Event, Order, OrderLine, Run
from orders.services import daily_jobs
from orders.services.forecasts import cutoff
from orders.services.locks import AdvisoryLock
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.mailing import mail, outcomes, states, wait
from tests.test_dispatch import together
from tests.test_mails import html_of, text_of

pytestmark = pytest.mark.django_db
SEND = MailMode("send")
LEASE = timedelta(seconds=301)


@pytest.fixture
def line(db: None) -> OrderLine:
    product = factories.make_product()
    factories.restock(product)
    return factories.order(product)


def message_of(line: OrderLine) -> Message:
    return line.order.messages.latest("pk")


# What a mail server answers


@pytest.mark.parametrize(
    "answer", ["432 4.7.12 a password transition is needed", "450 4.2.0 mailbox busy"]
)
def test_a_mailbox_that_is_busy_means_later(
    line: OrderLine, mail_sink: MailSink, answer: str
) -> None:
    mail_sink.answers = [answer]
    mail()
    assert (message_of(line).state, outcomes(message_of(line))) == (
        MessageState.QUEUED,
        ["deferred"],
    )
    wait(timedelta(minutes=1))
    mail()
    assert (message_of(line).state, len(mail_sink.mails)) == (MessageState.SENT, 1)


@pytest.mark.parametrize("answer", ["432 4.7.12 not now", "450 4.7.1 greylisted"])
def test_a_recipient_refused_for_now_means_later_and_holds_up_no_other(
    line: OrderLine, mail_sink: MailSink, answer: str
) -> None:
    other = factories.order(line.product, email="grace@example.org")

    async def greylist(
        server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.endswith("@example.com"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    mail_sink.handle_RCPT = greylist  # type: ignore[attr-defined]
    mail()
    assert (states(line.order), states(other.order)) == ([MessageState.QUEUED], [MessageState.SENT])
    assert outcomes(message_of(line)) == ["deferred"]


def test_a_password_the_server_refuses_gives_no_mail_up(
    line: OrderLine, settings: Settings
) -> None:
    """It is ours to mend: nothing is tried with the other mails, and nothing fails."""
    other = factories.order(line.product)
    keeps = MailSink()
    right = {"password": b"wrong"}
    controller = Controller(
        keeps,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
            success=data.password == right["password"], handled=False
        ),
        auth_require_tls=False,
        auth_required=True,
    )
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "right"
    try:
        mail()
        assert states(line.order) + states(other.order) == [
            MessageState.QUEUED,
            MessageState.QUEUED,
        ]
        assert "535" in message_of(line).last_error
        right["password"] = b"right"
        wait(timedelta(minutes=1))
        mail()
        assert states(line.order) + states(other.order) == [MessageState.SENT, MessageState.SENT]
    finally:
        controller.stop()


def test_silence_after_the_content_is_counted_and_asked_once_more(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    keep, over = mail_sink.handle_DATA, threading.Event()

    async def keep_and_say_nothing(server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await keep(server, session, envelope)
        while not over.is_set():
            await asyncio.sleep(0.02)
        return answer

    mail_sink.handle_DATA = keep_and_say_nothing  # type: ignore[method-assign]
    mail()
    over.set()
    message = message_of(line)
    assert (message.state, message.ambiguous_count, outcomes(message)) == (
        MessageState.QUEUED,
        1,
        ["unknown"],
    )
    wait(LEASE)
    mail()
    first, copy = (mail.message.as_bytes() for mail in mail_sink.mails)
    assert (message_of(line).state, copy == first) == (MessageState.SENT, True)


def test_a_mail_server_without_room_gets_it_later(line: OrderLine, mail_sink: MailSink) -> None:
    mail_sink.answers = ["452 4.3.1 Insufficient system storage"]
    mail()
    wait(timedelta(minutes=1))
    mail()
    assert outcomes(message_of(line)) == ["deferred", "sent"]


def test_a_batch_goes_over_one_connection(line: OrderLine, mail_sink: MailSink) -> None:
    for _ in range(4):
        factories.order(line.product)
    sessions = set()
    keep = mail_sink.handle_DATA

    async def note(server: SMTP, session: Session, envelope: Envelope) -> str:
        sessions.add(session.peer)
        return await keep(server, session, envelope)

    mail_sink.handle_DATA = note  # type: ignore[method-assign]
    mail()
    assert (len(mail_sink.mails), len(sessions)) == (5, 1)


# Who sends


def test_on_a_machine_that_writes_mails_slowly_each_sweep_still_sends_some(
    line: OrderLine, mail_sink: MailSink
) -> None:
    """The time is over before the first batch is written."""
    for _ in range(7):
        factories.order(line.product)
    dispatch_all()
    for _ in range(8):
        deliver(seconds=0.001)
    assert len(mail_sink.mails) == 8


@pytest.mark.django_db(transaction=True)
def test_one_task_delivered_five_times_at_once_sends_one_mail(mail_sink: MailSink) -> None:
    factories.order(factories.make_product())
    together(5, mail)
    assert (len(mail_sink.mails), Message.objects.get().attempts) == (1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("frozen", [True, False])
def test_a_sender_that_is_frozen_holds_the_others_up_no_longer_than_a_task_may_take(
    mail_sink: MailSink, settings: Settings, frozen: bool
) -> None:
    """Its connection stays open: the machine it runs on goes on answering for it."""
    settings.CELERY_TASK_TIME_LIMIT = 0.3
    factories.order(factories.make_product())
    dispatch_all()
    with psycopg.connect(
        **connection.get_connection_params() | {"cursor_factory": psycopg.Cursor}, autocommit=True
    ) as it:
        it.execute("SELECT pg_advisory_lock(%s)", [AdvisoryLock.ONE_SENDER])
        for _ in range(4):
            time.sleep(0.15)
            deliver_task()
            if not frozen:
                it.execute("SELECT 1")
        time.sleep(0.1)
        deliver_task()
        assert len(mail_sink.mails) == frozen


def test_an_error_after_the_news_was_written_leaves_neither_news_nor_mail(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    with transaction.atomic():
        services.cancel(line.order, now=NOON)
        transaction.set_rollback(True)
    mail()
    assert (Event.objects.count(), len(mail_sink.mails), factories.fresh(line).cancelled) == (
        1,
        1,
        0,
    )


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_worker_whose_clock_is_ten_minutes_off_sends_no_sooner_and_takes_nothing_from_others(
    line: OrderLine, mail_sink: MailSink, minutes: int
) -> None:
    """The database's clock decides what is due and whose lease is over."""
    other = factories.order(line.product)
    dispatch_all()
    token = uuid.uuid4()
    owned = prepare(claim(token, mode=SEND, limit=1), token)
    assert hand_over(owned[0])
    later = Message.objects.exclude(pk=owned[0].message.pk).get()
    wait(-timedelta(minutes=3))  # the other is due in three minutes, and the lease is new
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        release_stuck()
        deliver()
    assert (mail_sink.mails, outcomes(later)) == ([], [])
    assert finish(owned[0], ServerReply(Outcome.SENT, Phase.ANSWERED))
    wait(timedelta(minutes=4))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes)):
        deliver()
    assert (len(mail_sink.mails), states(line.order), states(other.order)) == (
        1,
        [MessageState.SENT],
        [MessageState.SENT],
    )
    true = abs(Message.objects.get(pk=later.pk).sent_at - datetime.now(UTC))
    assert true < timedelta(minutes=5), "times are the database's"


# A night the clock changes


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 11, 1), 25), (datetime(2027, 3, 14), 23), (datetime(2026, 11, 2), 24)],
)
@pytest.mark.parametrize("recorded", ["live", "overnight"])
def test_the_days_work_is_done_once_on_a_day_of_any_length(
    settings: Settings, recorded: str, day: datetime, hours: int
) -> None:
    """Asked every ten minutes for the whole of that day, in the shop's zone."""
    settings.SHIPMENTS_RECORDED = recorded
    zone = ZoneInfo(settings.TIME_ZONE)
    start = day.replace(tzinfo=zone).astimezone(UTC)
    end = (day + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)
    assert end - start == timedelta(hours=hours)
    with time_machine.travel(start, tick=False) as clock:
        while datetime.now(UTC) < end:
            tasks.review_all()
            tasks.keep_deadlines()
            clock.shift(timedelta(minutes=10))
    noon = start + timedelta(hours=12)
    judged = {
        "live": [(day - timedelta(days=1), start), (day, cutoff(noon))],
        "overnight": [
            (day - timedelta(days=2), start),
            (day - timedelta(days=1), day.replace(hour=8, tzinfo=zone)),
        ],
    }
    runs = Run.objects.order_by("job", "day").values_list("job", "day", "finished_at")
    assert list(runs) == [
        *(("deadlines", of.date(), at) for of, at in judged[recorded]),
        ("review", day.date(), daily_jobs.review_time(noon)),
    ]


# What people type

HOSTILE = {
    "right to left": "Ada \u202e\u2067evil\u2069 Lovelace",
    "a line break": "Ada\r\nBcc: all@example.com",
    "template syntax": "{{ request }} {% debug %} ${7*7}",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "ten thousand letters": "A" * 10_000,
    "half a surrogate escaped": "Ada \\ud800",
    "other separators": "Ada\u2028\u2029\x85\x0b\x0c",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_typed_into_any_field_stays_words(name: str, mail_sink: MailSink) -> None:
    typed = HOSTILE[name]
    product = factories.make_product(name=typed[:200])
    line = factories.order(product, customer_name=typed[:300])
    services.receive(product, 1, now=NOON)
    try:
        services.ship(
            line.order, {line.pk: 1}, now=NOON, carrier=typed[:100], tracking_number=typed[:200]
        )
    except services.Refused:  # no key (test_keys.py)
        services.ship(line.order, {line.pk: 1}, now=NOON)
    mail()
    (received,) = [mail.message for mail in mail_sink.mails]
    said = received["Subject"] + text_of(received) + html_of(received)
    assert received["Bcc"] is None
    assert not set("\u202e\u2028\u2029\x85\x0b\x0c") & set(said)
    assert ("<script" in html_of(received), "<img src=x" in html_of(received)) == (False, False)
    assert len(received.as_bytes()) < 100_000


@pytest.mark.parametrize("field", ["number", "email", "customer_name", "country", "locale"])
def test_a_nul_in_an_order_is_refused_and_nothing_is_half_written(field: str) -> None:
    """Forms and imports say so before; whoever else calls the service is stopped by the
    database."""
    order = services.NewOrder(
        **{
            "number": "A1",
            "placed_at": NOON,
            "lines": [services.NewLine(factories.make_product(), 1)],
            field: "U\x00S",
        }
    )
    with pytest.raises((services.Refused, DataError)), transaction.atomic():
        services.place_order(order, now=NOON)
    assert not Order.objects.exists()
