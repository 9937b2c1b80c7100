"""The customer's pages in a real browser, as on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from orders import services
from orders.access import Purpose, link_token
from orders.models import Order, OrderLine
from tests.browser.conftest import OpenPage
from tests.factories import make_product, order, restock, review

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EVERY = 20_000  # milliseconds, as static/js/live.js has it
BECOMES_VISIBLE = "document.dispatchEvent(new Event('visibilitychange'))"
HIDE = "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true})"


@pytest.fixture
def line() -> OrderLine:
    """The third in line, with a delivery on its way."""
    now = timezone.now()
    lamp = make_product(sku="LAMP", name="Harbour lamp, brass")
    restock(lamp, 60, now=now - timedelta(days=2))
    review(lamp, now=now - timedelta(days=2))
    for _ in range(2):
        order(lamp, now=now - timedelta(days=1))
    return order(lamp, number="T-1001", email="ada@example.com", now=now)


def address(live_server: LiveServer, row: Order) -> str:
    return f"{live_server.url}/o/{link_token(row, Purpose.ACT)}/"


@pytest.fixture
def asking(open_page: OpenPage, live_server: LiveServer, line: OrderLine) -> tuple[Page, list[str]]:
    """The status page with a clock that the test moves, and its questions for news so far."""
    page = open_page(may_fail=True)
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/live/" in request.url else None
    )
    page.clock.install()
    page.goto(address(live_server, line.order))
    return page, asked


def test_from_the_number_to_a_page_that_follows_the_line(
    open_page: OpenPage, live_server: LiveServer, line: OrderLine
) -> None:
    page = open_page()
    page.goto(live_server.url)
    page.get_by_label("Order number").fill("#t-1001")
    page.get_by_label("Email address").fill("ada@example.com")
    page.get_by_role("button", name="Show my order").click()
    expect(page.get_by_text("Order T-1001").first).to_be_visible()
    expect(page.locator(".place")).to_contain_text("3rd in line.")
    page.evaluate("window.neverReloaded = true")

    services.receive(line.product, 2, now=timezone.now())
    page.evaluate(BECOMES_VISIBLE)
    expect(page.locator(".place")).to_contain_text("1st in line.")
    expect(
        page.locator("#live").get_by_text("You moved up 2 places: a delivery arrived.")
    ).to_be_visible()

    services.receive(line.product, 1, now=timezone.now())
    services.ship(
        line.order, {line.pk: 1}, now=timezone.now(), carrier="UPS", tracking_number="1Z9"
    )
    page.evaluate(BECOMES_VISIBLE)
    expect(page.get_by_role("link", name="Track 1Z9")).to_be_visible()
    assert page.evaluate("window.neverReloaded")
    assert page.locator("[hx-trigger]").count() == 0


def test_it_asks_every_twenty_seconds_while_it_is_seen(asking: tuple[Page, list[str]]) -> None:
    page, asked = asking
    with page.expect_response("**/live/**") as answer:
        page.clock.run_for(EVERY)
    assert answer.value.status == 204
    page.evaluate(HIDE)
    page.clock.run_for(10 * EVERY)
    page.wait_for_load_state("networkidle")
    assert len(asked) == 1
    page.evaluate("delete document.visibilityState")
    with page.expect_response("**/live/**"):
        page.evaluate(BECOMES_VISIBLE)
    assert len(asked) == 2


def test_a_page_that_comes_back_out_of_the_browsers_memory_asks_at_once(
    asking: tuple[Page, list[str]], line: OrderLine
) -> None:
    page, _ = asking
    services.receive(line.product, 2, now=timezone.now())
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(page.locator(".place")).to_contain_text("1st in line.")


def test_htmx_that_did_not_arrive_is_fetched_by_the_next_question(
    asking: tuple[Page, list[str]], line: OrderLine
) -> None:
    page, _ = asking
    page.route("**/htmx*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.run_for(2_000)
    page.unroute("**/htmx*")
    services.receive(line.product, 2, now=timezone.now())
    page.evaluate(BECOMES_VISIBLE)
    expect(page.locator(".place")).to_contain_text("1st in line.")


def test_it_stops_asking_once_the_link_is_revoked(asking: tuple[Page, list[str]]) -> None:
    page, asked = asking
    Order.objects.update(link_version=2)
    with page.expect_response("**/live/**"):
        page.clock.run_for(EVERY)
    page.wait_for_selector("[data-live=closed]")
    page.clock.run_for(5 * EVERY)
    page.evaluate(BECOMES_VISIBLE)
    page.wait_for_load_state("networkidle")
    assert len(asked) == 1


def test_news_is_said_outside_the_part_that_changes(
    asking: tuple[Page, list[str]], line: OrderLine
) -> None:
    page, _ = asking
    page.locator("#rule summary").click()
    page.locator(".others a").first.focus()
    expect(page.locator("#news")).to_have_text("")
    services.receive(line.product, 2, now=timezone.now())
    page.clock.run_for(EVERY)
    expect(page.locator("#news")).to_have_text("You moved up 2 places: a delivery arrived.")
    assert page.locator("#news").evaluate(
        "each => !each.closest('#live') && each.getAttribute('role') === 'status'"
    )
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    assert page.locator("#rule").evaluate("each => each.open")
    page.clock.run_for(EVERY)
    expect(page.locator("#news")).to_have_text("")


def test_a_shop_that_does_not_answer_is_said_and_asked_less_and_less(
    asking: tuple[Page, list[str]],
) -> None:
    page, asked = asking
    page.route("**/live/**", lambda route: route.abort())
    for wait in (EVERY, 3 * EVERY, 6 * EVERY):
        with page.expect_event("requestfailed"):
            page.clock.run_for(wait)
    expect(page.locator("#news")).to_contain_text("We can't reach the shop right now.")
    assert len(asked) <= 5  # and not ten
    page.unroute("**/live/**")
    with page.expect_response("**/live/**"):
        page.evaluate(BECOMES_VISIBLE)
    expect(page.locator("#news")).to_have_text("You're back online, and this page is up to date.")


def test_by_when_where_and_whom_to_ask_stand_on_the_first_screen(
    open_page: OpenPage, live_server: LiveServer, line: OrderLine
) -> None:
    page = open_page()
    page.goto(address(live_server, line.order))
    for words in ("Ships by", "With you by", "3rd in line.", "Contact us"):
        box = page.get_by_text(words).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640


def test_everything_works_without_javascript(
    open_page: OpenPage, live_server: LiveServer, line: OrderLine
) -> None:
    page = open_page(javascript=False, may_fail=True)
    page.goto(live_server.url)
    page.get_by_label("Order number").fill("T-1001")
    page.get_by_label("Email address").fill("ada@example.com")
    page.get_by_role("button", name="Show my order").click()
    expect(page.locator(".place")).to_contain_text("3rd in line.")
    expect(page.get_by_text("Updated")).to_be_visible()
    expect(page.get_by_text("This page updates by itself.")).to_be_hidden()


@pytest.mark.parametrize("width", [320, 360, 1440])
def test_nothing_is_wider_than_the_screen(
    open_page: OpenPage, live_server: LiveServer, line: OrderLine, width: int
) -> None:
    long = services.place_order(
        services.NewOrder(
            number="T-" + "9" * 60,
            placed_at=timezone.now(),
            email="a" * 60 + "@example.com",
            customer_name="Hubert" * 15,
            lines=[
                services.NewLine(line.product, 3),
                services.NewLine(make_product(name="Donaudampfschifffahrt" * 8), 2),
            ],
        ),
        now=timezone.now(),
    )
    services.receive(line.product, 6, now=timezone.now())
    first = long.lines.order_by("pk")[0]
    for carrier, number in (("UPS", "1Z" * 60), ("Carrier" * 14, "9" * 120), ("", "JD01" * 30)):
        services.ship(
            long, {first.pk: 1}, now=timezone.now(), carrier=carrier, tracking_number=number
        )
    page = open_page(width=width)
    for url in (live_server.url, address(live_server, long), f"{live_server.url}/p/LAMP/"):
        page.goto(url)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_withdrawing_is_a_button_for_a_thumb(
    open_page: OpenPage, live_server: LiveServer, line: OrderLine
) -> None:
    order = services.place_order(
        services.NewOrder(
            number="EU-1",
            placed_at=timezone.now(),
            email="grete@example.com",
            country="DE",
            lines=[services.NewLine(line.product, 1)],
        ),
        now=timezone.now(),
    )
    page = open_page()
    page.goto(address(live_server, order))
    withdraw = page.get_by_role("link", name="Withdraw from contract here")
    box = withdraw.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert withdraw.evaluate("(link) => parseFloat(getComputedStyle(link).borderTopWidth)") >= 1


def test_the_answer_stands_on_the_first_screen_of_a_phone(
    open_page: OpenPage, live_server: LiveServer, line: OrderLine
) -> None:
    page = open_page()
    page.goto(address(live_server, line.order))
    for words in ("Ships by", "With you by", "3rd in line."):
        box = page.locator("main").get_by_text(words).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 740
