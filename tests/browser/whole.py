"""The whole product, as it runs in a shop: web, worker and beat in processes of their own, and a
mail server."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from backorders_site.demo import supervisor
from backorders_site.demo.embedded import end_with_parent, free_port
from backorders_site.demo.processes import STOP_SIGNALS
from orders.models import OrderLine
from tests.conftest import MailSink
from tests.gallery import states
from tests.gallery.states import State

T = TypeVar("T")
PATIENCE = 90  # seconds; this machine may be busy
REDIS_DATABASE = 60  # of its own: the tests empty theirs


@dataclass
class Shop:
    """`act` runs a service as another process would: committed, and not in the thread of the
    browser."""

    url: str
    sink: MailSink
    act: Callable[[Callable[[], T]], T]

    def state(self, name: str) -> State:
        """The order that shows the state, made now unless it is there."""
        return self.act(lambda: states.make(now=timezone.now(), only=[name]))[0]

    def page(self, state: State) -> str:
        return self.url + urlsplit(state.url).path

    def line(self, state: State) -> OrderLine:
        return self.act(lambda: state.order.lines.select_related("product").get())

    def mail(self, to: str, words: str) -> EmailMessage:
        """The mail to an address whose text says so, once it has come."""
        for _ in until(f"no mail to {to} says {words!r}"):
            for mail in self.sink.mails:
                if to in mail.recipients and words in " ".join(text_of(mail.message).split()):
                    return mail.message
        raise AssertionError

    def link(self, mail: EmailMessage, part: str) -> str:
        """The first address in a mail's text with this part in its path."""
        (address, *_) = re.findall(rf"https?://\S*/{part}\S*", text_of(mail))
        return str(address)


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""


def until(complaint: str) -> Iterator[None]:
    """Tries a fifth of a second apart, until PATIENCE has run out."""
    pause = threading.Event()
    for _ in range(PATIENCE * 5):
        yield
        pause.wait(0.2)
    raise AssertionError(complaint)


@contextmanager
def running(directory: Path, sink: MailSink, smtp_port: int, **variables: str) -> Iterator[Shop]:
    """The shop on the database of the tests, until the block ends; DEMO="0": with its files as in
    production."""
    port = free_port()
    environment = supervisor.demo_environment(directory, port=port) | {
        "ALLOWED_HOSTS": "localhost",
        "DATABASE_URL": _path(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"])),
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "MAIL_INBOX_URL": "",
        "MAIL_MODE": "send",
        "REDIS_URL": _path(os.environ["REDIS_URL"], str(REDIS_DATABASE)),
        "SECRET_KEY": settings.SECRET_KEY,
        "SETTLE_SECONDS": str(settings.SETTLE_SECONDS),
        "SITE_URL": f"http://localhost:{port}",
        **variables,
    }
    if environment["DEMO"] == "0":
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
        subprocess.run(collect, env=environment, cwd=supervisor.BASE_DIR, check=True)
    processes = [
        subprocess.Popen(
            service.command,
            env=environment,
            cwd=supervisor.BASE_DIR,
            start_new_session=True,
            preexec_fn=end_with_parent(STOP_SIGNALS[1]),
        )
        for service in supervisor.services(directory, environment)
    ]
    with ThreadPoolExecutor(1) as thread:
        try:
            _wait_for(f"{environment['SITE_URL']}/readyz")
            yield Shop(environment["SITE_URL"], sink, lambda do: thread.submit(do).result())
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait()
            thread.submit(connections.close_all).result()


def _path(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _wait_for(url: str) -> None:
    for _ in until(f"{url} does not answer"):
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own
                if answer.status == 200:
                    return
        except (URLError, OSError):
            continue
