import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from notifications.personal_data.export import data_about, is_empty
from orders.management.importing import with_example


class Command(BaseCommand):
    help = (
        "Print everything stored about a person as JSON, by email address: orders, lines, "
        "promises, what was told and answered, emails with their text, provider reports, "
        "preferences and suppression. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "export_person ada@example.com > ada.json")
        parser.add_argument(
            "mail",
            metavar="EMAIL",
            help="the person's email address, in upper or lower case",
        )

    def handle(self, *args: Any, mail: str, **options: Any) -> None:
        address = mail.replace("\0", "").strip()
        held = data_about(address, now=timezone.now()) if address else {}
        if is_empty(held):
            raise CommandError(
                f"nothing is stored about {address!r}; expected the email address of an order or "
                "an email"
            )
        self.stdout.write(json.dumps(held, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False))
