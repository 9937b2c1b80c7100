import gc
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.test import override_settings
from pytest_django.fixtures import Settings

from backorders_site.demo.embedded import free_port
from tests.exports import Load
from tests.factories import NOON

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every command


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: list[str]
    message: EmailMessage


@dataclass
class MailSink:
    """A mail server on a free port. `answers` are given instead of 250, one per mail, until they
    are used up."""

    mails: list[Mail] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answers:
            return self.answers.pop(0)
        content = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        self.mails.append(Mail(envelope.mail_from or "", envelope.rcpt_tos, content))
        return "250 OK"


@pytest.fixture(autouse=True)
def clean_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def settings_of_all_tests() -> Iterator[None]:
    """Nobody collected static files, so there is no manifest to look their names up in; and a
    password that resists guessing takes a third of a second for each user a test makes. Tests
    travel in time, and the database stays."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        STORAGES=settings.STORAGES | {"staticfiles": plain},
        CLOCK_MAY_DIFFER=timedelta.max,
        PASSWORD_HASHERS=[
            f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")
        ],
    ):
        yield


@pytest.fixture(autouse=True)
def password_alone(settings: Settings) -> None:
    """As in the demo: tests/test_second_factor.py is about the rest."""
    settings.SECOND_FACTOR = False


def pytest_collection_finish() -> None:
    """What has been imported stays, so nobody looks through it for garbage again and again."""
    gc.collect()
    gc.freeze()


Needs = Callable[[str], None]


@pytest.fixture(scope="session")
def needs() -> Needs:
    """A program that a machine need not have, only one that judges changes (CI)."""

    def check(program: str) -> None:
        if not shutil.which(program):
            (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{program} is missing")

    return check


KEPT_TABLES = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)


def empty_the_database() -> None:
    """But for the roles, which migrations have made."""
    with connection.cursor() as cursor:
        tables = [
            name for name in connection.introspection.table_names(cursor) if name not in KEPT_TABLES
        ]
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
    # it is dropped from outside the browser's event loop, where nobody sees these
    connections.close_all()


@pytest.fixture
def noon() -> Iterator[None]:
    """The clock stands at the factories' NOON. Whole modules use it by their mark."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A file of a header and rows, read by a command."""

    def write(command: str, header: str, *rows: str) -> None:
        path = tmp_path / f"{command}.csv"
        path.write_text("\n".join([header, *rows]))
        call_command(command, str(path))

    return write


@pytest.fixture
def mail_sink(settings: Settings) -> Iterator[MailSink]:
    sink = MailSink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    # Django's test set-up keeps mail in memory
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield sink
    controller.stop()


TRAVELLED_CLOCK = """
    CREATE SCHEMA travelled;
    CREATE FUNCTION travelled.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
        $$ SELECT current_setting('travelled.to')::timestamptz $$;
    CREATE FUNCTION travelled.statement_timestamp() RETURNS timestamptz LANGUAGE sql AS
        $$ SELECT current_setting('travelled.to')::timestamptz $$;
    SET LOCAL search_path = travelled, public, pg_catalog;
"""


class Clocks:
    """The clock of Python and the database's, which stamps mails, standing at the same moment until
    they are moved."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def move_to(self, now: datetime) -> None:
        self._traveller.move_to(now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('travelled.to', %s, true)", [now.isoformat()])


@pytest.fixture
def clocks(db: None) -> Iterator[Clocks]:
    """At NOON; of the test's own transaction, so that nothing is left of them after it."""
    with connection.cursor() as cursor:
        cursor.execute(TRAVELLED_CLOCK)
    with time_machine.travel(NOON, tick=False) as traveller:
        clocks = Clocks(traveller)
        clocks.move_to(NOON)
        yield clocks
