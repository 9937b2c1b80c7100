import json
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from backorders_site.demo import customers, shop
from orders.access import order_url


class Command(BaseCommand):
    help = (
        "Load the demo shop into an empty database. `make demo` calls it. It writes all addresses "
        "to the file DEMO_ADDRESSES."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.epilog = "example: DEMO=1 DEMO_ADDRESSES=demo.json manage.py demo"

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is not set. Set DEMO=1 to load the demo shop.")
        with transaction.atomic():
            if shop.exists():
                shop.settle(timezone.now())
                shop.hang_pictures()
            else:
                self.stderr.write("Playing eleven weeks of the demo shop ...")
                shop.make(timezone.now())
        users = get_user_model().objects
        if not users.filter(username=shop.ADMIN["user"]).exists():
            users.create_superuser(shop.ADMIN["user"], password=shop.ADMIN["password"])
        if path := os.environ.get("DEMO_ADDRESSES"):
            Path(path).write_text(json.dumps(where_everything_is(), indent=2))


def where_everything_is() -> dict[str, Any]:
    site = settings.SITE_URL
    return {
        "site": f"{site}/",
        "demo": f"{site}/demo/",
        "admin": {"url": f"{site}/admin/", **shop.ADMIN},
        "mail": os.environ.get("MAIL_INBOX_URL", ""),
        "customers": [
            {"url": order_url(each.order), "shows": each.shows} for each in customers.introduced()
        ],
        "database_url": os.environ["DATABASE_URL"],
        "redis_url": os.environ["REDIS_URL"],
        "settle_seconds": settings.SETTLE_SECONDS,
    }
