"""Good news and "no change" may be turned off; what is due to a customer is mailed whatever they
chose."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from django.test import Client

from notifications.models import Message, Preference
from notifications.preferences import choose
from orders import services
from orders.access import Purpose, link_token
from orders.models import Order, OrderLine
from orders.pages.status import order_status
from tests import factories
from tests.conftest import MailSink
from tests.factories import NOON, fresh, kinds, make_product
from tests.html import spaced
from tests.mailing import mail, states
from tests.test_dispatch import slip

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def line() -> OrderLine:
    """Told a day at the end of November; of a customer in Canada, where silence cancels nothing."""
    product = make_product(name="Harbour lamp")
    factories.restock(product, expected_on=(NOON + 26 * DAY).date())
    factories.review(product)
    return factories.order(product, number="1001", country="CA")


def off(line: OrderLine, *topics: str, email: str = "ada@example.com") -> None:
    choose(email, **{topic: topic not in topics for topic in ("good_news", "no_change")}, now=NOON)


def url(line: OrderLine, purpose: Purpose = Purpose.ACT, page: str = "preferences") -> str:
    return f"/{page}/{link_token(line.order, purpose)}/"


def subjects(sink: MailSink) -> list[str]:
    mail()
    return [mail.message["Subject"] for mail in sink.mails]


def after_quiet_weeks(clock: time_machine.Traveller) -> None:
    clock.shift(15 * DAY)
    services.reassure(now=NOON + 15 * DAY)


def newest(sink: MailSink) -> EmailMessage:
    mail()
    return sink.mails[-1].message


# What is mailed


def test_good_news_turned_off_stands_on_the_page_and_is_not_mailed(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    off(line, "good_news")
    slip(line, 12)
    (welcome,) = subjects(mail_sink)
    assert welcome.startswith("Thank you for your order 1001: ")
    assert (states(line.order), kinds(line.order)) == (["sent", "unwanted"], ["joined", "earlier"])
    status = order_status(line.order, locale="en", now=NOON)
    assert [event.kind for event in status.events] == ["earlier", "joined"]
    assert Order.objects.get().attention == []


def test_a_delay_is_mailed_whatever_was_turned_off(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    off(line, "good_news", "no_change")
    slip(line, 70)
    assert re.match("Your order 1001 is delayed: new ship date ", subjects(mail_sink)[-1])


def test_shipment_cancellation_and_answers_are_mailed_whatever_was_turned_off(
    line: OrderLine, mail_sink: MailSink
) -> None:
    other = factories.order(line.product, number="1002", country="CA")
    mail()
    off(line, "good_news", "no_change")
    services.receive(line.product, 1, now=NOON)
    services.ship(line.order, {line.pk: 1}, now=NOON)
    services.cancel(other.order, now=NOON)
    shipped, canceled = sorted(subjects(mail_sink)[2:])
    assert shipped.startswith("Shipped: order 1001, ")
    assert canceled.startswith("Your order 1002 is canceled")


def test_no_change_turned_off_is_neither_mailed_nor_promised(
    line: OrderLine, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    mail()
    before = order_status(line.order, locale="en", now=NOON).next_update_by
    off(line, "no_change")
    after = order_status(line.order, locale="en", now=NOON).next_update_by
    assert (before, after) == (date(2026, 11, 17), fresh(line).promise.late)
    after_quiet_weeks(clock)
    (welcome,) = subjects(mail_sink)
    assert welcome.startswith("Thank you for your order 1001: ")
    assert kinds(line.order) == ["joined", "on_track"]


def test_one_turned_off_leaves_the_other(
    line: OrderLine, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    mail()
    off(line, "good_news")
    after_quiet_weeks(clock)
    (no_change,) = subjects(mail_sink)[1:]
    assert no_change.startswith("No change: your order 1001 still ships by ")


def test_who_was_told_of_no_day_hears_of_the_first_whatever_was_turned_off(
    mail_sink: MailSink,
) -> None:
    product = make_product()
    line = factories.order(product, number="1001", country="CA")
    factories.review(product)
    mail()
    off(line, "good_news")
    factories.restock(product, expected_on=date(2026, 12, 20))
    factories.review(product, now=NOON + DAY)
    assert kinds(line.order)[-1] == "earlier"
    assert re.match("We have a date: your order 1001 ships by ", subjects(mail_sink)[-1])


def test_good_news_on_top_of_good_news_stays_off(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    off(line, "good_news")
    slip(line, 14)
    mail()
    slip(line, 5, hours=30)
    (welcome,) = subjects(mail_sink)
    assert welcome.startswith("Thank you for your order 1001: ")
    assert kinds(line.order) == ["joined", "earlier", "earlier"]


def test_no_change_names_the_day_where_the_last_change_was_not_mailed(
    line: OrderLine, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    mail()
    off(line, "good_news")
    slip(line, 12)
    mail()
    clock.shift(15 * DAY)
    services.reassure(now=NOON + 15 * DAY)
    text = str(newest(mail_sink).get_body(("plain",)).get_content())
    assert re.search(r"Your ship date hasn't changed since \d\sNovember\.", text)


@pytest.mark.usefixtures("clocks")
def test_while_silence_would_cancel_no_mail_that_says_so_is_optional(mail_sink: MailSink) -> None:
    product = make_product(name="Harbour lamp")
    factories.restock(product, expected_on=(NOON + 70 * DAY).date())
    factories.review(product)
    line = factories.order(product, number="1001", country="US")
    mail()
    assert (line.notices.get().silence, bool(line.notices.get().told_at)) == ("cancel", True)
    off(line, "good_news")
    slip(line, 63)  # after the day to answer by: before it, the question would be moot
    sent = newest(mail_sink)
    assert (kinds(line.order)[-1], states(line.order)) == ("earlier", ["sent", "sent"])
    assert "List-Unsubscribe" not in sent
    text = str(sent.get_body(("plain",)).get_content())
    assert (
        "If we do not receive your agreement by 1 January" in spaced(" ".join(text.split())),
        "You can turn off emails like this one." in text,
    ) == (
        True,
        False,
    )


def test_news_that_is_due_takes_good_news_along(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    off(line, "good_news")
    slip(line, 12)
    services.ask_for_link(line.order, now=NOON + DAY)
    assert len(subjects(mail_sink)) == 2
    assert "List-Unsubscribe" not in mail_sink.mails[-1].message


def test_another_address_is_not_concerned(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    off(line, "good_news", "no_change", email="eve@example.com")
    slip(line, 12)
    assert re.match("Good news: your order 1001 now ships by ", subjects(mail_sink)[-1])


# Headers


def test_optional_mails_carry_one_click_and_no_other_does(
    line: OrderLine, mail_sink: MailSink, clock: time_machine.Traveller
) -> None:
    def one_click() -> tuple[str | None, str | None]:
        message = newest(mail_sink)
        link = message["List-Unsubscribe"]
        return link and link.strip(), message["List-Unsubscribe-Post"]

    link = f"http://testserver{url(line, Purpose.STOP, 'unsubscribe')}"
    assert one_click() == (None, None)  # joined
    slip(line, 12)
    assert one_click() == (f"<{link}>", "List-Unsubscribe=One-Click")
    slip(line, 90, hours=30)
    assert one_click() == (None, None)  # later
    clock.shift(17 * DAY)
    services.reassure(now=NOON + 17 * DAY)
    assert one_click() == (f"<{link}>", "List-Unsubscribe=One-Click")
    services.receive(line.product, 1, now=NOON + 17 * DAY)
    assert one_click() == (None, None)  # arrived
    services.ship(line.order, {line.pk: 1}, now=NOON + 18 * DAY)
    assert one_click() == (None, None)
    assert Message.objects.filter(state="sent").count() == 6


def test_every_mail_leads_to_the_page_of_preferences(line: OrderLine, mail_sink: MailSink) -> None:
    message = newest(mail_sink)
    link = f"http://testserver{url(line)}"
    assert f"Email preferences:\r\n{link}" in str(message.get_body(("plain",)).get_content())
    assert f'href="{link}"' in str(message.get_body(("html",)).get_content())


# One click


def test_one_click_without_cookie_or_form_turns_optional_mails_off(line: OrderLine) -> None:
    bare = Client(enforce_csrf_checks=True)
    response = bare.post(url(line, Purpose.STOP, "unsubscribe"), ONE_CLICK)
    assert (response.status_code, response.cookies) == (200, {})
    assert "You'll get fewer emails now" in response.content.decode()
    kept = Preference.objects.get()
    assert (kept.address, kept.good_news, kept.no_change) == ("ada@example.com", False, False)


def test_it_can_be_undone_at_once_and_what_was_off_before_stays_off(line: OrderLine) -> None:
    off(line, "good_news")
    bare, page = Client(enforce_csrf_checks=True), url(line, Purpose.STOP, "unsubscribe")
    stopped = bare.post(page, ONE_CLICK).content.decode()
    again = re.findall(r'name="again" value="(\w+)"', stopped)
    bare.post(page, {"again": again})
    kept = Preference.objects.get()
    assert "good_news" not in again
    assert (kept.good_news, kept.no_change) == (False, True)


def test_twice_is_as_once(client: Client, line: OrderLine) -> None:
    Order.objects.update(email="Ada@example.com")
    off(line)
    for _ in range(2):
        client.post(url(line, Purpose.STOP, "unsubscribe"), ONE_CLICK)
    assert list(Preference.objects.values_list("good_news", "no_change")) == [(False, False)]


def test_looking_changes_nothing(client: Client, line: OrderLine) -> None:
    for page in (url(line), url(line, Purpose.LOOK), url(line, Purpose.STOP, "unsubscribe")):
        assert client.get(page).status_code == client.head(page).status_code == 200
        assert client.put(page).status_code == client.delete(page).status_code == 405
    assert (
        "Stop these emails" in client.get(url(line, Purpose.STOP, "unsubscribe")).content.decode()
    )
    assert Preference.objects.count() == 0


def test_the_link_that_stops_does_nothing_else_and_others_do_not_stop(
    client: Client, line: OrderLine
) -> None:
    token = link_token(line.order, Purpose.STOP)
    for page in ("", "live/", "answer/", "status.json", "calendar.ics"):
        assert client.get(f"/o/{token}/{page}").status_code == 404
    assert client.get(url(line, Purpose.STOP)).status_code == 404
    for purpose in (Purpose.ACT, Purpose.LOOK, Purpose.FEED):
        assert client.post(url(line, purpose, "unsubscribe"), ONE_CLICK).status_code == 404
    assert client.get(url(line, Purpose.FEED)).status_code == 404


def test_a_revoked_link_chooses_nothing(client: Client, line: OrderLine) -> None:
    pages = [url(line), url(line, Purpose.STOP, "unsubscribe")]
    Order.objects.update(link_version=2)
    assert [client.post(page, ONE_CLICK).status_code for page in pages] == [404, 404]
    assert Preference.objects.count() == 0


def test_without_an_address_there_is_nothing_to_choose(client: Client, line: OrderLine) -> None:
    Order.objects.update(email="")
    assert client.get(url(line)).status_code == 404
    assert client.post(url(line, Purpose.STOP, "unsubscribe"), ONE_CLICK).status_code == 404


# The page


def test_the_page_shows_what_was_chosen_and_saves_a_change(client: Client, line: OrderLine) -> None:
    off(line, "no_change")
    page = client.get(url(line)).content.decode()
    assert [" checked" in box for box in re.findall("<input type=.checkbox.[^>]*>", page)] == [
        True,
        False,
        True,
    ]
    response = client.post(url(line), {"no_change": "on"})
    assert (response.status_code, response["Location"]) == (303, url(line))
    assert list(Preference.objects.values_list("good_news", "no_change")) == [(False, True)]
    page = client.get(url(line)).content.decode()
    assert "Saved." in page
    assert "a•••@example.com" in page
    assert "ada@example.com" not in page


def test_a_link_that_may_only_look_shows_and_does_not_change(
    client: Client, line: OrderLine
) -> None:
    page = client.get(url(line, Purpose.LOOK)).content.decode()
    assert "This link is view-only." in page
    assert "<button" not in page
    assert client.post(url(line, Purpose.LOOK), {}).status_code == 403
    assert Preference.objects.count() == 0


def test_a_form_from_elsewhere_is_refused(line: OrderLine) -> None:
    assert Client(enforce_csrf_checks=True).post(url(line), {}).status_code == 403
    assert Preference.objects.count() == 0


def test_pages_of_one_person_are_not_kept_or_indexed(client: Client, line: OrderLine) -> None:
    for page in (url(line), url(line, Purpose.STOP, "unsubscribe")):
        response = client.get(page)
        assert (response["Cache-Control"], response["X-Robots-Tag"]) == (
            "no-store",
            "noindex, nofollow",
        )
