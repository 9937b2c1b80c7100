"""What the shop writes to those who wait for a delivery: who reads it, who is emailed, and what
becomes of a mistake."""

import re
import struct
import time
import zlib

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from notifications.preferences import choose
from orders import services
from orders.access import Purpose, link_token
from orders.domain.pictures import MAX_BYTES, BadPicture, picture
from orders.models import Event, Order, Product, RestockNote
from tests.conftest import MailSink
from tests.factories import NOON, lamp_of_a_punctual_supplier, order
from tests.mailing import mail

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
WORDS = "The ship left Ningbo on Monday."


def png(width: int = 2, height: int = 2, *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    pixels = zlib.compress(b"".join(b"\0" + b"\x80" * 3 * width for _ in range(height)))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        *chunks,
        (b"IDAT", pixels),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in parts)


def page(client: Client, row: Order) -> str:
    return client.get(f"/o/{link_token(row, Purpose.LOOK)}/").content.decode()


@pytest.fixture
def lamp() -> Product:
    return lamp_of_a_punctual_supplier(5)


def test_everyone_the_delivery_serves_reads_it_and_nobody_else(
    client: Client, lamp: Product
) -> None:
    served, behind = order(lamp, 5), order(lamp, 5)
    note = services.write_to_waiting(lamp.restocks.get(), f" {WORDS}\n", now=NOON, actor="nina")
    assert note.lines == 1
    assert WORDS in page(client, served.order)
    assert WORDS not in page(client, behind.order)
    event = served.order.events.get(kind="note")
    assert event.message_due
    assert not behind.order.events.filter(kind="note").exists()


def test_it_is_said_once_beside_the_line_and_in_the_timeline_once_another_follows(
    client: Client, lamp: Product
) -> None:
    row, delivery = order(lamp).order, lamp.restocks.get()

    def said(text: str) -> tuple[int, int]:
        shown = page(client, row)
        box, timeline = shown.split('<section class="events">')
        return box.count(text), timeline.count(text)

    services.write_to_waiting(delivery, WORDS, now=NOON, actor="nina")
    assert said(WORDS) == (1, 0)
    services.write_to_waiting(delivery, "It has docked.", now=NOON, actor="nina")
    assert (said("It has docked."), said(WORDS)) == ((1, 0), (0, 1))


def test_who_joins_later_reads_it_without_an_email(client: Client, lamp: Product) -> None:
    order(lamp)
    services.write_to_waiting(lamp.restocks.get(), WORDS, now=NOON, actor="nina")
    later = order(lamp)
    assert WORDS in page(client, later.order)
    assert not later.order.events.filter(kind="note").exists()


def test_what_is_hidden_is_on_no_page_and_in_no_email(client: Client, lamp: Product) -> None:
    line = order(lamp)
    note = services.write_to_waiting(
        lamp.restocks.get(), WORDS, now=NOON, actor="nina", picture=picture(png())
    )
    shown = client.get(f"/notes/{note.picture_name}")
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    services.hide_note(note, now=NOON, actor="nina")
    assert WORDS not in page(client, line.order)
    assert client.get(f"/notes/{note.picture_name}").status_code == 404
    assert client.get("/notes/%00").status_code == 404
    assert not Event.objects.filter(restock_note=note, message_due=True).exists()
    with pytest.raises(services.Refused, match="already hidden"):
        services.hide_note(note, now=NOON, actor="nina")


def test_hostile_words_are_words(client: Client, lamp: Product) -> None:
    line = order(lamp)
    hostile = "<script>alert(1)</script> see https://evil.example.com \u202eabc"
    services.write_to_waiting(lamp.restocks.get(), hostile, now=NOON, actor="nina")
    shown = page(client, line.order)
    assert "<script>alert(1)" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "https://evil" not in shown
    assert "evil.example.com" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 601])
def test_nothing_and_too_much_are_refused(lamp: Product, text: str) -> None:
    with pytest.raises(services.Refused):
        services.write_to_waiting(lamp.restocks.get(), text, now=NOON, actor="nina")
    assert not RestockNote.objects.exists()


def test_a_picture_keeps_nothing_of_where_it_was_taken() -> None:
    where = b"latitude 40.7"
    kept = picture(png(3, 2, (b"tEXt", where), (b"eXIf", where)))
    assert (kept.kind, kept.width, kept.height) == ("png", 3, 2)
    assert where not in kept.content
    assert picture(kept.content) == kept


def test_a_jpeg_stays_upright_and_loses_its_notes() -> None:
    exif = b"Exif\0\0" + struct.pack("<2sHIHHHIIHHII", b"II", 42, 8, 2, 0x0112, 3, 1, 6, 0, 0, 0, 0)
    exif += b"latitude"
    frame = struct.pack(">BHHB", 8, 30, 40, 1) + b"\x01\x11\x00"
    jpeg = b"\xff\xd8" + b"".join(
        b"\xff" + marker + struct.pack(">H", len(data) + 2) + data
        for marker, data in ((b"\xe1", exif), (b"\xfe", b"note"), (b"\xc0", frame))
    )
    kept = picture(jpeg + b"\xff\xda\x00\x02pixels\xff\xd9after")
    assert (kept.kind, kept.width, kept.height) == ("jpeg", 40, 30)
    assert b"latitude" not in kept.content
    assert b"note" not in kept.content
    assert b"after" not in kept.content
    assert struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0) in kept.content
    assert picture(kept.content) == kept


def test_a_second_picture_behind_the_first_is_gone_with_its_notes() -> None:
    """As phones write them: a map of light, a film, or the same picture small."""

    def segment(marker: bytes, data: bytes) -> bytes:
        return b"\xff" + marker + struct.pack(">H", len(data) + 2) + data

    frame = segment(b"\xc2", struct.pack(">BHHB", 8, 30, 40, 1) + b"\x01\x11\x00")
    scans = segment(b"\xda", b"") + b"a\xff\x00\xff\xd0b" + segment(b"\xc4", b"t")
    scans += segment(b"\xda", b"") + b"c"
    first = b"\xff\xd8" + segment(b"\xe2", b"MPF\0 where it is") + frame + scans + b"\xff\xd9"
    second = b"\xff\xd8" + segment(b"\xe1", b"Exif\0\0latitude") + frame + b"\xff\xd9"
    kept = picture(first + second)
    assert kept.content == b"\xff\xd8" + frame + scans + b"\xff\xd9"


def test_a_webp_says_how_large_it_is_and_loses_its_notes() -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)

    extended = bytes([0x0C, 0, 0, 0]) + (39).to_bytes(3, "little") + (29).to_bytes(3, "little")
    parts = chunk(b"VP8X", extended) + chunk(b"VP8L", b"/pixels") + chunk(b"EXIF", b"latitude")
    kept = picture(b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts)
    assert (kept.kind, kept.width, kept.height) == ("webp", 40, 30)
    assert b"latitude" not in kept.content
    assert kept.content[20] == 0
    assert picture(kept.content) == kept


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"GIF89a", "expected PNG, JPEG or WebP"),
        (b"<svg/>", "expected PNG, JPEG or WebP"),
        (png()[:40], "is damaged"),
        (png(7000, 1), "expected 6000 pixels a side at most"),
        (b"\xff\xd8\xff\xe0", "is damaged"),
        (b"RIFF\0\0\0\0WAVE", "is damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * MAX_BYTES, "expected 1,000,000 at most"),
    ],
)
def test_what_is_no_picture_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(BadPicture, match=says):
        picture(content)


def test_it_is_emailed_once_unless_that_was_turned_off(lamp: Product, mail_sink: MailSink) -> None:
    order(lamp, email="ada@example.com")
    order(lamp, email="bo@example.com")
    mail()
    mail_sink.mails.clear()
    choose("BO@example.com", good_news=True, no_change=True, delivery_notes=False, now=NOON)
    services.write_to_waiting(lamp.restocks.get(), WORDS, now=NOON, actor="nina")
    mail()
    mail()
    [sent] = mail_sink.mails
    assert sent.recipients == ["ada@example.com"]
    assert "A message about your delivery" in sent.message["Subject"]
    body = sent.message.get_body(("plain",))
    assert body is not None
    assert WORDS in " ".join(body.get_content().split())


def test_the_email_shows_its_picture_too(lamp: Product, mail_sink: MailSink) -> None:
    order(lamp, email="ada@example.com")
    mail()
    wide = picture(png(1600, 400))
    note = services.write_to_waiting(
        lamp.restocks.get(), WORDS, now=NOON, actor="nina", picture=wide
    )
    mail()
    plain, html = (part.get_content() for part in mail_sink.mails[-1].message.iter_parts())
    address = f"http://testserver/notes/{note.picture_name}"
    assert f"Picture with this message:\n{address}\n" in plain.replace("\r\n", "\n")
    (shown,) = re.findall(r"<img[^>]+>", html)
    assert f'src="{address}" alt="Picture with this message"' in shown
    assert 'width="512"' in shown  # wider, it would widen the email in Outlook


def test_staff_write_with_a_picture_and_see_how_many_read_it(lamp: Product, client: Client) -> None:
    line = order(lamp)
    client.force_login(User.objects.create_superuser("nina"))
    delivery = lamp.restocks.get()
    url = f"{reverse('admin:orders_restock_write')}?id={delivery.pk}"
    asked = client.get(url).content.decode()
    assert "1 waiting customer sees it." in asked
    assert 'enctype="multipart/form-data"' in asked
    [seen] = re.findall(r'name="seen" value="([^"]+)"', asked)

    bad = SimpleUploadedFile("a.png", b"no picture")
    refused = client.post(url, {"seen": seen, "text": WORDS, "picture": bad})
    assert "expected PNG, JPEG or WebP" in refused.content.decode()
    good = SimpleUploadedFile("a.png", png())
    assert client.post(url, {"seen": seen, "text": WORDS, "picture": good}).status_code == 302
    note = RestockNote.objects.get()
    assert (note.text, note.actor, note.width) == (WORDS, "nina", 2)
    shown = page(client, line.order)
    assert f"/notes/{note.picture_name}" in shown

    hide = f"{reverse('admin:orders_restocknote_hide')}?id={note.pk}"
    [seen] = re.findall(r'name="seen" value="([^"]+)"', client.get(hide).content.decode())
    client.post(hide, {"seen": seen})
    assert WORDS not in page(client, line.order)


def test_ten_thousand_who_wait_are_told_by_one_statement(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    lamp = lamp_of_a_punctual_supplier(20_000)
    new = [
        services.NewOrder(
            number=f"T-{n}", placed_at=NOON, country="US", lines=[services.NewLine(lamp, 1)]
        )
        for n in range(10_000)
    ]
    services.place_orders(new, now=NOON)
    began = time.perf_counter()
    with django_assert_max_num_queries(6):
        note = services.write_to_waiting(lamp.restocks.get(), WORDS, now=NOON, actor="nina")
    assert note.lines == 10_000
    assert time.perf_counter() - began < 10
