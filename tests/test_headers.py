"""What every answer says to a browser, whatever it is an answer to."""

from wsgiref.util import setup_testing_defaults

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from pytest_django.fixtures import Settings

from backorders_site.wsgi import application, in_utf8
from orders.access import Purpose, link_token, order_url
from orders.models import OrderLine
from tests import factories

pytestmark = pytest.mark.django_db


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a fault of ours")


urlpatterns = [path("broken/", broken), path("", include("backorders_site.urls"))]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OF_PAGES = ALWAYS | {
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src "
        "'self'; "
        "form-action 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"
    ),
}


@pytest.fixture
def line() -> OrderLine:
    return factories.order(factories.make_product(sku="LAMP"))


@pytest.fixture
def browser(settings: Settings) -> Client:
    settings.ROOT_URLCONF = __name__
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    return Client(raise_request_exception=False)


def policy(response: object) -> dict[str, str]:
    headers = response.headers  # type: ignore[attr-defined]
    found = {name: headers[name] for name in OF_PAGES if name in headers}
    if "Content-Security-Policy" in found:  # in any order
        directives = sorted(found["Content-Security-Policy"].split("; "))
        found["Content-Security-Policy"] = "; ".join(directives)
    return found


def expected(headers: dict[str, str]) -> dict[str, str]:
    directives = headers.get("Content-Security-Policy", "").split("; ")
    return headers | (
        {"Content-Security-Policy": "; ".join(sorted(directives))} if directives != [""] else {}
    )


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/o/ACT/", 200),
        ("GET", "/o/ACT/live/", 200),
        ("GET", "/o/ACT/status.json", 200),
        ("GET", "/o/ACT/calendar.ics", 200),
        ("GET", "/o/ACT/answer/", 400),
        ("POST", "/o/ACT/", 405),
        ("GET", "/o/nothing/", 404),
        ("GET", "/no/such/page", 404),
        ("GET", "/p/NONE/promise.json", 404),
        ("GET", "/admin/", 302),
        ("GET", "/admin/login/", 200),
        ("GET", "/mine/", 200),
        ("GET", "/broken/", 500),
    ],
)
def test_every_answer_carries_the_whole_policy(
    browser: Client, line: OrderLine, method: str, address: str, status: int
) -> None:
    response = browser.generic(method, address.replace("ACT", link_token(line.order, Purpose.ACT)))
    assert (response.status_code, policy(response)) == (status, expected(OF_PAGES))
    public = response["Cache-Control"] == "public, max-age=60"
    assert public == address.startswith("/p/")
    assert public or "no-store" in response["Cache-Control"]


def test_all_but_watchers_are_led_to_https(settings: Settings, db: None) -> None:
    settings.SECURE_SSL_REDIRECT = True
    client = Client()
    asked = [
        client.get(path, headers={"host": "web1:8000"}).status_code
        for path in ("/livez", "/readyz", "/metrics")
    ]
    assert asked == [200, 200, 404]
    assert client.get("/record/")["Location"] == "https://testserver/record/"


def test_a_form_from_elsewhere_is_refused_with_the_same(
    settings: Settings, line: OrderLine
) -> None:
    response = Client(enforce_csrf_checks=True).post("/", {"number": "1"})
    assert (response.status_code, policy(response)) == (403, expected(OF_PAGES))


@pytest.mark.parametrize("charset", ["utf-16", "rot13", "undefined", "zlib_codec"])
@pytest.mark.parametrize("asked", ["", "a=%EF"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_form_is_read_as_utf_8_whatever_it_says_it_is_in(
    charset: str, asked: str, method: str
) -> None:
    """Through what the web server runs: Django decodes the query before any of our code sees the
    request."""
    environ = {
        "PATH_INFO": "/nope/",
        "REQUEST_METHOD": method,
        "QUERY_STRING": asked,
        "HTTP_HOST": "testserver",
    }
    environ["CONTENT_TYPE"] = f"application/x-www-form-urlencoded; charset={charset}"
    setup_testing_defaults(environ)
    began: list[str] = []
    b"".join(application(environ, lambda status, headers: began.append(status)))
    assert began == ["404 Not Found"]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("application/json", "application/json"),
        ("multipart/form-data; boundary=x", "multipart/form-data; boundary=x"),
        ("multipart/form-data; charset=rot13; boundary=x", 'multipart/form-data; boundary="x"'),
        ("text/plain; charset*=utf-8''rot13", "text/plain"),
        ("text/plain; a*=undefined''x", ""),
    ],
)
def test_no_encoding_is_left_in_the_type_of_a_request(sent: str, read: str) -> None:
    assert in_utf8(sent) == read


def test_a_torn_upload_is_refused_wherever_it_is_sent(browser: Client) -> None:
    torn = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"
    answers = [
        browser.generic("POST", url, torn, "multipart/form-data; boundary=")
        for url in ("/", "/nope")
    ]
    assert [answer.status_code for answer in answers] == [400, 404]


def test_staff_s_pages_carry_it_too(admin_client: Client, line: OrderLine) -> None:
    answers = [
        admin_client.get(f"/admin/{path}")
        for path in ("", "orders/order/", "desk/search/", "none/")
    ]
    assert [policy(answer) for answer in answers] == [expected(OF_PAGES)] * 4


def test_a_file_is_what_it_says_it_is(browser: Client) -> None:
    response = browser.get("/static/css/site.css")
    assert response.status_code == 200
    assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS


def test_only_the_frame_may_be_framed_by_others(browser: Client, line: OrderLine) -> None:
    response = browser.get("/embed/LAMP/")
    assert "frame-ancestors *" in response["Content-Security-Policy"]
    assert "X-Frame-Options" not in response.headers
    assert not response.cookies


def test_a_host_that_is_not_ours_gets_nothing(browser: Client) -> None:
    response = browser.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert b"evil" not in response.content


def test_links_lead_to_our_own_address_whatever_host_was_asked(
    line: OrderLine, settings: Settings
) -> None:
    settings.SITE_URL = "https://orders.shop.example"
    assert order_url(line.order).startswith("https://orders.shop.example/o/")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:x()", "/\\evil.example"]
)
def test_nobody_is_led_elsewhere(
    client: Client, admin_client: Client, admin_user: User, elsewhere: str
) -> None:
    admin_user.set_password("correct horse battery")
    admin_user.save()
    typed = {"username": "admin", "password": "correct horse battery", "next": elsewhere}
    assert (
        client.post("/admin/login/", typed, query_params={"next": elsewhere})["Location"]
        == "/admin/"
    )
    line = factories.order(factories.make_product())
    shown = admin_client.get(
        "/admin/orders/order/cancel/", {"id": line.order_id, "next": elsewhere}
    ).content.decode()
    assert "evil.example" not in shown
    assert "javascript:x" not in shown


@pytest.mark.parametrize("cookie", ["language", "csrftoken", "sessionid"])
def test_cookies_are_for_us_alone(client: Client, admin_user: User, cookie: str) -> None:
    admin_user.set_password("correct horse battery")
    admin_user.save()
    client.get("/?lang=de")
    client.post("/admin/login/", {"username": "admin", "password": "correct horse battery"})
    found = client.cookies[cookie]
    assert (found["httponly"], found["samesite"]) == (True, "Lax")
