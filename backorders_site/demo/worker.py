"""The demo's worker, and what became of it after a visitor has killed it."""

import os
import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.core.cache import cache
from django.utils import timezone

from backorders_site.ops import heartbeats
from notifications.models import Message, MessageState

KILLED = "demo-kill"
GONE_WRONG = (MessageState.FAILED, MessageState.NEEDS_REVIEW)


@dataclass(frozen=True, slots=True)
class Worker:
    """What became of the worker that was killed. `after`: seconds until another was started;
    `works`: it has done something since; `sent` and `failed`: emails since the kill."""

    killed: int
    pid: int | None
    after: float
    works: bool
    sent: int
    failed: int


def kill(remembered: int) -> bool:
    """SIGKILL to the Celery worker and its children; the supervisor starts another. False where
    none runs. `remembered`: seconds."""
    try:
        pid = int(_pid_file().read_text().split()[0])
        os.killpg(pid, signal.SIGKILL)
    except (OSError, ValueError, IndexError):
        return False
    cache.set(KILLED, (pid, timezone.now().isoformat()), remembered)
    return True


def after_a_kill() -> Worker | None:
    kill: tuple[int, str] | None = cache.get(KILLED)
    if kill is None:
        return None
    killed, at = kill[0], datetime.fromisoformat(kill[1])
    pid, after, works = None, 0.0, False
    try:
        file = _pid_file()
        now_running, started = int(file.read_text() or 0), file.stat().st_mtime
    except (OSError, ValueError):
        now_running = killed
    if now_running not in (0, killed):
        pid, after = now_running, started - at.timestamp()
        worked = heartbeats.ages().get(heartbeats.DELIVER)
        works = worked is not None and worked < timezone.now().timestamp() - started
    since = Message.objects.filter(created_at__gte=at - timedelta(minutes=1))
    return Worker(
        killed=killed,
        pid=pid,
        after=after,
        works=works,
        sent=Message.objects.filter(sent_at__gte=at).count(),
        failed=since.filter(state__in=GONE_WRONG).count(),
    )


def run_directory() -> Path | None:
    given = os.environ.get("DEMO_RUN_DIR", "")
    return Path(given) if given else None


def _pid_file() -> Path:
    return (run_directory() or Path()) / "worker.pid"
