"""A day at the desk, as each role has it: against the whole product, as it runs in a shop, behind a
second factor."""

import csv
import re
from base64 import b32decode
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.plugin import DjangoDbBlocker

from orders import services
from orders.models import Event, Order, Product, Restock, Shipment
from tests import factories
from tests.browser.conftest import OpenPage, whole_shop
from tests.browser.whole import Shop

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PASSWORD = "correct horse battery"
SETTLING = 60  # seconds: nobody at this desk waits for it, a test ends it
WAITS = 30_000  # milliseconds, until the worker has done it
ROLES = {"wanda": "Warehouse", "sam": "Support", "mona": "Manager", "petra": "Support"}
# as a phone or a laptop has one, which its owner has unlocked
PASSKEYS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}
WAITING = [  # number, name, country, locale
    ("1001", "Ada Lovelace", "US", "en"),
    ("1002", "Grete Hermann", "DE", "de-DE"),
    ("1003", "Emmy Noether", "CA", "en"),
    ("1004", "Sofia Kowalewskaja", "CA", "en"),
]
ORDERS = "order_number,placed_at,customer_email,customer_name,country,locale,sku,quantity\n"
NEW = "5001,2026-10-01,lise@example.com,Lise Meitner,DE,de,CHAIR,1\n"
WRONG = "5002,yesterday,ida@example.com,Ida Noddack,DE,de,CHAIR,1\n"


@pytest.fixture(scope="module")
def shop(
    chromium: Browser,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    directory = tmp_path_factory.mktemp("desk")
    with whole_shop(directory, django_db_blocker, settle_seconds=SETTLING, DEMO="0") as shop:
        shop.act(open_shop)
        yield shop


def open_shop() -> None:
    """Two products of one delivery, and those who wait for them."""
    now = timezone.now()
    for name, role in ROLES.items():
        # As the server hashes them, which is a process with settings of its own.
        hashed = make_password(PASSWORD, hasher="pbkdf2_sha256")
        user = User.objects.create(username=name, password=hashed, is_staff=True)
        user.groups.add(Group.objects.get(name=role))
    maker = factories.make_supplier(name="Fjord Works")
    factories.supplier_record(maker, [0, 1, 2, 0, 5, 0, -1, 3], now=now)
    lamp, rug = (
        factories.make_product(sku=sku, name=name)
        for sku, name in (("LAMP", "Harbour lamp"), ("RUG", "Tern rug"))
    )
    for product in (lamp, rug):
        factories.restock(
            product,
            10,
            expected_on=(now + timedelta(days=20)).date(),
            supplier=maker,
            reference="PO-7",
            now=now,
        )
    services.review([lamp, rug], now=now)
    for number, name, country, locale in WAITING:
        place_order(lamp, number, name, country, locale)
    place_order(rug, "2001", "Ada Lovelace", "US", "en")


def place_order(product: Product, number: str, name: str, country: str, locale: str) -> None:
    now = timezone.now()
    services.place_order(
        services.NewOrder(
            number=number,
            placed_at=now - timedelta(days=1),
            email=f"{name.partition(' ')[0].lower()}.{number}@example.com",
            customer_name=name,
            country=country,
            locale=locale,
            lines=[services.NewLine(product, 1)],
        ),
        now=now,
    )


At = Callable[..., Page]


@pytest.fixture(scope="module")
def sessions() -> dict[str, list[SetCookieParam]]:
    """Of those who have logged in, by name."""
    return {}


@pytest.fixture
def desk(shop: Shop, open_page: OpenPage, sessions: dict[str, list[SetCookieParam]]) -> At:
    """The first page of the admin as somebody sees it who has logged in. Each sets up their phone
    once."""

    def opened(name: str, *, width: int = 1280) -> Page:
        page = open_page(width=width)
        if name in sessions:
            page.context.add_cookies(sessions[name])
            page.goto(f"{shop.url}/admin/")
        else:
            log_in(page, shop, name)
            sessions[name] = cast("list[SetCookieParam]", page.context.cookies())
        expect(page.get_by_role("region", name="Today")).to_be_visible()
        return page

    return opened


def log_in(page: Page, shop: Shop, name: str) -> bytes:
    """Returns the secret of the phone that is set up."""
    give_password(page, shop, name)
    written = page.locator("code.to-copy").inner_text().replace(" ", "")
    secret = b32decode(written + "=" * (-len(written) % 8))
    page.get_by_role("textbox", name="Code").fill(f"{totp(secret):06d}")
    press(page, "Set up")
    page.get_by_role("link", name="I've saved them").click()
    return secret


def give_password(page: Page, shop: Shop, name: str) -> None:
    page.goto(f"{shop.url}/admin/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Log in")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page | Locator, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def said(page: Page, words: str) -> None:
    expect(page.locator(".messagelist")).to_contain_text(words)


def seek(page: Page, words: str) -> None:
    box = page.get_by_role(
        "searchbox", name="Order number, email address, name, SKU, tracking number or restock"
    )
    box.fill(words)
    box.press("Enter")


def test_a_passkey_is_added_with_a_code_and_does_instead_of_it_from_then_on(
    shop: Shop, open_page: OpenPage
) -> None:
    page = open_page(width=1280)
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEYS})
    secret = log_in(page, shop, "petra")
    follow(page, "Passkeys")
    page.get_by_role("textbox", name="Code").fill(f"{totp(secret, drift=1):06d}")
    press(page, "Add a passkey")
    press(page, "Create the passkey")
    expect(page.get_by_text("Added on")).to_be_visible()
    press(page, "Log out")

    give_password(page, shop, "petra")
    expect(page.get_by_role("textbox", name="Code")).to_be_visible()
    press(page, "Use a passkey")
    expect(page.get_by_role("region", name="Today")).to_be_visible()


class TestWarehouse:
    def test_a_part_of_a_delivery_is_received_on_a_phone_and_picked_first_come_first_served(
        self, shop: Shop, desk: At
    ) -> None:
        page = desk("wanda", width=360)
        follow(page.locator(".warehouse"), "Receive")
        page.get_by_role("link", name=re.compile("PO-7")).click()
        page.get_by_label("LAMP · Harbour lamp").fill("2")
        page.get_by_label("RUG · Tern rug").fill("0")
        press(page, "Preview")
        foretold = page.locator("#consequences")
        expect(foretold).to_contain_text("2 orders are affected:")
        expect(foretold.frame_locator("iframe").first.get_by_text("Hello Ada")).to_be_visible()
        assert fits(page)
        press(page, "Confirm: Receive units")
        said(page, "2 units of PO-7 (LAMP) received.")
        expect(page.get_by_role("heading", name="Pick list")).to_be_visible()
        assert page.locator("td[data-label=Order]").all_inner_texts() == ["1001", "1002"]
        assert fits(page)
        page.emulate_media(media="print")
        expect(page.locator("#header")).to_be_hidden()
        expect(page.locator(".box").first).to_be_visible()
        page.emulate_media(media="screen")
        page.go_back()
        expect(page.get_by_text("8 of 10 are still to come.")).to_be_visible()
        shop.mail("ada.1001@example.com", "has arrived and is reserved for you")

    def test_orders_are_shipped_by_what_the_shipping_tool_gives(self, shop: Shop, desk: At) -> None:
        page = desk("wanda", width=360)
        follow(page.locator(".warehouse"), "Ship")
        page.get_by_label("Paste from your shipping tool").fill("1001\t1Z5\tUPS\n9999\t1Z6\tUPS")
        press(page, "Preview")
        expect(page.locator("#consequences")).to_contain_text("1 order is affected:")
        expect(page.get_by_text("There is no order “9999”. Check the number.")).to_be_visible()
        assert shop.act(Shipment.objects.count) == 0
        press(page, "Confirm: Ship")
        expect(page.get_by_role("heading", name="1 line recorded")).to_be_visible()
        shop.mail("ada.1001@example.com", "tracking number 1Z5")
        seek(page, "1z5")
        expect(page.get_by_role("heading", name="Order 1001")).to_be_visible()

    def test_dates_and_people_s_refunds_are_not_its_work(self, shop: Shop, desk: At) -> None:
        page = desk("wanda")
        lamp = shop.act(lambda: Restock.objects.get(reference="PO-7", product__sku="LAMP"))
        assert (
            page.request.get(
                f"{shop.url}{reverse('admin:orders_restock_move-date')}?id={lamp.pk}"
            ).status
            == 403
        )
        assert (
            page.request.get(f"{shop.url}{reverse('admin:orders_refund_changelist')}").status == 403
        )


class TestSupport:
    def test_somebody_who_writes_is_found_and_helped(self, shop: Shop, desk: At) -> None:
        page = desk("sam")
        seek(page, "emmy.1003@example.com")
        expect(page.get_by_role("heading", name="Order 1003")).to_be_visible()

        follow(page, "Correct the email address")
        page.get_by_role("textbox", name="Email address").fill("emmy@example.org")
        page.get_by_label("Reason").fill("wrote from there")
        press(page, "Correct the email address")
        said(page, "Email address of order 1003 corrected. There is nothing to resend.")

        follow(page, "Write a note")
        page.get_by_label("Note").fill("Rang twice.")
        press(page, "Write a note")
        expect(page.get_by_role("cell", name="Rang twice.")).to_be_visible()

        follow(page, "Tell the customer")
        page.get_by_label("We have asked the supplier for news").check()
        page.get_by_label("Reason").fill("asked on the phone")
        press(page, "Preview")
        expect(page.locator("#consequences")).to_contain_text("1 gets an email")
        press(page, "Confirm: Tell the customer")
        said(page, "The customer of order 1003 will get an email.")
        shop.mail("emmy@example.org", "asked our supplier for an update")

    def test_somebody_is_moved_in_line_with_a_reason(self, shop: Shop, desk: At) -> None:
        page = desk("sam")
        seek(page, "Kowalew")
        follow(page, "1004")
        follow(page, "Move in line")
        page.get_by_label("Place").fill("1")
        press(page, "Preview")
        expect(page.get_by_text("This field is required.")).to_have_count(2)
        page.get_by_label("Reason customers see").select_option("urgent")
        page.get_by_label("Staff note").fill("a wedding")
        press(page, "Preview")
        expect(page.locator("#consequences")).to_contain_text("What this would do")
        press(page, "Confirm: Move in line")
        said(page, "is now in place 1")
        expect(page.locator("td[data-label=Place]")).to_contain_text("1, 0 units ahead")

    def test_a_date_is_not_its_to_move(self, shop: Shop, desk: At) -> None:
        page = desk("sam")
        seek(page, "lamp")
        expect(page.get_by_role("heading", name="LAMP · Harbour lamp")).to_be_visible()
        expect(page.get_by_role("link", name="PO-7")).to_be_visible()
        expect(page.get_by_role("link", name="Move date")).to_have_count(0)
        lamp = shop.act(lambda: Restock.objects.get(reference="PO-7", product__sku="LAMP"))
        assert (
            page.request.get(
                f"{shop.url}{reverse('admin:orders_restock_move-date')}?id={lamp.pk}"
            ).status
            == 403
        )


class TestManager:
    def test_a_date_is_moved_and_undone_without_a_trace_and_moved_for_good(
        self, shop: Shop, desk: At
    ) -> None:
        page = desk("mona")
        seek(page, "LAMP")
        before = shop.act(facts)
        move(page, days=80)
        press(page, "Confirm: Move date")
        said(page, "and they never see it.")
        expect(page.locator("#telling")).to_contain_text(
            re.compile("A change takes effect at .+PO-7 to .+, Held at customs")
        )
        follow(page, "Undo the move")
        press(page, "Undo the move")
        said(page, "No customers were notified")
        shop.act(settle)
        assert shop.act(facts) == before

        move(page, days=90)
        press(page, "Confirm: Move date")
        shop.act(lambda: Product.objects.update(review_at=timezone.now()))
        expect(page.locator("#telling")).to_contain_text(
            re.compile(r"news to (\d) orders: \1 emails sent"), timeout=WAITS
        )
        shop.mail("sofia.1004@example.com", "held at customs")

    def test_an_implausible_day_is_asked_about(self, shop: Shop, desk: At) -> None:
        page = desk("mona")
        seek(page, "RUG")
        move(page, days=1000, asks=True)
        expect(
            page.get_by_text("is more than two years away. Is that the date you mean?")
        ).to_be_visible()
        page.get_by_label("Yes, I mean").check()
        press(page, "Preview")
        expect(page.locator("#consequences")).to_contain_text("Changes 1 promise:")

    def test_a_file_is_checked_imported_and_what_was_wrong_comes_back(
        self, shop: Shop, desk: At, tmp_path: Path
    ) -> None:
        (tmp_path / "orders.csv").write_text(ORDERS + NEW + WRONG)
        page = desk("mona")
        follow(page.locator(".desk-pages"), "Import")
        page.locator("#id_file").set_input_files(tmp_path / "orders.csv")
        page.get_by_label("All products in the file are on backorder").check()
        press(page, "Check the file")
        expect(page.get_by_role("heading", name="1 row is wrong")).to_be_visible(timeout=WAITS)
        assert shop.act(lambda: Order.objects.filter(number__startswith="500").count()) == 0
        (wrong,) = downloaded(page, "Rows left out (CSV)")
        assert wrong["order_number"] == "5002"
        page.get_by_label("Leave out the wrong rows and import the rest").check()
        press(page, "Import")
        expect(page.get_by_role("heading", name="Imported")).to_be_visible(timeout=WAITS)

        follow(page.locator("#content-main"), "Go live")
        expect(page.get_by_role("cell", name="DE", exact=True)).to_be_visible()
        assert not [mail for mail in shop.sink.mails if "lise@example.com" in mail.recipients]
        press(page, "Release orders")
        said(page, "The release has started: 1 order is released")
        expect(page.get_by_text("All orders are released")).to_be_visible()
        shop.mail("lise@example.com", "5001")

    def test_a_product_is_discontinued_and_the_refunds_are_listed(
        self, shop: Shop, desk: At
    ) -> None:
        page = desk("mona")
        seek(page, "rug")
        follow(page, "Discontinue")
        page.get_by_label("Reason").fill("the maker closed")
        press(page, "Preview")
        expect(page.locator("#consequences")).to_contain_text("1 refund will be due")
        press(page, "Confirm: Discontinue")
        said(
            page,
            "RUG is being discontinued: 1 order will be canceled, notified, and owed a refund.",
        )
        shop.mail("ada.2001@example.com", "refund")
        page.goto(f"{shop.url}/admin/")
        page.get_by_role("link", name=re.compile("Refunds due")).click()
        expect(page.get_by_role("link", name="2001")).to_be_visible()
        assert [row["Order"] for row in downloaded(page, "As CSV")] == ["2001"]

    def test_every_report_is_a_table_and_a_sheet(self, shop: Shop, desk: At) -> None:
        page = desk("mona")
        follow(page.locator(".desk-pages"), "Reports")
        for name in page.locator(".reports dt").all_inner_texts():
            follow(page.locator(".reports"), name)
            expect(page.get_by_role("heading", name=name)).to_be_visible()
            if page.get_by_role("link", name="As CSV").count():
                assert downloaded(page, "As CSV")
            page.go_back()


def fits(page: Page) -> bool:
    width = page.viewport_size["width"] if page.viewport_size else 0
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def downloaded(page: Page, name: str) -> list[dict[str, str]]:
    with page.expect_download() as sheet:
        follow(page, name)
    with Path(sheet.value.path()).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def move(page: Page, *, days: int, asks: bool = False) -> None:
    """From a product's page up to what it would do."""
    follow(page, "Move date")
    page.get_by_label("New date").fill((timezone.localdate() + timedelta(days=days)).isoformat())
    page.get_by_label("Reason").select_option("Held at customs")
    press(page, "Preview")
    if not asks:
        expect(page.locator("#consequences")).to_contain_text(re.compile("Changes [0-9]+ promise"))


def facts() -> list[tuple[object, ...]]:
    """Of the lamp: all that its customers could read."""
    events = (
        Event.objects.filter(line__product__sku="LAMP")
        .order_by("pk")
        .values_list("pk", "kind", "message_due")
    )
    return list(events)


def settle() -> None:
    services.review_settled(now=timezone.now() + timedelta(seconds=3 * SETTLING))
