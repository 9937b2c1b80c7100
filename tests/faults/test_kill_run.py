"""The kill run, as `make faults` and the merge check run it. KILL_RUN_SECONDS and KILL_RUN_SEED
make it longer or another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backorders_site.demo.supervisor import BASE_DIR
from tests.engines import ENVIRONMENT

pytestmark = pytest.mark.faults


def test_no_mail_is_lost_and_nothing_becomes_untrue_while_everything_is_killed(
    tmp_path: Path,
) -> None:
    report_file = tmp_path / "report.json"
    command = [sys.executable, "-m", "tests.faults.kill_run", "--json", str(report_file)]
    command += [
        "--seconds",
        os.environ.get("KILL_RUN_SECONDS", "90"),
        "--seed",
        os.environ.get("KILL_RUN_SEED", "1"),
    ]
    ours = {*ENVIRONMENT, "DATABASE_URL", "REDIS_URL"}  # of the tests: the run has its own
    outside = {name: value for name, value in os.environ.items() if name not in ours}
    run = subprocess.run(
        command, cwd=BASE_DIR, env=outside, capture_output=True, text=True, check=False
    )
    sys.stdout.write(run.stdout)
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads(report_file.read_text())
    assert (report["wrong"], report["figures"]["lost"]) == ({}, 0)
    assert report["faults"] > 0
    assert report["figures"]["told"] > 0
