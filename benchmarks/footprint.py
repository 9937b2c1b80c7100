"""How long the demo takes to be ready, from nothing, and what its processes hold in memory once
they were used.

    python -m benchmarks.footprint

Runs the demo in a temporary directory, beside any other.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from backorders_site.demo.embedded import free_port
from benchmarks.client import ask
from benchmarks.timing import Report

PATIENCE = 300  # seconds
RUN = """
import sys
from pathlib import Path
from backorders_site.demo.supervisor import run_demo
run_demo(Path(sys.argv[1]), reset=False)
"""


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    report = Report("footprint", "the demo")
    with tempfile.TemporaryDirectory() as directory:
        for what in ("for the first time", "again"):
            demo, seconds = start(Path(directory))
            try:
                report.add(f"the demo is ready {what}", f"{seconds:.0f} s")
                if what == "again":
                    measure(report, Path(directory))
            finally:
                demo.send_signal(signal.SIGINT)
                demo.wait(60)
    report.end()


def start(directory: Path) -> "tuple[subprocess.Popen[bytes], float]":
    started = time.perf_counter()
    demo = subprocess.Popen(
        [sys.executable, "-c", RUN, str(directory)],
        cwd=Path(__file__).resolve().parent.parent,
        env={**os.environ, "PORT": str(free_port())},
        stdout=subprocess.DEVNULL,
    )
    while not (directory / "demo.json").exists():
        assert demo.poll() is None, "the demo ended"
        assert time.perf_counter() - started < PATIENCE, "the demo did not start"
        time.sleep(0.1)
    return demo, time.perf_counter() - started


def measure(report: Report, directory: Path) -> None:
    demo = json.loads((directory / "demo.json").read_text())
    port = int(demo["site"].rpartition(":")[2].strip("/"))
    for customer in demo["customers"]:
        ask(port, customer["url"].removeprefix(demo["site"].rstrip("/")), connections=8, seconds=1)
    for name in ("web", "worker", "beat"):
        leader = psutil.Process(int((directory / "run" / f"{name}.pid").read_text()))
        family = [leader, *leader.children(recursive=True)]
        held = [process.memory_full_info() for process in family]
        each = ", ".join(f"{one.rss / 1e6:.0f}" for one in held)
        report.add(
            f"memory of {name}: each process resident; all of them, shared pages once",
            f"{each} MB; {sum(one.pss for one in held) / 1e6:.0f} MB",
        )


if __name__ == "__main__":
    main()
