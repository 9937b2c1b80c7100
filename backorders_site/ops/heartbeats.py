"""When each repeating task last ended well, and when each kind of process last gave a sign of life.
One row each, by the database's clock, whichever machine writes it."""

from django.db import connection

DELIVER = "notifications.tasks.deliver"  # also of the sender without Celery
WORKER, BEAT, UPLOADS = "worker", "beat", "uploads worker"
WRONG_CLOCK = "wrong clock on "  # and a host: it refuses tasks, or did

# Every two seconds would say no more than every five.
WRITE = """
    INSERT INTO notifications_heartbeat (task, at) VALUES (%s, clock_timestamp())
    ON CONFLICT (task) DO UPDATE SET at = excluded.at
    WHERE notifications_heartbeat.at < excluded.at - interval '5 seconds'
"""


def beat(name: str) -> None:
    """The task has just ended well, or the process lives."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [name])


def ages() -> dict[str, float]:
    """Seconds since each task ended well and each process gave a sign of life. What never did is
    not listed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task, extract(epoch FROM clock_timestamp() - at)::float FROM "
            "notifications_heartbeat"
        )
        return dict(cursor.fetchall())
