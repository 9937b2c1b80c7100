import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import psycopg
import pytest
import redis
from environ import Env

from backorders_site.demo import embedded

OWNER = """
import sys
from pathlib import Path
from backorders_site.demo import embedded
if sys.argv[2] == "elsewhere": embedded._prctl = None
embedded.start(Path(sys.argv[1]), durable=False)
print("started", flush=True)
sys.stdin.read()
"""


def servers_of(directory: Path) -> list[str]:
    """Names of the servers that work in the directory; PostgreSQL's own children are not
    counted."""
    found = {
        process.pid: process
        for process in psutil.process_iter(["name", "cwd", "ppid"])
        if Path(process.info["cwd"] or "/").parent == directory
    }
    return sorted(
        process.info["name"] for process in found.values() if process.info["ppid"] not in found
    )


def killed_owner(directory: Path, system: str = "linux") -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(directory), system],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"started\n"
        assert servers_of(directory) == ["postgres", "valkey-server"]
        owner.kill()


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    embedded.stop_leftovers(tmp_path)


@pytest.mark.parametrize("system", ["linux", "elsewhere"])
def test_a_killed_supervisor_leaves_no_orphan_behind_at_the_next_start(
    directory: Path, system: str
) -> None:
    killed_owner(directory, system)

    engines = embedded.start(directory, durable=False)
    assert servers_of(directory) == ["postgres", "valkey-server"]
    engines.stop()
    assert servers_of(directory) == []


def test_a_pid_file_that_names_a_stranger_harms_neither(directory: Path) -> None:
    embedded.start(directory, durable=False).stop()
    for pid_file in ("postgres/postmaster.pid", "valkey/valkey.pid"):
        (directory / pid_file).write_text(f"{os.getpid()}\n")

    engines = embedded.start(directory, durable=False)
    assert servers_of(directory) == ["postgres", "valkey-server"]
    engines.stop()


def test_a_demo_finds_its_rows_and_tasks_again(directory: Path) -> None:
    engines = embedded.start(directory)
    with psycopg.connect(engines.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    with redis.Redis.from_url(engines.redis_url) as client:
        client.lpush("celery", "task")
    engines.stop()

    engines = embedded.start(directory)
    with psycopg.connect(engines.database_url) as connection:
        assert connection.execute("SELECT one FROM kept").fetchall() == [(1,)]
    with redis.Redis.from_url(engines.redis_url) as client:
        assert client.lrange("celery", 0, -1) == [b"task"]
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    engines.stop()


def test_a_deep_directory_with_spaces_works_for_django_and_for_libpq(directory: Path) -> None:
    deep = directory / "a checkout" / ("x" * 100)
    engines = embedded.start(deep, durable=False)
    options = Env().db_url_config(engines.database_url)
    with psycopg.connect(
        dbname=options["NAME"], user=options["USER"], **options["OPTIONS"]
    ) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("backorders",)
    with psycopg.connect(engines.database_url) as connection:
        (sockets,) = connection.execute("SHOW unix_socket_directories").fetchone() or ("",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    engines.stop()
    assert not Path(sockets).exists()


def test_a_directory_belongs_to_one_process(directory: Path) -> None:
    with embedded.lock(directory), pytest.raises(embedded.AlreadyLocked):
        embedded.lock(directory)
    embedded.lock(directory).close()
