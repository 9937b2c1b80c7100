"""/metrics: what the database knows of emails, promises and tasks, counted on each request, so that
any web process can answer.

The proxy measures how fast pages are and how often they fail. docs/operations.md says what each
alert means.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from redis import RedisError

from backorders_site.ops import health, heartbeats
from notifications.outbox.pause import why_paused
from notifications.reach import goes_to_all
from orders import clock
from orders.services import today_of

Family = GaugeMetricFamily
MAX_SECONDS = 5  # for all of it: a scraper that asks every 15 seconds must not become the load


@dataclass(frozen=True, slots=True)
class Gauge:
    """A gauge that one statement fills: rows of its labels' values and a number. Every one is led
    by an index."""

    name: str
    says: str
    sql: str
    labels: Sequence[str] = ()


def _by_state(state: str) -> str:
    return f"SELECT '{state}', count(*) FROM notifications_message WHERE state = '{state}'"


OPEN_OR_FOR_STAFF = ("queued", "sending", "bounced", "failed", "needs_review", "suppressed")
AGE = "coalesce(extract(epoch FROM clock_timestamp() - min({})), 0)"

COUNTED = (
    Gauge(
        "backorders_messages",
        "Emails that are queued, being sent or waiting for staff, by state",
        " UNION ALL ".join(_by_state(state) for state in OPEN_OR_FOR_STAFF),
        ("state",),
    ),
    Gauge(
        "backorders_oldest_due_message_seconds",
        "Age in seconds of the oldest email that is due and not handed over; the objective is 600",
        f"SELECT {AGE.format('created_at')} FROM notifications_message"
        " WHERE state = 'sending' OR state = 'queued' AND next_attempt_at <= clock_timestamp()",
    ),
    Gauge(
        "backorders_oldest_due_event_seconds",
        "Age in seconds of the oldest event that has no email yet",
        f"SELECT {AGE.format('greatest(at, due_at)')} FROM orders_event WHERE message_due",
    ),
    Gauge(
        "backorders_attempts_5m",
        "Attempts to hand an email over in the last five minutes, by outcome",
        "SELECT outcome, count(*) FROM notifications_attempt"
        " WHERE at > clock_timestamp() - interval '5 minutes' GROUP BY outcome",
        ("outcome",),
    ),
    Gauge(
        "backorders_domains_waiting",
        "Recipient domains whose emails wait because the domain is slow or at its rate limit",
        "SELECT count(*) FROM notifications_pace WHERE free_at > clock_timestamp() + interval '5 "
        "seconds'",
    ),
    Gauge(
        "backorders_reports_unhandled",
        "Reports of the email provider that have not been handled",
        "SELECT count(*) FROM notifications_providerreport WHERE handled_at IS NULL",
    ),
    Gauge(
        "backorders_reviews_overdue_seconds",
        "How long a change that has settled has been waiting for its review",
        f"SELECT greatest({AGE.format('due')}, 0) FROM ("
        "SELECT review_at AS due FROM orders_product WHERE review_at IS NOT NULL"
        " UNION ALL SELECT at + %(settle)s FROM orders_shortening) changes",
    ),
    Gauge(
        "backorders_last_review_seconds",
        "Time since the last daily review ended",
        "SELECT extract(epoch FROM clock_timestamp() - max(finished_at)) FROM orders_run"
        " WHERE job = 'review' AND finished_at <= clock_timestamp()"
        " HAVING count(*) > 0",
    ),
    Gauge(
        "backorders_last_deadlines_seconds",
        "Time since the last daily cut-off ended",
        "SELECT extract(epoch FROM clock_timestamp() - max(finished_at)) FROM orders_run"
        " WHERE job = 'deadlines' AND finished_at <= clock_timestamp()"
        " HAVING count(*) > 0",
    ),
    Gauge(
        "backorders_notices_untold_due",
        "Delay notices that have to be sent today and have not been",
        "SELECT count(*) FROM orders_delaynotice"
        " WHERE outcome = '' AND told_at IS NULL AND not_told_at IS NULL AND notice_by = %(today)s",
    ),
    Gauge(
        "backorders_notices_untold_late",
        "Delay notices that were not sent in time",
        "SELECT count(*) FROM orders_delaynotice WHERE outcome = '' AND told_at IS NULL AND "
        "notice_by < %(today)s",
    ),
    Gauge(
        "backorders_refunds_overdue",
        "Refunds past their due date that are not marked sent",
        "SELECT count(*) FROM orders_refund WHERE sent_at IS NULL AND due_on < %(today)s",
    ),
)


def metrics(request: HttpRequest) -> HttpResponse:
    """404 unless METRICS_TOKEN is set; 403 without it in `Authorization: Bearer ...`."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Set METRICS_TOKEN.\n", status=404, content_type="text/plain")
    if not constant_time_compare(
        request.headers.get("Authorization", ""), f"Bearer {settings.METRICS_TOKEN}"
    ):
        return HttpResponse("Send the METRICS_TOKEN.\n", status=403, content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Database())
    registry.register(Broker())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class Database(Collector):
    def collect(self) -> Iterator[Family]:
        yield _gauge(
            "backorders_build_info",
            "The version that runs",
            [[settings.BUILD or "unknown", 1]],
            ["build"],
        )
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, true)", [f"{MAX_SECONDS}s"]
                )
                families = [_filled(counted, cursor) for counted in COUNTED]
                ages, paused = heartbeats.ages(), why_paused() or ("" if goes_to_all() else "mode")
                ahead = clock.ahead().total_seconds()
        except DatabaseError:
            yield _gauge("backorders_database_up", "Whether the database answers", [[0]])
            return
        yield _gauge("backorders_database_up", "Whether the database answers", [[1]])
        yield from families
        yield _gauge(
            "backorders_mail_held",
            "Whether email is kept back, by MAIL_MODE (even if some addresses are let through) or "
            "by staff",
            [[by, int(paused == by)] for by in ("mode", "staff")],
            ["by"],
        )
        yield _gauge(
            "backorders_task_age_seconds",
            "Time since a repeating task last succeeded; infinite if it never did",
            [
                [task, every, ages.get(task, float("inf"))]
                for task, every in health.repeating_tasks().items()
            ],
            ["task", "every"],
        )

        yield _gauge(
            "backorders_process_age_seconds",
            "Time since the last heartbeat of a process of this kind; infinite if there never was "
            "one",
            [[process, ages.get(process, float("inf"))] for process in health.PROCESSES],
            ["process"],
        )
        yield _gauge(
            "backorders_clock_ahead_seconds",
            "How far this host's clock is ahead of the database's",
            [[ahead]],
        )
        yield _gauge(
            "backorders_wrong_clocks",
            "Hosts whose worker refuses tasks because its clock differs from the database's",
            [[len(health.wrong_clocks(ages))]],
        )


class Broker(Collector):
    def collect(self) -> Iterator[Family]:
        state = health.broker()
        yield _gauge(
            "backorders_broker_up",
            "Whether Valkey answers and accepts writes",
            [[state == health.OK]],
        )
        with suppress(RedisError):
            yield _gauge(
                "backorders_tasks_queued",
                "Tasks that no worker has taken",
                [[health.queued(current_app.conf.task_default_queue)]],
            )


def _filled(counted: Gauge, cursor: Any) -> Family:
    cursor.execute(
        counted.sql,
        {"today": today_of(timezone.now()), "settle": timedelta(seconds=settings.SETTLE_SECONDS)},
    )
    return _gauge(counted.name, counted.says, cursor.fetchall(), counted.labels)


def _gauge(
    name: str, says: str, rows: Sequence[Sequence[Any]], labels: Sequence[str] = ()
) -> Family:
    family = GaugeMetricFamily(name, says, labels=labels)
    for *values, number in rows:
        family.add_metric([str(value) for value in values], float(number))
    return family
