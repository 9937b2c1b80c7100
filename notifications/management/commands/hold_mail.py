from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.outbox.pause import pause_email, resume_email
from orders.services import Refused

ACTOR = "hold_mail"


class Command(BaseCommand):
    help = """Hold all mail at once, or release it; no process has to be restarted. Staff do the
same at the desk.

example:
  manage.py hold_mail --reason "a wrong date went in"
  manage.py hold_mail --release"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--reason", help="why, for whoever sees that mail is held")
        what.add_argument("--release", action="store_true", help="let it go out again")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["release"]:
                resume_email(now=timezone.now(), actor=ACTOR)
            else:
                # Whatever a terminal sends becomes text that the database can store.
                reason = options["reason"].encode(errors="replace").decode().replace("\0", " ")
                pause_email(reason[:200], now=timezone.now(), actor=ACTOR)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write("Mail goes out again." if options["release"] else "Mail is held.")
