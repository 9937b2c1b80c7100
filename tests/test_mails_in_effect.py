"""Emails are right in effect: what their reader would take from each kind, in every state that
they are made for."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from notifications.compose import Composed
from orders.models import EventKind
from tests.factories import NOON
from tests.gallery import email_states
from tests.gallery.email_pictures import mails
from tests.html import spaced

pytestmark = pytest.mark.django_db
GOOD = (EventKind.EARLIER, EventKind.RESERVED, EventKind.SHIPPED)
SAYS_NEW_DAY = ("It's now due to ship by ", "The new date: ", "Ships by ")


@pytest.fixture(scope="module")
def sent(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[dict[str, Composed]]:
    """An email of each kind, in English."""
    with django_db_blocker.unblock(), time_machine.travel(NOON, tick=False), transaction.atomic():
        made = mails(now=NOON, languages=["en"], only=set(email_states.MAILS))
        yield {mail.name: mail.composed for mail in made}
        transaction.set_rollback(True)


def words(mail: Composed) -> str:
    return " ".join(spaced(mail.text).split())


def subject(mail: Composed) -> str:
    return spaced(mail.subject)


def test_good_news_is_not_led_by_what_must_be_answered(sent: dict[str, Composed]) -> None:
    good = {name for name, mail in sent.items() if mail.kind in GOOD}
    assert good >= {"earlier", "earlier_and_still_asked", "arrived_in_part", "shipped_untracked"}
    for name in good:
        assert "answer by" not in subject(sent[name]), name
    assert subject(sent["earlier"]).startswith("Good news: your order 80008 now ships by ")
    assert "we will cancel" not in words(sent["earlier"])  # it ships before that day


def test_a_first_email_thanks_and_is_sorry_for_nothing(sent: dict[str, Composed]) -> None:
    first = {name for name, mail in sent.items() if "How we'll keep you posted" in words(mail)}
    assert first >= {"joined_with_different_fates", "joined_with_prices", "first_mail_is_a_delay"}
    for name in first:
        assert "Thank you for your order!" in words(sent[name]), name
        is_delay = name == "first_mail_is_a_delay"
        assert ("sorry" in words(sent[name])) == is_delay, name


def test_a_cancellation_by_the_shop_says_sorry_why_how_much_and_when(
    sent: dict[str, Composed],
) -> None:
    assert (
        "Canceled: we can no longer get this product. We're sorry. We'll refund $118.00 to your "
        "original payment method by November 12."
    ) in words(sent["cancelled_with_its_refund"])
    assert (  # where the shop said neither why nor how much
        "We've canceled this, and we're sorry. We'll send your refund by November 12. If you "
        "didn't expect this, reply to this email and we'll explain."
    ) in words(sent["cancelled_by_shop"])


def test_a_right_that_starts_leads_an_email_that_nobody_can_turn_off(
    sent: dict[str, Composed],
) -> None:
    mail = sent["day_passed"]
    assert subject(mail) == "The agreed date has passed: you can cancel order 80010"
    assert not mail.about
    assert "List-Unsubscribe" not in mail.headers
    assert "You can turn off emails like this one." not in words(mail)
    assert "agreed date" not in words(sent["on_track"])  # which may be turned off
    assert sent["on_track"].about


def test_a_reminder_is_known_by_its_subject_and_says_what_silence_does(
    sent: dict[str, Composed],
) -> None:
    for name, begins in (
        ("reminder", "This is a reminder: please tell us by "),
        ("last_reminder", "This is our last reminder: please tell us by "),
    ):
        assert subject(sent[name]).startswith("Reminder: please answer by "), name
        assert begins in words(sent[name])
        assert "we'll have to cancel what hasn't shipped and refund you" in words(sent[name])


def test_nobody_is_asked_to_agree_to_a_date_that_the_email_does_not_name(
    sent: dict[str, Composed],
) -> None:
    asked = {name for name, mail in sent.items() if "the new date" in words(mail)}
    assert asked >= {"later_uk", "later_two_lines"}
    for name in asked:
        assert any(says in words(sent[name]) for says in SAYS_NEW_DAY), name
    for name in ("arrived_in_part", "put_back", "cancelled_in_part", "kept_without_a_date"):
        assert "new date" not in words(sent[name]), name


def test_what_was_told_before_is_said_in_one_way_and_sorry_once(sent: dict[str, Composed]) -> None:
    for name, mail in sent.items():
        said = words(mail)
        assert said.count("You'll hear from us by ") <= 1, name
        assert len(re.findall(r"\bsorry\b", said)) <= 1, name
        if name not in ("later_two_lines", "several_news"):
            assert len(re.findall(r"would ship by", said)) <= 1, name
    assert "Why: fewer items had arrived than we counted." in words(sent["corrected_receipt"])


def test_twelve_lines_that_join_are_twelve_short_rows(sent: dict[str, Composed]) -> None:
    mail = sent["joined_with_twelve_products"]
    assert len(re.findall(r"^\d+ × Tumbler no\. \d+, smoke glass$", mail.text, re.MULTILINE)) == 12
    assert len(mail.text.splitlines()) < 75


def test_a_link_opens_the_order_and_nothing_stands_beside_nothing(
    sent: dict[str, Composed],
) -> None:
    said = words(sent["link_asked"])
    assert subject(sent["link_asked"]) == "Your link to order 80026"
    assert "Also in this order" not in said
    assert said.index("Open my order:") < said.index("1 × Harbour lamp, brass")


def test_what_has_shipped_says_when_it_comes_and_thanks(sent: dict[str, Composed]) -> None:
    said = words(sent["shipped_in_two_parcels"])
    assert "Thank you for waiting. Part of your order is on its way to you." in said
    assert "With you by about Friday, November 6." in said
    assert said.index("number 1Z9AA1000006042") < said.index("Track parcel 1Z9AA1000006042:")
    assert said.index("Track parcel 1Z9AA1000006042:") < said.index("number 1Z9AA1000006043")
