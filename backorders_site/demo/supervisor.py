"""The demo: servers, migrations, the demo shop, and the site's processes until Ctrl-C (`make
demo`).

Everything it writes is under .local/. A variable already in the environment wins over the defaults
here. The demo shop is the business of `manage.py demo`, which writes what it knows to the file
named by DEMO_ADDRESSES.

    PORT=8000 python -m backorders_site.demo.supervisor [--reset]
"""

import argparse
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from backorders_site.demo import embedded
from backorders_site.demo.processes import STOP_SIGNALS, Service, Supervisor, kill_strays, say

BASE_DIR = Path(__file__).resolve().parents[2]
LAST_PORT = 65535


class CannotStart(RuntimeError):
    """The message says what to do about it."""


def run_demo(local: Path, *, reset: bool) -> None:
    with ExitStack() as ending:
        try:
            ending.enter_context(embedded.lock(local))
        except embedded.AlreadyLocked:
            raise CannotStart(
                f"A demo is already running here: see {local}/demo.json for its address. Stop it "
                "first."
            ) from None
        # before anything else: they hold the port and write to the database
        kill_strays(local / "run")
        if reset:
            embedded.stop_leftovers(local)
            _empty(local)
        environment = demo_environment(local, port=web_port())
        demo_file = local / "demo.json"
        demo_file.unlink(missing_ok=True)
        ending.callback(demo_file.unlink, missing_ok=True)
        _attach_servers(local, environment, ending)
        say("Preparing the database and the demo shop ...")
        _manage(environment, "migrate", "--verbosity", "0")
        unannounced = demo_file.with_suffix(".new")
        _manage({**environment, "DEMO_ADDRESSES": str(unannounced)}, "demo")
        announcement = Announcement(environment["SITE_URL"], unannounced, demo_file)
        Supervisor(services(local, environment), local / "run", environment).run(
            announcement.make_once_it_answers
        )


def web_port() -> int:
    asked = os.environ.get("PORT") or "8000"
    if not re.fullmatch("[0-9]{1,5}", asked) or not 1 <= int(asked) <= LAST_PORT:
        raise CannotStart(
            f"PORT={asked} is not a port. Choose a number from 1 to {LAST_PORT}: PORT=8000 make "
            "demo"
        )
    port = int(asked)
    if _taken(port):
        raise CannotStart(
            f"Port {port} is taken. Choose another: PORT={_port_near(port + 10)} make demo"
        )
    return port


def _taken(port: int) -> bool:
    """Also by a program that listens on IPv6 only: a browser that asks for localhost would reach
    it."""
    for address in ("127.0.0.1", "::1"):
        with suppress(OSError), socket.create_connection((address, port), timeout=1):
            return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _port_near(port: int) -> int:
    return embedded.free_port() if port > LAST_PORT or _taken(port) else port


def demo_environment(local: Path, *, port: int) -> dict[str, str]:
    inbox_port, smtp_port = _port_near(port + 1), _port_near(port + 2)
    given = {name: value for name, value in os.environ.items() if value}
    sink = "EMAIL_URL" not in given
    defaults = {
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "DEFAULT_FROM_EMAIL": "Tern & Tide <orders@ternandtide.example>",
        "DEMO": "1",
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
        "EMAIL_TIMEOUT": "3",
        "LOG_LEVEL": "WARNING",
        # the one email in flight when the worker is killed waits no longer than a visitor does
        "MAIL_LEASE_SECONDS": "15",
        "MAIL_INBOX_URL": f"http://localhost:{inbox_port}/" if sink else "",
        "MAIL_MODE": "send" if sink else "hold",  # to a real mail server only when asked for
        "SECRET_KEY": _secret(local / "secret"),
        "SETTLE_SECONDS": "5",
        "SHIPMENTS_RECORDED": "live",
        "SHOP_NAME": "Tern & Tide",
        "SHOP_ADDRESS": "Tern & Tide, 12 Harbor Street, Portland, ME 04101",
        "SUPPORT_HOURS": "Monday to Friday, 9 to 5 Eastern Time",
        "SUPPORT_REPLY_HOURS": "24",
        "SITE_URL": f"http://localhost:{port}",
        "SUPPORT_EMAIL": "help@ternandtide.example",
        "TASK_HARD_SECONDS": "12",
        "TASK_SOFT_SECONDS": "10",
        "TIME_ZONE": "America/New_York",
    }
    fixed = {
        "DEMO_ADDRESSES": str(local / "demo.json"),
        "DEMO_RUN_DIR": str(local / "run"),
        "DJANGO_SETTINGS_MODULE": "backorders_site.settings",
        "INBOX_PORT": str(inbox_port),
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:::celery.platforms",  # root may run the demo
        "SMTP_PORT": str(smtp_port),
    }
    return {**defaults, **given, **fixed}


def _secret(path: Path) -> str:
    """Kept, so that links in emails survive a restart."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50))
    return path.read_text()


def _attach_servers(local: Path, environment: dict[str, str], ending: ExitStack) -> None:
    if {"DATABASE_URL", "REDIS_URL"} <= environment.keys():
        return
    say("Starting PostgreSQL and Valkey ...")
    engines = embedded.start(local)
    ending.callback(engines.stop)
    environment.setdefault("DATABASE_URL", engines.database_url)
    environment.setdefault("REDIS_URL", engines.redis_url)


def _manage(environment: Mapping[str, str], *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments]
    if subprocess.run(command, env=environment, check=False).returncode:
        raise CannotStart(f"`manage.py {' '.join(arguments)}` failed; see its message above.")


def services(local: Path, environment: Mapping[str, str]) -> list[Service]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--quiet", "--app", "backorders_site.celery"]
    quiet = ["--loglevel", environment["LOG_LEVEL"]]
    inbox = ["--directory", str(local / "mail"), "--smtp-port", environment["SMTP_PORT"]]
    site = [
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        environment["PORT"],
        "--workers",
        "2",
    ]
    site += [
        "--blocking-threads",
        "4",
        "--log-level",
        "warning",
        "backorders_site.wsgi:application",
    ]
    pool = ["--without-gossip", "--without-mingle"]
    uploads = ["--queues", "uploads", "--hostname", "uploads@%h"]
    processes = [
        Service("web", [*python, "granian", *site]),
        Service("worker", [*celery, "worker", *pool, "--concurrency", "2", *quiet]),
        Service("uploads", [*celery, "worker", *pool, "--concurrency", "1", *uploads, *quiet]),
        Service(
            "beat", [*celery, "beat", "--schedule", str(local / "beat"), "--pidfile", "", *quiet]
        ),
    ]
    if environment["MAIL_INBOX_URL"]:
        inbox += ["--http-port", environment["INBOX_PORT"]]
        processes.insert(
            0,
            Service("inbox", [*python, "backorders_site.demo.inbox", *inbox], outlives_others=True),
        )
    return processes


@dataclass
class Announcement:
    """demo.json appears when the site answers, so anything that waits for the file can continue at
    once."""

    site: str
    unannounced: Path
    demo_file: Path
    made: bool = False

    def make_once_it_answers(self) -> None:
        if self.made or not answers(f"{self.site}/livez"):
            return
        self.made = True
        if self.unannounced.exists():
            self.unannounced.rename(self.demo_file)
        say(
            _banner(
                json.loads(self.demo_file.read_text()) if self.demo_file.exists() else {}, self.site
            )
        )


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as response:  # noqa: S310 - our own site
            return bool(response.status == 200)
    except (URLError, OSError):
        return False


def _banner(demo: Mapping[str, Any], site: str) -> str:
    admin = demo.get("admin", {})
    who = f"user {admin.get('user')}, password {admin.get('password')}"
    return f"""
The demo is running.

  start here  {demo.get("demo", f"{site}/demo/")}
  site        {demo.get("site", f"{site}/")}
  admin       {admin.get("url", f"{site}/admin/")}  {who}
  inbox       {demo.get("mail")}

Stop it with Ctrl-C. What happened in it is kept; `make demo-reset` starts afresh.
"""


def _empty(local: Path) -> None:
    for path in local.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reset", action="store_true", help="delete what earlier demos wrote")
    options = parser.parse_args()
    os.chdir(BASE_DIR)
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.default_int_handler)
    try:
        run_demo(BASE_DIR / ".local", reset=options.reset)
    except (CannotStart, embedded.EngineError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
