"""Entry points for Celery. The rows are the truth: a tick that is lost is made up by the next."""

from contextvars import Token
from typing import Any

from celery import Task, shared_task
from celery.signals import task_postrun, task_prerun, task_success
from django.conf import settings

from backorders_site.celery import REQUEST_ID_OF_TASK, UPLOADS
from backorders_site.ops import health, heartbeats
from backorders_site.ops.logs import present_ids
from backorders_site.staff import uploads
from orders import services

_before: dict[str, Token[dict[str, str] | None]] = {}


@shared_task
def hand_on_uploads() -> None:
    """Where a file waits, the uploads worker hears of it, once: while there is none its queue must
    not grow."""
    if services.oldest_upload() and not health.queued(UPLOADS):
        work_off_uploads.apply_async()


@shared_task(soft_time_limit=3600, time_limit=3660)
def work_off_uploads() -> None:
    """In a queue and a worker of its own: a large file takes an hour, and all other tasks would
    wait for it."""
    uploads.work_off()


@shared_task
def give_sign_of_life() -> None:
    """Silence is the alarm: the watcher hears nothing when this cannot run, or when another task no
    longer does."""
    if settings.HEARTBEAT_URL and not health.late_tasks():
        health.ask(settings.HEARTBEAT_URL)


@task_success.connect
def _note_that_it_ended_well(sender: Task[Any, Any], **kwargs: object) -> None:
    heartbeats.beat(str(sender.name))


@task_prerun.connect
def _name_it_in_logs(task_id: str, task: Task[Any, Any], **kwargs: object) -> None:
    """With the id of the request that asked for it, if one did."""
    request_id = task.request.get(REQUEST_ID_OF_TASK)
    asked_by = {"request_id": request_id} if request_id else {}
    _before[task_id] = present_ids.set({"task": str(task.name), "task_id": task_id, **asked_by})


@task_postrun.connect
def _name_it_no_longer(task_id: str, **kwargs: object) -> None:
    if task_id in _before:
        present_ids.reset(_before.pop(task_id))
