"""A provider of django-anymail beside SMTP: what it answers, and what it reports afterwards."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from backorders_site.demo.embedded import free_port
from notifications.models import Message, MessageState, ProviderReport, Suppression
from notifications.provider.reports import handle_reports
from orders.models import Event, Order, OrderLine
from tests import factories
from tests.conftest import Clocks
from tests.mailing import mail, outcomes, states, wait
from tests.test_mails import asked_of, delayed

SECRET = "reports:not-a-secret"
CAME_BACK = (
    "an email to this customer bounced: reach them another way, or enter an address that works"
)
pytestmark = pytest.mark.django_db


@dataclass
class Provider:
    """Postmark's sending address, on this machine. `statuses` are answered instead of 200 until
    they are used up."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(autouse=True)
def provider(settings: Settings) -> Iterator[Provider]:
    provider = Provider()

    class Api(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            provider.asked.append(posted[0] if isinstance(posted, list) else posted)
            status = provider.statuses.pop(0) if provider.statuses else 200
            word = {
                "ErrorCode": 0,
                "Message": "OK",
                "MessageID": f"pm-{len(provider.asked)}",
                "To": "ada@example.com",
            }
            body = json.dumps(
                word if status == 200 else {"ErrorCode": 10, "Message": "no"}
            ).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    provider.port = server.server_port
    use(settings, provider.port)
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


def use(settings: Settings, port: int) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = "postmark", SECRET
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{port}/",
        "WEBHOOK_SECRET": SECRET,
        "REQUESTS_TIMEOUT": 2,
    }


@pytest.fixture
def line(clocks: Clocks) -> OrderLine:
    return factories.order(factories.make_product())


def sent(line: OrderLine) -> Message:
    mail()
    return line.order.messages.latest("pk")


def report(message: Message, kind: str, **more: Any) -> dict[str, Any]:
    ours = {
        "Metadata": {"message_id": message.message_id},
        "MessageID": message.provider_id,
        "Email": message.recipient,
    }
    bounced = (
        {"Type": "HardBounce", "ID": 7, "Description": f"no {message.recipient}"}
        if kind == "Bounce"
        else {}
    )
    complaint = {"Type": "SpamComplaint", "ID": 8} if kind == "SpamComplaint" else {}
    return {"RecordType": kind, **ours, **bounced, **complaint, **more}


def post(word: object, *, secret: str = SECRET) -> int:
    body = word if isinstance(word, bytes) else json.dumps(word).encode()
    password = b64encode(secret.encode()).decode()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.post(
        "/webhooks/mail/", body, "application/json", headers={"Authorization": f"Basic {password}"}
    ).status_code


# Sending


def test_a_mail_goes_out_by_the_provider_with_our_message_id(
    line: OrderLine, provider: Provider
) -> None:
    message = sent(line)
    (asked,) = provider.asked
    assert (message.state, message.provider_id, outcomes(message)) == (
        MessageState.SENT,
        "pm-1",
        ["sent"],
    )
    assert asked["Metadata"] == {"message_id": message.message_id}
    assert {"Name": "Message-ID", "Value": message.message_id} in asked["Headers"]
    assert (asked["To"], asked["Subject"], asked["TextBody"]) == (
        "ada@example.com",
        message.subject,
        message.text,
    )


@pytest.mark.parametrize(
    ("status", "state", "outcome", "ambiguous"),
    [
        (429, MessageState.QUEUED, "deferred", 0),
        (401, MessageState.QUEUED, "deferred", 0),
        (422, MessageState.FAILED, "failed", 0),
        (500, MessageState.QUEUED, "unknown", 1),
        (503, MessageState.QUEUED, "unknown", 1),
    ],
)
def test_what_the_provider_answers(
    line: OrderLine,
    provider: Provider,
    status: int,
    state: MessageState,
    outcome: str,
    ambiguous: int,
) -> None:
    provider.statuses = [status]
    message = sent(line)
    assert (message.state, outcomes(message), message.ambiguous_count) == (
        state,
        [outcome],
        ambiguous,
    )


def test_a_provider_that_is_away_has_surely_not_sent(line: OrderLine, settings: Settings) -> None:
    use(settings, free_port())
    message = sent(line)
    assert (message.state, outcomes(message), message.ambiguous_count) == (
        MessageState.QUEUED,
        ["deferred"],
        0,
    )


# Reports


def test_a_delivery_is_noted_once(line: OrderLine) -> None:
    message = sent(line)
    assert [
        post(report(message, "Delivery", DeliveredAt="2026-11-02T17:00:01Z")) for _ in range(3)
    ] == [200] * 3
    message.refresh_from_db()
    assert (message.state, message.delivered_at is not None) == (MessageState.SENT, True)
    assert ProviderReport.objects.count() == 1


def test_a_legal_notice_that_bounces_becomes_work_for_staff(clocks: Clocks) -> None:
    line = delayed("US", 35, 50)
    message = sent(line)
    assert post(report(message, "Bounce")) == 200

    assert states(line.order)[-1] == MessageState.BOUNCED
    assert Order.objects.get(pk=line.order_id).attention == [CAME_BACK]
    assert asked_of(line).not_told_at is not None
    assert Suppression.objects.get().address == "ada@example.com"
    assert "ada@example.com" not in ProviderReport.objects.get().detail


def test_a_bounce_replayed_after_the_address_works_again_changes_nothing(line: OrderLine) -> None:
    message = sent(line)
    post(report(message, "Bounce"))
    Suppression.objects.all().delete()
    assert post(report(message, "Bounce")) == 200
    assert (Suppression.objects.count(), ProviderReport.objects.count()) == (0, 1)


def test_a_bounce_that_comes_before_the_sender_has_written_sent_waits_for_it(
    line: OrderLine,
) -> None:
    message = sent(line)
    Message.objects.update(state=MessageState.QUEUED, sent_at=None)
    assert post(report(message, "Bounce")) == 200
    assert states(line.order) == [MessageState.QUEUED]
    Message.objects.update(state=MessageState.SENT, sent_at=message.sent_at)
    assert (handle_reports(), handle_reports()) == (1, 0)
    assert states(line.order) == [MessageState.BOUNCED]


def test_delivered_and_then_bounced_ends_as_bounced_in_either_order(line: OrderLine) -> None:
    other = factories.order(line.product)
    mail()
    first, second = line.order.messages.get(), other.order.messages.get()
    for message, kinds in ((first, ("Delivery", "Bounce")), (second, ("Bounce", "Delivery"))):
        for kind in kinds:
            post(report(message, kind))
    assert states(line.order) + states(other.order) == [MessageState.BOUNCED] * 2


def test_a_complaint_stops_mails_and_the_next_news_is_staffs(line: OrderLine) -> None:
    assert post(report(sent(line), "SpamComplaint")) == 200
    assert states(line.order) == [MessageState.SENT]
    other = factories.order(line.product)
    mail()
    assert states(other.order) == [MessageState.SUPPRESSED]
    assert Order.objects.get(pk=other.order_id).attention == [
        "can't be reached: this address is suppressed"
    ]


def test_a_delivery_settles_what_nobody_had_answered(line: OrderLine, provider: Provider) -> None:
    provider.statuses = [500, 500]
    mail()
    wait(timedelta(seconds=301))
    message = sent(line)
    assert message.state == MessageState.NEEDS_REVIEW
    post(report(message, "Delivery"))
    assert states(line.order) == [MessageState.SENT]
    assert Event.objects.get().told_at is not None


def test_a_report_of_a_mail_we_never_sent_is_kept_and_harms_nobody(line: OrderLine) -> None:
    message = sent(line)
    stranger = report(message, "Bounce") | {
        "Metadata": {"message_id": "<x@y>"},
        "MessageID": "unknown",
    }
    assert post(stranger) == 200
    assert (states(line.order), Suppression.objects.count()) == ([MessageState.SENT], 0)


@pytest.mark.parametrize("secret", ["reports:wrong", "", "x"])
def test_without_the_secret_nothing_is_kept_and_nobody_is_called(
    line: OrderLine, secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(report(sent(line), "Bounce"), secret=secret) == 400
    loud = [record for record in caplog.records if record.levelname != "INFO"]
    assert {(record.levelname, record.exc_info) for record in loud} == {("WARNING", None)}
    assert (states(line.order), ProviderReport.objects.count()) == ([MessageState.SENT], 0)


def test_without_a_secret_set_there_is_no_such_address(line: OrderLine, settings: Settings) -> None:
    settings.MAIL_WEBHOOK_SECRET = ""
    assert post(report(sent(line), "Bounce")) == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[1]", 400),
        (b"\xff\xfe", 400),
        (
            b'{"RecordType": "Bounce", "ID": "\\u0000", "Type": "HardBounce", "Email": '
            b'"a\\u0000b"}',
            400,
        ),
        (b"[" * 100_000, 400),
        (b"{}" + b" " * 1_000_001, 413),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_kept(body: bytes, status: int) -> None:
    assert (post(body), ProviderReport.objects.count()) == (status, 0)


def test_a_length_that_is_no_number_is_refused(client: Client) -> None:
    assert client.generic("POST", "/webhooks/mail/", b"{}", CONTENT_LENGTH="1,5").status_code == 400


def test_a_time_that_no_calendar_has_is_refused(client: Client, settings: Settings) -> None:
    settings.MAIL_PROVIDER = "mailtrap"
    late = {"event": "bounce", "message_id": "1", "email": "ada@example.com", "timestamp": 2**70}
    assert post({"events": [late]}) == 400


def test_looking_at_the_address_changes_nothing(client: Client) -> None:
    assert client.get("/webhooks/mail/").status_code == 405
