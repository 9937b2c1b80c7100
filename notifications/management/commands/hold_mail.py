from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.outbox.pause import pause_email, resume_email
from orders.services import Refused

ACTOR = "hold_mail"


class Command(BaseCommand):
    help = """Pause all email at once, or resume it. No process needs a restart. Staff can do the
same on the desk.

example:
  manage.py hold_mail --reason "a wrong date went in"
  manage.py hold_mail --release"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--reason", help="why email is paused, so that colleagues know")
        what.add_argument("--release", action="store_true", help="resume email")

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
        self.stdout.write("Emails go out again." if options["release"] else "Email is paused.")
