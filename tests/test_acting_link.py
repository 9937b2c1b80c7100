"""A link that may only look has the one that may act mailed, to the customer's address and nowhere
else."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import Settings

from notifications.models import Message, Suppression
from notifications.outbox.pause import pause_email
from orders import services
from orders.access import MAY_ACT, Purpose, answer_url, link_token, open_order
from orders.domain.facts import LinkAsked
from orders.models import Event, Order, OrderLine
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, make_product
from tests.mailing import mail
from tests.test_answering_pages import outcome, said
from tests.test_mails import text_of

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def line() -> OrderLine:
    return factories.order(make_product(name="Walnut lamp"), number="1042", country="DE")


def link(row: Order, page: str = "link/", purpose: Purpose = Purpose.LOOK) -> str:
    return f"/o/{link_token(row, purpose)}/{page}"


def test_what_was_chosen_on_a_page_that_may_only_look_is_asked_by_the_emailed_link(
    client: Client, line: OrderLine, mail_sink: MailSink
) -> None:
    """Three steps: the choice, the email, and its button, which opens that very question."""
    mail()
    page = client.get(link(line.order, "")).content.decode()
    (choice,) = re.findall(r'href="(/o/[^"]+/answer/[^"]*choice=cancel)"', page)
    asked = client.get(html.unescape(choice))
    assert "we'll send a link to a•••@example.com. It opens this same question." in said(asked)
    (form,) = re.findall(r'<form method="post" action="([^"]+)"', asked.content.decode())
    assert form == link(line.order)
    client.post(form, {"line": line.pk, "choice": "cancel"})
    mail()
    text = text_of(mail_sink.mails[-1].message)
    (opens,) = re.findall(r"(/o/\S+/answer/\S+)", text)
    assert opens == answer_url(line.order, line.pk, "cancel").partition("testserver")[2]
    assert "Cancel and get your money back?" in said(client.get(opens))


@pytest.mark.parametrize("typed", [{"line": "0", "choice": "keep"}, {"choice": "explode"}, {}])
def test_a_choice_that_cannot_be_meant_leaves_the_plain_link(
    client: Client, line: OrderLine, typed: dict[str, str]
) -> None:
    assert client.post(link(line.order), typed).status_code == 303
    details = Event.objects.get(kind="link").details
    assert isinstance(details, LinkAsked)
    assert (details.line, details.choice) == (None, None)


def test_opening_it_mails_nothing(client: Client, line: OrderLine) -> None:
    for open_it in (client.get, client.head):
        assert open_it(link(line.order)).status_code == 200
    assert not Event.objects.filter(kind="link").exists()


def test_the_button_mails_a_link_that_may_act(
    client: Client, line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    response = client.post(link(line.order))
    assert (
        outcome(client, response)
        == "We're emailing the link to a•••@example.com. It should arrive within a few minutes."
    )
    mail()
    sent = mail_sink.mails[-1]
    assert sent.recipients == ["ada@example.com"]
    assert sent.message["Subject"] == "Your link to order 1042"
    text = text_of(sent.message)
    assert "Here's the link you asked for." in text
    assert "If this wasn't you, you can ignore it." in text
    (token,) = re.findall(r"/o/(\S+)/\n", text)
    assert open_order(token, MAY_ACT) == (line.order, Purpose.ACT)
    message = Message.objects.latest("pk")
    assert (message.kind, message.state, line.order.events.first().told_at) == (
        "link",
        "sent",
        message.sent_at,
    )


def test_it_is_mailed_once_in_ten_minutes_and_five_times_a_day(
    client: Client, line: OrderLine, clock: time_machine.Traveller
) -> None:
    answers = []
    for _ in range(8):
        answers += [client.post(link(line.order)).status_code for _ in range(2)]
        clock.shift(11 * MINUTE)
    assert answers == [303, 429] * 5 + [429] * 6
    assert line.order.events.filter(kind="link").count() == 5
    clock.shift(24 * 60 * MINUTE)
    assert client.post(link(line.order)).status_code == 303


def test_asked_too_often_it_says_where_the_link_is(client: Client, line: OrderLine) -> None:
    client.post(link(line.order))
    words = said(client.post(link(line.order)))
    assert "We sent this link to a•••@example.com not long ago." in words


@pytest.mark.parametrize(
    "why",
    [
        "no address",
        "held",
        "held by staff",
        "not among those tried",
        "quiet",
        "suppressed",
        "came back",
    ],
)
def test_where_no_mail_goes_out_the_page_says_so_and_what_to_do(
    client: Client, line: OrderLine, settings: Settings, why: str
) -> None:
    help_ = " Please contact us, and we'll do it for you."
    words = "We can't send emails about this order right now." + help_
    match why:
        case "no address":
            Order.objects.update(email="")
            words = "We don't have an email address for this order." + help_
        case "held":
            settings.MAIL_MODE = "hold"
        case "held by staff":
            pause_email("a wrong date", now=NOON, actor="mia")
        case "not among those tried":
            settings.MAIL_MODE = "only:grace@example.com"
        case "quiet":
            Order.objects.update(released_at=None)
        case "suppressed":
            Suppression.objects.create(address="ADA@example.com", reason="bounced", at=NOON)
        case _:
            Order.objects.update(unreachable_at=NOON)
            words = "Our emails to a•••@example.com aren't arriving." + help_
    page = client.get(link(line.order))
    assert words in said(page)
    assert "<button" not in page.content.decode()
    assert client.post(link(line.order)).status_code == 409
    assert not Event.objects.filter(kind="link").exists()


def test_in_a_trial_it_is_mailed_to_those_who_try(
    client: Client, line: OrderLine, settings: Settings
) -> None:
    settings.MAIL_MODE = "only:Ada@example.com"
    assert client.post(link(line.order)).status_code == 303


def test_who_may_act_needs_no_link_and_who_may_only_feed_a_calendar_gets_none(
    client: Client, line: OrderLine
) -> None:
    acting = client.post(link(line.order, purpose=Purpose.ACT))
    assert (acting.status_code, acting["Location"]) == (302, link(line.order, "", Purpose.ACT))
    assert client.post(link(line.order, purpose=Purpose.FEED)).status_code == 404
    assert not Event.objects.filter(kind="link").exists()


def test_programs_read_it_as_a_note(client: Client, line: OrderLine) -> None:
    services.ask_for_link(line.order, now=NOON)
    events = client.get(link(line.order, "status.json")).json()["events"]
    assert sorted(event["kind"] for event in events) == ["joined", "note"]


@pytest.mark.parametrize("missing", [{"email": ""}, {"released_at": None}])
def test_the_service_refuses_where_nothing_can_be_mailed(
    line: OrderLine, missing: dict[str, object]
) -> None:
    Order.objects.update(**missing)
    with pytest.raises(services.Refused):
        services.ask_for_link(line.order, now=NOON)
