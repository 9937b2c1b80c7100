"""What is dead, full, or wrong is said by its name, with what to do: /readyz, `manage.py status`,
metrics, the desk, and the page of a file. And by a wrong clock nothing is decided."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
import time_machine
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils.html import escape
from pytest_django.fixtures import Settings

from backorders_site.celery import UPLOADS, app, sign
from backorders_site.demo import embedded
from backorders_site.ops import health, heartbeats
from backorders_site.tasks import hand_on_uploads, work_off_uploads
from notifications.models import Heartbeat, Message
from notifications.outbox.dispatch import dispatch_all
from orders import clock, services, tasks
from orders.access import Purpose, link_token
from orders.models import Event, OrderLine, Run, Upload
from orders.services import daily_jobs
from tests import factories
from tests.conftest import MailSink
from tests.test_operations import TOKEN, read
from tests.test_roles import S, somebody

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOST = socket.gethostname()[:60]


@pytest.fixture
def all_runs() -> None:
    for process in health.PROCESSES:
        heartbeats.beat(process)


def silent(process: str, minutes: int) -> None:
    row = Heartbeat.objects.get(task=process)
    Heartbeat.objects.filter(pk=process).update(at=row.at - minutes * MINUTE)


def readyz(client: Client) -> dict[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    said: dict[str, str] = answer.json()
    return said


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = 0
    try:
        call_command("status", *arguments)
    except SystemExit as end:
        code = int(str(end.code))
    return code, capsys.readouterr().out


def a_file() -> Upload:
    now = datetime.now(UTC) - 4 * MINUTE
    return services.upload(
        "restocks", "po.csv", b"reference", all_products=False, now=now, actor="ann"
    )


# Processes


def test_all_parts_are_named(client: Client, all_runs: None) -> None:
    assert readyz(client) == {
        "database": "ok",
        "broker": "ok",
        "mail": "goes out",
        "worker": "ok",
        "beat": "ok",
        "uploads worker": "ok",
        "clock": "ok",
    }


def test_migrations_are_read_again_only_once_others_have_run(
    client: Client, all_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    readyz(client)
    monkeypatch.setattr(health, "MigrationExecutor", None)
    assert readyz(client)["database"] == "ok"
    monkeypatch.undo()
    MigrationRecorder.Migration.objects.filter(app="orders").latest("pk").delete()
    assert client.get("/readyz").json()["database"] == "migrate"


@pytest.mark.parametrize("process", health.PROCESSES)
def test_a_silent_process_is_named_with_its_time_and_the_site_goes_on_serving(
    client: Client, all_runs: None, process: str
) -> None:
    silent(process, 4)
    said = readyz(client)
    assert {name: said[name] for name in health.PROCESSES} == dict.fromkeys(
        health.PROCESSES, "ok"
    ) | {process: "silent for 4 min"}


def test_status_names_the_silent_with_what_to_do_and_ends_with_one(
    capsys: pytest.CaptureFixture[str], all_runs: None
) -> None:
    assert status(capsys)[0] == 0
    silent("beat", 4)
    code, said = status(capsys)
    assert (code, [line for line in said.splitlines() if "<-" in line]) == (
        1,
        ["beat            silent for 4 min   <- start it: celery -A backorders_site beat"],
    )
    read_by_programs = json.loads(status(capsys, "--json")[1])
    assert read_by_programs["ok"] is False
    assert [part["name"] for part in read_by_programs["parts"] if part["wrong"]] == ["beat"]


def test_status_lists_everything(capsys: pytest.CaptureFixture[str], all_runs: None) -> None:
    names = re.findall("^(.+?)  ", status(capsys)[1], re.MULTILINE)
    parts = ["database", "broker", "mail", "worker", "beat", "uploads worker", "clock"]
    assert [name.strip() for name in names] == [
        *parts,
        "emails waiting",
        "last review",
        "last cut-off",
        "files waiting",
    ]


def test_status_knows_a_mail_that_is_late_and_a_day_that_was_missed(
    capsys: pytest.CaptureFixture[str], all_runs: None
) -> None:
    factories.order(factories.make_product())
    dispatch_all()
    yesterday = datetime.now(UTC) - timedelta(hours=27)
    Message.objects.update(created_at=datetime.now(UTC) - 11 * MINUTE)
    Run.objects.create(job="review", day=yesterday.date(), finished_at=yesterday)
    Run.objects.create(
        job="deadlines", day=yesterday.date(), finished_at=datetime.now(UTC) - timedelta(hours=3)
    )
    code, said = status(capsys)
    wrong = [line.partition("<-")[0].split("  ")[0] for line in said.splitlines() if "<-" in line]
    assert (code, wrong) == (1, ["emails waiting", "last review"])
    assert "1, the oldest due for 11 min" in said


def test_each_kind_of_process_is_measured(
    client: Client, settings: Settings, all_runs: None
) -> None:
    settings.METRICS_TOKEN = TOKEN
    silent("worker", 4)
    Heartbeat.objects.filter(pk="beat").delete()
    figures = read(client)
    ages = [
        figures[f"backorders_process_age_seconds{{process={process}}}"]
        for process in health.PROCESSES
    ]
    assert [240 <= ages[0] < 300, ages[1], ages[2] < 60] == [True, float("inf"), True]


def warnings(client: Client) -> list[str]:
    return [trouble.words for trouble in client.get("/admin/").context["desk"].troubles]


def test_the_desk_warns_of_what_is_dead_and_of_nothing_else(client: Client, all_runs: None) -> None:
    client.force_login(somebody(S))
    assert warnings(client) == []
    silent("worker", 4)
    page = client.get("/admin/").content.decode()
    assert (
        "The worker stopped 4\xa0minutes ago, so emails, reviews, and deadlines are waiting."
        in page
    )
    assert "celery -A backorders_site worker --without-gossip" in page
    Heartbeat.objects.filter(pk="beat").delete()
    assert warnings(client)[1:] == [
        "The scheduler (beat) has never run, so emails, reviews, and deadlines are waiting."
    ]


# Files


def test_a_file_that_nobody_works_on_says_so_with_what_to_start(
    admin_client: Client, all_runs: None
) -> None:
    row = a_file()
    address = f"/admin/desk/import/{row.pk}/"
    says = (
        "No uploads worker is running, so uploaded files aren't being processed. This one has "
        "been waiting for 4 minutes."
    )
    works = admin_client.get(address).content.decode()
    assert (says in works, "We'll keep processing the file" in works) == (False, True)
    assert warnings(admin_client) == []
    silent("uploads worker", 4)
    for page in (
        admin_client.get(address),
        admin_client.get(address, headers={"HX-Request": "true"}),
    ):
        assert escape(says) in page.content.decode()
        assert "--queues uploads" in page.content.decode()
        assert "We'll keep processing the file" not in page.content.decode()
    assert warnings(admin_client) == [says]


def test_without_a_file_a_silent_uploads_worker_is_no_warning_on_the_desk(
    admin_client: Client, all_runs: None
) -> None:
    silent("uploads worker", 4)
    assert warnings(admin_client) == []


def test_files_are_worked_off_in_their_own_queue_which_does_not_grow_while_nobody_serves_it() -> (
    None
):
    assert app.amqp.router.route({}, work_off_uploads.name)["queue"].name == UPLOADS
    hand_on_uploads()
    assert health.queued(UPLOADS) == 0
    a_file()
    for _ in range(3):
        hand_on_uploads()
    assert health.queued(UPLOADS) == 1


# The broker


@pytest.fixture
def full_valkey(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """One of our own: its snapshot cannot be written, so it takes nothing more."""
    port = embedded.free_port()
    command = embedded.valkey_command(tmp_path, port, durable=False)
    process = subprocess.Popen([*command, "--save", "3600 1"], cwd=tmp_path)
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
    retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 200)
    with redis.Redis.from_url(settings.REDIS_URL, retry=retry) as client:
        client.set("something", 1)
        (tmp_path / "dump.rdb").mkdir()
        client.bgsave()
        while client.info("persistence")["rdb_last_bgsave_status"] == "ok":
            client.echo("not yet")
    yield
    process.kill()
    process.wait()


def test_a_broker_that_takes_no_writes_is_not_well(
    client: Client,
    settings: Settings,
    full_valkey: None,
    all_runs: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert readyz(client)["broker"] == "refuses writes"
    assert read(client)["backorders_broker_up"] == 0
    assert "broker          refuses writes   <- start Valkey" in status(capsys)[1]


def test_the_desk_names_the_broker_at_once_and_asks_to_start_nobody_who_waits_for_it(
    client: Client, full_valkey: None, all_runs: None
) -> None:
    client.force_login(somebody(S))
    assert warnings(client) == ["Valkey refuses to store anything."]
    silent("worker", 4)
    assert warnings(client) == ["Valkey refuses to store anything."]


# The clock


@pytest.fixture
def clock_counts(settings: Settings) -> None:
    """As outside of the tests, which travel."""
    settings.CLOCK_MAY_DIFFER = MINUTE


def overdue_by_silence() -> OrderLine:
    """In 33 days it would be cancelled."""
    line = factories.order(factories.make_product(), now=datetime.now(UTC) - timedelta(days=3))
    notice = line.notices.model(
        line=line,
        promise=line.promise,
        jurisdiction="US",
        case="D",
        silence="cancel",
        sentences=["choice"],
        notice_by=datetime.now(UTC).date(),
        answer_by=datetime.now(UTC).date() + timedelta(days=30),
        decided_at=datetime.now(UTC),
        told_at=datetime.now(UTC),
        adequate=True,
    )
    line.notices.all().delete()
    notice.save()
    return line


@pytest.mark.usefixtures("clock_counts")
def test_a_worker_whose_clock_is_ahead_cancels_nothing_and_says_so(
    client: Client,
    all_runs: None,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = overdue_by_silence()
    with time_machine.travel(datetime.now(UTC) + timedelta(days=33)):
        refused = tasks.keep_deadlines.apply()
    assert (refused.state, factories.fresh(line).cancelled, Run.objects.count()) == (
        "IGNORED",
        0,
        0,
    )
    assert (
        "This machine's clock is 33 days ahead of the database's. Nothing was done: set the clock"
        in caplog.text
    )
    assert readyz(client)["clock"] == f"wrong on {HOST}"
    code, said = status(capsys)
    assert (code, f"clock           wrong on {HOST}   <- " in said) == (1, True)
    client.force_login(somebody(S))
    assert warnings(client) == [
        f"A server's clock is wrong (wrong on {HOST}), so it refuses to work."
    ]


@pytest.mark.usefixtures("clock_counts")
@pytest.mark.parametrize("by", [timedelta(days=33), -timedelta(days=33)])
def test_a_process_whose_clock_lets_every_tick_expire_says_so_by_itself(
    client: Client, by: timedelta
) -> None:
    """A worker that is ahead runs no tick, and of a beat that is behind no worker does: no task
    could refuse."""
    with time_machine.travel(datetime.now(UTC) + by):
        sign(heartbeats.WORKER)
    said = readyz(client)
    assert (said["worker"], said["clock"]) == ("ok", f"wrong on {HOST}")


def test_no_tick_expires_while_clocks_differ_as_they_may() -> None:
    ticks = [
        one["options"]["expires"] for one in app.conf.beat_schedule.values() if "options" in one
    ]
    assert min(ticks) > MINUTE.seconds
    assert len(ticks) == len(app.conf.beat_schedule) - 1  # all but what is done once a night


@pytest.mark.usefixtures("clock_counts")
def test_the_same_task_by_a_clock_that_is_right_enough_is_done() -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=50)):
        assert tasks.keep_deadlines.apply().state == "SUCCESS"
    assert heartbeats.ages().keys() == {"orders.tasks.keep_deadlines"}


@pytest.mark.usefixtures("clock_counts")
@pytest.mark.parametrize(
    ("by", "words"),
    [
        (timedelta(days=33), "33 days ahead of the database's"),
        (-timedelta(hours=1, minutes=5), "1 hour behind the database's"),
        (timedelta(seconds=50), ""),
        (-timedelta(seconds=50), ""),
    ],
)
def test_a_difference_is_said_in_words(by: timedelta, words: str) -> None:
    with time_machine.travel(datetime.now(UTC) + by):
        assert clock.fault() == words


@pytest.mark.usefixtures("clock_counts")
@pytest.mark.parametrize("command", ["review_promises", "keep_deadlines", "deliver_messages"])
def test_a_command_by_a_wrong_clock_is_refused(command: str, mail_sink: MailSink) -> None:
    line = factories.order(factories.make_product())
    with (
        time_machine.travel(datetime.now(UTC) + timedelta(days=33)),
        pytest.raises(CommandError, match="33 days ahead of the database's"),
    ):
        call_command(command)
    assert (line.order.events.count(), Message.objects.count(), mail_sink.mails) == (1, 0, [])


@pytest.mark.usefixtures("clock_counts")
def test_for_development_a_command_may_be_run_as_on_another_day(settings: Settings) -> None:
    settings.DEBUG = True
    factories.order(factories.make_product())
    call_command("review_promises", on=(datetime.now(UTC) + timedelta(days=33)).date().isoformat())


@pytest.mark.usefixtures("clock_counts")
def test_a_customer_is_never_refused_and_their_answer_bears_the_true_time(client: Client) -> None:
    line = factories.order(factories.make_product(), now=datetime.now(UTC))
    token = link_token(line.order, Purpose.ACT)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=33)):
        answer = client.post(f"/o/{token}/answer/", {"line": line.pk, "choice": "cancel"})
    assert answer.status_code == 303
    assert abs(Event.objects.get(kind="cancelled").at - datetime.now(UTC)) < MINUTE


@pytest.mark.usefixtures("clock_counts")
def test_what_staff_do_by_a_wrong_clock_is_refused(client: Client) -> None:
    client.raise_request_exception = False
    with time_machine.travel(datetime.now(UTC) + timedelta(days=33)):
        client.force_login(somebody("Manager"))
        answer = client.post("/admin/desk/mail/", {"act": "hold", "reason": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")


def test_a_day_that_a_clock_ahead_called_done_is_done_all_the_same(
    client: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = TOKEN
    now = datetime.now(UTC)
    today = services.today_of(now)
    Run.objects.create(job="review", day=today, finished_at=now + timedelta(hours=1))
    assert not daily_jobs.was_done("review", today, now=now)
    assert "backorders_last_review_seconds" not in read(client)
    daily_jobs.done("review", today, now=now)
    assert daily_jobs.was_done("review", today, now=now)
    assert Run.objects.get().finished_at == now
    assert "backorders_last_review_seconds" in read(client)
