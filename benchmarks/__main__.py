"""All benchmarks, one after another, into docs/performance.md and its plots.

    python -m benchmarks [--full] [--only place,mail]

Ten minutes at the usual sizes; --full takes the sizes the aims speak of. With --only the rows of
the others stay.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.plotting import chart

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
PLOTS = PAGE.with_suffix("")
BEGIN, END = "<!-- {}: written by `make bench` -->", "<!-- end of {} -->"
# What each is given as usual, and in full.
SIZES: dict[str, tuple[list[str], list[str]]] = {
    "place": (["--lines", "1000000"], ["--lines", "1000000"]),
    "page": (["--lines", "100000", "--seconds", "2"], ["--lines", "1000000"]),
    "join": (["--lines", "50000", "--seconds", "4"], ["--lines", "1000000"]),
    "allocate": (
        ["--units", "20000", "--long", "100000"],
        ["--units", "100000", "--long", "1000000"],
    ),
    "review": (
        ["--moved", "100000", "--quiet", "50000"],
        ["--moved", "100000", "--quiet", "1000000"],
    ),
    "mail": (["--mails", "2500", "--events", "20000"], ["--mails", "20000", "--events", "100000"]),
    "load": (["--told", "5000"], ["--customers", "3000", "--told", "100000"]),
    "importing": (["--orders", "20000"], ["--orders", "100000"]),
    "desk": (["--lines", "20000"], ["--lines", "100000"]),
    "footprint": ([], []),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--full", action="store_true", help="the sizes the aims speak of: about an hour"
    )
    parser.add_argument("--only", default="", help="benchmarks, with commas between them")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    started, failed = time.perf_counter(), []
    for name, (usual, full) in SIZES.items():
        if only and name not in only:
            continue
        print(f"\n== {name}", flush=True)
        found = run(name, full if options.full else usual)
        if found is None:
            failed.append(name)
        elif found:
            write(name, found)
    print(f"\n{(time.perf_counter() - started) / 60:.1f} minutes; {PAGE.name} holds the figures")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return bool(failed)


def run(name: str, sizes: list[str]) -> dict[str, Any] | None:
    """What it found; empty where it only prints, None where it failed."""
    command = [sys.executable, "-u", "-m", f"benchmarks.{name}", *sizes]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        found: dict[str, Any] = {}
        for line in process.stdout or ():
            if line.startswith('{"benchmark"'):
                found = json.loads(line)
            else:
                print(line, end="", flush=True)
    return found if process.returncode == 0 else None


def write(name: str, found: Mapping[str, Any]) -> None:
    """Its table takes the place of the one before; what is written around it stays."""
    begin, end = BEGIN.format(name), END.format(name)
    before, parted, rest = PAGE.read_text().partition(begin)
    assert parted, f"{PAGE} has no line {begin!r}"
    _, parted, after = rest.partition(end)
    assert parted, f"{PAGE} has no line {end!r}"
    PAGE.write_text(f"{before}{begin}\n{table(found)}\n{end}{after}")
    PLOTS.mkdir(exist_ok=True)
    for plot in found["plots"]:
        (PLOTS / f"{plot['name']}.svg").write_text(chart(plot))


def table(found: Mapping[str, Any]) -> str:
    verdicts = {None: "", True: "met", False: "**missed**"}
    rows = [
        f"| {row['what']} | {row['measured']} | {row['aim']} | {verdicts[row['met']]} |"
        for row in found["findings"]
    ]
    said = f"On {found['size']}; load of the machine {found['load']}; {time.strftime('%Y-%m-%d')}."
    return "\n".join([said, "", "| What | Measured | Aim | |", "| --- | --- | --- | --- |", *rows])


if __name__ == "__main__":
    sys.exit(main())
