"""How everything is, in one table: what `manage.py status` prints."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min
from django.db.models.functions import Coalesce, Greatest

from backorders_site.ops import health
from notifications.models import Message, MessageState
from orders import services
from orders.models import Event, Order, Run

MAIL_LATE = timedelta(minutes=10)
DAY_MISSED = timedelta(hours=26)  # a day's work is done once a day, not to the minute


@dataclass(frozen=True, slots=True)
class StatusLine:
    """`wrong`: somebody has to do something about it, and `remedy` is what."""

    name: str
    state: str
    wrong: bool = False
    remedy: str = ""


REMEDIES = {
    "database": "start PostgreSQL, or run `manage.py migrate`",
    "broker": "start Valkey, or check whether its disk or memory is full",
    "clock": "set the clock, for example with NTP: until then, tasks are refused",
    **{process: f"start it: {command}" for process, command in health.COMMANDS.items()},
}


def lines(*, now: datetime) -> list[StatusLine]:
    said = health.readiness()
    parts = [_part(name, state) for name, state in said.items()]
    return parts if said["database"] != health.OK else [*parts, *_work(said["mail"], now)]


def as_json(table: list[StatusLine]) -> dict[str, object]:
    return {"ok": not any(line.wrong for line in table), "parts": [asdict(line) for line in table]}


def _part(name: str, state: str) -> StatusLine:
    if name == "mail" or state in (health.OK, "unknown"):
        return StatusLine(name, state)
    return StatusLine(name, state, wrong=True, remedy=REMEDIES[name])


def _work(mail: str, now: datetime) -> Iterator[StatusLine]:
    waiting = Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING])
    due = waiting.filter(next_attempt_at__lte=now).aggregate(since=Min("created_at"))["since"]
    unwritten = Event.objects.filter(message_due=True).aggregate(
        since=Min(Greatest("at", Coalesce("due_at", "at")))
    )["since"]
    oldest = min((since for since in (due, unwritten) if since), default=None)
    late = mail == "goes out" and oldest is not None and now - oldest > MAIL_LATE
    state = f"{waiting.count():,}" + (
        f", the oldest due for {_time(now - oldest)}" if oldest else ""
    )
    yield StatusLine(
        "emails waiting", state, late, "see MailLate in docs/operations.md" if late else ""
    )
    yield _daily("last review", "review", "review_promises", now)
    yield _daily("last cut-off", "deadlines", "keep_deadlines", now)
    file = services.oldest_upload()
    yield StatusLine("files waiting", f"for {_time(now - file)}" if file else "none")


def _daily(name: str, job: str, command: str, now: datetime) -> StatusLine:
    """A new shop is not expected to have one yet."""
    last = Run.objects.filter(job=job, finished_at__lte=now).aggregate(at=Max("finished_at"))["at"]
    since = last or Order.objects.aggregate(at=Min("created_at"))["at"]
    missed = since is not None and now - since > DAY_MISSED
    remedy = (
        f"start a worker and beat, which catch up, or run manage.py {command}" if missed else ""
    )
    return StatusLine(name, f"{_time(now - last)} ago" if last else "never", missed, remedy)


def _time(lasted: timedelta) -> str:
    """`4 min`, `26 h`, `3 days`."""
    minutes = max(round(lasted / timedelta(minutes=1)), 0)
    if minutes < 120:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 72 else f"{round(hours / 24)} days"
