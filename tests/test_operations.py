"""What watchers read: readiness, metrics, signs of life; and that every alert is about something
that is measured."""

import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml
from django.conf import settings as django_settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from backorders_site.celery import app
from backorders_site.ops import health, heartbeats
from backorders_site.tasks import give_sign_of_life
from notifications import tasks
from notifications.models import Heartbeat, Message
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.pause import pause_email, resume_email
from orders import services
from orders.models import DelayNotice, Refund
from tests import factories
from tests.conftest import MailSink, Needs
from tests.factories import NOON
from tests.mailing import mail
from tests.test_mails import delayed

TOKEN = "a-token-for-the-metrics"
ROOT = Path(django_settings.BASE_DIR)
ALERTS = ROOT / "deploy" / "alerts.yml"
pytestmark = pytest.mark.django_db


def read(client: Client, token: str = TOKEN) -> dict[str, float]:
    """Each sample as PromQL would name it."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    return {
        sample.name
        + "".join(f"{{{name}={value}}}" for name, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.fixture
def measured(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN


# Metrics


def test_without_a_token_set_there_are_no_metrics(client: Client) -> None:
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}"])
def test_who_does_not_bring_the_token_reads_nothing(
    client: Client, measured: None, header: str
) -> None:
    answer = client.get("/metrics", headers={"Authorization": header})
    assert (answer.status_code, b"backorders_" in answer.content) == (403, False)


def test_an_empty_shop_is_measured_too(client: Client, measured: None, settings: Settings) -> None:
    settings.BUILD = "abc123"
    figures = read(client)
    assert figures["backorders_build_info{build=abc123}"] == 1
    assert (figures["backorders_database_up"], figures["backorders_broker_up"]) == (1, 1)
    assert figures["backorders_oldest_due_message_seconds"] == 0
    assert figures[
        "backorders_task_age_seconds{every=often}{task=notifications.tasks.deliver}"
    ] == float("inf")
    assert "backorders_last_review_seconds" not in figures


def test_a_mail_that_waits_is_measured_by_its_age(client: Client, measured: None) -> None:
    factories.order(factories.make_product())
    dispatch_all()
    Message.objects.update(created_at=Message.objects.get().created_at - timedelta(minutes=11))
    figures = read(client)
    assert figures["backorders_messages{state=queued}"] == 1
    assert 660 <= figures["backorders_oldest_due_message_seconds"] < 700


def test_tries_to_send_are_measured_by_outcome(
    client: Client, measured: None, mail_sink: MailSink
) -> None:
    product = factories.make_product()
    for _ in range(3):
        factories.order(product)
    mail_sink.answers = ["550 no"]
    mail()
    figures = read(client)
    assert figures["backorders_attempts_5m{outcome=sent}"] == 2
    assert figures["backorders_attempts_5m{outcome=failed}"] == 1
    assert figures["backorders_messages{state=failed}"] == 1


@pytest.mark.usefixtures("clocks")
def test_notices_and_refunds_that_are_due_are_measured(
    client: Client, measured: None, mail_sink: MailSink
) -> None:
    line = delayed("US", 35)
    today = services.today_of(NOON)
    DelayNotice.objects.update(
        notice_by=services.today_of(timezone.now()), told_at=None, outcome=""
    )
    assert read(client)["backorders_notices_untold_due"] == 1
    DelayNotice.objects.update(notice_by=today - timedelta(days=400))
    Refund.objects.create(line=line, units=1, due_on=today - timedelta(days=400), created_at=NOON)
    figures = read(client)
    assert (
        figures["backorders_notices_untold_due"],
        figures["backorders_notices_untold_late"],
    ) == (0, 1)
    assert figures["backorders_refunds_overdue"] == 1


def test_a_mail_that_is_not_due_yet_is_not_late(client: Client, measured: None) -> None:
    line = factories.order(factories.make_product())
    dispatch_all()
    Message.objects.filter(order=line.order).update(created_at=Now() - timedelta(hours=1))
    assert read(client)["backorders_oldest_due_message_seconds"] >= 3600
    Message.objects.filter(order=line.order).update(next_attempt_at=Now() + timedelta(minutes=9))
    assert read(client)["backorders_oldest_due_message_seconds"] == 0


def test_mail_that_goes_to_some_is_kept_back_from_others(
    client: Client, measured: None, settings: Settings
) -> None:
    settings.MAIL_MODE = "only:ada@example.com"
    assert client.get("/readyz").json()["mail"] == "goes out to some"
    assert read(client)["backorders_mail_held{by=mode}"] == 1


def test_held_mail_is_measured_and_said(client: Client, measured: None) -> None:
    assert client.get("/readyz").json()["mail"] == "goes out"
    pause_email("a wrong date", now=NOON, actor="mia")
    assert read(client)["backorders_mail_held{by=staff}"] == 1
    assert client.get("/readyz").json()["mail"] == "held"
    resume_email(now=NOON, actor="mia")
    assert read(client)["backorders_mail_held{by=staff}"] == 0


def test_it_asks_as_many_questions_for_ten_mails_as_for_five(
    client: Client, measured: None
) -> None:
    product = factories.make_product()
    counts = []
    for _ in range(2):
        for _ in range(5):
            factories.order(product)
        dispatch_all()
        with connection.execute_wrapper(counter := Counter()):
            read(client)
        counts.append(counter.number)
    assert counts[0] == counts[1]


class Counter:
    number = 0

    def __call__(self, execute: object, *args: object) -> object:
        self.number += 1
        return execute(*args)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
def test_watchers_ask_a_host_by_any_name(client: Client, measured: None, path: str) -> None:
    answer = client.get(path, headers={"Host": "10.0.0.7:8000", "Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert client.get("/record/", headers={"Host": "10.0.0.7:8000"}).status_code == 400


# Alerts


def rules() -> list[dict[str, str]]:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    return group["rules"]


def test_every_alert_is_about_something_that_is_measured(client: Client, measured: None) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()
    measured_names = {"up", *re.findall(r"^# HELP (\S+)", answer, re.MULTILINE)}
    for rule in rules():
        named = set(re.findall(r"\bup\b|\bbackorders_\w+(?=[{\s)]|$)", rule["expr"]))
        assert named, rule["alert"]
        assert named <= measured_names, rule["alert"]


def test_every_alert_is_explained() -> None:
    table = (
        (ROOT / "docs" / "operations.md").read_text().split("## The alerts")[1].split("\n## ")[0]
    )
    explained = [
        name
        for row in re.findall(r"^\| ([A-Z]\w+(?:, \w+)*) \|", table, re.MULTILINE)
        for name in row.split(", ")
    ]
    assert sorted(explained) == sorted(["Alert", *(rule["alert"] for rule in rules())])


def test_prometheus_can_read_the_alerts(needs: Needs) -> None:
    needs("promtool")
    checked = subprocess.run(
        ["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


# Signs of life


@pytest.fixture
def switch(settings: Settings) -> Iterator[list[str]]:
    """A dead man's switch: what it was asked."""
    asked: list[str] = []

    class Switch(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Switch)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/our-uuid"
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_task_that_ends_well_leaves_a_heartbeat(mail_sink: MailSink) -> None:
    tasks.deliver.apply()
    assert 0 <= heartbeats.ages()[heartbeats.DELIVER] < 60


def test_a_task_that_fails_leaves_none() -> None:
    before = transaction.savepoint()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE notifications_providerreport RENAME TO away")
    assert tasks.handle.apply().failed()
    transaction.savepoint_rollback(before)
    assert "notifications.tasks.handle" not in heartbeats.ages()


def test_the_sign_of_life_is_given_while_all_tasks_run(switch: list[str]) -> None:
    for task in health.repeating_tasks():
        heartbeats.beat(task)
    give_sign_of_life()
    assert switch == ["/our-uuid"]


def test_what_runs_once_a_night_is_not_late_by_day(switch: list[str]) -> None:
    nightly = [task for task, every in health.repeating_tasks().items() if every == "daily"]
    assert nightly == ["notifications.tasks.forget"]
    for task in set(health.repeating_tasks()) - set(nightly):
        heartbeats.beat(task)
    assert health.late_tasks() == []


def test_the_sign_of_life_stays_away_when_one_task_is_late(switch: list[str]) -> None:
    for task in health.repeating_tasks():
        heartbeats.beat(task)
    late = Heartbeat.objects.get(task="orders.tasks.review_settled")
    Heartbeat.objects.filter(pk=late.pk).update(at=late.at - timedelta(minutes=6))
    give_sign_of_life()
    assert switch == []


def test_every_task_that_beat_starts_exists() -> None:
    app.loader.import_default_modules()
    assert {str(entry["task"]) for entry in django_settings.CELERY_BEAT_SCHEDULE.values()} <= set(
        app.tasks
    )
