import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from notifications.personal_data.export import data_about, is_empty
from orders.management.importing import with_example


class Command(BaseCommand):
    help = (
        "Print all that is held about the person with a mail address, as JSON: orders, lines, "
        "promises, what was told and "
        "answered, mails with their words, provider reports, preferences, suppression. Changes "
        "nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "export_person ada@example.com > ada.json")
        parser.add_argument(
            "mail",
            metavar="MAIL",
            help="the person's mail address, whatever the case of its letters",
        )

    def handle(self, *args: Any, mail: str, **options: Any) -> None:
        address = mail.replace("\0", "").strip()
        held = data_about(address, now=timezone.now()) if address else {}
        if is_empty(held):
            raise CommandError(
                f"nothing is held about {address!r}; expected a mail address that an order or a "
                "mail has"
            )
        self.stdout.write(json.dumps(held, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))
