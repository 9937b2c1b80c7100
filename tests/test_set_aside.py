"""Goods that are set aside: their arrival leads, staff are asked for the shipment, and silence
cancels nothing of them."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from django.test import Client

from orders import services
from orders.access import Purpose, answer_url, order_url
from orders.models import Choice, OrderLine, Outcome, Refund
from orders.pages.status import order_status
from orders.words import line_briefly
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, fresh, make_product
from tests.html import flat, spaced
from tests.mailing import mail
from tests.test_mails import text_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def mails_to(line: OrderLine, sink: MailSink) -> list[tuple[str, str]]:
    """Subject and text, as one line, of each."""
    return [
        (spaced(str(sent.message["Subject"])), " ".join(text_of(sent.message).split()))
        for sent in sink.mails
        if sent.recipients == [line.order.email]
    ]


def outcomes(line: OrderLine) -> list[str]:
    """Of its notices, oldest first."""
    return list(line.notices.order_by("pk").values_list("outcome", flat=True))


def asked_without_a_date(clocks: Clocks) -> OrderLine:
    """In the United States, told that there is no date: without an answer it is cancelled thirty
    days after day thirty."""
    line = factories.order(make_product())
    mail()
    assert (line.notices.get().silence, line.notices.get().answer_by) == (
        "cancel",
        date(2027, 1, 1),
    )
    return line


def test_who_orders_what_is_spare_reads_that_it_is_set_aside_and_is_asked_nothing(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    product = make_product()
    services.receive(product, 1, now=NOON)
    line = factories.order(product)
    mail()
    ((subject, text),) = mails_to(line, mail_sink)
    assert subject.startswith(f"It's here: order {line.order.number} ships by ")
    assert "Your item has arrived and is reserved for you. Ships by Tuesday, 3 November." in text
    assert ("Without your OK" in text, "will cancel" in text, "Keep my place" in text) == (
        False,
        False,
        False,
    )
    assert outcomes(line) == [Outcome.SUPERSEDED]


def test_a_question_nobody_heard_ends_where_a_newer_word_stands(clocks: Clocks) -> None:
    """Else staff are told that its customer was not told of a delay that is over."""
    product = make_product()
    services.receive(product, 1, now=NOON)
    line = factories.order(product)
    clocks.move_to(NOON + 31 * DAY)
    assert services.warn_staff(now=NOON + 31 * DAY) == 0
    assert fresh(line).order.attention == []


def test_goods_that_come_while_a_question_is_open_lead_and_nothing_is_asked(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    line = asked_without_a_date(clocks)
    clocks.move_to(NOON + 9 * DAY)
    services.receive(line.product, 1, now=NOON + 9 * DAY)
    mail()
    subject, text = mails_to(line, mail_sink)[-1]
    assert subject.startswith(f"It's here: order {line.order.number} ships by ")
    assert ("Without your OK" in text, "will cancel" in text, "Keep my place" in text) == (
        False,
        False,
        False,
    )


def test_the_page_of_goods_that_are_here_asks_nothing_either(clocks: Clocks) -> None:
    line = asked_without_a_date(clocks)
    clocks.move_to(NOON + 9 * DAY)
    services.receive(line.product, 1, now=NOON + 9 * DAY)
    (shown,) = order_status(line.order, locale="en", now=NOON + 9 * DAY).lines
    assert (shown.state, shown.asked) == ("reserved", None)


def test_an_open_question_binds_again_when_the_goods_were_miscounted(clocks: Clocks) -> None:
    line = asked_without_a_date(clocks)
    receipt = services.receive(line.product, 1, now=NOON + 9 * DAY)
    (shown,) = order_status(line.order, locale="en", now=NOON + 9 * DAY).lines
    assert shown.asked is None
    services.correct_receipt(receipt, 0, now=NOON + 10 * DAY, reason="counted again")
    (shown,) = order_status(line.order, locale="en", now=NOON + 10 * DAY).lines
    assert shown.asked is not None
    assert shown.asked.answer_by == date(2027, 1, 1)


def test_goods_that_come_too_late_to_ship_by_the_day_agreed_lead_and_ask_second_without_a_threat(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    line = asked_without_a_date(clocks)
    last = datetime(2026, 12, 31, 17, tzinfo=UTC)
    clocks.move_to(last)
    services.receive(line.product, 1, now=last)
    mail()
    subject, text = mails_to(line, mail_sink)[-1]
    assert subject.startswith(f"It's here: order {line.order.number} ships by ")
    arrived, kept = (
        text.index("Your item has arrived"),
        text.index("If you do not reply, you keep your place"),
    )
    assert arrived < kept
    assert "will cancel" not in text
    assert "Keep my place" in text
    assert outcomes(line) == [Outcome.SUPERSEDED, ""]
    (shown,) = order_status(line.order, locale="en", now=last).lines
    assert shown.asked is not None
    assert (shown.asked.answer_by, shown.asked.question) == (
        None,
        "Keep your order and accept the new date, Monday, 4\N{NO-BREAK SPACE}January?",
    )


def test_silence_cancels_nothing_that_is_set_aside_and_staff_read_what_the_law_wants(
    clocks: Clocks,
) -> None:
    line = asked_without_a_date(clocks)
    services.receive(line.product, 1, now=NOON + 9 * DAY)
    over = datetime(2027, 1, 3, 17, tzinfo=UTC)
    assert services.apply_silence(now=over) == 0
    assert services.remind(now=datetime(2026, 12, 26, 17, tzinfo=UTC)) == 0
    assert services.warn_staff(now=over) == 1
    assert fresh(line).state == "reserved"
    assert fresh(line).order.attention == [
        f"{line.product.sku}: reserved, but no shipment recorded by 2027-01-01, the agreed date; "
        "record the shipment, or the law requires you to cancel and refund it unless the "
        "customer keeps it"
    ]


def test_silence_cancels_what_waits_and_leaves_what_is_here(clocks: Clocks) -> None:
    product = make_product()
    line = factories.order(product, 3)
    mail()
    services.receive(product, 1, now=NOON + 9 * DAY)
    over = datetime(2027, 1, 3, 17, tzinfo=UTC)
    assert services.apply_silence(now=over) == 1
    line = fresh(line)
    assert (line.allocated, line.waiting, line.cancelled, line.state) == (1, 0, 2, "reserved")
    assert (line.promise.kind, line.promise.late) == ("dated", date(2027, 1, 4))
    assert Refund.objects.get().units == 2


def test_the_last_unit_that_a_cancellation_leaves_behind_is_asked_of_by_no_unheard_notice(
    clocks: Clocks,
) -> None:
    """What waited had no date; nobody was told, and what is left is here."""
    product = make_product()
    line = factories.order(product, 3)
    services.receive(product, 1, now=NOON)
    services.cancel(line.order, units={line.pk: 2}, now=NOON)
    assert outcomes(line) == [Outcome.SUPERSEDED]


def weeks_without_a_shipment(clocks: Clocks, line: OrderLine, until: date) -> list[date]:
    """Goods that lie on the shelf, or left and nobody wrote it down: the days on which beat's jobs
    told something."""
    day = NOON
    while day.date() < until:
        day += DAY
        clocks.move_to(day)
        services.review_all(now=day)
        services.reassure(now=day)
        services.apply_silence(now=day)
        services.remind(now=day)
        services.warn_staff(now=day)
        services.keep_deadlines(now=day)
        mail()
    return [event.at.date() for event in line.order.events.order_by("pk") if event.at > NOON]


def test_a_shipment_that_nobody_records_is_told_twice_in_time_and_no_date_slides(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    product = make_product()
    services.receive(product, 1, now=NOON)
    line = factories.order(product)
    mail()
    told = weeks_without_a_shipment(clocks, line, date(2026, 11, 30))
    assert told == [date(2026, 11, 3), date(2026, 11, 5)]
    _, (first, later), (second, checking) = mails_to(line, mail_sink)
    assert first == (
        f"Your order {line.order.number} is delayed: new ship date Thursday, 5 November"
    )
    assert (
        "We told you it would ship by Tuesday, 3 November. It's now due to ship by Thursday, 5 "
        "November. With you by about "
    ) in later
    assert second == (f"Your order {line.order.number} is late: we're checking with our warehouse")
    assert (
        "We told you it would ship by Thursday, 5 November. We have no record yet of its "
        "shipment, and we're checking with "
        "our warehouse. "
    ) in checking
    assert "If you do not reply, you keep your place" in checking
    (shown,) = order_status(line.order, locale="en", now=NOON + 28 * DAY).lines
    assert shown.state == "reserved"
    assert shown.asked is not None
    assert shown.asked.answer_by is None


def test_the_page_of_a_shipment_that_nobody_records_says_that_we_are_checking(
    client: Client,
) -> None:
    product = make_product()
    services.receive(product, 1, now=NOON)
    line = factories.order(product)
    for days in (1, 3):
        services.keep_deadlines(now=NOON + days * DAY)
    page = client.get(order_url(line.order, Purpose.ACT)).content.decode()
    lead = re.search(r'<h1 class="lead late">(.*?)</h1>', flat(page))
    assert lead is not None
    assert "We're checking when it ships" in unescape(lead[1])
    said = unescape(flat(page))
    assert "no record yet of its shipment, and we're checking with our warehouse. We're" in said


def test_past_the_day_agreed_it_is_asked_for_patience_and_never_cancelled_by_silence(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    """In the United States, where silence about a second delay cancels what waits."""
    product = make_product()
    line = factories.order(product, promised_by=date(2026, 11, 3))
    services.receive(product, 1, now=NOON)
    mail()
    told = weeks_without_a_shipment(clocks, line, date(2026, 12, 31))
    assert told == [date(2026, 11, 3), date(2026, 11, 5)]
    assert [(row.case, row.silence, row.outcome) for row in line.notices.order_by("pk")] == [
        ("C", "cancel", Outcome.SUPERSEDED),  # nobody heard of it
        ("A", "consent", Outcome.SUPERSEDED),
        ("D", "keeps_place", ""),
    ]
    first, second = (text for _, text in mails_to(line, mail_sink)[-2:])
    assert "we will assume that you agree to the new date" in first
    assert "We cannot say how long it will take: we are checking with our warehouse." in second
    assert ("will cancel" in second, "Please answer" in second) == (False, False)
    assert fresh(line).state == "reserved"
    assert fresh(line).order.attention == [
        f"{product.sku}: reserved, but no shipment recorded by 2026-11-05, the agreed date; "
        "record the shipment, or the law requires you to cancel and refund it unless the "
        "customer keeps it"
    ]


def test_a_question_about_what_waits_says_that_what_is_reserved_stays(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    """ "We will cancel it" is read as all of it by whoever has one of two already."""
    product = make_product()
    line = factories.order(product, 3)
    services.receive(product, 2, now=NOON)
    mail()
    ((_, text),) = mails_to(line, mail_sink)
    spared = (
        "This applies only to what has not arrived. The 2 items reserved for you stay reserved."
    )
    assert f"we will cancel it and refund you in full. {spared}" in text
    (shown,) = order_status(line.order, locale="en", now=NOON).lines
    assert shown.asked is not None
    assert spared in shown.asked.silence
    assert any(spared in words for words in shown.asked.in_full)


def test_the_link_of_a_question_that_rests_says_that_the_goods_are_here(
    clocks: Clocks, client: Client
) -> None:
    line = asked_without_a_date(clocks)
    services.receive(line.product, 1, now=NOON)
    page = (
        client.get(answer_url(line.order, line.pk, Choice.KEEP))
        .content.decode()
        .replace("&#x27;", "'")
    )
    assert "Your item has arrived and is reserved for you. You don't need to do anything." in page
    assert "place in line" not in page


def test_after_the_day_nobody_reads_that_it_has_not_left_before_the_night_s_report(
    clocks: Clocks, client: Client
) -> None:
    """What shipped at noon is recorded by an import after midnight."""
    product = make_product()
    line = factories.order(product)
    services.receive(product, 1, now=NOON)
    (before,) = order_status(line.order, locale="en", now=NOON).lines
    assert before.promised is not None
    assert before.promised.window.late == date(2026, 11, 3)
    midnight = datetime(2026, 11, 4, 5, 20, tzinfo=UTC)
    assert order_status(line.order, locale="en", now=NOON).next_update_by == date(2026, 11, 4)
    clocks.move_to(midnight)
    page = client.get(order_url(line.order, Purpose.ACT)).content.decode()
    said = unescape(re.sub("<[^>]+>", "", flat(page)))
    assert "It's here It should have shipped by 3 November" in " ".join(said.split())
    assert "We have no record yet of its shipment, and we're checking" in said
    assert ("hasn't shipped" in said, "Delayed" in said, "sorry" in said) == (False, False, False)
    line = fresh(line)
    briefly = line_briefly(line, place=None, today=midnight.date(), locale="en")
    assert "It should have shipped by 3\N{NO-BREAK SPACE}November. We have no record yet" in briefly
    assert "hasn't shipped" not in briefly


def test_whoever_keeps_an_order_sees_the_date_it_has_now(clocks: Clocks, client: Client) -> None:
    """They agree to no fixed date; "the date shown" has to be shown."""
    line = asked_without_a_date(clocks)
    factories.restock(line.product, expected_on=date(2026, 12, 20))
    services.review([line.product], now=NOON)
    mail()
    page = client.get(answer_url(line.order, line.pk, Choice.KEEP)).content.decode()
    assert "The date shown is our current estimate" in page
    assert len(re.findall(r"[Ss]hips by \d+\s(?:December|January)", page)) == 1


def test_whoever_agreed_to_wait_without_a_date_has_no_agreed_date_in_status_json(
    clocks: Clocks, client: Client
) -> None:
    line = asked_without_a_date(clocks)
    services.answer(line.order, line.pk, "keep", now=NOON)
    url = f"{order_url(line.order, Purpose.ACT)}status.json"
    assert client.get(url).json()["lines"][0]["agreed_by"] is None
