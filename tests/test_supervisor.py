import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from backorders_site.demo import embedded
from backorders_site.demo.processes import kill_strays
from backorders_site.demo.supervisor import CannotStart, demo_environment, run_demo, web_port

SUPERVISE = """
import os, sys
from pathlib import Path
from backorders_site.demo import processes
if sys.argv[2] == "elsewhere": processes.end_with_parent = lambda stop_signal: None
parent_and_child = ["sh", "-c", "sleep 1000 & echo $!; wait"]
services = [processes.Service(name, parent_and_child) for name in ("web", "worker")]
processes.Supervisor(services, Path(sys.argv[1]), dict(os.environ)).run()
"""


class Running:
    """A supervisor of two services, each a process that started another."""

    def __init__(self, directory: Path, system: str = "linux") -> None:
        command = [sys.executable, "-c", SUPERVISE, str(directory), system]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.directory = directory
        self.children = dict(self.started() for _ in range(2))

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def started(self) -> tuple[str, int]:
        """Name of the service that started and the pid of its child."""
        name, _, pid = self.line().partition("|")
        return name.strip(), int(pid)

    def leader(self, name: str) -> int:
        return int((self.directory / f"{name}.pid").read_text())

    def everyone(self) -> list[int]:
        return [self.leader("web"), self.leader("worker"), *self.children.values()]

    def end(self, stop_signal: signal.Signals) -> int:
        self.process.send_signal(stop_signal)
        return self.process.wait(10)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    with running.process:
        running.end(signal.SIGTERM)


def alive(pids: list[int]) -> list[int]:
    return [
        pid
        for pid in pids
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def test_a_process_that_is_killed_starts_again(supervisor: Running) -> None:
    before = supervisor.leader("worker")
    os.killpg(before, signal.SIGKILL)

    assert supervisor.line() == "worker ended (SIGKILL) and starts again in 0.5 s"
    assert supervisor.started()[0] == "worker"
    assert supervisor.leader("worker") != before


def test_what_a_killed_process_had_started_goes_with_it(supervisor: Running) -> None:
    os.kill(supervisor.leader("worker"), signal.SIGKILL)
    supervisor.line()

    psutil.wait_procs(
        [psutil.Process(pid) for pid in alive([supervisor.children["worker"]])], timeout=5
    )
    assert alive([supervisor.children["worker"]]) == []
    assert alive([supervisor.children["web"]]) == [supervisor.children["web"]]


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_stops_all(supervisor: Running, stop_signal: signal.Signals) -> None:
    everyone = supervisor.everyone()

    assert supervisor.end(stop_signal) == 0
    assert alive(everyone) == []
    assert list(supervisor.directory.iterdir()) == []


def test_a_killed_supervisor_leaves_nothing_behind_at_the_next_start(tmp_path: Path) -> None:
    killed = Running(tmp_path, "elsewhere")
    left_behind = killed.everyone()
    with killed.process:
        killed.end(signal.SIGKILL)
    assert alive(left_behind) == left_behind

    following = Running(tmp_path)
    assert alive(left_behind) == []
    with following.process:
        following.end(signal.SIGINT)


def test_a_stranger_with_a_remembered_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as stranger:
        (tmp_path / "web.pid").write_text(str(stranger.pid))
        kill_strays(tmp_path)
        assert stranger.poll() is None
        stranger.kill()


def test_a_second_demo_is_refused(tmp_path: Path) -> None:
    with embedded.lock(tmp_path), pytest.raises(CannotStart, match="is already running here"):
        run_demo(tmp_path, reset=True)


def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(CannotStart, match=f"Port {port} is taken"):
            web_port()


@pytest.mark.parametrize("port", ["abc", "99999", "0", "-1", "²"])
def test_what_is_no_port_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(
        CannotStart, match=f"^PORT={port} is not a port. Choose a number from 1 to 65535"
    ):
        web_port()


def test_the_highest_port_leaves_the_inbox_another(tmp_path: Path) -> None:
    assert int(demo_environment(tmp_path, port=65535)["INBOX_PORT"]) < 65535


def test_a_wrong_link_in_the_demo_shows_our_page_and_not_djangos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    assert "DEBUG" not in demo_environment(tmp_path, port=8000)


def test_the_demo_sends_to_a_real_mail_server_only_when_asked_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MAIL_MODE")
    monkeypatch.delenv("EMAIL_URL")
    assert demo_environment(tmp_path, port=8000)["MAIL_MODE"] == "send"

    monkeypatch.setenv("EMAIL_URL", "smtp://mail.example.com")
    assert demo_environment(tmp_path, port=8000)["MAIL_MODE"] == "hold"


def test_links_survive_a_restart_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY")
    first = demo_environment(tmp_path, port=8000)["SECRET_KEY"]
    assert demo_environment(tmp_path, port=8000)["SECRET_KEY"] == first
