"""Staff pause all mail, and resume it, without a restart."""

import uuid
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from notifications.models import Message, MessageState, Pause
from notifications.outbox.delivery import claim, hand_over, prepare
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.mail_mode import MailMode
from notifications.outbox.pause import pause_email, resume_email
from orders.access import order_url
from orders.models import OrderLine
from orders.services import Refused
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.mailing import mail, states
from tests.test_admin import queries_of
from tests.test_dispatch import slip
from tests.test_roles import M, S, W, somebody

PAGE = "/admin/desk/mail/"
pytestmark = pytest.mark.django_db


def test_a_page_promises_no_mail_while_it_is_paused(client: Client, line: OrderLine) -> None:
    url = order_url(line.order).removeprefix("http://testserver")

    def promised() -> list[bool]:
        said = client.get(url).content.decode()
        return ["We email a" in said, "Ordered with a" in said]

    assert promised() == [True, False]
    pause_email("a wrong date", now=NOON, actor="mia")
    assert promised() == [False, True]
    resume_email(now=NOON, actor="mia")
    assert promised() == [True, False]


@pytest.fixture
def line(db: None) -> OrderLine:
    product = factories.make_product()
    factories.restock(product)
    return factories.order(product)


def test_paused_mail_is_written_and_stays_until_it_is_resumed(
    line: OrderLine, mail_sink: MailSink
) -> None:
    pause_email("a wrong date", now=NOON, actor="mia")
    mail()
    message = line.order.messages.get()
    assert (message.state, message.attempts, message.subject != "", mail_sink.mails) == (
        MessageState.QUEUED,
        0,
        True,
        [],
    )
    resume_email(now=NOON, actor="noor")
    mail()
    assert (states(line.order), len(mail_sink.mails)) == ([MessageState.SENT], 1)
    assert Pause.objects.values_list("paused_by", "ended_by", "reason").get() == (
        "mia",
        "noor",
        "a wrong date",
    )


def test_what_was_overtaken_or_expired_while_paused_does_not_go_out(
    line: OrderLine, mail_sink: MailSink
) -> None:
    other = factories.order(line.product)
    pause_email("a wrong date", now=NOON, actor="mia")
    mail()
    slip(line, 70)
    dispatch_all()
    Message.objects.filter(order=other.order).update(expires_at=datetime(2026, 1, 1, tzinfo=UTC))
    resume_email(now=NOON, actor="mia")
    mail()
    assert states(line.order) == [MessageState.SUPERSEDED, MessageState.SENT]
    assert (states(other.order), len(mail_sink.mails)) == (
        [MessageState.SUPERSEDED, MessageState.EXPIRED],
        1,
    )


def test_it_stops_also_what_a_sender_has_claimed_already(line: OrderLine) -> None:
    dispatch_all()
    token = uuid.uuid4()
    (claimed,) = prepare(claim(token, mode=MailMode("send")), token)
    pause_email("a wrong date", now=NOON, actor="mia")
    assert not hand_over(claimed)
    assert claim(uuid.uuid4(), mode=MailMode("send")) == []


def test_email_is_paused_once_and_resumed_once() -> None:
    pause_email("one", now=NOON, actor="mia")
    with pytest.raises(Refused, match="email is already paused"):
        pause_email("two", now=NOON, actor="noor")
    resume_email(now=NOON, actor="mia")
    with pytest.raises(Refused, match="email isn't paused"):
        resume_email(now=NOON, actor="mia")


def test_the_database_keeps_it_to_one_pause() -> None:
    Pause.objects.create(paused_at=NOON, paused_by="mia", reason="one")
    with pytest.raises(IntegrityError, match="email_is_paused_once"), transaction.atomic():
        Pause.objects.create(paused_at=NOON, paused_by="noor", reason="two")


def test_a_command_pauses_and_resumes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("hold_mail", reason="restored")
    call_command("hold_mail", release=True)
    assert capsys.readouterr().out == "Email is paused.\nEmails go out again.\n"
    with pytest.raises(CommandError, match="email isn't paused"):
        call_command("hold_mail", release=True)


@pytest.mark.parametrize("reason", ["", "  ", "\x00"])
def test_a_command_needs_a_reason(reason: str) -> None:
    with pytest.raises(CommandError, match="give a reason"):
        call_command("hold_mail", reason=reason)
    assert not Pause.objects.exists()


def test_a_command_keeps_whatever_a_terminal_hands_over_as_a_reason() -> None:
    call_command("hold_mail", reason="a\x00b\ud800" + "x" * 300)
    assert Pause.objects.get().reason == "a b?" + "x" * 196


# The page


@pytest.mark.parametrize(("role", "status"), [(W, 403), (S, 200), (M, 200)])
def test_support_and_managers_pause_mail(client: Client, role: str, status: int) -> None:
    client.force_login(somebody(role))
    assert client.get(PAGE).status_code == status
    client.post(PAGE, {"act": "hold", "reason": "a wrong date"})
    assert Pause.objects.count() == (status == 200)


def test_everybody_sees_on_the_first_page_that_mail_is_paused_and_why(client: Client) -> None:
    support = somebody(S, "mia")
    client.force_login(support)
    assert "paused all email" not in client.get("/admin/").content.decode()
    client.post(PAGE, {"act": "hold", "reason": "a <wrong> date"})
    for person in (support, somebody(W, "wanda")):
        client.force_login(person)
        home = client.get("/admin/").content.decode()
        assert "mia paused all email" in home
    client.force_login(support)
    client.post(PAGE, {"act": "release"})
    assert "paused all email" not in client.get("/admin/").content.decode()
    assert "a &lt;wrong&gt; date" in client.get(PAGE).content.decode()


def test_a_pause_needs_a_reason_and_a_second_one_is_told_so(client: Client) -> None:
    client.force_login(somebody(S, "mia"))
    assert (
        client.post(PAGE, {"act": "hold", "reason": ""}).status_code,
        Pause.objects.count(),
    ) == (
        200,
        0,
    )
    client.post(PAGE, {"act": "hold", "reason": "one"})
    said = client.post(PAGE, {"act": "hold", "reason": "two"}, follow=True)
    assert (Pause.objects.count(), "Email is already paused" in said.content.decode()) == (1, True)


def test_reading_the_page_changes_nothing_and_costs_the_same_for_many(
    admin_client: Client, line: OrderLine
) -> None:
    few = queries_of(admin_client, PAGE)
    for n in range(3):
        pause_email(str(n), now=NOON, actor="mia")
        resume_email(now=NOON, actor="mia")
        factories.order(line.product)
    dispatch_all()
    assert queries_of(admin_client, PAGE) == few
    assert Pause.objects.filter(ended_at=None).count() == 0
