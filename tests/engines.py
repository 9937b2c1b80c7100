"""The environment of a test run, set before Django reads its settings (`-p tests.engines` in
pyproject.toml).

DATABASE_URL and REDIS_URL are used when given; else embedded servers start once and the xdist
workers inherit their addresses. The databases 1 and up of the Redis server are emptied between
tests.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from backorders_site.demo import embedded

ENVIRONMENT = {
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
    # nobody listens there: a test that sends asks for the mail_sink
    "EMAIL_URL": "smtp://127.0.0.1:1",
    "MAIL_MODE": "send",
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SETTLE_SECONDS": "600",
    "SHOP_NAME": "Tern & Tide",
    "SITE_URL": "http://testserver",
    "STAFF_IDLE_HOURS": "336",  # tests travel for weeks
    "SUPPORT_EMAIL": "help@shop.example",
    "TIME_ZONE": "America/New_York",
}
LEFT_OUT = (
    "CANCEL_UNDO_SECONDS",
    "IMPRINT_URL",
    "PRIVACY_URL",
    "SHOP_ADDRESS",
    "SUPPORT_HOURS",
    "SUPPORT_REPLY_HOURS",
    "DEBUG",
    "DEMO",
    "DEFAULT_FROM_EMAIL",
    "EXACT_LINE",
    "HANDLING_DAYS",
    "IMPORT_TELLS_AT_MOST",
    "LOG_LEVEL",
    "HEARTBEAT_URL",
    "LOG_FORMAT",
    "MAIL_WEBHOOK_SECRET",
    "METRICS_TOKEN",
    "SENTRY_DSN",
    "MAIL_PROVIDER_SETTINGS",
    "MAIL_PROVIDER",
    "SECRET_KEY_FALLBACKS",
    "SHIP_CUTOFF",
    "SHIPMENTS_RECORDED",
    "SHOP_COUNTRY",
    "DELAY_RULES",
    "SHOP_LANGUAGE",
    "TRUSTED_PROXIES",
)
SESSIONS = Path(tempfile.gettempdir()) / f"backorders-tests-{os.getuid()}"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    asked = early_config.known_args_namespace
    if not (asked.help or asked.version):
        os.environ.update(ENVIRONMENT)
        for name in LEFT_OUT:
            os.environ.pop(name, None)
        if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
            _start_engines(early_config)
        os.environ["REDIS_URL"] = _own_database(os.environ["REDIS_URL"])
    yield


def _start_engines(config: pytest.Config) -> None:
    _remove_killed_sessions()
    SESSIONS.mkdir(exist_ok=True)
    unheld = Path(tempfile.mkdtemp(dir=SESSIONS, prefix="new-"))
    lock = embedded.lock(unheld)
    # now others may look at the lock
    directory = unheld.rename(unheld.with_name(unheld.name.replace("new-", "run-")))
    config.add_cleanup(lock.close)
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    engines = embedded.start(directory, durable=False)
    config.add_cleanup(engines.stop)
    os.environ.setdefault("DATABASE_URL", engines.database_url)
    os.environ.setdefault("REDIS_URL", engines.redis_url)


def _remove_killed_sessions() -> None:
    for directory in SESSIONS.glob("run-*/"):
        with suppress(embedded.AlreadyLocked), embedded.lock(directory):
            embedded.stop_leftovers(directory)
            shutil.rmtree(directory, ignore_errors=True)


def _own_database(redis_url: str) -> str:
    """xdist names its workers gw0, gw1, ...; the run without workers takes database 1."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw")) + 2 if worker else 1
    return urlunsplit(urlsplit(redis_url)._replace(path=f"/{number}"))
