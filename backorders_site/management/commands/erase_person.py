from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backorders_site.staff import example_emails
from notifications.personal_data.erasure import erase_person
from notifications.personal_data.export import data_about, is_empty
from orders.management.importing import with_example
from orders.services import Refused

WHAT_STAYS = (
    "Kept for accounting: order numbers, products, quantities, dates, shipments without tracking "
    "numbers, refunds.",
    "Kept as evidence: what was promised, told and answered, and when; the text of {evidence} "
    "emails with a legal delay notice, without name, address and links.",
    "Not found: notes in which staff used only a first name, or spelled the name differently.",
    "Not covered: the shop's own system, backups and the email provider's logs. Erase the person "
    "there, too.",
)


class Command(BaseCommand):
    help = (
        "Erase a person by email address: their name, addresses (former ones, too) and text are "
        "removed from orders, emails, reports, notes, uploaded files and lists, and every link "
        "sent to them stops working. What the law requires a shop to keep stays, and is "
        "listed. Refused while any of their orders are still open. This can't be undone: run "
        "export_person first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "erase_person ada@example.com")
        parser.add_argument(
            "mail",
            metavar="EMAIL",
            help="the person's email address, in upper or lower case",
        )

    def handle(self, *args: Any, mail: str, **options: Any) -> None:
        address, now = mail.replace("\0", "").strip(), timezone.now()
        if not address or is_empty(data_about(address, now=now)):
            raise CommandError(
                f"nothing is stored about {address!r}; expected the email address of an order or "
                "an email"
            )
        try:
            erased = erase_person(address, now=now)
        except Refused as refused:
            raise CommandError(f"{refused}. Finish these, then run the command again.") from None
        example_emails.forget()
        self.stdout.write(
            f"Erased. Orders: {erased.orders}, emails: {erased.mails}, provider reports: "
            f"{erased.reports}, texts elsewhere: {erased.written}."
        )
        if erased.files:
            self.stdout.write(
                "Emptied these uploaded files, because they contained the person: "
                f"{', '.join(erased.files)}. If other rows in them are still to be imported, "
                "upload them again without this person."
            )
        if erased.in_use:
            self.stdout.write(
                f"Kept, because other orders have it now: {', '.join(erased.in_use)}. If that is "
                "the same person, run the command for it, too."
            )
        for line in WHAT_STAYS:
            self.stdout.write(line.format(evidence=erased.evidence))
