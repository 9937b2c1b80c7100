import signal
import threading
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, close_old_connections

from backorders_site.ops.heartbeats import DELIVER, beat
from notifications.outbox.delivery import deliver
from notifications.outbox.dispatch import dispatch_all
from notifications.outbox.mail_mode import mail_mode
from notifications.transport.smtp import Outcome
from orders import clock

TURN_SECONDS = 2.0
WHOLE_RUN_SECONDS = 3600.0
TROUBLE = (Outcome.DEFERRED, Outcome.FAILED, Outcome.UNKNOWN)


class Command(BaseCommand):
    help = """Turn events that customers should be notified of into emails, and send those that
are due, as MAIL_MODE allows.
Without Celery, run it with --loop. Running it alongside Celery does no harm.

example:
  manage.py deliver_messages            once, until nothing is due; exit code 1 if an email
                                        could not be sent
  manage.py deliver_messages --loop     every two seconds, until stopped"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--loop", action="store_true", help="keep running until stopped (Ctrl-C or SIGTERM)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["loop"]:
            self._loop()
            return
        try:
            clock.refuse_wrong_clock()
        except clock.WrongClock as wrong:
            raise CommandError(str(wrong)) from None
        created = dispatch_all()
        tally = deliver(seconds=WHOLE_RUN_SECONDS)
        self.stdout.write(_summary(created, tally))
        if any(tally[outcome] for outcome in TROUBLE):
            raise CommandError("some emails could not be sent: see their attempts in the admin")

    def _loop(self) -> None:
        """An email under way is finished before it stops. If the database is away, it waits."""
        stop = threading.Event()
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop_signal, lambda *_: stop.set())
        while not stop.is_set():
            try:
                clock.refuse_wrong_clock()
                created, tally = dispatch_all(), deliver(seconds=TURN_SECONDS)
                beat(DELIVER)
            except clock.WrongClock as wrong:
                self.stderr.write(str(wrong))
            except (OperationalError, InterfaceError) as error:
                self.stderr.write(f"The database does not answer: {error}")
            else:
                if created or tally.total():
                    self.stdout.write(_summary(created, tally))
            close_old_connections()
            stop.wait(TURN_SECONDS)


def _summary(created: int, tally: Counter[str]) -> str:
    if mail_mode().name == "hold":
        return (
            f"MAIL_MODE is hold, nothing is sent. Emails created: {created}; {tally['kept']} "
            "written and kept back"
        )
    tried = ", ".join(f"{tally[outcome]} {outcome}" for outcome in (Outcome.SENT, *TROUBLE))
    return f"Emails created: {created}; {tried}; {tally['kept']} written and kept back"
