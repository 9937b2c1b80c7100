"""The kill run: the whole product at work while everything it is made of is killed, frozen and
started again at random.

    python -m tests.faults.kill_run [--seconds 90] [--seed 1] [--json FILE] [--keep]

Its own PostgreSQL, Valkey, web, workers, beat, a sender without Celery, and a mail server in bad
health. Afterwards it waits until all that is due has gone out, and judges (verdict.py). Exit code 1
when anything was lost or untrue.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.chaos import Chaos, Trouble
from tests.faults.product import LEASE, Product

PATIENCE = 180  # seconds for what is due to go out once nothing fails any more but the mail server
UNDER_WAY = """
    SELECT (SELECT count(*) FROM notifications_message WHERE state IN ('queued', 'sending'))
         + (SELECT count(*) FROM orders_event WHERE message_due)
         + (SELECT count(*) FROM orders_product WHERE review_at IS NOT NULL)
         + (SELECT count(*) FROM orders_shortening)"""
# Pauses of up to ten minutes would only be waited for. One after an answer that was lost keeps its
# time.
HURRY = """
    UPDATE notifications_message SET next_attempt_at = now()
    WHERE state = 'queued' AND next_attempt_at > now() + make_interval(secs => %s)"""


class KillRun:
    def __init__(self, directory: Path, *, seconds: float, seed: int) -> None:
        self.directory, self.seconds, self.seed = directory, seconds, seed
        self.product = self.make()
        self.report: dict[str, Any] = {}

    def make(self) -> Product:
        return Product(self.directory, "--seed", str(self.seed))

    def trouble(self) -> Trouble:
        return Chaos(self.product.processes, random.Random(self.seed))

    def run(self) -> dict[str, Any]:
        product = self.product
        try:
            product.prepare()
            chaos = self.trouble()
            chaos.look_after()
            product.wait_for_the_site()
            started = time.monotonic()
            life = product.part("life", "--seed", str(self.seed), "--seconds", str(self.seconds))
            chaos.go_on_until(started + self.seconds)
            chaos.calm_down()
            while life.poll() is None:
                chaos.look_after()
                time.sleep(0.1)
            self._wait_until_all_has_gone_out(chaos)
            self._judge(chaos)
        finally:
            product.stop()
        return self.report

    def _wait_until_all_has_gone_out(self, chaos: Trouble) -> None:
        started = time.monotonic()
        while time.monotonic() < started + PATIENCE:
            chaos.look_after()
            try:
                with psycopg.connect(
                    self.product.environment["DATABASE_URL"], autocommit=True
                ) as connection:
                    connection.execute(HURRY, [LEASE])
                    (under_way,) = connection.execute(UNDER_WAY).fetchone() or (1,)
            except psycopg.OperationalError:
                under_way = 1
            if not under_way:
                break
            time.sleep(1)
        self.report["drained_in_seconds"] = round(time.monotonic() - started, 1)

    def _judge(self, chaos: Trouble) -> None:
        self.product.part("verdict").wait()
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
        f"{figures['mails_accepted']} mails accepted, {figures['told']} told, lost "
        f"{figures['lost']}, "
        f"{figures['extra_copies']} extra copies, {figures['ambiguous']} counted as ambiguous",
        f"tries: {figures['attempts']}; all had gone out {report['drained_in_seconds']} s after "
        "the last fault",
    ]
    lines += [f"  {number} {why}" for why, number in figures["not_sent_because"].items()]
    lines += [f"WRONG {what}: {examples}" for what, examples in report["wrong"].items()] or [
        "nothing lost, nothing untrue"
    ]
    return "\n".join(lines)


def run_by_command(kind: type[KillRun], says: str | None, *, seconds: float) -> int:
    parser = argparse.ArgumentParser(
        description=says, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=seconds)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the whole report to this file")
    parser.add_argument(
        "--keep", action="store_true", help="keep the directory with logs, mails and database"
    )
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="backorders-kill-"))
    try:
        report = kind(directory, seconds=options.seconds, seed=options.seed).run()
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
    sys.exit(run_by_command(KillRun, __doc__, seconds=90))
