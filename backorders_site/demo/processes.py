"""Keeps the processes of a demo running: restarts what ended, prints their output, leaves none
behind."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]

from backorders_site.demo.embedded import end_with_parent

OWNER = "BACKORDERS_SUPERVISOR"  # in the environment of every process of a supervisor: whose it is
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 5
STEADY_SECONDS = 30
MAX_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class Service:
    name: str
    command: Sequence[str]
    outlives_others: bool = False  # it is stopped when the others are gone


@dataclass
class _Run:
    """A service's present process, if any, and how it fared before."""

    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_at: float = 0.0
    quick_deaths: int = 0
    unfinished_line: bytes = b""


@dataclass
class Supervisor:
    """Runs services until a stop signal. Each leads a process group, whose id is in `<run
    directory>/<name>.pid`: to end one, kill the whole group."""

    services: Sequence[Service]
    run_directory: Path
    environment: Mapping[str, str]
    _runs: dict[str, _Run] = field(default_factory=dict)
    _output: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self, each_round: Callable[[], None] = lambda: None) -> None:
        self.run_directory.mkdir(parents=True, exist_ok=True)
        kill_strays(self.run_directory)
        self._runs = {service.name: _Run() for service in self.services}
        for stop_signal in STOP_SIGNALS:
            signal.signal(stop_signal, signal.default_int_handler)
        try:
            while True:
                for service in self.services:
                    self._keep_running(service)
                self._print_output(0.2)
                each_round()
        except KeyboardInterrupt:
            say("Stopping ...")
        finally:
            for stop_signal in STOP_SIGNALS:
                # stopping is under way, and ends by itself
                signal.signal(stop_signal, signal.SIG_IGN)
            self._stop(service for service in self.services if not service.outlives_others)
            self._stop(service for service in self.services if service.outlives_others)

    def _keep_running(self, service: Service) -> None:
        run, now = self._runs[service.name], time.monotonic()
        if run.process is not None and run.process.poll() is not None:
            status = run.process.returncode
            self._bury(service.name, run.process)
            run.quick_deaths = 0 if now - run.started_at > STEADY_SECONDS else run.quick_deaths + 1
            pause = min(MAX_PAUSE_SECONDS, 0.25 * 2**run.quick_deaths)
            run.start_at = now + pause
            say(f"{service.name} ended ({_describe(status)}) and starts again in {pause:g} s")
        if run.process is None and now >= run.start_at:
            run.process, run.started_at = self._launch(service), now

    def _launch(self, service: Service) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            service.command,
            env={**self.environment, OWNER: str(self.run_directory)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the supervisor alone
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        self._output.register(_stdout(process), selectors.EVENT_READ, service.name)
        self._pid_file(service.name).write_text(f"{process.pid}\n")
        return process

    def _stop(self, services: Iterable[Service]) -> None:
        runs = [(service.name, self._runs[service.name].process) for service in services]
        processes = [(name, process) for name, process in runs if process is not None]
        for _, process in processes:
            # its leader alone: how the rest of the group ends well is the leader's business
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(
            process.poll() is None for _, process in processes
        ):
            self._print_output(0.05)
        for name, process in processes:
            self._bury(name, process)

    def _bury(self, name: str, process: "subprocess.Popen[bytes]") -> None:
        """What is left of its group goes too: it would keep the port, or take tasks from the
        queue."""
        with suppress(ProcessLookupError, PermissionError):  # macOS denies it for zombies
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._print_output(0)
        self._forget_output(process)
        self._pid_file(name).unlink(missing_ok=True)
        self._runs[name].process = None

    def _print_output(self, patience: float) -> None:
        if not self._output.get_map():
            time.sleep(patience)
            return
        for key, _ in self._output.select(patience):
            run = self._runs[key.data]
            content = os.read(key.fd, 65536)
            *lines, run.unfinished_line = (run.unfinished_line + content).split(b"\n")
            for line in lines:
                say(f"{key.data:7}| {line.decode(errors='replace')}")
            if not content and run.process is not None:
                self._forget_output(run.process)

    def _forget_output(self, process: "subprocess.Popen[bytes]") -> None:
        stdout = _stdout(process)
        if not stdout.closed:
            self._output.unregister(stdout)
            stdout.close()

    def _pid_file(self, name: str) -> Path:
        return self.run_directory / f"{name}.pid"


def kill_strays(run_directory: Path) -> None:
    """What a killed supervisor left running. A pid may belong to somebody else by now, so the owner
    is asked for too."""
    pid_files = list(run_directory.glob("*.pid"))
    groups = {int(path.read_text() or 0) for path in pid_files}
    for process in psutil.process_iter() if groups else ():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) in groups and process.environ().get(OWNER) == str(
                run_directory
            ):
                process.kill()
    for path in pid_files:
        path.unlink()


def say(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody reads any more; the work continues
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _stdout(process: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert process.stdout is not None  # noqa: S101 - it was opened with a pipe
    return process.stdout


def _describe(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit code {status}"
