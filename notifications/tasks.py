"""Entry points for Celery, run every few seconds. The rows are the truth: a tick that is lost is
made up by the next."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.db import connection
from django.utils import timezone

from notifications.outbox import delivery
from notifications.outbox.dispatch import dispatch_all
from notifications.personal_data.erasure import forget_words
from notifications.provider.reports import handle_reports
from orders import services
from orders.services.locks import AdvisoryLock

# A worker that was frozen, or whose host is, keeps its connection and the lock for as long: nothing
# of it is gone. Past the time at which a worker of a task is killed, its connection is ended
# instead; what it had claimed ends with its leases.
END_FROZEN = """
    SELECT pg_terminate_backend(holder.pid)
    FROM pg_locks held JOIN pg_stat_activity holder USING (pid)
    WHERE held.locktype = 'advisory' AND held.granted
      AND held.classid = 0 AND held.objid = %s AND held.objsubid = 1
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND holder.state LIKE 'idle%%'
      AND holder.state_change < clock_timestamp() - make_interval(secs => %s)
"""

# the next tick continues; far from the time limit, which would cut off an email under way
MAX_SECONDS = 10.0


@shared_task
def dispatch() -> None:
    dispatch_all()


@shared_task
def deliver() -> None:
    """One sender among the workers: a mail server that hangs holds up one process, and the others
    continue reviewing."""
    with _sole_sender() as alone:
        if alone:
            delivery.deliver(seconds=min(MAX_SECONDS, settings.CELERY_TASK_SOFT_TIME_LIMIT / 2))


@shared_task
def handle() -> None:
    """Reports that came before the outcome of their email was recorded, or while something
    failed."""
    handle_reports()


@shared_task
def forget() -> None:
    now = timezone.now()
    forget_words(now=now)
    services.forget_files(now=now)


@contextmanager
def _sole_sender() -> Iterator[bool]:
    """The lock is the connection's: it ends with a process that dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [AdvisoryLock.ONE_SENDER])
        (alone,) = cursor.fetchone()
        if not alone:
            cursor.execute(END_FROZEN, [AdvisoryLock.ONE_SENDER, settings.CELERY_TASK_TIME_LIMIT])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [AdvisoryLock.ONE_SENDER])
