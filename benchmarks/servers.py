"""PostgreSQL and Valkey of a benchmark's own, in a temporary directory, with Django set up on
them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backorders_site.demo import embedded


@contextmanager
def own_servers(**variables: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as directory:
        engines = embedded.start(Path(directory))
        try:
            os.environ.update(
                {
                    "DATABASE_URL": engines.database_url,
                    "REDIS_URL": engines.redis_url,
                    "DJANGO_SETTINGS_MODULE": "backorders_site.settings",
                    "SECRET_KEY": "benchmark",
                    "SITE_URL": "http://localhost",
                    "SUPPORT_EMAIL": "help@example.com",
                    "EMAIL_URL": "smtp://127.0.0.1:1",
                    **variables,
                }
            )
            import django

            django.setup()
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
            yield
        finally:
            engines.stop()
