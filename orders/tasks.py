"""Entry points for Celery: fetch, call one service. The rows are the truth; a task that is lost is done by the next."""

from time import monotonic

from celery import shared_task
from django.utils import timezone

from orders import services
from orders.services import keeping

LONGEST_SECONDS = 30.0  # the next tick goes on


@shared_task
def review_settled() -> None:
    services.review_settled(now=timezone.now())


@shared_task
def review_all() -> None:
    now = timezone.now()
    since = keeping.review_time(now)
    if keeping.due("review", since, now=now):
        services.review_all(now=now, since=since)
        if services.unreviewed(now=now, since=since).exists():
            return  # somebody held them: the next tick goes on
        services.say_day_passed(now=now)
        services.reassure(now=now)
        keeping.done("review", now=now)


@shared_task
def keep_deadlines() -> None:
    now = timezone.now()
    services.apply_silence(now=now)
    services.remind(now=now)
    services.warn_staff(now=now)
    if keeping.due("deadlines", keeping.cutoff(now), now=now):
        services.keep_deadlines(now=now)
        if not services.deadlines_left(now=now):
            keeping.done("deadlines", now=now)


@shared_task
def discontinue_parts() -> None:
    until = monotonic() + LONGEST_SECONDS
    while services.discontinue_free_part(now=timezone.now()) and monotonic() < until:
        pass


@shared_task
def release_quiet_orders() -> None:
    services.release_quiet_orders(now=timezone.now())
