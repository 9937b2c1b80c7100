"""Before buying: the page, and the small frame in a shop's own page."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from backorders_site.demo.embedded import free_port
from orders import services
from orders.models import Product
from orders.pages.public_record import MIN_OUTCOMES
from tests.factories import lamp_of_a_punctual_supplier, make_product, order
from tests.test_public_record import tell

BUDGET = 5 * 1024
STATIC = Path(site.BASE_DIR) / "static"

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp(noon: None) -> Product:
    product = lamp_of_a_punctual_supplier(500)
    for _ in range(4):
        order(product, 50)
    return product


# The page


def test_no_fewer_units_are_spoken_for_than_people_are_in_line(client: Client, noon: None) -> None:
    vase = make_product(sku="VASE")
    for _ in range(52):
        order(vase)
    page = client.get("/p/VASE/").content.decode()
    assert "About 52 items are already ordered." in re.sub(r"[\u2066-\u2069]|<[^>]+>", "", page)


def test_what_is_spoken_for_and_by_when_ones_own_would_leave(client: Client, lamp: Product) -> None:
    page = client.get("/p/LAMP/").content.decode()
    assert "If you order 1 now" in page
    assert re.search(r"Ships by <strong>\d+\sDecember</strong>\.", page)
    assert "9\xa0in\xa010 orders like this ship by then." in page
    assert "About 200 items are already ordered." in page
    assert 'name="quantity"' in page


def test_too_few_windows_are_no_record_and_the_page_says_so(client: Client, lamp: Product) -> None:
    page = client.get("/p/LAMP/").content.decode()
    assert "We don't have enough history for this product yet." in page
    assert "%" not in re.sub(r"<head>.*</head>", "", page, flags=re.S)


def test_how_the_windows_of_this_product_held_and_of_no_other(client: Client) -> None:
    now = timezone.now()
    today = services.today_of(now)
    shown, other = make_product(sku="LAMP"), make_product(sku="MUG")
    for product, late in ((shown, 1), (other, -1)):
        for _ in range(MIN_OUTCOMES):
            line = order(product, now=now - timedelta(days=2))
            tell(
                line,
                today - timedelta(days=2),
                today + timedelta(days=late),
                at=now - timedelta(days=2),
            )
            services.receive(product, 1, now=now)
            services.ship(line.order, {line.pk: 1}, now=now)
    met = "Last 100 days: we met {} of 50 dates."
    assert client.get("/p/LAMP/").content.decode().count(met.format("100%")) == 1
    assert met.format("0%") in client.get("/p/MUG/").content.decode()


def test_the_record_is_shown_while_the_cache_is_down(
    client: Client, lamp: Product, settings: Settings
) -> None:
    gone = {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {"default": settings.CACHES["default"] | gone}
    assert client.get("/p/LAMP/").status_code == client.get("/record/").status_code == 200


def test_a_sku_typed_in_another_case_leads_to_the_page(client: Client) -> None:
    make_product(sku="LAMP-HARBOUR")
    response = client.get("/p/lamp-harbour/?quantity=2")
    assert (response.status_code, response["Location"]) == (302, "/p/LAMP-HARBOUR/?quantity=2")


def test_a_product_in_another_case_is_the_one_on_backorder(client: Client) -> None:
    make_product(sku="lamp", on_backorder=False)
    make_product(sku="Lamp")
    assert client.get("/p/lamp/")["Location"] == client.get("/p/LAMP/")["Location"] == "/p/Lamp/"


@pytest.mark.parametrize("sku", ["none", "mug", "lamp%00", "%00"])
def test_no_case_leads_to_what_is_not_on_backorder(client: Client, sku: str) -> None:
    make_product(sku="LAMP")
    make_product(sku="MUG", on_backorder=False)
    assert client.get(f"/p/{sku}/").status_code == 404


# The frame


def test_the_frame_says_the_window_and_the_line(client: Client, lamp: Product) -> None:
    response = client.get("/embed/LAMP/")
    page = response.content.decode()
    assert response.status_code == 200
    assert re.search(r"Ships by <strong>\d+\sDecember</strong>\.", page)
    assert "9\xa0in\xa010 orders like this ship by then." in page
    assert "About 200 items are already ordered." in page
    assert '<a href="/p/LAMP/" target="_blank" rel="noopener">' in page


def test_the_whole_frame_is_under_five_kilobytes(client: Client, lamp: Product) -> None:
    page = client.get("/embed/LAMP/").content
    loaded = re.findall(r'(?:href|src)="/static/([^"]+)"', page.decode())
    assert sorted(loaded) == ["css/embed.css", "js/embed-height.js"]
    assert len(page) + sum((STATIC / name).stat().st_size for name in loaded) < BUDGET


def test_any_page_may_show_the_frame_and_no_other_page_of_ours(
    client: Client, lamp: Product
) -> None:
    frame, page = client.get("/embed/LAMP/"), client.get("/p/LAMP/")
    assert "X-Frame-Options" not in frame
    assert policy(frame["Content-Security-Policy"])["frame-ancestors"] == "*"
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def policy(header: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in header.split(";"))


def test_but_for_who_may_show_it_the_frame_has_the_policy_of_every_page(
    client: Client, lamp: Product
) -> None:
    frame, page = (
        policy(client.get(path)["Content-Security-Policy"]) for path in ("/embed/LAMP/", "/p/LAMP/")
    )
    frame.pop("frame-ancestors"), page.pop("frame-ancestors")
    assert frame == page
    assert frame["script-src"] == frame["style-src"] == "'self'"


@pytest.mark.parametrize("path", ["/embed/LAMP/", "/p/LAMP/", "/p/LAMP/promise.json"])
def test_what_strangers_see_is_kept_by_caches_and_sets_no_cookie(
    client: Client, lamp: Product, path: str
) -> None:
    client.cookies["csrftoken"] = "x" * 32
    response = client.get(path)
    assert response.cookies == {}
    assert response["Cache-Control"] in ("public, max-age=60", "max-age=60, public")


def test_the_frame_is_one_for_everybody_whatever_cookies_they_have(
    client: Client, lamp: Product
) -> None:
    assert "cookie" not in client.get("/embed/LAMP/").get("Vary", "").lower()


def test_the_frame_is_light_or_dark_when_asked(client: Client, lamp: Product) -> None:
    def opening(query: str) -> str:
        return re.findall("<html[^>]*>", client.get(f"/embed/LAMP/{query}").content.decode())[0]

    assert opening("?theme=dark") == '<html lang="en" dir="ltr" class="dark">'
    assert opening("?theme=light") == '<html lang="en" dir="ltr" class="light">'
    assert (
        opening("")
        == opening('?theme="><script>')
        == opening("?lang=xx")
        == '<html lang="en" dir="ltr">'
    )


@pytest.mark.parametrize("sku", ["NONE", "MUG", "%00", "%3Cb%3E"])
def test_what_is_not_on_backorder_is_a_small_frame_that_says_so(
    client: Client, lamp: Product, sku: str
) -> None:
    Product.objects.create(sku="MUG", name="Mug", on_backorder=False)
    response = client.get(f"/embed/{sku}/")
    assert response.status_code == 404
    assert "is on backorder." in response.content.decode()
    assert "<b>" not in response.content.decode()
    assert "X-Frame-Options" not in response
    assert len(response.content) < 1000


def test_a_number_with_a_slash_has_its_frame(client: Client) -> None:
    make_product(sku="AB/12")
    assert 'href="/p/AB/12/"' in client.get("/embed/AB/12/").content.decode()


def test_the_frame_only_shows(client: Client, lamp: Product) -> None:
    assert client.post("/embed/LAMP/").status_code == client.put("/embed/LAMP/").status_code == 405
    assert client.head("/embed/LAMP/").status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_a_long_line_costs_no_more_queries(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, number: int
) -> None:
    product = make_product(sku="LAMP")
    for _ in range(number):
        order(product)
    with django_assert_num_queries(4):
        client.get("/embed/LAMP/")


def test_no_customer_shows_in_it(client: Client, lamp: Product) -> None:
    for path in ("/embed/LAMP/", "/p/LAMP/", "/p/LAMP/promise.json"):
        assert re.search("Ada|Lovelace|ada@", client.get(path).content.decode()) is None


# The shop that plays somebody else's


@pytest.mark.parametrize("path", ["", "now/", "mail/1/", "shop/"])
def test_only_the_demo_has_pages_of_a_demo(client: Client, path: str) -> None:
    assert client.get(f"/demo/{path}").status_code == 404


@pytest.mark.urls("tests.demo_urls")
def test_the_demo_shows_the_frame_in_a_page_of_another_shop(client: Client) -> None:
    make_product(sku="LAMP-HARBOUR")
    response = client.get("/demo/shop/")
    page = response.content.decode()
    assert '<div data-backorders-sku="LAMP-HARBOUR"' in page
    assert '<script src="http://testserver/static/js/embed.js" defer></script>' in page
    assert policy(response["Content-Security-Policy"])["frame-src"] == "http://testserver"
    assert policy(response["Content-Security-Policy"])["frame-ancestors"] == "'none'"
