"""What customers see while the database or the broker is away: a clean word and when to come back,
or simply the page."""

import os
import signal
import socket
from collections.abc import Iterator
from time import monotonic

import pytest
from django.core.cache import caches
from django.db import OperationalError, connection
from django.test import Client
from pytest_django.fixtures import Settings
from redis import RedisError

from backorders_site.demo.embedded import free_port
from backorders_site.ops import health
from backorders_site.ops.caching import Cache
from orders.access import order_url
from orders.models import OrderLine
from tests import factories

PAGES = (
    "{order}",
    "{order}live/",
    "{order}status.json",
    "{order}calendar.ics",
    "{order}answer/",
    "{order}link/",
    "/p/LAMP/",
    "/p/LAMP/promise.json?quantity=1",
    "/embed/LAMP/",
    "/record/",
)


@pytest.fixture
def line(transactional_db: None) -> OrderLine:
    return factories.order(factories.make_product(sku="LAMP"))


@pytest.fixture
def database_away(line: OrderLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody listens where it was."""
    connection.close()
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        away.setitem(connection.settings_dict, "PORT", str(free_port()))
        away.setitem(connection.settings_dict, "OPTIONS", {"connect_timeout": 2})
        yield
    connection.close()


@pytest.mark.parametrize("page", PAGES)
def test_without_the_database_a_page_says_when_to_come_back(
    line: OrderLine, database_away: None, page: str
) -> None:
    path = page.format(order=order_url(line.order).removeprefix("http://testserver"))
    answer = Client(raise_request_exception=False).get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert "We'll be back in a moment" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["{order}status.json", "/p/LAMP/promise.json"])
def test_a_program_that_reads_json_gets_json(
    line: OrderLine, database_away: None, path: str
) -> None:
    order = order_url(line.order).removeprefix("http://testserver")
    answer = Client(raise_request_exception=False).get(path.format(order=order))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {"error": "We'll be back in a moment: ask again in 30 seconds"}


def test_it_says_so_in_the_readers_language(line: OrderLine, database_away: None) -> None:
    german = Client(raise_request_exception=False).get(
        "/record/", headers={"Accept-Language": "de"}
    )
    assert (german.status_code, "Wir sind gleich wieder für Sie da" in german.content.decode()) == (
        503,
        True,
    )


def test_what_is_posted_is_refused_as_cleanly(line: OrderLine, database_away: None) -> None:
    client = Client(raise_request_exception=False)
    assert client.post("/", {"number": "1", "email": "ada@example.com"}).status_code == 503
    assert client.post("/admin/login/", {"username": "mia", "password": "x"}).status_code == 503


def test_liveness_does_not_ask_the_database_and_readiness_does(
    line: OrderLine, database_away: None
) -> None:
    client = Client(raise_request_exception=False)
    assert client.get("/livez").status_code == 200
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, "unreachable")


def test_a_database_that_is_reached_and_never_answers_is_not_ready(
    line: OrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It listens, and says nothing."""
    monkeypatch.setattr(health, "DATABASE_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent, monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        away.setitem(connection.settings_dict, "PORT", str(silent.getsockname()[1]))
        away.setitem(connection.settings_dict, "OPTIONS", {"connect_timeout": 2})
        for _ in range(2):
            started = monotonic()
            answer = Client(raise_request_exception=False).get("/readyz")
            assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
            assert monotonic() - started < 2
        with pytest.raises(OperationalError):
            health._asking.result()
    assert Client().get("/readyz").json()["database"] == "ok"


@pytest.mark.parametrize("page", ["{order}", "{order}status.json", "/p/LAMP/", "/record/"])
def test_a_page_does_not_wait_for_a_database_that_stopped_answering(
    line: OrderLine, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """The process that serves us is frozen, in the middle of what we talked about."""
    monkeypatch.setattr("backorders_site.middleware.SECONDS_FOR_CUSTOMERS", 1)
    path = page.format(order=order_url(line.order).removeprefix("http://testserver"))
    connection.ensure_connection()
    backend = connection.connection.info.backend_pid
    try:
        os.kill(backend, signal.SIGSTOP)
    except (ProcessLookupError, PermissionError):
        pytest.skip("the database runs elsewhere")
    try:
        began = monotonic()
        answer = Client(raise_request_exception=False).get(path)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert monotonic() - began < 5
    finally:
        os.kill(backend, signal.SIGCONT)
        connection.close()  # as the end of a request does
    assert Client().get(path).status_code == 200


def test_a_statement_without_an_end_is_given_up_by_page_and_database(
    line: OrderLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'without an end', pg_sleep(600)")

    monkeypatch.setattr("backorders_site.middleware.SECONDS_FOR_CUSTOMERS", 1)
    monkeypatch.setattr("orders.pages.order.order_status", never)
    path = order_url(line.order).removeprefix("http://testserver")
    assert Client(raise_request_exception=False).get(path).status_code == 503
    connection.close()  # as the end of a request does
    waits = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE %s"
    with connection.cursor() as cursor:
        cursor.execute(waits, ["SELECT 'without an end'%"])
        while cursor.fetchone() != (0,):
            cursor.execute("SELECT pg_sleep(0.1)")
            cursor.execute(waits, ["SELECT 'without an end'%"])


def test_metrics_say_that_it_is_away(
    line: OrderLine, database_away: None, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "a-token-for-the-metrics"
    answer = Client().get("/metrics", headers={"Authorization": "Bearer a-token-for-the-metrics"})
    assert (answer.status_code, b"backorders_database_up 0.0" in answer.content) == (200, True)


def test_it_serves_again_as_soon_as_the_database_is_back(line: OrderLine) -> None:
    path = order_url(line.order).removeprefix("http://testserver")
    port = connection.settings_dict["PORT"]
    connection.close()
    host, options = connection.settings_dict["HOST"], connection.settings_dict["OPTIONS"]
    connection.settings_dict |= {
        "HOST": "127.0.0.1",
        "PORT": str(free_port()),
        "OPTIONS": {"connect_timeout": 2},
    }
    client = Client(raise_request_exception=False)
    assert client.get(path).status_code == 503
    connection.settings_dict |= {"HOST": host, "PORT": port, "OPTIONS": options}
    assert client.get(path).status_code == 200


def test_a_mistake_of_ours_is_no_503(line: OrderLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.pages.order.order_status", lambda *_, **__: 1 / 0)
    answer = Client(raise_request_exception=False).get(
        order_url(line.order).removeprefix("http://testserver")
    )
    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)


@pytest.mark.parametrize(
    "page", ["/", "{order}", "{order}live/", "{order}status.json", "/p/LAMP/", "/record/", "/mine/"]
)
def test_without_the_broker_every_page_works(
    line: OrderLine, settings: Settings, page: str
) -> None:
    gone = settings.CACHES["default"] | {"LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    settings.CACHES = {"default": gone}
    caches.close_all()
    path = page.format(order=order_url(line.order).removeprefix("http://testserver"))
    assert Client().get(path).status_code == 200


def test_without_the_broker_an_order_is_found_and_readiness_says_what_is_missing(
    line: OrderLine, settings: Settings
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": settings.REDIS_URL}}
    asked = {"number": line.order.number, "email": line.order.email}
    assert Client().post("/", asked).status_code == 303
    ready = Client().get("/readyz")
    assert (ready.status_code, ready.json()["broker"]) == (200, "unreachable")


def test_of_a_broker_that_hangs_only_the_first_command_waits() -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        address = f"redis://127.0.0.1:{hanging.getsockname()[1]}/0"
        cache = Cache(address, {"OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}})
        began = monotonic()
        for _ in range(50):
            with pytest.raises(RedisError):
                cache.get("x")
        assert monotonic() - began < 5, "fifty waits of 0.2 seconds are ten"
