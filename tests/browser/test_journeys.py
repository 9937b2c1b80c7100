"""What customers do, from the first page to the last, against the whole product as it runs in a
shop."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from backorders_site.demo import goods
from backorders_site.demo import shop as demo
from orders import services
from orders.models import OrderLine, Restock, Supplier
from tests.browser.conftest import OpenPage
from tests.browser.whole import Shop
from tests.factories import make_product
from tests.gallery.states import State

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# as when somebody comes back to the page
ASK = "document.dispatchEvent(new Event('visibilitychange'))"
SHOWN = 30_000  # milliseconds until the worker has done it and the page shows it


def look_up(page: Page, shop: Shop, state: State) -> None:
    page.goto(shop.url)
    page.get_by_label("Order number").fill(state.order.number)
    page.get_by_label("Email address").fill(state.order.email)
    page.get_by_role("button", name="Show my order").click()
    expect(page.get_by_text(f"Order {state.order.number}").first).to_be_visible()


def comes(page: Page, words: str) -> None:
    """The open page says so by itself, without being loaded again, and it is read out."""
    page.evaluate("window.neverReloaded = true")
    news = page.locator("#news")
    expect(news).to_have_attribute("role", "status")
    for _ in range(SHOWN // 1000):
        page.evaluate(ASK)
        page.wait_for_timeout(1000)
        if words in (news.text_content() or ""):
            break
    expect(news).to_contain_text(words)
    expect(page.locator("#live")).to_contain_text(words)
    assert page.evaluate("window.neverReloaded")


def next_delivery(line: OrderLine) -> Restock:
    return Restock.objects.filter(product=line.product, arrived=0).earliest("pk")


def slip(shop: Shop, line: OrderLine, days: int) -> None:
    """The supplier of this product says so many days later."""

    def move() -> None:
        restock = next_delivery(line)
        expected = restock.dates.latest("posted_on", "id").expected_on
        services.move_restock_date(
            restock, expected + timedelta(days=days), reason="customs", now=timezone.now()
        )

    shop.act(move)


def test_from_the_number_to_the_parcel(shop: Shop, open_page: OpenPage) -> None:
    state = shop.state("first_in_line")
    line = shop.line(state)
    page = open_page()
    look_up(page, shop, state)
    expect(page.locator(".place")).to_contain_text("1st in line.")

    shop.act(lambda: services.receive(line.product, 1, now=timezone.now()))
    comes(page, "Your item has arrived and is reserved for you.")
    now = timezone.now()
    shop.act(
        lambda: services.ship(
            state.order, {line.pk: 1}, now=now, carrier="UPS", tracking_number="1Z9"
        )
    )
    comes(page, "Carrier: UPS, tracking number 1Z9.")
    expect(page.get_by_role("link", name="Track 1Z9")).to_be_visible()
    expect(page.locator("[hx-trigger]")).to_have_count(0)
    shop.mail(state.order.email, "tracking number 1Z9")


def test_a_delay_comes_to_page_and_mail_and_the_place_is_kept(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("dated")
    page = open_page()
    page.goto(shop.page(state))
    slip(shop, shop.line(state), 28)
    comes(page, "Why: the delivery is being held at customs.")

    mail = shop.mail(state.order.email, "held at customs")
    page.goto(shop.link(mail, "answer/\\?line=[0-9]+&choice=keep"))
    expect(page.get_by_role("heading", name="Keep your order")).to_be_visible()
    page.get_by_role("button", name="Yes, keep my order").click()
    expect(page.get_by_role("status").first).to_contain_text("You're keeping your place")
    expect(page.get_by_role("link", name="Keep my place")).to_have_count(0)


def test_a_part_is_cancelled_and_going_back_shows_what_is_true_now(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("quantity_40")
    page = open_page()
    page.goto(shop.page(state))
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_label("How many").fill("15")
    page.get_by_role("button", name="Yes, cancel and refund me").click()
    expect(page.get_by_role("status").first).to_contain_text("15")
    expect(page.locator("#live")).to_contain_text("15 canceled")

    page.go_back()
    page.go_back()
    expect(page.locator("#live")).to_contain_text("15 canceled")
    shop.mail(state.order.email, "15 of 40 items canceled, as you asked")


def test_who_was_cancelled_in_silence_is_put_back(shop: Shop, open_page: OpenPage) -> None:
    page = open_page()
    page.goto(shop.page(shop.state("cancelled_by_silence")))
    page.get_by_role("link", name="Put me back in line").click()
    page.get_by_role("button", name="Yes, put my order back").click()
    expect(page.locator("#live")).to_contain_text("in line")
    expect(page.get_by_role("link", name="Put me back in line")).to_have_count(0)


def test_a_cancellation_by_mistake_is_undone_from_the_page_and_from_the_email(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("passed_by")
    page = open_page()
    page.goto(shop.page(state))
    place = page.locator(".place").text_content()
    undo = page.get_by_role("link", name="Undo the cancellation")
    sure = page.get_by_role("button", name="Yes, undo the cancellation")
    for from_email in (False, True):
        page.get_by_role("link", name="Cancel", exact=True).click()
        page.get_by_role("button", name="Yes, cancel and refund me").click()
        if from_email:
            email = shop.mail(state.order.email, "choice=undo")
            page.goto(shop.link(email, "answer/\\?line=[0-9]+&choice=undo"))
        else:
            undo.click()
        expect(page.get_by_role("heading", name="Undo the cancellation?")).to_be_visible()
        sure.click()
        expect(page.get_by_role("status").first).to_contain_text("you're in your old place")
        expect(page.locator(".place")).to_have_text(place or "")
        expect(undo).to_have_count(0)


def test_a_choice_on_a_page_that_may_only_look_is_made_in_three_steps(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("look_only")
    page = open_page()
    page.goto(shop.page(state))
    page.get_by_role("link", name="Keep my place").click()
    expect(page.get_by_text("This link is view-only.")).to_be_visible()
    page.get_by_role("button", name="Email me a link").click()
    expect(page.get_by_role("status").first).to_contain_text("We're emailing the link to")

    email = shop.mail(state.order.email, "link you asked for")
    page.goto(shop.link(email, "answer/\\?line=[0-9]+&choice=keep"))
    page.get_by_role("button", name="Yes, keep my order").click()
    expect(page.get_by_role("status").first).to_contain_text("You're keeping your place")


@pytest.mark.parametrize("javascript", [True, False], ids=["copied", "without a script"])
def test_the_link_to_share_shows_the_order_and_lets_nobody_act(
    shop: Shop, open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(javascript=javascript)
    page.goto(shop.page(shop.state("joined")))
    share = page.get_by_role("link", name="Share a view-only link")
    if javascript:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=shop.url)
        share.click()
        expect(page.locator("#news")).to_have_text("The link has been copied.")
        page.goto(page.evaluate("navigator.clipboard.readText()"))
    else:
        share.click()
    expect(page.locator(".place")).to_be_visible()
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect(page.get_by_text("This link is view-only.")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, cancel and refund me")).to_have_count(0)


def test_a_message_from_the_orders_page_reaches_support(shop: Shop, open_page: OpenPage) -> None:
    state = shop.state("joined")
    page = open_page()
    page.goto(shop.page(state))
    page.get_by_role("link", name="Contact us").first.click()
    page.get_by_label("Your message").fill("May I have it in green?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status").first).to_contain_text("Thank you, we have your message.")
    email = shop.mail(settings.SUPPORT_EMAIL, "May I have it in green?")
    assert email["Reply-To"] == state.order.email


def test_the_order_page_in_the_demo_follows_a_click(shop: Shop, open_page: OpenPage) -> None:
    shop.act(set_the_stage_of_the_demo)
    page = open_page(width=1280)
    page.goto(f"{shop.url}/demo/")
    frame = page.frame_locator("#order-page")
    expect(frame.locator(".place")).to_contain_text("37th in line.")
    page.get_by_role("button", name="Supplier slips three weeks").click()
    expect(page.get_by_role("status").first).to_contain_text("The supplier moved")
    expect(frame.locator("#live")).to_contain_text("held at customs", timeout=SHOWN)
    page.get_by_role("button", name="30 units arrive").click()
    expect(frame.locator(".place")).to_contain_text("7th in line.", timeout=SHOWN)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def set_the_stage_of_the_demo() -> None:
    make_product(sku=goods.LAMP.sku, name=goods.LAMP.name)
    Supplier.objects.get_or_create(name=goods.LANTERNS.name)
    demo.set_stage(timezone.now())
    demo.settle(timezone.now())


def test_a_contract_is_withdrawn_from_and_the_mail_confirms_it(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("delayed_eu")
    page = open_page()
    page.goto(shop.page(state))
    page.get_by_role("link", name="Withdraw from contract here").click()
    page.get_by_role("button", name="Confirm withdrawal").click()
    expect(page.locator("#live")).to_contain_text("Canceled")
    shop.mail(state.order.email, "You have withdrawn from the contract")


def test_without_javascript_everything_can_be_done(shop: Shop, open_page: OpenPage) -> None:
    state = shop.state("delayed_once")
    page = open_page(javascript=False)
    look_up(page, shop, state)
    page.goto(shop.page(state))
    page.get_by_role("link", name="Keep my place").click()
    page.get_by_role("button", name="Yes, keep my order").click()
    expect(page.get_by_role("status").first).to_contain_text("You're keeping your place")
    page.get_by_role("link", name="Cancel", exact=True).click()
    page.get_by_role("button", name="Yes, cancel and refund me").click()
    expect(page.locator("#live")).to_contain_text("Canceled")


def test_one_mailed_link_opens_all_orders_of_an_address(shop: Shop, open_page: OpenPage) -> None:
    state = shop.state("partly_arrived")
    page = open_page()
    page.goto(f"{shop.url}/mine/")
    page.get_by_label("Email address").fill(state.order.email)
    page.get_by_role("button", name="Email me a link").click()
    expect(page.get_by_role("status")).to_contain_text("an email is on its way")

    page.goto(shop.link(shop.mail(state.order.email, "/mine/"), "mine/"))
    page.get_by_role("link", name=f"Order {state.order.number}").click()
    expect(page.get_by_text(f"Order {state.order.number}").first).to_be_visible()
    expect(page.get_by_role("link", name="Cancel", exact=True)).to_be_visible()


def test_good_news_may_be_turned_off_and_the_rest_says_that_it_stays_on(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("arrived")
    page = open_page()
    page.goto(shop.page(state).replace("/o/", "/preferences/"))
    page.get_by_label("earlier than you told me").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label("earlier than you told me")).not_to_be_checked()
    expect(page.get_by_label("nothing has changed")).to_be_checked()
    expect(page.get_by_role("heading", name="We'll always email you")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(3)


def test_the_frame_fits_into_a_foreign_page_and_keeps_no_cookie(
    shop: Shop, open_page: OpenPage
) -> None:
    product = shop.line(shop.state("kept")).product
    foreign = (
        '<!doctype html><title>Blankets</title><body style="margin:0"><div '
        f'data-backorders-sku="{product.sku}"></div>'
        f'<script src="{shop.url}/static/js/embed.js" defer></script>'
    )
    page = open_page()
    page.route(
        "http://blankets.example/",
        lambda route: route.fulfill(body=foreign, content_type="text/html"),
    )
    page.goto("http://blankets.example/")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Ships by")).to_be_visible()
    expect(page.locator("iframe")).not_to_have_attribute("height", "150")
    needed = frame.locator("html").evaluate("html => html.offsetHeight")
    assert page.locator("iframe").get_attribute("height") == str(needed)
    assert page.context.cookies() == []


def press_until(page: Page, name: str) -> None:
    """Tab onwards to the link or button with this name."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == name:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return
    raise AssertionError(f"no way to {name!r} by the keyboard")


def test_the_keyboard_alone_is_enough(shop: Shop, open_page: OpenPage) -> None:
    state = shop.state("california")
    page = open_page(width=1024)
    page.goto(shop.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{shop.url}/#main")
    page.get_by_label("Order number").focus()
    page.keyboard.type(state.order.number)
    page.keyboard.press("Tab")
    page.keyboard.type(state.order.email)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Order {state.order.number}").first).to_be_visible()
    page.goto(shop.page(state))
    press_until(page, "Keep my place")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keep your order")).to_be_visible()
    press_until(page, "Yes, keep my order")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("You're keeping your place")


def test_offline_is_said_and_gets_over_by_itself(shop: Shop, open_page: OpenPage) -> None:
    page = open_page(may_fail=True)
    page.goto(shop.page(shop.state("none")))
    news = page.locator("#news")
    page.context.set_offline(True)
    expect(news).to_contain_text("You're offline.")
    page.context.set_offline(False)
    expect(news).to_contain_text("You're back online")


def test_nothing_jumps_and_nothing_moves_for_who_wants_it_still(
    shop: Shop, open_page: OpenPage
) -> None:
    state = shop.state("moved_up")
    page = open_page(reduced_motion=True)
    page.add_init_script(
        "window.shift = 0; const add = (list) => list.getEntries().forEach((each) => { "
        "window.shift += each.value; });"
        "new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});"
    )
    page.goto(shop.page(state))
    slip(shop, shop.line(state), 28)
    comes(page, "Why: the delivery is being held at customs.")
    assert (
        page.evaluate(
            "document.getAnimations().filter((each) => each.playState === 'running').length"
        )
        == 0
    )
    page.goto(shop.page(state))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") == 0


@pytest.mark.parametrize("width", [320, 360, 480, 640, 768, 1024, 1440])
def test_it_fits_every_screen(shop: Shop, open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    page.goto(shop.page(shop.state("several_lines_different_fates")))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 640, 1280])
def test_letters_may_be_twice_as_large(shop: Shop, open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    page.goto(shop.page(shop.state("several_lines_different_fates")))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
