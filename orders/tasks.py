"""Entry points for Celery: fetch, call one service. The rows are the truth; a task that is lost is
done by the next."""

from time import monotonic

from celery import shared_task
from django.utils import timezone

from orders import services
from orders.services import daily_jobs, recorded_days

MAX_SECONDS = 30.0  # the next tick continues


@shared_task
def review_settled() -> None:
    services.review_settled(now=timezone.now())


@shared_task
def review_all() -> None:
    now = timezone.now()
    since, today = daily_jobs.review_time(now), services.today_of(now)
    if now >= since and not daily_jobs.was_done("review", today, now=now):
        services.review_all(now=now, since=since)
        if services.unreviewed(now=now, since=since).exists():
            return  # somebody has locked them: the next tick continues
        services.say_day_passed(now=now)
        services.reassure(now=now)
        daily_jobs.done("review", today, now=now)


@shared_task
def keep_deadlines() -> None:
    now = timezone.now()
    services.apply_silence(now=now)
    services.remind(now=now)
    services.warn_staff(now=now)
    shipped, arrived = recorded_days.shipped_until(now), recorded_days.arrived_until(now)
    if not daily_jobs.was_done("deadlines", shipped, now=now):
        services.keep_deadlines(now=now, shipped=shipped, arrived=arrived)
        if not services.deadlines_left(now=now, shipped=shipped, arrived=arrived):
            daily_jobs.done("deadlines", shipped, now=now)


@shared_task
def discontinue_parts() -> None:
    until = monotonic() + MAX_SECONDS
    while services.discontinue_free_part(now=timezone.now()) and monotonic() < until:
        pass


@shared_task
def release_orders() -> None:
    services.release_orders(now=timezone.now())
