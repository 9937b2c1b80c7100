from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.personal_data.erasure import erase_person
from notifications.personal_data.export import data_about, is_empty
from orders.management.importing import with_example
from orders.services import Refused

WHAT_STAYS = (
    "Kept, for accounting: order numbers, goods, quantities, days, shipments without tracking "
    "numbers, refunds.",
    "Kept, as evidence: what was promised, told and answered, and when; the words of {evidence} "
    "mails that told a delay "
    "the law asks about, without name, address and links.",
    "Not found: what staff wrote with a first name alone, or with a name that is typed in another "
    "way.",
    "Not here: the shop's own system, backups, the mail provider's logs. They hold the person "
    "until you erase them there.",
)


class Command(BaseCommand):
    help = (
        "Forget the person with a mail address: name, address and words go out of orders, mails, "
        "reports, notes, uploaded "
        "files and lists; links sent so far open nothing any more. What the law has a shop keep "
        "stays, and is listed. "
        "Refused while anything of their orders is still to come. It cannot be undone: run "
        "export_person first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "erase_person ada@example.com")
        parser.add_argument(
            "mail",
            metavar="MAIL",
            help="the person's mail address, whatever the case of its letters",
        )

    def handle(self, *args: Any, mail: str, **options: Any) -> None:
        address, now = mail.replace("\0", "").strip(), timezone.now()
        if not address or is_empty(data_about(address, now=now)):
            raise CommandError(
                f"nothing is held about {address!r}; expected a mail address that an order or a "
                "mail has"
            )
        try:
            erased = erase_person(address, now=now)
        except Refused as refused:
            raise CommandError(
                f"{refused}. Cancel or ship what is open, see to the rest, and run it again."
            ) from None
        self.stdout.write(
            f"Erased from {erased.orders} orders, {erased.mails} mails, {erased.reports} reports "
            "of the provider and "
            f"{erased.reasons} reasons and notes of staff."
        )
        if erased.files:
            self.stdout.write(
                "Emptied, as the address stood in them: the uploaded files "
                f"{', '.join(erased.files)}. "
                "Upload them again without it if others in them are still to be imported."
            )
        for line in WHAT_STAYS:
            self.stdout.write(line.format(evidence=erased.evidence))
