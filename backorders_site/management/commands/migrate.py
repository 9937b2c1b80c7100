"""Django's migrate, but it gives up after some seconds. Waiting longer for a lock would make the
whole shop wait behind it."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg import errors

MAX_SECONDS = 86_400


class Command(migrate.Command):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-seconds",
            type=int,
            default=5,
            help="How many seconds a statement may wait for a lock, with all others waiting "
            "behind it (default 5; 0: no limit).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["lock_seconds"] <= MAX_SECONDS:
            raise CommandError(
                f"--lock-seconds is {options['lock_seconds']}; expected 0 to {MAX_SECONDS}"
            )
        connection = connections[options["database"]]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false)", [f"{options['lock_seconds']}s"]
            )
        try:
            super().handle(*args, **options)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.LockNotAvailable):
                raise
            raise CommandError(
                "A table was in use for too long. The migration that waited for it was undone as "
                "a whole. Run migrate again, or at a quieter time."
            ) from error
        finally:
            if connection.connection and not connection.connection.closed:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")
