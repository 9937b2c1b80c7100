"""What the environment says is read, or it is said which variable cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from backorders_site.config.environment import Environment, postgresql, valkey

ROOT = Path(__file__).parent.parent
env = Environment()


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("$from a file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(secret))
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    assert env.required("SECRET_KEY", "x") == "$from a file"


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY_FILE", "/nowhere/secret")
    with pytest.raises(
        ImproperlyConfigured, match="SECRET_KEY_FILE='/nowhere/secret' cannot be read"
    ):
        env.required("SECRET_KEY", "x")


def test_a_value_that_begins_like_another_variable_is_a_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET_KEY", "$HOME")
    assert env.required("SECRET_KEY", "x") == "$HOME"


@pytest.mark.parametrize("value", ["flase", "2", "on off", "\udcff"])
def test_a_switch_is_on_or_off_and_no_slip_of_the_finger(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("DEBUG", value)
    with pytest.raises(
        ImproperlyConfigured, match=r"^DEBUG=.* cannot be read: expected on or off$"
    ):
        env.bool("DEBUG", default=False)


@pytest.mark.parametrize(
    ("value", "switch"), [("On", True), ("1", True), ("", False), ("no", False)]
)
def test_switches(monkeypatch: pytest.MonkeyPatch, value: str, switch: bool) -> None:
    monkeypatch.setenv("DEBUG", value)
    assert env.bool("DEBUG", default=not switch) is switch


@pytest.mark.parametrize("value", ["ten", "1.5", "²", "9" * 5000, "1_000", ""])
def test_a_number_is_whole(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SETTLE_SECONDS", value)
    with pytest.raises(
        ImproperlyConfigured, match=r"^SETTLE_SECONDS=.* cannot be read: expected a whole number$"
    ):
        env.int("SETTLE_SECONDS", default=600)


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2@host:port/db", "mysql://u:hunter2@host/db", "hunter2", "http://["],
)
def test_a_secret_that_cannot_be_read_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.address("DATABASE_URL", "postgresql://user@localhost/backorders", postgresql)
    assert str(refused.value) == (
        "DATABASE_URL cannot be read: expected an address such as "
        "postgresql://user@localhost/backorders"
    )


@pytest.mark.parametrize(
    "url", ["redis://", "http://localhost", "redis://localhost:x", "localhost:6379"]
)
def test_an_address_of_no_valkey(url: str) -> None:
    with pytest.raises(ValueError):
        valkey(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIME_ZONE", "America/Gotham"),
        ("LOG_LEVEL", "LOUD"),
        ("SITE_URL", "https://["),
        ("TRACKING_LINKS", "{"),
        ("EMAIL_URL", "carrier-pigeon://roost"),
        ("SHOP_LANGUAGE", "klingon"),
        ("MAIL_PROVIDER_SETTINGS", "token"),
        ("DEBUG", "perhaps"),
    ],
)
def test_a_process_that_cannot_start_says_why_without_a_traceback(name: str, value: str) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, "Traceback" in ended.stderr, name in ended.stderr) == (
        1,
        False,
        True,
    ), ended.stderr


@pytest.mark.parametrize(("demo", "frames"), [("0", "DENY 'none'"), ("1", "SAMEORIGIN 'self'")])
def test_only_a_demo_shows_a_customers_page_in_a_frame_of_its_own(demo: str, frames: str) -> None:
    say = (
        "from backorders_site import settings as s; "
        "print(s.X_FRAME_OPTIONS, *s.CONTENT_SECURITY_POLICY['DIRECTIVES']['frame-ancestors'])"
    )
    environment = {**os.environ, "DEMO": demo, "DEBUG": "0"}
    ran = subprocess.run(
        [sys.executable, "-c", say], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert ran.stdout.strip() == frames, ran.stderr
