"""What watchers ask: does the process answer, can it serve, are the other processes running.
`manage.py status` and the desk say the same."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import redis
import requests
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from backorders_site.ops import heartbeats
from notifications.outbox.pause import why_paused
from notifications.reach import goes_to_all
from orders import clock

LATE_SECONDS = 300  # the SLO of an email is ten minutes
SILENT_SECONDS = 60  # each process says every ten that it lives
TIMEOUT_SECONDS = 10
DATABASE_SECONDS = 5
OK = "ok"
PROCESSES = (heartbeats.WORKER, heartbeats.BEAT, heartbeats.UPLOADS)
COMMANDS = {
    heartbeats.WORKER: "celery -A backorders_site worker --without-gossip --without-mingle",
    heartbeats.BEAT: "celery -A backorders_site beat",
    heartbeats.UPLOADS: "celery -A backorders_site worker --queues uploads --hostname uploads@%h "
    "--concurrency 1"
    " --without-gossip --without-mingle",
}
AWAY = (DatabaseError, InterfaceError)


@dataclass(frozen=True, slots=True)
class SilentProcess:
    """A kind of process that has given no sign of life for a while. `seconds` None: it never
    has."""

    process: str
    seconds: float | None

    @property
    def minutes(self) -> int | None:
        return None if self.seconds is None else round(self.seconds / 60)

    def __str__(self) -> str:
        return "never started" if self.minutes is None else f"silent for {self.minutes} min"


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 without the database or with migrations to run. Reported only, for pages still work: all
    the rest."""
    said = readiness()
    return JsonResponse(said, status=200 if said["database"] == OK else 503)


def readiness() -> dict[str, str]:
    """In a word or a few how each part is."""
    said = {"database": database(), "broker": broker(), "mail": "unknown"}
    if said["database"] != OK:
        return said | dict.fromkeys((*PROCESSES, "clock"), "unknown")
    ages = heartbeats.ages()
    said["mail"] = "goes out" if goes_to_all() else "held" if why_paused() else "goes out to some"
    silent = {silence.process: str(silence) for silence in silences(ages)}
    said |= {process: silent.get(process, OK) for process in PROCESSES}
    return said | {"clock": clock.fault() or ", ".join(wrong_clocks(ages)) or OK}


def database() -> str:
    try:
        if not _answers():
            return "unreachable"
        return OK if _is_migrated(_recorded_migrations()) else "migrate"
    except AWAY:
        return "unreachable"


_asker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readyz")
_asking: Future[None] | None = None


def _answers() -> bool:
    """Asked in a thread of its own: a server that takes connections and never answers would hold
    the one that serves the watcher. While it is silent, nobody else is sent to wait for it."""
    global _asking
    if _asking is None or _asking.done():
        _asking = _asker.submit(_ask)
    try:
        _asking.result(timeout=DATABASE_SECONDS)
    except TimeoutError:
        return False
    return True


def _ask() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()


def _recorded_migrations() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), coalesce(max(id), 0) FROM django_migrations")
        found: tuple[int, int] = cursor.fetchone()
    return found


@lru_cache(maxsize=1)
def _is_migrated(recorded: tuple[int, int]) -> bool:
    """Anybody may ask, and it reads each migration's file: so again only once others have run."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def broker() -> str:
    """Whether it takes what is written: one whose disk or memory is full still answers what is
    read."""
    try:
        with _valkey() as client:
            client.set("backorders:written", 1, ex=60)
    except redis.ResponseError:
        return "refuses writes"
    except redis.RedisError:
        return "unreachable"
    return OK


def queued(queue: str) -> int:
    """Tasks in a queue that no worker has taken. RedisError: the broker does not answer."""
    with _valkey() as client:
        return int(client.llen(queue))


def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1)


def silences(ages: dict[str, float]) -> Iterator[SilentProcess]:
    for process in PROCESSES:
        seconds = ages.get(process)
        if seconds is None or seconds >= SILENT_SECONDS:
            yield SilentProcess(process, seconds)


def wrong_clocks(ages: dict[str, float]) -> list[str]:
    """Hosts of workers that refuse tasks: `wrong on HOST`."""
    refused = [
        name
        for name, age in ages.items()
        if name.startswith(heartbeats.WRONG_CLOCK) and age < LATE_SECONDS
    ]
    return [f"wrong on {name.removeprefix(heartbeats.WRONG_CLOCK)}" for name in sorted(refused)]


def repeating_tasks() -> dict[str, str]:
    """What beat starts again and again, with how often: often (at least every minute) or daily."""
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    every = {
        str(one["task"]): "often" if isinstance(one["schedule"], (int, float)) else "daily"
        for one in entries
    }
    return dict(sorted(every.items()))


def late_tasks() -> list[str]:
    """Which of those that run often did not end well for LATE_SECONDS. The one that asks is not
    asked."""
    ages = heartbeats.ages()
    others = [
        task
        for task, every in repeating_tasks().items()
        if every == "often" and not task.startswith("backorders_site.")
    ]
    return [task for task in others if ages.get(task, LATE_SECONDS) >= LATE_SECONDS]


def ask(url: str) -> None:
    requests.get(url, timeout=TIMEOUT_SECONDS).raise_for_status()
