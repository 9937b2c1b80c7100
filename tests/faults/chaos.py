"""Processes that are killed, frozen and started again at random. The draw is seeded."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psutil  # type: ignore[import-untyped]

from backorders_site.demo.embedded import end_with_parent


@dataclass
class Process:
    """A process and all it starts. `identity`: the user it runs as, as subprocess takes it."""

    name: str
    command: Sequence[str]
    directory: Path
    log: Path
    environment: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    identity: Mapping[str, Any] = field(default_factory=dict)
    running: "subprocess.Popen[bytes] | None" = None
    start_at: float = 0.0
    thaw_at: float | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.running = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=end_with_parent(self.stop_signal),
                **self.identity,
            )

    @property
    def is_up(self) -> bool:
        return self.running is not None and self.running.poll() is None

    def family(self) -> list[Any]:
        """The process first, then all that came of it."""
        if self.running is None:
            return []
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self.running.pid)
            return [leader, *leader.children(recursive=True)]
        return []

    def signal_all(self, number: signal.Signals) -> None:
        for process in self.family():
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        """At once, with all that came of it."""
        self.signal_all(signal.SIGKILL)
        if self.running is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.running.pid, signal.SIGKILL)
            self.running.wait()
        self.running, self.thaw_at = None, None

    def thaw(self) -> None:
        self.signal_all(signal.SIGCONT)
        self.thaw_at = None

    def stop(self, patience: float = 10) -> None:
        if self.running is None:
            return
        self.thaw()
        self.running.send_signal(self.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            self.running.wait(patience)
        self.kill()


class Trouble(Protocol):
    """What happens to the product of a run, and what has happened so far."""

    faults: Counter[str]

    def go_on_until(self, ends: float) -> None:
        """Until time.monotonic() says so."""

    def look_after(self) -> None:
        """Start again what is due to."""

    def calm_down(self) -> None:
        """Nothing more happens, and everything runs again."""


BREATH = (0.6, 1.8)  # seconds between faults
AWAY = (0.0, 2.5)  # seconds until what was killed starts again
FROZEN = (0.5, 4.0)
LONGER_THAN_A_LEASE = (9.0, 12.0)


@dataclass
class Chaos:
    """What is to happen to which process, and what has happened so far (`faults`)."""

    processes: Mapping[str, Process]
    random: random.Random
    faults: Counter[str] = field(default_factory=Counter)
    _next_fault: float = 0.0

    def go_on_until(self, ends: float) -> None:
        while time.monotonic() < ends:
            self.look_after()
            if time.monotonic() >= self._next_fault:
                self._strike()
                self._next_fault = time.monotonic() + self.random.uniform(*BREATH)
            time.sleep(0.05)

    def look_after(self) -> None:
        """Start what has ended and thaw what has been frozen long enough."""
        now = time.monotonic()
        for process in self.processes.values():
            if process.thaw_at is not None and now >= process.thaw_at:
                process.thaw()
            if not process.is_up and now >= process.start_at:
                # ended by itself: it could not do without another that is away
                if process.running is not None:
                    process.kill()
                    self.faults[f"{process.name} ended by itself"] += 1
                process.start_at = now + 1.0
                process.start()

    def calm_down(self) -> None:
        for process in self.processes.values():
            process.thaw()
            process.start_at = 0.0
        self.look_after()

    def _strike(self) -> None:
        name, do = self.random.choice(self._menu())
        process = self.processes[name]
        if process.is_up and process.thaw_at is None:
            do(process)

    def _menu(self) -> list[tuple[str, Callable[[Process], None]]]:
        every: list[tuple[str, Callable[[Process], None]]] = []
        for name in self.processes:
            every += [(name, self._kill), (name, self._kill), (name, self._freeze)]
        often = [
            ("worker", self._kill),
            ("worker", self._kill_a_child),
            ("worker", self._kill_a_child),
        ]
        often += [
            ("worker", self._freeze_for_long),
            ("sender", self._kill),
            ("sender", self._freeze_for_long),
        ]
        return [*every, *often, ("postgres", self._kill_a_child)]

    def _kill(self, process: Process) -> None:
        process.kill()
        process.start_at = time.monotonic() + self.random.uniform(*AWAY)
        self.faults[f"{process.name} killed"] += 1

    def _kill_a_child(self, process: Process) -> None:
        """A pool process of the worker; a server process of the database, which makes it
        recover."""
        children = process.family()[1:]
        if children:
            with suppress(psutil.NoSuchProcess):
                self.random.choice(children).kill()
                self.faults[f"{process.name}: one of its processes killed"] += 1

    def _freeze(self, process: Process, seconds: tuple[float, float] = FROZEN) -> None:
        process.signal_all(signal.SIGSTOP)
        process.thaw_at = time.monotonic() + self.random.uniform(*seconds)
        self.faults[
            f"{process.name} "
            f"frozen{' longer than a lease' if seconds is LONGER_THAN_A_LEASE else ''}"
        ] += 1

    def _freeze_for_long(self, process: Process) -> None:
        self._freeze(process, LONGER_THAN_A_LEASE)
