"""When each task that repeats last ended well: one row each, written wherever it runs, by the database's clock."""

from django.db import connection

DELIVER = "notifications.tasks.deliver"  # also of the sender without Celery

# Every two seconds would say no more than every five.
BEAT = """
    INSERT INTO notifications_heartbeat (task, at) VALUES (%s, clock_timestamp())
    ON CONFLICT (task) DO UPDATE SET at = excluded.at
    WHERE notifications_heartbeat.at < excluded.at - interval '5 seconds'
"""


def beat(task: str) -> None:
    """`task` has just ended well."""
    with connection.cursor() as cursor:
        cursor.execute(BEAT, [task])


def ages() -> dict[str, float]:
    """Seconds since each task ended well; one that never did is not named."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT task, extract(epoch FROM clock_timestamp() - at)::float FROM notifications_heartbeat")
        return dict(cursor.fetchall())
