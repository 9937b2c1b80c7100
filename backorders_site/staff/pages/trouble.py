"""What keeps the site from working, in words for staff, on the first page of the desk and on a
file's page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from backorders_site.ops import health, heartbeats
from orders import clock, services


@dataclass(frozen=True, slots=True)
class Trouble:
    words: str
    remedy: str
    command: str = ""


def troubles(*, now: datetime) -> list[Trouble]:
    """A silent uploads worker is none while no file waits. Without the broker all are silent, and
    need no start."""
    ages = heartbeats.ages()
    if (broker := health.broker()) != health.OK:
        found = [_of_broker(broker)]
    else:
        silent = (
            silence for silence in health.silences(ages) if silence.process != heartbeats.UPLOADS
        )
        found = [_of_silence(silence, now) for silence in silent]
    if wrong := clock.fault() or ", ".join(health.wrong_clocks(ages)):
        words = _("A server's clock is wrong (%(how)s), so it refuses to work.") % {"how": wrong}
        found.append(Trouble(words, _("Ask whoever runs your site to set it.")))
    if waits := of_files(services.oldest_upload(), now=now):
        found.append(waits)
    return found


def of_files(since: datetime | None, *, now: datetime) -> Trouble | None:
    """A file that has waited `since` then, and that no worker processes."""
    silent = any(
        silence.process == heartbeats.UPLOADS for silence in health.silences(heartbeats.ages())
    )
    if since is None or not silent:
        return None
    words = _(
        "No uploads worker is running, so uploaded files aren't being processed. This one has "
        "been waiting for %(time)s."
    )
    return Trouble(
        words % {"time": timesince(since, now, depth=1)},
        _start(),
        health.COMMANDS[heartbeats.UPLOADS],
    )


def _of_silence(silence: health.SilentProcess, now: datetime) -> Trouble:
    if silence.process == heartbeats.BEAT:
        never = _(
            "The scheduler (beat) has never run, so emails, reviews, and deadlines are waiting."
        )
        silent = _(
            "The scheduler (beat) stopped %(time)s ago, so emails, reviews, and deadlines are "
            "waiting."
        )
    else:
        never = _("No worker has ever run, so emails, reviews, and deadlines are waiting.")
        silent = _(
            "The worker stopped %(time)s ago, so emails, reviews, and deadlines are waiting."
        )
    words = never
    if silence.seconds is not None:
        words = silent % {"time": timesince(now - timedelta(seconds=silence.seconds), now, depth=1)}
    return Trouble(words, _start(), health.COMMANDS[silence.process])


def _of_broker(state: str) -> Trouble:
    words = (
        _("Valkey can't be reached.")
        if state == "unreachable"
        else _("Valkey refuses to store anything.")
    )
    return Trouble(
        words,
        _(
            "Ask whoever runs your site to check that it's running and that its disk and memory "
            "aren't full."
        ),
    )


def _start() -> str:
    return _("Ask whoever runs your site to start it:")
