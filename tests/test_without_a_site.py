"""What needs no shop runs on a fresh clone, where nothing is set."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESTOCKS = """reference,sku,supplier,quantity,expected_on,posted_on,arrived_on
PO-1,LAMP,Lindqvist,3,2026-01-20,2026-01-02,2026-01-22
PO-2,LAMP,Lindqvist,3,2026-02-20,2026-02-02,2026-02-22
"""


def manage(*words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_shop_is_simulated_on_servers_of_its_own(tmp_path: Path) -> None:
    restocks = tmp_path / "restocks.csv"
    restocks.write_text(RESTOCKS)
    days = ("--from", "2026-01-30", "--to", "2026-02-01")
    ran = manage("simulate", "--restocks", restocks, "--draw-orders", 1, *days, "--json")
    assert (ran.returncode, ran.stdout[:1]) == (0, "{"), ran.stderr


def test_windows_are_scored_on_past_restocks(tmp_path: Path) -> None:
    restocks = tmp_path / "restocks.csv"
    restocks.write_text(RESTOCKS)
    ran = manage("backtest_windows", restocks)
    assert (ran.returncode, "2 rows;" in ran.stdout) == (0, True), ran.stderr


def test_whoever_needs_a_shop_is_told_what_to_set() -> None:
    ran = manage("check_queue")
    assert (ran.returncode, "SECRET_KEY is not set" in ran.stderr) == (1, True)
