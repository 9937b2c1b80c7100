"""What watchers ask: does the process answer, can it serve, do the tasks run."""

import requests
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from notifications import heartbeats
from notifications.holding import goes_to_all, why_held

LATE_SECONDS = 300  # the SLO of a mail is ten minutes
MAY_TAKE_LONG = {"backorders_site.tasks.work_off_uploads"}  # an import of an hour is none that stands still
TIMEOUT_SECONDS = 10


def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 without the database or with migrations to run. Reported only: the broker, without which pages still work, and
    whether mail is held."""
    mail = "unknown"
    try:
        executor = MigrationExecutor(connection)
        database = "migrate" if executor.migration_plan(executor.loader.graph.leaf_nodes()) else "ok"
        if database == "ok":
            mail = "goes out" if goes_to_all() else "held" if why_held() else "goes out to some"
    except DatabaseError:
        database = "unreachable"
    try:
        cache.get("readyz")
        broker = "ok"
    except Exception:  # noqa: BLE001 - redis-py raises errors of several unrelated classes
        broker = "unreachable"
    said = {"database": database, "broker": broker, "mail": mail}
    return JsonResponse(said, status=200 if database == "ok" else 503)


def repeating_tasks() -> dict[str, str]:
    """What beat starts again and again and ends soon, with how often: often (at least every minute) or daily."""
    entries = settings.CELERY_BEAT_SCHEDULE.values()
    every = {str(one["task"]): "often" if isinstance(one["schedule"], (int, float)) else "daily" for one in entries}
    return {task: every[task] for task in sorted(every) if task not in MAY_TAKE_LONG}


def late_tasks() -> list[str]:
    """Which of those that run often did not end well for LATE_SECONDS. The one that asks is not asked."""
    ages = heartbeats.ages()
    others = [
        task
        for task, every in repeating_tasks().items()
        if every == "often" and not task.startswith("backorders_site.")
    ]
    return [task for task in others if ages.get(task, LATE_SECONDS) >= LATE_SECONDS]


def ask(url: str) -> None:
    requests.get(url, timeout=TIMEOUT_SECONDS).raise_for_status()
