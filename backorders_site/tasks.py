"""Entry points for Celery. The rows are the truth: a tick that is lost is made up by the next."""

from celery import shared_task

from backorders_site.desk import uploads


@shared_task(soft_time_limit=3600, time_limit=3660)
def work_off_uploads() -> None:
    uploads.work_off()
