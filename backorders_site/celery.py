import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, before_task_publish, worker_init
from django.utils.module_loading import import_string

from backorders_site.logs import present_ids

REQUEST_ID_OF_TASK = "of_request"  # its name among the headers of a task

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")

app = Celery("backorders")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def _refuse_to_start(**kwargs: object) -> None:
    import_string("backorders_site.checks.refuse_to_start")()  # the settings are read by now


@before_task_publish.connect
def _say_which_request_asked(headers: dict[str, Any], **kwargs: object) -> None:
    """So that the task's lines in the log bear the id of the request's."""
    if request_id := (present_ids.get() or {}).get("request_id"):
        headers[REQUEST_ID_OF_TASK] = request_id
