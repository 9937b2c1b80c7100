from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from orders.access import Purpose, order_url
from orders.management.importing import with_example
from orders.models import Order


class Command(BaseCommand):
    help = (
        "Print the link to an order's page: the one its customer gets by email. Anyone with it "
        "can answer or cancel."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        with_example(parser, "order_link 1001", "order_link 1001 --look")
        parser.add_argument(
            "number", metavar="NUMBER", help="the order's number, with or without #"
        )
        parser.add_argument(
            "--look",
            action="store_true",
            help="print the view-only link instead, to share with others",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        number = "".join(options["number"].split())
        for spelling in (number, number.lstrip("#")):
            if order := Order.objects.filter(number__iexact=spelling).first():
                self.stdout.write(
                    order_url(order, Purpose.LOOK if options["look"] else Purpose.ACT)
                )
                return
        raise CommandError(
            f"there is no order {number}; expected the number of an order that joined a queue"
        )
