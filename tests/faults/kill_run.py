"""The kill run: the whole product at work while everything it is made of is killed, frozen and started again at random.

    python -m tests.faults.kill_run [--seconds 90] [--seed 1] [--json FILE] [--keep]

Its own PostgreSQL, Valkey, web, workers, beat, a sender without Celery, and a mail server in bad health. Afterwards it
waits until all that is due has gone out, and judges (verdict.py). Exit code 1 when anything was lost or untrue.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import psycopg

from backorders_site import embedded, supervisor
from tests.faults.chaos import Chaos, Process

LEASE = 8
TIMES = {
    "EMAIL_TIMEOUT": "3",
    "TASK_SOFT_SECONDS": "4",
    "TASK_HARD_SECONDS": "6",
    "MAIL_LEASE_SECONDS": str(LEASE),
    "SETTLE_SECONDS": "1",
}
PATIENCE = 180  # seconds for what is due to go out once nothing fails any more but the mail server
UNDER_WAY = """
    SELECT (SELECT count(*) FROM notifications_message WHERE state IN ('queued', 'sending'))
         + (SELECT count(*) FROM orders_event WHERE message_due)
         + (SELECT count(*) FROM orders_product WHERE review_at IS NOT NULL)"""
# Pauses of up to ten minutes would only be waited for. One after an answer that was lost keeps its time.
HURRY = """
    UPDATE notifications_message SET next_attempt_at = now()
    WHERE state = 'queued' AND next_attempt_at > now() + make_interval(secs => %s)"""


class KillRun:
    def __init__(self, directory: Path, *, seconds: float, seed: int) -> None:
        self.directory, self.seconds, self.seed = directory, seconds, seed
        self.environment: dict[str, str] = {}
        self.processes: dict[str, Process] = {}
        self.report: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        try:
            self._prepare()
            chaos = Chaos(self.processes, random.Random(self.seed))
            chaos.look_after()
            self._wait_for_the_site()
            started = time.monotonic()
            life = self._part("life", "--seed", str(self.seed), "--seconds", str(self.seconds))
            chaos.go_on_until(started + self.seconds)
            chaos.calm_down()
            while life.poll() is None:
                chaos.look_after()
                time.sleep(0.1)
            self._wait_until_all_has_gone_out(chaos)
            self._judge(chaos)
        finally:
            for process in reversed(list(self.processes.values())):
                process.stop()
        return self.report

    def _prepare(self) -> None:
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
        }
        try:
            self._manage("migrate", "--verbosity", "0")
            self._part("opening").wait()
            self.processes = {"postgres": self._postgres(), "valkey": self._valkey(engines.redis_url)}
        finally:
            engines.stop()  # each is now started, killed and started again by itself, with the same command
        self._add_ours()

    def _postgres(self) -> Process:
        running = psutil.Process(int((self.directory / "postgres" / "postmaster.pid").read_text().split()[0]))
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
            service.name: list(service.command) for service in supervisor.services(self.directory, self.environment)
        }
        commands["sender"] = [sys.executable, "manage.py", "deliver_messages", "--loop"]
        smtp = ["--port", self.environment["EMAIL_URL"].rpartition(":")[2], "--seed", str(self.seed)]
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
            self.processes[name] = Process(name, command, supervisor.BASE_DIR, log, self.environment)

    def _part(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.faults", name, *arguments]
        if name != "opening":
            command += ["--directory", str(self.directory)]
        return subprocess.Popen(command, env=self.environment, cwd=supervisor.BASE_DIR)

    def _manage(self, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, env=self.environment, cwd=supervisor.BASE_DIR, check=True)

    def _wait_for_the_site(self) -> None:
        ends = time.monotonic() + 60
        while not supervisor.answers(f"{self.environment['SITE_URL']}/readyz"):
            if time.monotonic() > ends:
                raise TimeoutError("the site does not answer")
            time.sleep(0.2)

    def _wait_until_all_has_gone_out(self, chaos: Chaos) -> None:
        started = time.monotonic()
        while time.monotonic() < started + PATIENCE:
            chaos.look_after()
            try:
                with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as connection:
                    connection.execute(HURRY, [LEASE])
                    (under_way,) = connection.execute(UNDER_WAY).fetchone() or (1,)
            except psycopg.OperationalError:
                under_way = 1
            if not under_way:
                break
            time.sleep(1)
        self.report["drained_in_seconds"] = round(time.monotonic() - started, 1)

    def _judge(self, chaos: Chaos) -> None:
        self._part("verdict").wait()
        self.report |= json.loads((self.directory / "verdict.json").read_text())
        self.report |= {
            "seed": self.seed,
            "seconds": self.seconds,
            "faults": sum(chaos.faults.values()),
            "faults_by_kind": dict(sorted(chaos.faults.items())),
            "life": json.loads((self.directory / "life.json").read_text()),
        }


def summary(report: Mapping[str, Any]) -> str:
    figures = report["figures"]
    lines = [
        f"seed {report['seed']}, {report['seconds']:g} s, {report['faults']} faults:",
        *(f"  {number:4} {what}" for what, number in report["faults_by_kind"].items()),
        f"{figures['orders']} orders, {sum(figures['events'].values())} events, "
        f"{sum(figures['messages'].values())} messages: {figures['messages']}",
        f"{figures['mails_accepted']} mails accepted, {figures['told']} told, lost {figures['lost']}, "
        f"{figures['extra_copies']} extra copies, {figures['ambiguous']} counted as ambiguous",
        f"tries: {figures['attempts']}; all had gone out {report['drained_in_seconds']} s after the last fault",
    ]
    lines += [f"  {number} {why}" for why, number in figures["not_sent_because"].items()]
    lines += [f"WRONG {what}: {examples}" for what, examples in report["wrong"].items()] or [
        "nothing lost, nothing untrue"
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the whole report to this file")
    parser.add_argument("--keep", action="store_true", help="keep the directory with logs, mails and database")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="backorders-kill-"))
    try:
        report = KillRun(directory, seconds=options.seconds, seed=options.seed).run()
    finally:
        if options.keep:
            sys.stdout.write(f"kept: {directory}\n")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    sys.stdout.write(summary(report) + "\n")
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
