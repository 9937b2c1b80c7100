"""The form of the mails: one record in two forms, which every mail program can show."""

import re
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import Client
from pytest_django.fixtures import Settings

from notifications.compose import Composed
from notifications.compose.layout import TEXT_WIDTH, text_of
from notifications.compose.palette import palette
from notifications.models import Message
from notifications.outbox.delivery import mail_of
from orders import services
from orders.access import Purpose, link_token
from orders.models import EventKind, Order, OrderLine, Product
from tests import factories, mail_clients
from tests.conftest import Clocks, MailSink
from tests.factories import NOON, make_product
from tests.mailing import mail
from tests.test_dispatch import slip
from tests.test_mails import (
    delayed,
    html_of,
    newest,
    preheader_of,
    two_line_order,
    unwrapped,
    words_of,
)
from tests.test_mails import text_of as text_in

pytestmark = pytest.mark.usefixtures("db", "at_noon")
DAY = timedelta(days=1)
PICTURE = "https://shop.example/lamp.jpg"
LINK = re.compile(r"^https?://\S+$", re.MULTILINE)


@pytest.fixture
def at_noon(clocks: Clocks) -> None:
    """What a delay asks depends on the day, and whether it was in time on the database's clock."""


class Parsed(HTMLParser):
    """The names of all elements, attributes and CSS properties, and every rule that is not
    inline."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.styles: list[str] = []
        self.links: list[str] = []
        self.sheet = ""
        self._in_style = False
        self.feed(html)

    def handle_decl(self, decl: str) -> None:
        self.elements.add("!doctype")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        self.elements.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "style":
                self.styles.append(value or "")
            if name == "href":
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.sheet += data

    @property
    def properties(self) -> set[str]:
        blocks = [*self.styles, *re.findall(r"\{([^{}]*)\}", self.sheet)]
        return {
            part.partition(":")[0].strip()
            for block in blocks
            for part in block.split(";")
            if part.strip()
        }

    @property
    def at_rules(self) -> set[str]:
        return {" ".join(rule.split()) for rule in re.findall(r"@[^{;]+", self.sheet)}


@pytest.fixture
def every_part(mail_sink: MailSink) -> list[EmailMessage]:
    """Mails that have, together, all that a mail can have: a first one, delays asked about one by
    one and together, a parcel, a way back, and another line that waits on."""
    line = delayed("DE", 50)
    mail()
    services.ship(
        _arrived(line).order, {line.pk: 1}, now=NOON + DAY, carrier="UPS", tracking_number="1Z9"
    )
    mail()
    products = [make_product(name=name) for name in ("Lamp", "Cup", "Rug")]
    Product.objects.filter(name="Lamp").update(image_url=PICTURE, variant="Brass")
    for product in products[:2]:
        factories.restock(product, expected_on=(NOON + 14 * DAY).date())
    lines = [services.NewLine(product, 1) for product in products]
    new = services.NewOrder(
        number="TT-3", placed_at=NOON, email="ada@example.com", country="CA", lines=lines
    )
    services.place_order(new, now=NOON)
    mail()
    for product in products[:2]:
        slip(product.lines.get(), 50)
    mail()
    silenced = delayed("US", 35, 50, number="TT-4")
    mail()
    services.apply_silence(now=NOON + 60 * DAY)
    mail()
    assert silenced.cancelled == 0
    return [kept.message for kept in mail_sink.mails]


def _arrived(line: OrderLine) -> OrderLine:
    services.receive(line.product, 1, now=NOON + DAY)
    return factories.fresh(line)


# One record, two forms


def test_every_link_of_the_html_is_in_the_text_on_a_line_of_its_own(
    every_part: list[EmailMessage],
) -> None:
    for message in every_part:
        links = [link for link in Parsed(html_of(message)).links if not link.startswith("mailto:")]
        assert LINK.findall(text_in(message)) == links


def test_every_word_of_the_html_is_in_the_text(every_part: list[EmailMessage]) -> None:
    for message in every_part:
        said = words_of(html_of(message)).replace(message["Subject"], "", 1)
        assert sorted(_words(said)) == sorted(_words(LINK.sub("", text_in(message))))


def _words(text: str) -> list[str]:
    return re.findall(r"[\w.@×-]*\w", text)


def test_the_text_has_short_lines_and_nothing_left_of_html(every_part: list[EmailMessage]) -> None:
    for message in every_part:
        text = text_in(message)
        assert [
            line for line in text.splitlines() if len(line) > TEXT_WIDTH and not LINK.match(line)
        ] == []
        assert re.search(r"<[a-z/]|&[a-z#]+;|\n\n\n| \n", text) is None


def test_a_delay_is_told_in_the_order_people_need_it(mail_sink: MailSink) -> None:
    delayed("US", 35, 50)
    message = newest(mail_sink)
    in_order = (
        "Delayed: we need your answer by ",
        "We told you it would ship by ",
        "It's now due to ship by ",
        "With you by about ",
        "Why: the delivery is being held at customs.",
        "We're sorry about the delay.",
        "You're still 1st in line.",
        "Without your OK",
        "If you do not agree by ",
        "Keep my place",
        "Cancel and refund",
        "If you cancel, you will get a prompt and full refund, within 7 working days.",
        "You'll hear from us by ",
        "See my order",
        "A real person will read it.",
    )
    for said in (unwrapped(message), words_of(html_of(message))):
        found = [said.find(words) for words in in_order]
        assert found == sorted(found)
        assert -1 not in found


def test_a_parcel_of_two_lines_is_followed_by_one_link_right_after_its_number(
    mail_sink: MailSink,
) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    order = two_line_order(lamp, cup)
    for product in (lamp, cup):
        services.receive(product, 1, now=NOON)
    mail()
    units = {line.pk: 1 for line in order.lines.all()}
    services.ship(order, units, now=NOON + DAY, carrier="DHL", tracking_number="JD01")
    message = newest(mail_sink)

    links = Parsed(html_of(message)).links
    assert [link for link in links if "dhl" in link] == links[:1]
    said = unwrapped(message)
    assert said.startswith(
        "Shipped: with you by about 10 November Order TT-2 Hello, Thank you for waiting. "
        "Your order is on its way to you. 1 × Lamp Shipped on "
    )
    assert "Carrier: DHL, tracking number JD01. Track your parcel: https://www.dhl.com/" in said
    assert said.index("https://www.dhl.com/") < said.index("1 × Cup")


def test_what_is_asked_of_two_lines_comes_before_their_buttons(mail_sink: MailSink) -> None:
    lamp, cup = make_product(name="Lamp"), make_product(name="Cup")
    for product in (lamp, cup):
        factories.restock(product, expected_on=(NOON + 14 * DAY).date())
    two_line_order(lamp, cup)
    mail()
    for product in (lamp, cup):
        slip(product.lines.get(), 50)
    said = words_of(html_of(newest(mail_sink)))

    first, second = said.index("Keep my place"), said.rindex("Keep my place")
    assert said.index("Happy to wait?") < said.index("For each of these") < said.rindex("1 × Lamp")
    assert said.rindex("1 × Lamp") < first < said.rindex("1 × Cup") < second


def test_the_preview_says_the_news_and_what_is_asked(mail_sink: MailSink) -> None:
    delayed("US", 35, 50)
    preview = preheader_of(html_of(newest(mail_sink)))

    assert preview.replace("\N{NO-BREAK SPACE}", " ").startswith(
        "We told you it would ship by 8 December"
    )
    assert len(preview) <= 250


def test_an_earlier_date_is_not_contradicted_by_an_older_question(
    client: Client, mail_sink: MailSink
) -> None:
    line = delayed("US", 120)
    mail()
    slip(line, 75, hours=6)
    received = newest(mail_sink)

    assert "If we do not receive your agreement by " in unwrapped(received)
    assert "The new date: " not in unwrapped(received)
    assert received["Subject"].startswith("Good news: ")
    page = client.get(
        f"/o/{link_token(line.order, Purpose.ACT)}/answer/?line={line.pk}&choice=keep"
    ).content.decode()
    assert "Keep your order and wait until " in page
    assert "accept the new date" not in page


def test_a_subject_in_letters_of_its_own_begins_on_its_first_line(clocks: Clocks) -> None:
    subject = "Neuer Termin für Bestellung 1042: bis Dienstag, 29. Dezember"
    headers = {"From": "a@example.com", "Reply-To": "a@example.com", "Message-ID": "<1@a>"}
    words = Composed(EventKind.LATER, subject, "x", "<p>x</p>", headers, ())
    sent = mail_of(Message(recipient="ada@example.com"), words).message().as_bytes()

    assert b"\nSubject: =?utf-8?" in sent
    assert str(make_header(decode_header(message_from_bytes(sent)["Subject"]))) == subject


def test_a_word_that_nothing_changed_asks_again_only_while_silence_would_cancel(
    clocks: Clocks, mail_sink: MailSink
) -> None:
    delayed("US", 35)
    delayed("US", 35, 50, number="1043")
    mail()
    clocks.move_to(NOON + 15 * DAY)
    services.reassure(now=NOON + 15 * DAY)
    mail()
    said = {
        kept.message["Subject"].split(":")[0]: unwrapped(kept.message)
        for kept in mail_sink.mails[-2:]
    }

    calm = said["No change"]
    (asks,) = (text for subject, text in said.items() if "We still need your answer" in subject)
    assert "assume that you agree" not in calm
    assert "Keep my place" not in calm
    assert asks.index("hasn't changed since our last email") < asks.index("If you do not agree by")
    assert "Keep my place:" in asks


# What mail programs do to it


def test_every_feature_used_is_one_whose_loss_was_thought_of(
    every_part: list[EmailMessage],
) -> None:
    parsed = [Parsed(html_of(message)) for message in every_part]

    assert set().union(*(page.elements for page in parsed)) == set(mail_clients.ELEMENTS)
    assert set().union(*(page.attributes for page in parsed)) == set(mail_clients.ATTRIBUTES)
    assert set().union(*(page.properties for page in parsed)) | {"border-right"} == set(
        mail_clients.PROPERTIES
    )
    assert set().union(*(page.at_rules for page in parsed)) == set(mail_clients.AT_RULES)


def test_mails_are_small_and_fetch_nothing_but_pictures_of_products(
    every_part: list[EmailMessage], settings: Settings
) -> None:
    for message in every_part:
        html = html_of(message)
        assert len(message.as_bytes()) < 20_000
        assert re.search(r"<svg|url\(|@import|<script|<link", html) is None
        assert set(re.findall(r'\bsrc="([^"]+)"', html)) <= {PICTURE}


def test_a_shop_on_https_mails_no_other_links(mail_sink: MailSink, settings: Settings) -> None:
    settings.SITE_URL = "https://orders.shop.example"
    delayed("DE", 50)
    message = newest(mail_sink)

    assert "http://" not in html_of(message) + text_in(message)


def test_buttons_are_links_of_44_pixels(mail_sink: MailSink) -> None:
    delayed("US", 35)
    html = html_of(newest(mail_sink))

    for words in ("Keep my place", "Cancel and refund", "See my order"):
        (style,) = re.findall(rf'<a href="https?://[^"]+" style="([^"]+)">{words}</a>', html)
        (cell,) = re.findall(rf'<td [^>]*style="([^"]+)"><a [^>]*>{words}</a>', html)
        height = (
            _pixels("line-height", style)
            + 2 * _pixels("padding", style)
            + 2 * _pixels("border", cell)
        )
        assert height >= 44, (words, height)


def _pixels(name: str, style: str) -> int:
    found = re.search(rf"(?:^|;)\s*{name}:\s*(\d+)px", style)
    return int(found[1]) if found else 0


def test_colours_are_those_of_the_pages() -> None:
    sheet = (Path(project.BASE_DIR) / "templates" / "notifications" / "mail.css").read_text()
    used = set(re.findall(r"\{\{ look\.(light|dark)\.(\w+) \}\}", sheet))
    look = palette("", "")

    assert {name for theme, name in used if theme == "light"} <= set(look.light)
    assert {name for theme, name in used if theme == "dark"} <= set(look.dark)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet) == []
    assert (look.light["paper"], look.dark["paper"]) == ("#f7f4ee", "#171512")


def test_a_shops_colour_and_font_are_those_of_its_mails(
    settings: Settings, mail_sink: MailSink
) -> None:
    settings.SHOP_COLOUR, settings.SHOP_FONT = "#7a1f3d", "Avenir Next, sans-serif"
    delayed("US", 35)
    html = html_of(newest(mail_sink))

    assert "#7a1f3d" in html
    assert "font-family: Avenir Next, sans-serif" in html
    assert "Georgia" not in html


# What people typed


def test_markup_in_names_is_shown_as_typed(mail_sink: MailSink) -> None:
    product = make_product(name="<b>Lamp</b> & {{ x }}")
    factories.order(product, number="1042<i>", customer_name="<u>Ada</u> Lovelace")
    message = newest(mail_sink)

    assert "&lt;b&gt;Lamp&lt;/b&gt; &amp; {{ x }}" in html_of(message)
    assert "1 × <b>Lamp</b> & {{ x }}\n" in text_in(message)
    assert not {"b", "i", "u"} & Parsed(html_of(message)).elements


def test_long_names_of_products_are_cut_and_wrapped(mail_sink: MailSink) -> None:
    factories.order(make_product(name="Handwoven blanket of undyed wool " * 8))
    message = newest(mail_sink)

    heading = re.search(r"^1 × Handwoven(.|\n)+?…$", text_in(message), re.MULTILINE)
    assert heading is not None
    assert len(heading[0]) == len("1 × ") + 160


# Right to left


def test_each_line_of_a_text_that_runs_right_to_left_says_so_but_for_links() -> None:
    said = text_of(
        {
            "direction": "rtl",
            "first_name": "Ada",
            "number": "1042",
            "url": "https://orders.shop.example/o/x/",
            "shop": "Tern & Tide",
            "support": "help@shop.example",
        }
    )
    lines = [line for line in said.splitlines() if line]

    assert "https://orders.shop.example/o/x/" in lines
    assert [line for line in lines if not line.startswith(("\u200f", "https://"))] == []


def test_a_mail_in_arabic_is_mirrored(mail_sink: MailSink) -> None:
    line = delayed("AE")
    Order.objects.update(locale="ar-AE")
    mail()
    slip(line, 50)
    message = newest(mail_sink)
    html = html_of(message)

    assert message["Content-Language"] == "ar"
    assert re.findall(r'<(\w+) [^>]*lang="ar" dir="rtl"', html) == ["html", "table"]
    assert {"border-right"} == {
        name for name in Parsed(html).properties if name in ("border-left", "border-right")
    }
    assert re.findall(r"text-align:\s*(\w+)", html).count("left") == 0
    assert (
        re.search(r"^\u200f1 × \u2068Walnut lamp\u2069$", text_in(message), re.MULTILINE)
        is not None
    )


# Threads


def test_the_mails_of_an_order_are_one_thread_with_ids_that_never_change(
    mail_sink: MailSink,
) -> None:
    product: Product = make_product(name="Walnut lamp")
    factories.restock(product)
    line = factories.order(product, number="1042")
    mail()
    slip(line, 70)
    mail()
    slip(line, 120, hours=6)
    mail()
    first, second, third = [kept.message for kept in mail_sink.mails]

    assert first["In-Reply-To"] is None
    assert [mail["In-Reply-To"] for mail in (second, third)] == [first["Message-ID"]] * 2
    assert [mail["References"] for mail in (second, third)] == [first["Message-ID"]] * 2
    assert len({mail["Message-ID"] for mail in (first, second, third)}) == 3
