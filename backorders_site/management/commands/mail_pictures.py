import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from backorders_site.simulation.run import scratch_database
from orders.management.importing import with_example
from tests.gallery.email_pictures import THEMES, WIDTHS, mails, take


class Command(BaseCommand):
    help = (
        "Compose every kind of mail in every language and photograph it in Chromium, light and "
        "dark, on a phone and in a "
        "window, with an index.html to look at them all. For development: the orders are made in "
        "a new database beside "
        "DATABASE_URL's, which is dropped at the end; nothing is sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(
            parser,
            "mail_pictures pictures",
            "mail_pictures pictures --only no_date --language en --width 320",
        )
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--only", nargs="+", default=[], metavar="NAME", help="these mails instead of all"
        )
        parser.add_argument(
            "--language", action="append", choices=[code for code, _ in settings.LANGUAGES]
        )
        parser.add_argument("--theme", action="append", choices=THEMES)
        parser.add_argument("--width", action="append", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        languages = options["language"] or [code for code, _ in settings.LANGUAGES]
        with scratch_database():
            composed = list(mails(now=timezone.now(), languages=languages, only=options["only"]))
        # Playwright runs an event loop in this thread
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        take(
            composed,
            options["directory"],
            widths=options["width"] or WIDTHS,
            themes=options["theme"] or THEMES,
        )
        self.stderr.write(f"{len(composed)} mails: {options['directory'] / 'index.html'}")
