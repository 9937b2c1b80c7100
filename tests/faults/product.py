"""The whole product as separate processes that may be killed one by one: its own PostgreSQL and
Valkey that write to disk, web, worker, beat, a sender without Celery, and a mail server."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]

from backorders_site.demo import embedded, supervisor
from tests.faults.chaos import Process

LEASE = 8
PATIENCE = 90  # seconds, for processes that start on a busy machine
TIMES = {
    "EMAIL_TIMEOUT": "3",
    "TASK_SOFT_SECONDS": "4",
    "TASK_HARD_SECONDS": "6",
    "MAIL_LEASE_SECONDS": str(LEASE),
    "SETTLE_SECONDS": "1",
}


class Product:
    """`mail_server`: what its module is told besides directory and port."""

    def __init__(self, directory: Path, *mail_server: str, **variables: str) -> None:
        self.directory, self.mail_server = directory, mail_server
        self.variables: Mapping[str, str] = variables
        self.environment: dict[str, str] = {}
        self.processes: dict[str, Process] = {}

    def prepare(self) -> None:
        """Everything is set up and nothing runs."""
        engines = embedded.start(self.directory)
        port = embedded.free_port()
        self.environment = supervisor.demo_environment(self.directory, port=port) | {
            "DATABASE_URL": engines.database_url,
            "REDIS_URL": engines.redis_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{embedded.free_port()}",
            "LOG_LEVEL": "WARNING",
            "MAIL_INBOX_URL": "",
            "MAIL_MODE": "send",
            **TIMES,
            **self.variables,
        }
        try:
            self.manage("migrate", "--verbosity", "0")
            self.part("opening").wait()
            self.processes = {
                "postgres": self._postgres(),
                "valkey": self._valkey(engines.redis_url),
            }
        finally:
            # each is now started, killed and started again by itself, with the same command
            engines.stop()
        self._add_ours()

    def stop(self) -> None:
        for process in reversed(list(self.processes.values())):
            process.stop()

    def _postgres(self) -> Process:
        running = psutil.Process(
            int((self.directory / "postgres" / "postmaster.pid").read_text().split()[0])
        )
        return Process(
            "postgres",
            running.cmdline(),
            self.directory / "postgres",
            self.directory / "postgres.log",
            {"PATH": os.environ["PATH"], "LANG": "C"},
            signal.SIGINT,
            embedded.identity(running.username() if os.geteuid() == 0 else None),
        )

    def _valkey(self, url: str) -> Process:
        data = self.directory / "valkey"
        command = embedded.valkey_command(data, urlsplit(url).port or 0, durable=True)
        return Process("valkey", command, data, self.directory / "valkey.log", os.environ)

    def _add_ours(self) -> None:
        commands = {
            service.name: list(service.command)
            for service in supervisor.services(self.directory, self.environment)
        }
        commands["sender"] = [sys.executable, "manage.py", "deliver_messages", "--loop"]
        smtp = ["--port", self.environment["EMAIL_URL"].rpartition(":")[2], *self.mail_server]
        commands["sink"] = [
            sys.executable,
            "-m",
            "tests.faults.sink",
            "--directory",
            str(self.directory / "mail"),
            *smtp,
        ]
        for name, command in commands.items():
            log = self.directory / f"{name}.log"
            self.processes[name] = Process(
                name, command, supervisor.BASE_DIR, log, self.environment
            )

    def part(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.faults", name, *arguments]
        if name != "opening":
            command += ["--directory", str(self.directory)]
        return subprocess.Popen(command, env=self.environment, cwd=supervisor.BASE_DIR)

    def manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, env=self.environment, cwd=supervisor.BASE_DIR, check=True)

    def watched(self) -> list[str]:
        """What answers 200 once the site can serve."""
        return [f"{self.environment['SITE_URL']}/readyz"]

    def wait_for_the_site(self) -> None:
        ends = time.monotonic() + PATIENCE
        while not all(supervisor.answers(url) for url in self.watched()):
            if time.monotonic() > ends:
                raise TimeoutError("the site does not answer")
            time.sleep(0.2)
