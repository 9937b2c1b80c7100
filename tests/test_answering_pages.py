"""The customer's side of a delay: what the page of a choice says, and that only its button acts."""

import html
import re
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from orders import services
from orders.access import Purpose, link_token
from orders.models import Answer, DelayNotice, Event, Order, OrderLine, Refund, Restock
from tests import factories
from tests.factories import NOON, fresh
from tests.html import flat
from tests.test_answering import tell

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():  # type: ignore[no-untyped-def]
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def restock() -> Restock:
    """Due in eleven days: everyone's window ends well before the thirtieth."""
    supplier = factories.make_supplier()
    factories.supplier_record(supplier, [0, 0, 1, 2, 0, 3, 0, 7, 1, 10] * 4)
    product, due = factories.make_product(name="Walnut lamp"), (NOON + 11 * DAY).date()
    return factories.restock(
        product, 50, supplier=supplier, now=NOON - timedelta(hours=2), expected_on=due
    )


def slip(restock: Restock, days: int, *, now: datetime) -> None:
    """The supplier moves the date to so many days after NOON, it settles, and the mail goes out."""
    services.move_restock_date(restock, (NOON + days * DAY).date(), now=now, reason="customs")
    services.review_settled(now=now + timedelta(minutes=11))
    tell(now + timedelta(hours=1))


def first_delay(restock: Restock, quantity: int = 1, country: str = "US") -> OrderLine:
    line = factories.order(restock.product, quantity, number="1042", country=country)
    slip(restock, 35, now=NOON + DAY)
    return line


def second_delay(restock: Restock) -> OrderLine:
    line = first_delay(restock)
    slip(restock, 50, now=NOON + 2 * DAY)
    return line


def silent(line: OrderLine) -> datetime:
    """The last day to answer passes without an answer."""
    notice = line.notices.first()
    overdue = NOON + timedelta(days=(notice.answer_by - NOON.date()).days + 2)
    assert services.apply_silence(now=overdue) == 1
    return overdue


def path(row: Order, purpose: Purpose = Purpose.ACT, page: str = "answer/") -> str:
    return f"/o/{link_token(row, purpose)}/{page}"


def show(
    client: Client, line: OrderLine, choice: str, purpose: Purpose = Purpose.ACT
) -> HttpResponse:
    return client.get(path(line.order, purpose), {"line": line.pk, "choice": choice})


def act(client: Client, line: OrderLine, choice: str, **typed: object) -> HttpResponse:
    return client.post(path(line.order), {"line": line.pk, "choice": choice, **typed})


def said(response: HttpResponse) -> str:
    """What somebody reads, in one line."""
    page = response.content.decode().replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(
        html.unescape(re.sub(r"<head>.*</head>|<[^>]+>", " ", page, flags=re.S)).split()
    )


def heading(response: HttpResponse) -> str:
    (words,) = re.findall("<h1>(.*?)</h1>", flat(response.content.decode()))
    return html.unescape(words).replace("\N{NO-BREAK SPACE}", " ")


def outcome(client: Client, response: HttpResponse) -> str:
    """The words on top of the page that follows."""
    assert response.status_code == 303
    (words,) = re.findall(
        r'role="status">(.*?)</p>', client.get(response["Location"]).content.decode()
    )
    return html.unescape(words).replace("\N{NO-BREAK SPACE}", " ")


def rows() -> list[object]:
    return [
        list(model.objects.order_by("pk").values())
        for model in (Answer, DelayNotice, Event, OrderLine, Refund)
    ]


# What the page shows


def test_a_delay_offers_the_choice_kindly_and_says_what_silence_means(
    client: Client, restock: Restock
) -> None:
    line = first_delay(restock)
    page = client.get(path(line.order, page=""))
    by = date_words(line.notices.first().answer_by)
    words = said(page)
    assert "Happy to wait? You don't need to do anything. Keep my place Cancel and refund" in words
    assert (
        f"If we do not hear from you by {by}, or before we ship if that is earlier, we will assume "
        "that you agree to the new date." in words
    )
    links = re.findall(r'href="([^"]+/answer/[^"]+)"', html.unescape(page.content.decode()))
    assert [link.partition("?")[2] for link in links] == [
        f"line={line.pk}&choice=keep",
        f"line={line.pk}&choice=cancel",
    ]
    assert [client.get(link).status_code for link in links] == [200, 200]


def date_words(day: date) -> str:
    return f"{day.day} {day:%B}"


def test_without_a_delay_there_is_a_quiet_way_out(client: Client, restock: Restock) -> None:
    line = factories.order(restock.product)
    page = client.get(path(line.order, page="")).content.decode()
    assert re.findall(r"choice=(\w+)", page) == ["cancel"]
    assert "Withdraw from contract here" not in page


@pytest.mark.parametrize("choice", ["keep", "cancel", "withdraw"])
@pytest.mark.parametrize("purpose", [Purpose.ACT, Purpose.LOOK])
def test_opening_a_link_changes_nothing(
    client: Client, restock: Restock, choice: str, purpose: Purpose
) -> None:
    line = first_delay(restock)
    before = rows()
    for _ in range(2):
        assert show(client, line, choice, purpose).status_code == 200
        assert (
            client.head(path(line.order, purpose), {"line": line.pk, "choice": choice}).status_code
            == 200
        )
    assert rows() == before


def test_the_page_says_what_it_does_until_when_and_what_silence_does(
    client: Client, restock: Restock
) -> None:
    line = second_delay(restock)
    notice = line.notices.first()
    words = said(show(client, line, "keep"))
    assert words.count(date_words(notice.consent_to)) == 1  # the question has said it
    assert "You'll keep your place in line." in words
    assert words.count(date_words(notice.answer_by)) == 1
    assert f"If you do not agree by {date_words(notice.answer_by)}, and it has not shipped" in words
    words = said(show(client, line, "cancel"))
    assert "Your refund will be sent by 12 November." in words  # nothing is pressed yet
    assert "at any time" not in words  # beside the day on which silence cancels
    soon = factories.restock(factories.make_product(), expected_on=(NOON + 5 * DAY).date())
    services.review([soon.product], now=NOON)
    words = said(show(client, factories.order(soon.product), "cancel"))
    assert "You can do this at any time before it ships." in words


def test_where_silence_cancels_the_page_names_the_last_day(
    client: Client, restock: Restock
) -> None:
    line = second_delay(restock)
    words = said(client.get(path(line.order, page="")))
    assert "Without your OK, we are legally required to cancel it and refund you." in words
    assert f"Please answer by {date_words(line.notices.first().answer_by)}." in words


# What the button does


def test_a_newer_delay_whose_mail_came_back_does_not_hide_that_silence_cancels(
    client: Client, restock: Restock
) -> None:
    line = second_delay(restock)
    told = line.notices.first()
    services.move_restock_date(
        restock, (NOON + 70 * DAY).date(), now=NOON + 3 * DAY, reason="customs"
    )
    services.review_settled(now=NOON + 3 * DAY + timedelta(minutes=11))
    services.mark_not_told(line.order, "an email to this customer was refused")
    newest = line.notices.first()
    assert newest.pk > told.pk
    page = said(client.get(path(line.order, page="")))
    assert date_words(told.answer_by) in page
    assert "Your place is kept" not in page
    asked = said(show(client, line, "keep"))
    assert (date_words(newest.consent_to) in asked, date_words(told.answer_by) in asked) == (
        True,
        True,
    )


PENDING = re.compile("Not done yet: please confirm with this button|Nothing has changed yet")
DONE = re.compile(
    r"You keep|You agree|yours again|is undone|(comes?|goes) back|leaves the line|are "
    r"cancelled\.|You withdraw|Thank you"
)


@pytest.mark.parametrize("purpose", [Purpose.ACT, Purpose.LOOK])
def test_no_page_before_the_button_reads_as_if_it_had_been_pressed(
    client: Client, restock: Restock, clock: time_machine.Traveller, purpose: Purpose
) -> None:
    line = first_delay(restock, 3)
    day = date_words(line.notices.first().consent_to)
    asked = {
        choice: show(client, line, choice, purpose) for choice in ("keep", "cancel", "withdraw")
    }
    slip(restock, 50, now=NOON + 2 * DAY)
    act(client, line, "cancel", quantity=1)
    clock.move_to(silent(line))
    asked["back"] = show(client, line, "keep", purpose)
    assert {choice: heading(page) for choice, page in asked.items()} == {
        "keep": f"Keep your order and accept the new date, {day}?",
        "cancel": "Cancel and get your money back?",
        "withdraw": "Withdraw from the contract?",
        "back": "Put your order back in line?",
    }
    for page in asked.values():
        assert DONE.search(said(page)) is None
        buttons = re.findall(r"<button[^>]*>(.*?)</button>", flat(page.content.decode()))
        assert (len(buttons), bool(PENDING.search(said(page)))) == (1, True)


def test_who_wants_to_keep_what_was_cancelled_elsewhere_reads_that_and_no_question(
    client: Client, restock: Restock
) -> None:
    line = first_delay(restock)
    assert heading(show(client, line, "keep")).startswith("Keep your order")
    act(Client(), line, "cancel")
    late = act(client, line, "keep")
    assert (late.status_code, heading(late)) == (409, "There is nothing left to choose")
    assert "This was canceled, so there is no place to keep. Nothing has changed." in said(late)
    assert "<button" not in late.content.decode()
    assert DONE.search(said(late)) is None


def test_the_question_names_what_keeping_agrees_to(client: Client, restock: Restock) -> None:
    line = first_delay(restock, country="DE")
    services.cancel_restock(restock, now=NOON + 3 * DAY)
    services.review_settled(now=NOON + 3 * DAY + timedelta(minutes=11))
    tell(NOON + 3 * DAY + timedelta(hours=1))
    assert heading(show(client, line, "keep")) == "Keep your order and wait without a fixed date?"
    assert said(show(client, line, "keep")).count("without a fixed date") == 1


def test_keeping_the_place(client: Client, restock: Restock) -> None:
    line = second_delay(restock)
    assert (
        outcome(client, act(client, line, "keep"))
        == "Thank you. You're keeping your place in line."
    )
    assert fresh(line).agreed_by == line.notices.first().consent_to
    assert (
        outcome(client, act(client, line, "keep"))
        == "You'd already told us: you're keeping your place in line."
    )
    assert Answer.objects.count() == 1
    assert "You're keeping your place in line. Thank you for letting us know." in said(
        client.get(path(line.order, page=""))
    )


def test_keeping_without_a_question(client: Client, restock: Restock) -> None:
    line = factories.order(restock.product)
    assert "There is nothing to answer right now" in said(show(client, line, "keep"))
    assert (
        outcome(client, act(client, line, "keep"))
        == "There was nothing to answer: you're keeping your place in line."
    )


def test_cancelling_all_and_once_more(client: Client, restock: Restock) -> None:
    line = first_delay(restock, 3)
    assert outcome(client, act(client, line, "cancel")) == (
        "3 items are canceled. We'll send your refund by 12 November. We'll confirm by email."
    )
    assert (fresh(line).state, line.notices.first().outcome) == ("cancelled", "left")
    assert outcome(client, act(client, line, "cancel")) == (
        "This was already canceled, so nothing more has changed."
    )
    assert Refund.objects.get().units == 3
    assert "keep" not in client.get(path(line.order, page="")).content.decode()


def test_cancelling_a_part_and_the_same_form_once_more(client: Client, restock: Restock) -> None:
    line = first_delay(restock, 3)
    first = act(client, line, "cancel", quantity=1, seen=3)
    assert outcome(client, first).startswith("1 item is canceled.")
    again = act(client, line, "cancel", quantity=1, seen=3)
    assert again.status_code == 409
    assert "Your order changed after you opened this page" in said(again)
    assert fresh(line).waiting == 2
    assert line.notices.first().outcome == ""


@pytest.mark.parametrize("typed", ["٢", "۲", "２", " 2\u200f"])
def test_a_number_may_be_typed_in_the_digits_of_any_script(
    client: Client, restock: Restock, typed: str
) -> None:
    line = first_delay(restock, 3)
    assert outcome(client, act(client, line, "cancel", quantity=typed, seen=3)).startswith(
        "2 items are canceled."
    )
    assert fresh(line).waiting == 1


def test_the_language_switch_keeps_the_choice_when_the_form_failed(
    client: Client, restock: Restock
) -> None:
    line = first_delay(restock, 3)
    act(client, line, "cancel", quantity=1, seen=3)
    failed = act(client, line, "cancel", quantity=1, seen=3).content.decode()
    assert f'href="?line={line.pk}&amp;choice=cancel&amp;quantity=1&amp;lang=de"' in failed


def test_the_page_of_a_choice_names_the_units_that_it_is_about(
    client: Client, restock: Restock
) -> None:
    line = first_delay(restock, 2)
    assert "2 × Walnut lamp · order 1042" in said(show(client, line, "cancel"))
    act(client, line, "cancel", quantity=1)
    for choice in ("keep", "cancel"):
        assert "1 of 2 × Walnut lamp · order 1042" in said(show(client, line, choice))


def test_the_parcel_that_left_first_wins(client: Client, restock: Restock) -> None:
    line = first_delay(restock)
    services.receive(restock.product, 1, now=NOON + 2 * DAY)
    services.ship(line.order, {line.pk: 1}, now=NOON + 2 * DAY)
    for choice in ("cancel", "withdraw", "keep"):
        refused = act(client, line, choice)
        assert refused.status_code == 409
        assert "This has already shipped, so" in said(refused)
        assert "Nothing has changed." in said(refused)
    assert not Answer.objects.exists()
    assert "<button" not in show(client, line, "cancel").content.decode()


def test_more_than_is_open_is_refused_and_changes_nothing(client: Client, restock: Restock) -> None:
    line = factories.order(restock.product, 3)
    act(client, line, "cancel", quantity=2)
    refused = act(client, line, "cancel", quantity=2)
    assert refused.status_code == 409
    assert "2 can't be canceled: expected 1 to 1." in said(refused)
    assert fresh(line).waiting == 1


@pytest.mark.parametrize(
    "typed",
    [
        {"choice": "explode"},
        {"choice": ""},
        {"line": "0"},
        {"line": ""},
        {"line": "x' OR 1=1"},
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "4"},
        {"quantity": "1.5"},
        {"quantity": "½"},
        {"quantity": "9" * 30},
    ],
)
def test_what_cannot_be_meant_is_said_and_changes_nothing(
    client: Client, restock: Restock, typed: dict[str, str]
) -> None:
    line = first_delay(restock, 3)
    before = rows()
    query = {"line": line.pk, "choice": "cancel", "quantity": "1"} | typed
    for response in (client.get(path(line.order), query), client.post(path(line.order), query)):
        assert response.status_code == 400
        words = said(response)
        if typed.keys() == {"quantity"}:
            assert "Please choose a number from 1 to 3. Nothing has changed." in words
        else:
            assert "We couldn't read that choice" in words
    assert rows() == before


def test_a_line_of_another_order_is_none_of_mine(client: Client, restock: Restock) -> None:
    mine, other = factories.order(restock.product), factories.order(restock.product)
    query = {"line": other.pk, "choice": "cancel"}
    assert client.post(path(mine.order), query).status_code == 400
    assert fresh(other).waiting == 1


def test_a_link_that_may_only_look_says_which_one_may_act(client: Client, restock: Restock) -> None:
    line = first_delay(restock)
    page = client.get(path(line.order, Purpose.LOOK, "")).content.decode()
    assert "To keep or cancel, we need to know it's you." in html.unescape(page)
    shown = show(client, line, "cancel", Purpose.LOOK)
    assert "This link is view-only." in said(shown)
    assert re.findall(r"<button[^>]*>(.*?)</button>", flat(shown.content.decode())) == [
        "Email me a link"
    ]
    refused = client.post(path(line.order, Purpose.LOOK), {"line": line.pk, "choice": "cancel"})
    assert refused.status_code == 403
    assert fresh(line).waiting == 1
    assert client.get(path(line.order, Purpose.FEED)).status_code == 404


def test_the_button_is_no_good_from_another_site(restock: Restock) -> None:
    line = first_delay(restock)
    assert act(Client(enforce_csrf_checks=True), line, "cancel").status_code == 403
    assert fresh(line).waiting == 1


# Silence, and the way back


def test_put_back_by_the_customer_after_silence(client: Client, restock: Restock, clock) -> None:  # type: ignore[no-untyped-def]
    line = second_delay(restock)
    behind = factories.order(restock.product)
    clock.move_to(silent(line))
    page = client.get(path(line.order, page=""))
    assert "Put me back" in said(page)
    assert "because we didn't hear from you" in said(page)
    assert "You'll be back in line, in your old place" in said(show(client, line, "keep"))
    assert (
        outcome(client, act(client, line, "keep"))
        == "Welcome back: you're in your old place in line."
    )
    assert (fresh(line).state, fresh(line).agreed_by) == (
        "waiting",
        line.notices.first().consent_to,
    )
    assert "1st in line." in said(client.get(path(line.order, page="")))
    assert "2nd in line." in said(client.get(path(behind.order, page="")))
    assert outcome(client, act(client, line, "keep")).startswith("You'd already told us")


def test_who_had_cancelled_a_part_reads_which_refund_stays_due(
    client: Client, restock: Restock, clock: time_machine.Traveller
) -> None:
    line = first_delay(restock, 3)
    slip(restock, 50, now=NOON + 2 * DAY)
    act(client, line, "cancel", quantity=1)
    clock.move_to(silent(line))
    words = said(show(client, line, "keep"))
    assert "2 of 3 × Walnut lamp · order 1042" in words
    assert (
        "2 items will go back to their old place in line, and their refund will not be sent. "
        "1 item stays canceled, and its refund will be sent to you." in words
    )
    assert "no refund will be sent" not in words
    act(client, line, "keep")
    assert (fresh(line).waiting, Refund.objects.get().units) == (2, 1)


def test_once_the_refund_is_sent_nobody_is_put_back(
    client: Client, restock: Restock, clock: time_machine.Traveller
) -> None:
    line = second_delay(restock)
    clock.move_to(silent(line))
    services.mark_refund_sent(Refund.objects.get(), now=NOON + 60 * DAY)
    page = said(client.get(path(line.order, page="")))
    assert "Put me back" not in page
    assert "Your refund has been sent." in page
    assert "<button" not in show(client, line, "keep").content.decode()
    refused = act(client, line, "keep")
    assert (refused.status_code, heading(refused)) == (409, "There is nothing left to choose")
    assert fresh(line).state == "cancelled"


# Germany


@pytest.mark.parametrize("country", ["DE", "GB"])
def test_withdrawing_takes_a_link_and_a_confirmation(
    client: Client, restock: Restock, country: str
) -> None:
    line = first_delay(restock, 2, country)
    page = flat(client.get(path(line.order, page="")).content.decode())
    withdraw = (
        r'<a class="button plain" id="withdraw-\d+" href="([^"]+)">Withdraw from contract here</a>'
    )
    (link,) = re.findall(withdraw, html.unescape(page))
    step = client.get(link)
    assert re.findall(r"<button[^>]*>(.*?)</button>", flat(step.content.decode())) == [
        "Confirm withdrawal"
    ]
    assert fresh(line).waiting == 2
    assert outcome(client, act(client, line, "withdraw", quantity=1, seen=2)) == (
        "You have withdrawn from the contract for 1 item. We'll send your refund by 16 "
        "November. We'll confirm by email."
    )
    there = {"DE": "18:00 (Berlin time)", "GB": "17:00 (London time)"}[country]
    words = said(client.get(path(line.order, page="")))
    assert (
        f"You have withdrawn from the contract for 1 of 2 items, on 2 November 2026 at {there}"
        in words
    )


def test_what_was_withdrawn_from_is_still_shown_once_its_refund_is_sent(
    client: Client, restock: Restock
) -> None:
    line = first_delay(restock, country="DE")
    act(client, line, "withdraw")
    services.mark_refund_sent(Refund.objects.get(), now=NOON + 3 * DAY)
    words = said(client.get(path(line.order, page="")))
    assert "on 2 November 2026 at 18:00 (Berlin time). Your refund has been sent." in words


def test_silence_of_a_german_customer_keeps_the_place_and_the_original_date(
    client: Client, restock: Restock
) -> None:
    line = first_delay(restock, country="DE")
    slip(restock, 50, now=NOON + 2 * DAY)
    words = said(client.get(path(line.order, page="")))
    assert "You are still entitled to the agreed date, 2 December, unless you accept a new" in words
    assert (
        "If you do not reply, you keep your place, and we will not treat that as "
        "agreement to the new date." in words
    )
    assert "we will take it that you agree" not in words
    assert "we will cancel it" not in words


def test_questions_cost_no_query_of_their_own(
    client: Client, restock: Restock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    line = second_delay(restock)
    with django_assert_num_queries(6):
        client.get(path(line.order, page=""))


def test_who_has_cancelled_is_not_offered_to_be_put_back(client: Client, restock: Restock) -> None:
    line = second_delay(restock)
    act(client, line, "cancel")
    shown = show(client, line, "keep")
    assert "This was already canceled." in said(shown)
    assert "Put me back" not in said(shown)
