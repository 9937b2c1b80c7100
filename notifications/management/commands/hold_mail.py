from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.outbox.pause import pause_email, resume_email
from notifications.outbox.restored import set_aside
from orders.services import Refused

ACTOR = "hold_mail"


class Command(BaseCommand):
    help = """Pause all email at once, or resume it. No process needs a restart. Staff can do the
same on the desk.

example:
  manage.py hold_mail --reason "a wrong date went in"
  manage.py hold_mail --release
  manage.py hold_mail --restored"""

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--reason", help="why email is paused, so that colleagues know")
        what.add_argument("--release", action="store_true", help="resume email")
        what.add_argument(
            "--restored",
            action="store_true",
            help="a backup was restored: pause email, and put what waited in it on staff's list, "
            "because it may have been sent since",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["restored"]:
            emails = set_aside(reason="a backup was restored", now=now, actor=ACTOR)
            self.stdout.write(
                f"Email is paused. {emails} emails that waited in the backup may have been sent "
                "since: decide about them on the desk, under Emails, “Waited in a restored "
                "backup”. They stay there when email is resumed."
            )
            return
        try:
            if options["release"]:
                resume_email(now=now, actor=ACTOR)
            else:
                # Whatever a terminal sends becomes text that the database can store.
                reason = options["reason"].encode(errors="replace").decode().replace("\0", " ")
                pause_email(reason[:200], now=now, actor=ACTOR)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write("Emails go out again." if options["release"] else "Email is paused.")
