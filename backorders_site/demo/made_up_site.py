"""A site for commands that need none: on a fresh clone nothing has to be set for them. They run on
servers of their own, as the demo does, which are gone at their end."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from backorders_site.demo import embedded

DEFAULTS = {
    "EMAIL_URL": "smtp://127.0.0.1:1",  # nobody listens there
    "SITE_URL": "http://localhost",
    "SUPPORT_EMAIL": "help@shop.example",
}


@contextmanager
def made_up_site() -> Iterator[None]:
    """The environment of one, for as long as it runs. What is set stays as it is."""
    with TemporaryDirectory(prefix="backorders-", ignore_cleanup_errors=True) as directory:
        engines = embedded.start(Path(directory))
        own = {
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
            "SECRET_KEY": secrets.token_urlsafe(50),
        }
        os.environ |= DEFAULTS | own | {name: value for name, value in os.environ.items() if value}
        try:
            yield
        finally:
            engines.stop()
