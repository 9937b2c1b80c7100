import logging
import os
import socket
from time import monotonic
from typing import Any

import celery
from celery import Celery, bootsteps
from celery.beat import PersistentScheduler
from celery.exceptions import Ignore
from celery.signals import beat_init, before_task_publish, worker_init
from django.db import Error, connection

from backorders_site.config.checks import refuse_to_start
from backorders_site.ops import heartbeats
from backorders_site.ops.logs import present_ids
from orders import clock

log = logging.getLogger(__name__)

REQUEST_ID_OF_TASK = "of_request"  # its name among the headers of a task
QUEUE, UPLOADS = "celery", "uploads"
SIGN_SECONDS = 10.0

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")


class Task(celery.Task):  # type: ignore[type-arg]
    """A worker whose clock is wrong does nothing: it would cancel too early, or skip a day."""

    _complained_at = -SIGN_SECONDS

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        try:
            clock.refuse_wrong_clock()
        except clock.WrongClock as wrong:
            self.complain(wrong)
            raise Ignore from wrong
        return self.run(*args, **kwargs)

    @staticmethod
    def complain(wrong: clock.WrongClock) -> None:
        """In the log not with every tick."""
        heartbeats.beat(heartbeats.WRONG_CLOCK + socket.gethostname()[:60])
        if monotonic() - Task._complained_at >= SIGN_SECONDS:
            Task._complained_at = monotonic()
            log.error("%s", wrong)


class Scheduler(PersistentScheduler):
    """Beat says that it lives."""

    _said_at = -SIGN_SECONDS

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        if monotonic() - self._said_at >= SIGN_SECONDS:
            self._said_at = monotonic()
            _say_that_it_lives(heartbeats.BEAT)
        return super().tick(*args, **kwargs)


class SignsOfLife(bootsteps.StartStopStep):
    """The worker's main process says that it lives, by the queues it serves; whether its tasks end
    well is another question."""

    requires = ("celery.worker.components:Timer",)
    _timer: Any = None

    def start(self, parent: Any) -> None:
        served = parent.app.amqp.queues.consume_from
        names = [
            name
            for queue, name in ((QUEUE, heartbeats.WORKER), (UPLOADS, heartbeats.UPLOADS))
            if queue in served
        ]
        _say_that_it_lives(*names)
        self._timer = parent.timer.call_repeatedly(SIGN_SECONDS, _say_that_it_lives, tuple(names))

    def stop(self, parent: Any) -> None:
        if self._timer:
            self._timer.cancel()


def sign(*names: str) -> None:
    """That these live, and whether their clock is wrong: by one that is ahead every tick has
    expired, and no task says it."""
    for name in names:
        heartbeats.beat(name)
    try:
        clock.refuse_wrong_clock()
    except clock.WrongClock as wrong:
        Task.complain(wrong)


def _say_that_it_lives(*names: str) -> None:
    try:
        sign(*names)
    except Error as error:
        log.warning("the heartbeat could not be recorded: %s", error)
    finally:
        connection.close()  # the pool's processes are forked from this one


app = Celery("backorders", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(SignsOfLife)


@worker_init.connect
@beat_init.connect
def _refuse_to_start(**kwargs: object) -> None:
    refuse_to_start()


@before_task_publish.connect
def _say_which_request_asked(headers: dict[str, Any], **kwargs: object) -> None:
    """So that the task's lines in the log carry the id of the request that started it."""
    if request_id := (present_ids.get() or {}).get("request_id"):
        headers[REQUEST_ID_OF_TASK] = request_id
