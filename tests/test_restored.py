"""After a restore, what waited in the backup may have been sent since: a person decides."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client

from notifications.models import Message, MessageState
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.pause import resume_email
from notifications.outbox.staff_actions import count_as_sent, send_again
from orders import services
from orders.models import Event, OrderLine, Word
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON
from tests.mailing import mail, states
from tests.test_roles import M, somebody

pytestmark = pytest.mark.django_db
LIST = "/admin/notifications/message/?with=restored"


@pytest.fixture
def lines(mail_sink: MailSink) -> list[OrderLine]:
    """One whose email is written, one being sent, and one with news that has none yet."""
    product = factories.make_product()
    factories.restock(product)
    written, sending, unwritten = (factories.order(product) for _ in range(3))
    mail()
    for line in (written, sending):
        tell(line)
    dispatch_all()
    Message.objects.filter(order=sending.order, state="queued").update(
        state="sending",
        claim_token="11111111-1111-1111-1111-111111111111",
        lease_until=NOON + timedelta(minutes=5),
        in_flight=True,
    )
    tell(unwritten)
    mail_sink.mails.clear()
    call_command("hold_mail", restored=True)
    return [written, sending, unwritten]


def tell(line: OrderLine) -> None:
    services.tell_customer(line.order, Word.LOOKING_INTO, reason="", now=NOON, actor="ann")


def test_it_is_in_one_list_and_does_not_go_out_when_email_is_resumed(
    lines: list[OrderLine], mail_sink: MailSink, client: Client
) -> None:
    resume_email(now=NOON, actor="mia")
    mail()
    assert mail_sink.mails == []
    assert [states(line.order) for line in lines] == [["sent", "needs_review"]] * 3
    client.force_login(somebody(M))
    page = client.get(LIST)
    assert [row.order_id for row in page.context["cl"].result_list] == [
        line.order_id for line in reversed(lines)
    ]
    assert all(row.subject for row in page.context["cl"].result_list)


def test_what_had_been_sent_counts_as_told_and_the_rest_goes_out_when_somebody_says_so(
    lines: list[OrderLine], mail_sink: MailSink
) -> None:
    resume_email(now=NOON, actor="mia")
    first, *others = (line.order.messages.latest("pk") for line in lines)
    count_as_sent(first, actor="ann", reason="in their inbox")
    assert Event.objects.filter(order=first.order_id, told_at=None).count() == 0
    for message in others:
        send_again(message, actor="ann")
    mail()
    assert len(mail_sink.mails) == 2
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}


def test_news_since_the_restore_goes_out_by_itself(
    lines: list[OrderLine], mail_sink: MailSink
) -> None:
    resume_email(now=NOON, actor="mia")
    tell(lines[0])
    mail()
    assert len(mail_sink.mails) == 1
    assert states(lines[0].order) == ["sent", "needs_review", "sent"]


def test_a_link_that_was_asked_for_is_nobody_s_work(mail_sink: MailSink) -> None:
    order = factories.order(factories.make_product()).order
    mail()
    services.ask_for_link(order, now=NOON)
    call_command("hold_mail", restored=True)
    assert states(order) == ["sent", "queued"]
