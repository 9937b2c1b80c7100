"""How fast mail may go, to the mail server and to each domain: who has to wait, waits alone."""

import asyncio
import time
from datetime import timedelta

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db.models import F
from pytest_django.fixtures import Settings

from backorders_site.config.checks import settings_make_sense
from notifications.models import Attempt, Message, MessageState, Pace
from notifications.outbox.delivery import deliver
from notifications.outbox.dispatch import dispatch_all
from notifications.transport import rates as pacing
from notifications.transport.rates import Rates, parse_rates
from tests import factories
from tests.conftest import MailSink
from tests.mailing import mail

pytestmark = pytest.mark.django_db


def orders_of(*addresses: str) -> None:
    product = factories.make_product()
    for address in addresses:
        factories.order(product, email=address)
    dispatch_all()


def reached(sink: MailSink) -> list[str]:
    return [mail.recipients[0] for mail in sink.mails]


def pass_time(span: timedelta) -> None:
    Pace.objects.update(free_at=F("free_at") - span)


# The setting


@pytest.mark.parametrize(
    ("setting", "rates"),
    [
        ("", Rates()),
        ("all=50/s", Rates(all=0.02)),
        (" Gmail.com=120/min , *=360/h ", Rates(others=10.0, named={"gmail.com": 0.5})),
    ],
)
def test_rates_are_read_from_the_setting(setting: str, rates: Rates) -> None:
    assert parse_rates(setting) == rates


@pytest.mark.parametrize(
    "setting", ["50", "all=50", "all=0/s", "all=-1/s", "gmail=5/s", "all=5/s,all=6/s", "a.b=1/day"]
)
def test_a_rate_that_cannot_be_read_is_named_at_start_up(settings: Settings, setting: str) -> None:
    settings.MAIL_RATES = setting
    (problem,) = settings_make_sense()
    assert "expected NAME=NUMBER/UNIT" in problem.msg


# A domain


def test_a_domain_at_its_rate_waits_and_the_others_of_the_same_batch_go(
    settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_RATES = "slow.example=1/min"
    orders_of(
        "a@slow.example",
        "b@slow.example",
        "C@Slow.example",
        "ada@example.com",
        "d@slow.example",
        "bo@example.com",
    )
    deliver()
    assert sorted(reached(mail_sink)) == ["a@slow.example", "ada@example.com", "bo@example.com"]
    assert (
        Message.objects.filter(state=MessageState.QUEUED, attempts=0, ambiguous_count=0).count()
        == 3
    )
    assert not Attempt.objects.exclude(outcome="sent").exists()


def test_it_goes_on_at_its_rate(settings: Settings, mail_sink: MailSink) -> None:
    settings.MAIL_RATES = "slow.example=1/min"
    orders_of("a@slow.example", "b@slow.example", "c@slow.example")
    deliver()
    pass_time(timedelta(seconds=50))
    deliver()
    assert reached(mail_sink) == ["a@slow.example"]
    pass_time(timedelta(seconds=11))
    deliver()
    assert reached(mail_sink) == ["a@slow.example", "b@slow.example"]


def test_what_was_not_used_is_lost_but_for_a_second(
    settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_RATES = "*=2/s"
    orders_of("a@example.com")
    deliver()
    pass_time(timedelta(hours=1))
    orders_of(*(f"{n}@example.com" for n in range(9)))
    started = time.monotonic()
    deliver()
    took = time.monotonic() - started
    # what a second allows, and the one that is due now
    assert 3 <= len(mail_sink.mails) - 1 <= 3 + 2 * took


def test_a_backlog_of_one_domain_is_not_claimed_over_and_over(
    settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_RATES = "slow.example=1/h"
    orders_of(*(f"{n}@slow.example" for n in range(5)), "ada@example.com")
    deliver()
    before = list(Message.objects.order_by("pk").values())
    deliver()
    assert list(Message.objects.order_by("pk").values()) == before
    assert sorted(reached(mail_sink)) == ["0@slow.example", "ada@example.com"]


def test_a_slow_domain_slows_only_itself(
    settings: Settings, mail_sink: MailSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first mail takes longer than the limit; the rest of its mails wait, and nobody else's."""
    monkeypatch.setattr(pacing, "SLOW_SECONDS", 0.2)
    keep = mail_sink.handle_DATA

    async def drag(server: SMTP, session: Session, envelope: Envelope) -> str:
        if "slow.example" in envelope.rcpt_tos[0]:
            await asyncio.sleep(0.3)
        return await keep(server, session, envelope)

    mail_sink.handle_DATA = drag  # type: ignore[method-assign]
    orders_of(
        "a@slow.example", "b@slow.example", "c@slow.example", "ada@example.com", "bo@example.com"
    )
    deliver()
    deliver()
    assert sorted(reached(mail_sink)) == ["a@slow.example", "ada@example.com", "bo@example.com"]
    pass_time(timedelta(minutes=1))
    monkeypatch.setattr(pacing, "SLOW_SECONDS", 5)
    deliver()
    assert len(mail_sink.mails) == 5


# All mail


def test_all_mail_goes_at_the_rate_of_the_mail_server(
    settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_RATES = "all=20/s"
    orders_of(*(f"{n}@shop{n}.example" for n in range(30)))
    started = time.monotonic()
    deliver()
    took = time.monotonic() - started
    assert len(mail_sink.mails) == 30
    assert took >= (30 - 21) / 20


def test_a_turn_that_does_not_come_in_time_is_left_to_the_next_sweep(
    settings: Settings, mail_sink: MailSink
) -> None:
    settings.MAIL_RATES = "all=1/min"
    orders_of("ada@example.com", "bo@example.com")
    started = time.monotonic()
    deliver(seconds=2)
    assert (reached(mail_sink), time.monotonic() - started < 2) == (["ada@example.com"], True)
    assert set(
        Message.objects.exclude(state=MessageState.SENT).values_list("state", "claim_token")
    ) == {(MessageState.QUEUED, None)}


def test_the_state_outlives_the_sender(settings: Settings, mail_sink: MailSink) -> None:
    """It is a row: a sender that starts anew asks the same."""
    settings.MAIL_RATES = "all=1/min"
    orders_of("ada@example.com", "bo@example.com")
    for _ in range(3):
        deliver(seconds=0.5)
    assert len(mail_sink.mails) == 1


def test_without_rates_nothing_is_counted(mail_sink: MailSink) -> None:
    orders_of("ada@example.com", "bo@example.com")
    mail()
    assert (len(mail_sink.mails), Pace.objects.count()) == (2, 0)
