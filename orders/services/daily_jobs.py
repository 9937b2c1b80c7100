"""Which jobs of a day were done."""

from datetime import date, datetime, time

from django.utils import timezone

from orders.models import Run
from orders.services.forecasts import today_of

REVIEW_HOUR = time(5)


def was_done(job: str, day: date, *, now: datetime) -> bool:
    """Whether a daily job was done for a day. What a clock that was ahead calls done has not
    been."""
    return Run.objects.filter(job=job, day=day, finished_at__lte=now).exists()


def done(job: str, day: date, *, now: datetime) -> None:
    Run.objects.update_or_create(job=job, day=day, defaults={"finished_at": now})


def review_time(now: datetime) -> datetime:
    return timezone.make_aware(datetime.combine(today_of(now), REVIEW_HOUR))
