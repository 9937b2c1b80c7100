"""Logs and error reports: ids that lead on, and nothing that names a person or opens an order."""

import gzip
import io
import json
import logging
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import sentry_sdk
from celery.worker.request import Request
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

import backorders_site.tasks  # noqa: F401 - as workers do: it tells them to name tasks in logs
from backorders_site.celery import app as celery_app
from backorders_site.ops.errors import report_errors
from backorders_site.ops.logs import Ids, JsonLine, TerminalFormatter, requests, without_secrets
from notifications import tasks
from notifications.outbox.dispatch import dispatch_all
from orders.access import Purpose, mine_url, order_url
from orders.models import OrderLine
from tests import factories
from tests.conftest import MailSink

COOKIE = "secret-one"
pytestmark = pytest.mark.django_db


@pytest.fixture
def line(db: None) -> OrderLine:
    return factories.order(
        factories.make_product(), email="grace.hopper@navy.example", customer_name="Grace Hopper"
    )


def path_of(line: OrderLine) -> str:
    return order_url(line.order).removeprefix("http://testserver")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What standard error would hold in production."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLine())
    handler.addFilter(Ids())
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    yield handler.stream
    root.removeHandler(handler)
    root.setLevel(level)


def lines_of(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_is_one_line_with_its_id_and_without_its_link(
    client: Client, line: OrderLine, written: io.StringIO
) -> None:
    answer = client.get(path_of(line), headers={"X-Request-ID": "from-the-proxy-1"})
    (said,) = [row for row in lines_of(written) if row["logger"] == "backorders.requests"]
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    assert (said["request_id"], said["method"], said["status"], said["route"]) == (
        "from-the-proxy-1",
        "GET",
        200,
        "o/<str:token>/",
    )
    assert (said["level"], said["milliseconds"] >= 0, "at" in said) == ("INFO", True, True)


@pytest.mark.parametrize(
    "given", ["", "short", "x" * 65, "with blanks in it", 'quote"quote', "line\\nbreak"]
)
def test_an_id_that_is_none_is_replaced(client: Client, given: str) -> None:
    made = client.get("/livez", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (len(made), made != given) == (32, True)


def test_every_change_of_a_mail_is_one_line_that_leads_to_its_task_and_order(
    line: OrderLine, mail_sink: MailSink, written: io.StringIO
) -> None:
    dispatch_all()
    mail_sink.answers = ["451 later"]
    done = tasks.deliver.apply()
    (said,) = [row for row in lines_of(written) if row["logger"] == "notifications.outbox.delivery"]
    message = line.order.messages.get()
    assert said["message"] == f"message {message.pk}: queued"
    assert (said["message_id"], said["order_id"], said["state"], said["attempt"]) == (
        message.pk,
        line.order_id,
        "queued",
        1,
    )
    assert (said["task"], said["task_id"]) == ("notifications.tasks.deliver", done.id)


def test_a_task_that_a_request_asked_for_bears_its_id_through_the_broker(
    written: io.StringIO,
) -> None:
    @celery_app.task(name="tests.say")
    def say() -> None:
        logging.getLogger("any").info("said")

    def view(request: HttpRequest) -> HttpResponse:
        say.apply_async(queue="tests-say")
        return HttpResponse()

    requests(view)(RequestFactory().get("/", headers={"X-Request-ID": "from-the-proxy-1"}))
    say.apply_async(queue="tests-say")
    with (
        celery_app.connection_for_read() as broker,
        closing(broker.SimpleQueue("tests-say")) as waiting,
    ):
        for _ in range(2):
            Request(waiting.get(timeout=5), app=celery_app, task=say).execute()  # as a worker does
    said = [row for row in lines_of(written) if row["logger"] == "any"]
    assert [(row["task"], row.get("request_id")) for row in said] == [
        ("tests.say", "from-the-proxy-1"),
        ("tests.say", None),
    ]


def test_logs_name_nobody_and_open_no_order(
    line: OrderLine, written: io.StringIO, mail_sink: MailSink
) -> None:
    client = Client(raise_request_exception=False)
    token = path_of(line).strip("/").split("/")[1]
    client.get(path_of(line))
    client.get(f"/o/{token}x/")
    client.post("/", {"number": line.order.number, "email": line.order.email})
    mail_sink.answers = [f"550 no such user <{line.order.email}>"]
    dispatch_all()
    tasks.deliver.apply()
    try:
        raise ValueError(f"cannot read {line.order.email} of {path_of(line)}")
    except ValueError:
        logging.getLogger("any").exception(
            "at postgresql://shop:hunter2@db/x for %s", line.order.email
        )
    for secret in (token, "grace", "Hopper", "navy.example", "hunter2"):
        assert secret not in written.getvalue(), secret
    assert "[address]" in written.getvalue()


MANGLED = [
    *(
        "/o/%20{}/",
        "/o//{}/",
        "/O/{}/",
        "/{}/",
        "/{}",
        "/o/'{}/",
        "/o/%22{}/",
        "/xo/{}/",
        "/mine//{}/",
        "/embed/{}/",
    ),
    *(
        "/p/{}/",
        "/o{}/",
        "/o/=3D{}/",
        "/o/%EF%BB%BF{}/",
        "/x/{}.",
        "/x/({})",
        "/x/{}x",
        "/track/http%3A%2F%2Fx%2F{}",
        "/x;{};",
    ),
]


@pytest.mark.parametrize("mangled", MANGLED)
@pytest.mark.parametrize("encoded", [0, 1, 4])
def test_a_link_that_an_email_broke_is_not_in_them(
    client: Client, line: OrderLine, written: io.StringIO, mangled: str, encoded: int
) -> None:
    for url in (order_url(line.order), order_url(line.order, Purpose.STOP), mine_url(line.order)):
        token = url.strip("/").rpartition("/")[2]
        signature = max(re.split("[-_]", token.rpartition(".")[2]), key=len)
        if encoded:
            token = (
                token.replace("-", "%2D")
                .replace(".", "%2e")
                .replace("_", "%5F")
                .replace("%", "%" + "25" * encoded)
            )
        client.get(mangled.format(token))
        logging.getLogger("any").info("asked for %s", mangled.format(token))
        assert signature not in written.getvalue()
    assert written.getvalue().count("[token]") >= 6


def test_a_line_for_people_is_as_silent_about_them() -> None:
    record = logging.LogRecord(
        "x", logging.INFO, "", 1, "to ada@example.com at /o/Abc.def/answer/", None, None
    )
    Ids().filter(record)
    assert (
        TerminalFormatter("{message} {ids}", style="{").format(record)
        == "to [address] at /o/[token]/answer/"
    )


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("hello jürgen@example.com", "hello [address]"),
        ("line\nada@example.com", "line\n[address]"),
        ("\tada@example.com", "\t[address]"),
        ('to "ada b"@example.com.', "to [address]"),
        ('to "ada\\"b"@example.com', "to [address]"),
        ("o'neil@example.com", "[address]"),
        ("'ada@example.com'", "'[address]'"),
        ("foo@müller.de", "[address]"),
        ("/?email=a%40b.com&page=2", "/?email=[address]&page=2"),
        ("email=a%2Bb%40example.com", "email=[address]"),
        ("100% of 7 @ 3", "100% of 7 @ 3"),
        ('said "yes" and "no"', 'said "yes" and "no"'),
        ("//shop:hunter2@db/x", "//shop:[address]/x"),
        (f"cut short: 1a-1-act.{'x' * 42}", "cut short: [token]"),
        (f"of any kind: 1a-2:x.{'x' * 43}", "of any kind: 1a-2:[token]"),
        ("backorders-2026-11-24.dump is 20-1-2.csv", "backorders-2026-11-24.dump is 20-1-2.csv"),
        (
            "django.core.exceptions.ImproperlyConfigured: x",
            "django.core.exceptions.ImproperlyConfigured: x",
        ),
    ],
)
def test_a_line_is_json_whatever_is_said_and_the_addresses_are_gone_from_it(
    said: str, written: str
) -> None:
    try:
        raise ValueError(said)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "%s", (said,), sys.exc_info())
    record.about = {"detail": {"deep": [said]}, "error": ValueError(said)}
    Ids().filter(record)
    line = JsonLine().format(record)
    row = json.loads(line)
    assert "\n" not in line
    assert (row["message"], row["detail"], row["error"]) == (written, {"deep": [written]}, written)
    assert row["exc_info"].endswith(f"ValueError: {written}")


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "@",
        "a@",
        '"',
        '"a',
        "'",
        "a'",
        "%",
        "%40",
        "a%40",
        "\\",
        '\\"',
        "//a:",
        "/o/",
        "ü",
        ".",
        "-",
        "1-1-act",
        "%25",
        "a.",
    ],
)
def test_a_long_word_takes_no_long_time(unit: str) -> None:
    began = time.process_time()
    without_secrets(unit * (100_000 // len(unit)))
    assert time.process_time() - began < 2


def test_what_django_says_after_the_request_bears_its_id_too(
    client: Client, written: io.StringIO
) -> None:
    client.get("/nothing-here/", headers={"X-Request-ID": "from-the-proxy-1"})
    (said,) = [row for row in lines_of(written) if row["logger"] == "django.request"]
    assert (said["message"], said["request_id"]) == (
        "Not Found: /nothing-here/",
        "from-the-proxy-1",
    )


# Error reports


@pytest.fixture
def reported() -> Iterator[list[dict[str, Any]]]:
    """Sentry's own way in, on this machine: the events it was given."""
    events: list[dict[str, Any]] = []

    class Envelopes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            events.extend(
                json.loads(part) for part in body.split(b"\n")[2:] if b'"exception"' in part
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Envelopes)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    report_errors(f"http://key@127.0.0.1:{server.server_port}/1", release="abc123")
    yield events
    sentry_sdk.get_client().close(timeout=2)
    sentry_sdk.init(dsn="", default_integrations=False)
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_error_report_says_where_and_nothing_about_whom(
    line: OrderLine, reported: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise ValueError(
            f"cannot show {line.order.email} at {path_of(line)}, once /O/%20{path_of(line)[3:-1]}x"
        )

    monkeypatch.setattr("orders.pages.order.order_status", fails)
    url = reverse("order", args=[path_of(line).strip("/").split("/")[1]])
    answer = Client(raise_request_exception=False).get(
        url,
        {"email": line.order.email},
        headers={"X-Request-ID": "from-the-proxy-1", "Cookie": f"sessionid={COOKIE}"},
    )
    sentry_sdk.flush(timeout=5)
    assert answer.status_code == 500
    (event,) = reported
    text = json.dumps(event)
    assert (
        event["exception"]["values"][0]["value"]
        == "cannot show [address] at /o/[token]/, once /O/[token]"
    )
    assert event["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"] == "fails"
    assert (event["tags"]["request_id"], event["release"]) == ("from-the-proxy-1", "abc123")
    assert set(event["request"]) <= {"method"}
    for secret in ("grace", "Hopper", "navy.example", COOKIE, url):
        assert secret not in text, secret
