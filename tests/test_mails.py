"""What the mails say. How they are sent: test_outbox."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.message import EmailMessage
from html import unescape
from urllib.parse import quote

import pytest
from babel import Locale
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from notifications.compose import plain
from notifications.models import Message
from orders import services
from orders.access import MAY_ACT, open_order
from orders.models import DelayNotice, Event, Order, OrderLine, Product, Promise
from orders.transit import arrives_by
from orders.words import day_words, sentence, sentences, window_of, window_parts
from tests import factories
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, make_product
from tests.html import spaced
from tests.mailing import mail
from tests.test_dispatch import slip

DAY = timedelta(days=1)


SOON = (NOON + 14 * DAY).date()  # well before the day on which the law takes an order to be late


@pytest.fixture(autouse=True)
def at_noon(clocks: Clocks) -> None:
    """What a delay asks depends on the day, and whether it was told in time on the database's
    clock."""


@pytest.fixture
def line(db: None) -> OrderLine:
    """Of a customer in Canada, where silence cancels nothing."""
    product = make_product(name="Walnut lamp")
    factories.restock(product, expected_on=SOON)
    return factories.order(product, 2, number="TT-1042", country="CA")


def newest(sink: MailSink) -> EmailMessage:
    mail()
    return sink.mails[-1].message


def text_of(message: EmailMessage) -> str:
    """Days are never broken across lines; tests write them with plain blanks."""
    return spaced(part(message, "plain"))


def subject_of(message: EmailMessage) -> str:
    return spaced(str(message["Subject"]))


def unwrapped(message: EmailMessage) -> str:
    """The text as one line, wherever it breaks."""
    return " ".join(text_of(message).split())


def html_of(message: EmailMessage) -> str:
    return part(message, "html")


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def preheader_of(html: str) -> str:
    """What a mailbox shows beside the subject."""
    (words,) = re.findall(r'<div class="preheader"[^>]*>(.*?)</div>', html)
    return unescape(words)


def words_of(html: str) -> str:
    """What a reader sees of it, as one line."""
    body = re.sub(
        r"<head>.*?</head>|<!--.*?-->|<div class=\"preheader\".*?</div>", "", html, flags=re.DOTALL
    )
    return (
        " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
        .replace(" ,", ",")
        .replace(" .", ".")
    )


def words_of_day(day: date, *, today: date | None = None) -> str:
    words = day_words(day, today=today or NOON.date(), locale=Locale.parse("en_GB"))
    return spaced(words)


def day_of(line: OrderLine) -> str:
    """The last day of the newest promise, as its email has it."""
    late = factories.fresh(line).promise.late
    assert late is not None
    return words_of_day(late)


def two_line_order(
    first: Product, second: Product, *, quantity: int = 1, country: str = "CA"
) -> Order:
    lines = [services.NewLine(first, quantity), services.NewLine(second, quantity)]
    new = services.NewOrder(
        number="TT-2", placed_at=NOON, email="ada@example.com", country=country, lines=lines
    )
    return services.place_order(new, now=NOON)


# Every kind of news


def test_joining(line: OrderLine, mail_sink: MailSink) -> None:
    received = newest(mail_sink)

    day = day_of(line)
    assert subject_of(received) == f"Thank you for your order TT-1042: ships by {day}"
    text = text_of(received)
    assert text.startswith(
        f"You're in line: ships by {day}\nOrder TT-1042\n\nHello Ada,\n\n"
        "Thank you for your order! It's on backorder: "
    )
    assert f"2 × Walnut lamp\n\nYou're 1st in line.\nShips by {day}" in text
    assert "How we'll keep you posted: we'll email you when it arrives" in text


def test_a_first_mail_says_when_it_ships_and_arrives_and_how_sure_that_is(
    line: OrderLine, mail_sink: MailSink
) -> None:
    said = unwrapped(newest(mail_sink))
    promise = factories.fresh(line).promise

    parts = window_parts(window_of(promise), since=promise.published_on, locale="en")
    arrival = words_of_day(arrives_by(promise.late, "CA"))
    expected = f"{parts.lead} {parts.certainty} With you by about {arrival}."
    assert " ".join(expected.split()) in said


def test_later(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    slip(line, 70)
    received = newest(mail_sink)

    day = day_of(line)
    assert subject_of(received) == f"Your order TT-1042 is delayed: new ship date {day}"
    text = text_of(received)
    assert text.startswith(f"Delayed: now ships by {day}\n")
    assert re.search(
        r"We told you it would ship by (.+\n)+It's now due to ship by (.+\n)+With you by about "
        r"(.+\n)+Why: the delivery is being held at customs\.\nWe're sorry about the delay\.\n"
        r"You're still 1st in line\.\n\n(.+\n+)+You'll hear from us by .+\.",
        text,
    )


def test_earlier(line: OrderLine, mail_sink: MailSink) -> None:
    slip(line, 120)
    mail()
    slip(line, 10, hours=4)
    received = newest(mail_sink)
    assert re.fullmatch(r"Good news: your order TT-1042 now ships by .+", subject_of(received))
    assert "sorry" not in text_of(received)


def test_no_date(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    services.cancel_restock(line.product.restocks.get(), now=NOON + DAY)
    factories.review(line.product, now=NOON + 2 * DAY)
    received = newest(mail_sink)

    assert subject_of(received) == "Your order TT-1042 is delayed: no ship date at the moment"
    assert unwrapped(received).count("We're sorry") == 1
    assert "That date no longer stands" in unwrapped(received)


def test_one_line_without_a_date_is_a_part_of_the_order(mail_sink: MailSink, db: None) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    factories.restock(lamp, expected_on=SOON)
    factories.restock(cup, expected_on=SOON)
    two_line_order(lamp, cup)
    mail()
    services.cancel_restock(cup.restocks.get(), now=NOON + DAY)
    factories.review(cup, now=NOON + 2 * DAY)
    first = newest(mail_sink)
    services.cancel_restock(lamp.restocks.get(), now=NOON + 3 * DAY)
    factories.review(lamp, now=NOON + 4 * DAY)
    second = newest(mail_sink)

    assert subject_of(first) == "Part of your order TT-2 is delayed: no ship date at the moment"
    assert text_of(first).startswith("Delayed in part: no ship date at the moment\n")
    assert subject_of(second) == "Your order TT-2 is delayed: no ship date at the moment"
    assert text_of(second).startswith("Delayed: no ship date at the moment\n")


def test_arrived(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    services.receive(line.product, 1, now=NOON + DAY)
    assert subject_of(newest(mail_sink)) == "Part of order TT-1042 is here and reserved for you"
    services.receive(line.product, 1, now=NOON + 2 * DAY)
    received = newest(mail_sink)

    assert subject_of(received) == "It's here: order TT-1042 ships by Thursday, 5 November"
    assert "They ship by Thursday, 5 November.\nWith you by about 12 November.\n" in text_of(
        received
    )


def test_shipped(line: OrderLine, mail_sink: MailSink) -> None:
    services.receive(line.product, 2, now=NOON)
    mail()
    services.ship(
        line.order, {line.pk: 1}, now=NOON + DAY, carrier="UPS", tracking_number="1Z9&a=b"
    )
    first = newest(mail_sink)
    services.ship(line.order, {line.pk: 1}, now=NOON + 2 * DAY)
    second = newest(mail_sink)

    assert subject_of(first) == "Shipped: part of order TT-1042, with you by about 10 November"
    assert "Thank you for waiting. Part of your order is on its way to you." in text_of(first)
    assert "1 item is still to come." in text_of(first)
    assert (
        "Carrier: UPS, tracking number 1Z9&a=b.\n\n"
        "Track your parcel:\nhttps://www.ups.com/track?tracknum=1Z9%26a%3Db\n\n"
        "1 item is still to come.\n"
    ) in text_of(first)
    assert 'href="https://www.ups.com/track?tracknum=1Z9%26a%3Db"' in html_of(first)
    assert subject_of(second) == "Shipped: order TT-1042, with you by about 11 November"
    assert "With you by about 11 November.\n" in text_of(second)
    assert "Track" not in text_of(second)


def test_of_two_parcels_in_one_mail_the_last_says_how_many_are_still_to_come(
    mail_sink: MailSink, db: None
) -> None:
    line = factories.order(make_product(name="Walnut lamp"), 4)
    services.receive(line.product, 3, now=NOON)
    mail()
    services.ship(line.order, {line.pk: 1}, now=NOON + DAY, carrier="UPS", tracking_number="1Z9")
    services.ship(line.order, {line.pk: 2}, now=NOON + DAY, carrier="UPS", tracking_number="1Z8")
    said = text_of(newest(mail_sink))
    assert re.findall(r"\d+ .+ still to come\.", said) == ["1 item is still to come."]
    assert re.findall(r"\d of \d items shipped", said) == [
        "1 of 4 items shipped",
        "2 of 4 items shipped",
    ]
    assert said.count("\nWith you by about ") == 1


def test_who_reads_that_some_are_still_to_come_reads_by_when(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    services.receive(line.product, 1, now=NOON)
    said = unwrapped(newest(mail_sink))
    assert f"1 item is still to come. The last one ships by {day_of(line)}, according" in said


def test_arrived_and_shipped_the_same_day_is_one_mail_about_the_parcel(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    services.receive(line.product, 2, now=NOON + DAY)
    services.ship(line.order, {line.pk: 2}, now=NOON + DAY)
    received = newest(mail_sink)

    assert len(mail_sink.mails) == 2
    assert subject_of(received) == "Shipped: order TT-1042, with you by about 10 November"
    assert "arrived" not in text_of(received)


def test_cancelled(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    services.cancel(line.order, units={line.pk: 1}, now=NOON + DAY, by="customer")
    assert re.fullmatch(
        r"Part of your order TT-1042 is canceled: refund by .+", subject_of(newest(mail_sink))
    )
    services.cancel(line.order, now=NOON + 2 * DAY, by="staff")
    received = newest(mail_sink)

    assert re.fullmatch(r"Your order TT-1042 is canceled: refund by .+", subject_of(received))
    assert "We'll send your refund by " in text_of(received)
    assert "we're sorry" in text_of(received)
    assert "If you didn't expect this, reply to this email" in text_of(received)


def test_a_wrong_count(line: OrderLine, mail_sink: MailSink) -> None:
    receipt = services.receive(line.product, 2, now=NOON)
    mail()
    services.correct_receipt(receipt, 0, now=NOON + DAY, reason="counted twice")
    received = newest(mail_sink)

    assert re.fullmatch(r"Your order TT-1042 is delayed: new ship date .+", subject_of(received))
    assert unwrapped(received).count("We're sorry: 2 of your items aren't here a") == 1
    assert unwrapped(received).count("sorry") == 1
    assert "counted twice" not in text_of(received) + html_of(received)


def test_a_parcel_recorded_by_mistake_is_not_said_to_be_on_its_way(
    line: OrderLine, mail_sink: MailSink
) -> None:
    services.receive(line.product, 2, now=NOON)
    mail()
    services.correct_shipment(services.ship(line.order, {line.pk: 2}, now=NOON), now=NOON)
    received = newest(mail_sink)

    assert subject_of(received) == "Correction: your order TT-1042 hasn't shipped yet"
    assert "still reserved for you" in text_of(received)
    assert "Shipped on" not in text_of(received)


def test_a_cancellation_undone_is_not_said_to_stand(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    services.cancel(line.order, now=NOON + DAY)
    services.return_to_queue(line, 2, now=NOON + DAY)
    received = newest(mail_sink)

    assert subject_of(received) == "Back in line: your order TT-1042"
    assert "we've reversed the cancellation of 2 items" in unwrapped(received)
    assert "We won't send the refund." in text_of(received)
    assert "We'll send your refund" not in text_of(received)


# Several lines, several events


def test_each_line_says_its_own_news_and_what_else_is_to_come(
    mail_sink: MailSink, db: None
) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    factories.restock(lamp, expected_on=SOON)
    factories.restock(cup, expected_on=SOON)
    order = two_line_order(lamp, cup)
    first = newest(mail_sink)
    services.receive(lamp, 1, now=NOON + DAY)
    services.ship(order, {order.lines.get(product__name="Lamp").pk: 1}, now=NOON + DAY)
    second = newest(mail_sink)

    assert subject_of(first).startswith("Thank you for your order TT-2: ships by ")
    for name in ("Lamp", "Cup"):
        assert f"1 × {name} 1st in line. Ships by " in unwrapped(first)
    assert unwrapped(first).count(" With you by about ") == 2
    assert subject_of(second).startswith("Shipped: part of order TT-2, with you by about ")
    assert re.search(
        r"1 × Lamp\n\nShipped on .+\nWith you by .+\n\n(.+\n\n)?"
        r"Also in this order:\n\n1 × Cup\nShips by ",
        text_of(second),
    )


@pytest.mark.parametrize(
    "ended,said",
    [("canceled", "We've canceled 1 of 2 items"), ("shipped", "1 of 2 items shipped")],
)
def test_a_mail_names_the_units_that_its_sentences_are_about(
    ended: str, said: str, mail_sink: MailSink, db: None
) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    factories.restock(lamp, expected_on=SOON)
    factories.restock(cup, expected_on=SOON)
    order = two_line_order(lamp, cup, quantity=2)
    line = order.lines.get(product=lamp)
    mail()
    if ended == "canceled":
        services.cancel(order, units={line.pk: 1}, now=NOON + DAY)
    else:
        services.receive(lamp, 1, now=NOON + DAY)
        services.ship(order, {line.pk: 1}, now=NOON + DAY)
    of_the_other_unit = newest(mail_sink)
    slip(line, 20, hours=30)
    of_the_rest = newest(mail_sink)
    services.receive(cup, 2, now=NOON + 2 * DAY)
    of_the_cup = newest(mail_sink)

    assert f"2 × Lamp {said}" in unwrapped(of_the_other_unit)
    assert "1 of 2 × Lamp We told you it would ship by" in unwrapped(of_the_rest)
    assert "1 of 2 × Lamp We told you it would ship by" in words_of(html_of(of_the_rest))
    assert "Also in this order: 1 of 2 × Lamp Ships by" in unwrapped(of_the_cup)
    assert "Also in this order 1 of 2 × Lamp Ships by" in words_of(html_of(of_the_cup))


def test_lines_with_different_days_share_a_mail(mail_sink: MailSink, db: None) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    factories.restock(lamp)
    factories.restock(cup)
    two_line_order(lamp, cup)
    mail()
    for product, days in ((lamp, 70), (cup, 120)):
        later = (NOON + timedelta(days=days)).date()
        services.move_restock_date(
            product.restocks.get(), later, now=NOON + DAY, reason="transport"
        )
        factories.review(product, now=NOON + 2 * DAY)
    received = newest(mail_sink)

    assert subject_of(received) == "Your order TT-2 is delayed: new ship dates"
    assert unwrapped(received).count("Why: the delivery has been held up on its way to us.") == 2
    assert text_of(received).count("sorry") == 1


def test_a_change_the_mails_never_told_is_measured_against_the_last_word_they_did(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    told = day_of(line)
    slip(line, 70)
    slip(line, 120, hours=6)
    text = unwrapped(newest(mail_sink))

    assert f"We told you it would ship by {told}. It's now due " in text
    assert text.count(" would ship by ") == 1


# Page and mail


def test_the_mail_says_the_sentence_of_the_page_in_both_forms(
    line: OrderLine, mail_sink: MailSink
) -> None:
    mail()
    slip(line, 70)
    received = newest(mail_sink)
    event = Event.objects.get(kind="later")

    for said in sentences(event, locale="en"):
        words = " ".join(said.split())
        assert words in unwrapped(received)
        assert words in words_of(html_of(received))
    assert sentence(event, locale="en") in preheader_of(html_of(received))


def test_text_and_html_say_the_same(mail_sink: MailSink, db: None) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    order = two_line_order(lamp, cup)
    mail()
    services.receive(lamp, 1, now=NOON + DAY)
    services.ship(
        order,
        {order.lines.get(product__name="Lamp").pk: 1},
        now=NOON + DAY,
        carrier="UPS",
        tracking_number="1Z",
    )
    received = newest(mail_sink)

    html = words_of(html_of(received))
    for line in text_of(received).split("\n"):
        words = re.sub(r"https?://\S+", "", line).strip().removesuffix(":")
        assert words in html


def test_the_link_opens_the_order_and_may_act(
    line: OrderLine, settings: Settings, mail_sink: MailSink
) -> None:
    settings.SITE_URL = "https://orders.shop.example"
    received = newest(mail_sink)

    (link,) = re.findall(
        r"^https://orders\.shop\.example/o/(.+)/$", text_of(received), re.MULTILINE
    )
    assert open_order(link, MAY_ACT)[0] == line.order
    links = set(re.findall(r'(?:href|src)="([^"]+)"', html_of(received)))
    assert links == {
        f"https://orders.shop.example/o/{link}/",
        f"https://orders.shop.example/preferences/{link}/",
        f"mailto:help@shop.example?subject={quote(received['Subject'], safe='')}",
    }


# The form


def test_a_mail_is_small_plain_and_answered_by_people(line: OrderLine, mail_sink: MailSink) -> None:
    received = newest(mail_sink)

    assert received.get_content_type() == "multipart/alternative"
    assert [body.get_content_type() for body in received.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert received["From"] == "Tern & Tide <help@shop.example>"
    assert received["Reply-To"] == "help@shop.example"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["X-Auto-Response-Suppress"] == "All"
    assert received["Content-Language"] == "en"
    html = html_of(received)
    assert '<html lang="en" dir="ltr"' in html
    assert "prefers-color-scheme: dark" in html
    assert "<img" not in html
    assert "http-equiv" not in html
    assert len(received.as_bytes()) < 20_000


def test_a_mail_about_fifty_products_with_long_names_stays_under_100_kb(
    mail_sink: MailSink, db: None
) -> None:
    products = [make_product(name=f"{n} " + "ü" * 290) for n in range(50)]
    lines = [services.NewLine(product, 1) for product in products]
    services.place_order(
        services.NewOrder(number="L", placed_at=NOON, email="a@b.co", lines=lines), now=NOON
    )

    assert len(newest(mail_sink).as_bytes()) < 100_000


@pytest.mark.parametrize(
    "hostile",
    [
        "1\r\nBcc: victim@example.com",
        "1\nX: y",
        "\u202e1 redro",
        "{{ settings.SECRET_KEY }}{% load x %}",
        "<script>alert(1)</script>",
        "1\u2028\u2029\x85\x0b\x0c",
        "=?utf-8?q?=0D=0ABcc=3A?=",
        "ن" * 90,
    ],
)
def test_nothing_a_customer_or_a_supplier_typed_becomes_a_header_or_markup(
    hostile: str, mail_sink: MailSink, db: None
) -> None:
    """A number that does not stand on one line gets into no order (test_keys.py)."""
    product = make_product(name=hostile)
    factories.order(
        product, number=hostile if hostile.isprintable() else "1", customer_name=hostile
    )
    received = newest(mail_sink)

    assert sorted(set(received.keys())) == sorted(received.keys())
    assert received["Bcc"] is None
    assert received["X"] is None
    assert len(mail_sink.mails[-1].recipients) == 1
    assert "\n" not in subject_of(received)
    assert not set("\u202e\u2028\u2029\x85\x0b\x0c") & set(
        text_of(received) + html_of(received) + subject_of(received)
    )
    assert "<script" not in html_of(received)


def test_an_address_with_a_line_break_fails_and_harms_nobody(mail_sink: MailSink, db: None) -> None:
    factories.order(make_product(), email="ada@example.com\r\nBcc: victim@example.com")
    mail()

    assert mail_sink.mails == []
    assert Message.objects.get().state == "failed"


def test_people_without_a_name_are_greeted_without_one(mail_sink: MailSink, db: None) -> None:
    factories.order(make_product(), customer_name="")
    received = newest(mail_sink)

    assert "\n\nHello,\n\n" in text_of(received)
    assert "Hello," in words_of(html_of(received))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Ada \t Lovelace ", "Ada Lovelace"),
        ("Ada\r\nLovelace", "Ada Lovelace"),
        ("\u202eecalevoL", "ecalevoL"),
        ("क्\u200dष", "क्\u200dष"),  # a joiner is part of the letter
        ("x" * 200, "x" * 99 + "…"),
    ],
)
def test_names_fit_one_line(typed: str, shown: str) -> None:
    assert plain(typed, 100) == shown


def test_the_date_of_a_mail_is_when_it_was_first_sent(line: OrderLine, mail_sink: MailSink) -> None:
    before = timezone.now().replace(microsecond=0)
    sent = datetime.strptime(newest(mail_sink)["Date"], "%a, %d %b %Y %H:%M:%S %z")
    assert before <= sent.astimezone(UTC) <= timezone.now()


def test_a_promise_told_by_mail_is_marked_as_told(line: OrderLine, mail_sink: MailSink) -> None:
    mail()
    assert Promise.objects.filter(told_at__isnull=True).count() == 0


# What a delay asks


def delayed(country: str, *days: int, number: str = "1042") -> OrderLine:
    """The newest mail of this line tells of a delay: its delivery was moved to so many days after
    NOON, one after another, and each time but the last the mail went out."""
    product = make_product(name="Walnut lamp")
    factories.restock(product, expected_on=SOON)
    line = factories.order(product, number=number, country=country)
    for hours, moved_to in enumerate(days, start=1):
        mail()
        slip(line, moved_to, hours=hours)
    return line


def asked_of(line: OrderLine) -> DelayNotice:
    return line.notices.exclude(outcome="superseded").first()


def test_a_first_short_delay_is_kind_first_and_says_that_silence_agrees(
    mail_sink: MailSink, db: None
) -> None:
    line = delayed("US", 35)
    received = newest(mail_sink)

    day = f"{asked_of(line).answer_by.day} December"
    assert subject_of(received) == f"Your order 1042 is delayed: new ship date {day}"
    assert (
        "You're still 1st in line. "
        "Happy to wait? You don't need to do anything. "
        f"If we do not hear from you by {day}, or before we ship if that is earlier, we will "
        "assume that you agree to the new date. "
        "Keep my place: "
    ) in unwrapped(received)
    assert (
        "You can keep your place or cancel. Both are free. "
        "If you cancel, you will get a prompt and full refund, within 7 working days."
    ) in unwrapped(received)
    assert f"It's now due to ship by {day}, " in unwrapped(received)
    assert "The new date: " not in text_of(received)
    assert asked_of(line).told_at is not None
    assert asked_of(line).adequate


def test_the_links_of_a_delay_open_the_page_of_each_choice(
    mail_sink: MailSink, settings: Settings, client: Client, db: None
) -> None:
    settings.SITE_URL = "https://orders.shop.example"
    line = delayed("DE", 50)
    received = newest(mail_sink)

    said = re.findall(
        r"^(.+):\nhttps://orders\.shop\.example(/o/.+/answer/\?.+)$",
        text_of(received),
        re.MULTILINE,
    )
    assert [words for words, _ in said] == [
        "Keep my place",
        "Cancel and refund",
        "Withdraw from contract here",
    ]
    for (_, link), choice in zip(said, ["keep", "cancel", "withdraw"], strict=True):
        assert link.endswith(f"?line={line.pk}&choice={choice}")
        assert f'href="https://orders.shop.example{link}"' in unescape(html_of(received))
        assert "<button" in client.get(link).content.decode()


def test_where_silence_cancels_the_subject_asks_for_an_answer(
    mail_sink: MailSink, db: None
) -> None:
    line = delayed("US", 35, 50)
    received = newest(mail_sink)

    notice = asked_of(line)
    day = f"{notice.answer_by.day} December"
    subject = f"Your order 1042 is delayed: please answer by {day}"
    assert (notice.case, subject_of(received)) == ("D", subject)
    assert (
        "Without your OK, we are legally required to cancel it and refund you. "
        f"If you do not agree by {day}, and it has not shipped by then, we will "
        "cancel it and refund you in full. "
    ) in unwrapped(received)


def test_a_question_of_another_line_is_not_hidden_by_a_later_one(
    mail_sink: MailSink, db: None
) -> None:
    teapot, cup = make_product(name="Teapot"), make_product(name="Cup")
    for product in (teapot, cup):
        factories.restock(product, expected_on=SOON)
    order = two_line_order(teapot, cup, country="US")
    asked_first, asked_later = order.lines.get(product=teapot), order.lines.get(product=cup)
    for hours, days in ((1, 35), (2, 50)):
        mail()
        slip(asked_first, days, hours=hours)
    mail()
    slip(asked_later, 70, hours=3)
    received = newest(mail_sink)

    first, later = asked_of(asked_first).answer_by, asked_of(asked_later).answer_by
    assert (first < later, asked_of(asked_later).silence) == (True, "cancel")
    day = f"{first.day} December"
    assert subject_of(received) == f"Your order TT-2 is delayed: please answer by {day}"
    silence = f"If you do not agree by {day}, and it has not shipped by then, we will cancel it"
    for said in (unwrapped(received), words_of(html_of(received))):
        assert silence in said.split("1 × Teapot")[1].split("1 × Cup")[0]
    assert text_of(received).count("Keep my place:\n") == 2


def test_goods_that_arrived_lead_and_what_must_be_answered_of_another_line_comes_after(
    mail_sink: MailSink, db: None
) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    for product in (lamp, cup):
        factories.restock(product, expected_on=SOON)
    order = two_line_order(lamp, cup, country="US")
    asked = order.lines.get(product=lamp)
    mail()
    slip(asked, 70)
    mail()
    services.receive(cup, 1, now=NOON + DAY)
    received = newest(mail_sink)

    assert subject_of(received) == "Part of order TT-2 is here and reserved for you"
    silence = "If we do not receive your agreement by "
    before, after = unwrapped(received).split("Also in this order")
    assert (silence in before, silence in after) == (False, True)


def test_a_date_before_the_day_to_answer_by_ends_the_call_for_an_answer(
    mail_sink: MailSink, db: None
) -> None:
    line = delayed("US", 70)
    mail()
    slip(line, 20, hours=6)
    received = newest(mail_sink)

    said = unwrapped(received)
    assert subject_of(received) == f"Good news: your order 1042 now ships by {day_of(line)}"
    assert "You don't need to answer our earlier question: it's now due to ship before " in said
    assert "we will cancel" not in said
    assert "Keep my place" not in said


def test_an_earlier_date_after_the_day_to_answer_by_still_calls_for_an_answer(
    mail_sink: MailSink, db: None
) -> None:
    line = delayed("US", 120)
    mail()
    slip(line, 75, hours=6)
    received = newest(mail_sink)

    said = unwrapped(received)
    assert subject_of(received).startswith("Good news: your order 1042 now ships by ")
    assert said.index("It's now due to ship by") < said.index("If we do not receive your agreement")
    assert "Keep my place:" in said


def test_what_was_asked_before_is_not_asked_again_by_other_news(
    mail_sink: MailSink, db: None
) -> None:
    """Whoever reads that a part has arrived would agree to a date that this email never names."""
    product = make_product(name="Walnut lamp")
    factories.restock(product, expected_on=SOON)
    line = factories.order(product, 2, number="1042", country="US")
    mail()
    slip(line, 35)
    mail()
    services.receive(product, 1, now=NOON + DAY)
    said = unwrapped(newest(mail_sink))

    assert "1 item is still to come. The last one ships by " in said
    assert "agree" not in said
    assert "Keep my place" not in said


def test_two_slips_in_one_mail_are_one_first_delay(mail_sink: MailSink, db: None) -> None:
    line = delayed("US", 35)
    slip(line, 70, hours=5)
    text = text_of(newest(mail_sink))

    assert asked_of(line).case == "B"
    assert "If we do not receive your agreement by 1 January" in text
    assert "If you do not agree by" not in text


@pytest.mark.parametrize("country", ["DE", "GB", "CA"])
def test_outside_the_united_states_no_mail_takes_silence_for_consent(
    country: str, mail_sink: MailSink, db: None
) -> None:
    delayed(country, 35, 70)
    received = newest(mail_sink)

    text = unwrapped(received)
    assert re.search(
        r"You are still entitled to the agreed date, .+?, unless you accept a new one\.", text
    )
    assert (
        "Happy to wait? Your place is kept for you. If you do not reply, you keep your place, and "
        "we will not treat that as agreement to the new date."
    ) in text
    assert "we will assume" not in text
    assert "we will cancel" not in text
    assert subject_of(received).startswith("Your order 1042 is delayed: new ship date ")


@pytest.mark.parametrize("days, which", [(7, "a reminder"), (2, "our last reminder")])
def test_a_reminder_says_that_it_is_one_and_what_silence_does(
    days: int, which: str, mail_sink: MailSink, db: None, clocks: Clocks
) -> None:
    line = delayed("US", 35, 50)
    mail()
    notice = asked_of(line)
    soon = NOON + timedelta(days=(notice.answer_by - NOON.date()).days - days)
    clocks.move_to(soon)
    assert services.remind(now=soon) == 1
    received = newest(mail_sink)

    day = words_of_day(notice.answer_by, today=soon.date())
    assert subject_of(received) == f"Reminder: please answer by {day} (order 1042)"
    said = unwrapped(received)
    assert f"Hello Ada, This is {which}: please tell us by {day}" in said
    assert "we'll have to cancel" in said
    assert said.index("Ships by ") < said.index(f"If you do not agree by {day}")
    assert "Keep my place:\n" in text_of(received)


def test_a_reminder_that_the_answer_overtook_is_not_sent(mail_sink: MailSink, db: None) -> None:
    line = delayed("US", 35, 50)
    mail()
    soon = NOON + timedelta(days=(asked_of(line).answer_by - NOON.date()).days - 7)
    services.remind(now=soon)
    services.answer(line.order, line.pk, "keep", now=soon)
    received = newest(mail_sink)

    assert subject_of(received) == "You keep your place: order 1042"
    assert (
        "You're keeping your place in line. Thank you for letting us know. The agreed date is now "
        in unwrapped(received)
    )
    assert "reminder" not in text_of(received)
    assert "Keep my place" not in text_of(received)


def test_a_withdrawal_is_acknowledged_by_mail(mail_sink: MailSink, db: None) -> None:
    line = delayed("DE", 50)
    mail()
    services.answer(line.order, line.pk, "withdraw", now=NOON + DAY)
    received = newest(mail_sink)

    assert subject_of(received) == "We confirm your withdrawal: order 1042"
    assert (
        "1 × Walnut lamp You have withdrawn from the contract for 1 item, on 3 November 2026 at "
        "18:00 (Berlin time). We'll send your refund by 17 November."
    ) in unwrapped(received)


def test_what_is_asked_of_every_line_alike_is_said_once(mail_sink: MailSink, db: None) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    for product in (lamp, cup):
        factories.restock(product, expected_on=SOON)
    two_line_order(lamp, cup)
    mail()
    for product in (lamp, cup):
        services.move_restock_date(product.restocks.get(), (NOON + 50 * DAY).date(), now=NOON + DAY)
    factories.review(lamp, now=NOON + 2 * DAY)
    factories.review(cup, now=NOON + 2 * DAY)
    text = text_of(newest(mail_sink))

    assert text.count("If you do not reply, you keep your place") == 1
    assert text.count("Happy to wait? Your place is kept for you.\n") == 1
    assert text.index("If you do not reply") < text.index("For each of these:\n\n1 × Lamp\n")
    assert text.count("Keep my place:\n") == 2


# A first mail that is a delay already


def first_mail(sink: MailSink, country: str, days: int | None) -> EmailMessage:
    """Of an order whose delivery is expected so many days after NOON, or not at all."""
    product = make_product(name="Walnut lamp")
    if days:
        factories.restock(product, expected_on=(NOON + days * DAY).date())
    factories.order(product, number="1042", country=country)
    return newest(sink)


@pytest.mark.parametrize(
    "country, days, subject, asks",
    [
        ("US", 14, r"ships by \d+ November", ""),
        ("US", 40, r"ships by \d+ December", "Happy to wait? You don't need to do anything."),
        ("US", 70, r"please answer by 1 January", "Without your OK, we are legally"),
        ("US", None, r"please answer by 1 January", "Without your OK, we are legally"),
        ("DE", 40, r"ships by \d+ December", "Happy to wait? Your place is kept for you."),
        ("DE", None, r"no ship date yet", "Happy to wait? Your place is kept for you."),
    ],
)
def test_a_first_mail_welcomes_and_then_asks_what_the_law_has_it_ask(
    country: str, days: int | None, subject: str, asks: str, mail_sink: MailSink, db: None
) -> None:
    received = first_mail(mail_sink, country, days)

    text = unwrapped(received)
    assert re.fullmatch(f"Thank you for your order 1042: {subject}", subject_of(received))
    assert " Hello Ada, Thank you for your order! It's on backorder: " in text
    assert text.index("Thank you for your order!") < text.index(asks or "1 × Walnut lamp")
    assert ("Keep my place:" in text) == bool(asks)
    assert "sorry" not in text + words_of(html_of(received))


def test_a_first_mail_whose_date_has_changed_since_still_welcomes(
    line: OrderLine, mail_sink: MailSink
) -> None:
    slip(line, 70)
    said = unwrapped(newest(mail_sink))
    assert "Hello Ada, Thank you for your order! It's on backorder: " in said
    assert "Your order page said it would ship by " in said
    assert "How we'll keep you posted" in said


def test_many_lines_that_join_are_a_short_list(mail_sink: MailSink, db: None) -> None:
    products = [make_product(name=f"Tumbler {n}") for n in range(1, 13)]
    for product in products:
        factories.restock(product, expected_on=SOON)
    lines = [services.NewLine(product, 1) for product in products]
    services.place_order(
        services.NewOrder(
            number="TT-3", placed_at=NOON, email="ada@example.com", country="CA", lines=lines
        ),
        now=NOON,
    )
    text = text_of(newest(mail_sink))

    assert len(re.findall(r"^1 × Tumbler \d+\n1st in line\. ", text, re.MULTILINE)) == 12
    assert text.count("You'll hear from us by ") == 1


def test_what_the_shop_says_of_a_product_and_its_price_is_in_its_mail(
    line: OrderLine, mail_sink: MailSink
) -> None:
    line.product.image_url, line.product.variant = "https://shop.example/lamp.jpg", "Brass, 40 cm"
    line.product.save()
    services.learn_prices(
        line.order, currency="USD", total=Decimal("127.90"), prices={line.pk: Decimal("59.00")}
    )
    received = newest(mail_sink)

    assert "\nOrder TT-1042 · Total US$127.90\n" in text_of(received)
    assert "2 × Walnut lamp\nBrass, 40 cm\nUS$59.00 each\n\n" in text_of(received)
    assert '<img src="https://shop.example/lamp.jpg" alt=""' in html_of(received)


def test_a_picture_that_email_programs_cannot_show_is_left_out(
    line: OrderLine, mail_sink: MailSink
) -> None:
    line.product.image_url = "https://shop.example/lamp.svg"
    line.product.save()
    assert "<img" not in html_of(newest(mail_sink))


def test_the_footer_says_who_writes(
    line: OrderLine, mail_sink: MailSink, settings: Settings
) -> None:
    settings.SHOP_ADDRESS = "Tern & Tide Ltd, 5 Harbour Street, Portland, +1 207 555 0100"
    settings.IMPRINT_URL = "https://shop.example/imprint"
    settings.PRIVACY_URL = "https://shop.example/privacy"
    received = newest(mail_sink)

    end = unwrapped(received).split("Email preferences:")[1]
    for said in (end, words_of(html_of(received))):
        assert settings.SHOP_ADDRESS in said
    for address in (settings.IMPRINT_URL, settings.PRIVACY_URL):
        assert address in end
        assert f'href="{address}"' in html_of(received)
