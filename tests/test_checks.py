import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from backorders_site.config.checks import settings_make_sense

ROOT = Path(__file__).parent.parent


def test_the_tests_own_settings_make_sense() -> None:
    assert settings_make_sense() == []


@pytest.mark.parametrize(
    ("name", "value", "said", "hint"),
    [
        (
            "MAIL_MODE",
            "on",
            "MAIL_MODE='on': expected hold, send or only:ADDRESS",
            "Set MAIL_MODE=hold",
        ),
        ("MAIL_MODE", "only:ada", "'ada' is not an email address", "Set MAIL_MODE=hold"),
        ("SHIP_CUTOFF", "3pm", "SHIP_CUTOFF='3pm' is not a time of day", "HH:MM"),
        ("SHIP_CUTOFF", "25:00", "SHIP_CUTOFF='25:00' is not a time of day", "HH:MM"),
        ("SHIP_CUTOFF", "15:00:30", "SHIP_CUTOFF='15:00:30' is not a time of day", "HH:MM"),
        (
            "SHIPMENTS_RECORDED",
            "nightly",
            "SHIPMENTS_RECORDED='nightly' is not one of learned, live, overnight",
            "overnight if an import",
        ),
        ("SITE_URL", "orders.example.com", "is not a site's full address", "SITE_URL=https://"),
        (
            "SITE_URL",
            "ftp://orders.example.com",
            "is not a site's full address",
            "SITE_URL=https://",
        ),
        ("SITE_URL", "http://orders.example.com", "is not https", "SITE_URL=https://"),
        (
            "SUPPORT_EMAIL",
            "help",
            "SUPPORT_EMAIL='help' is not an email address",
            "help@example.com",
        ),
        ("SUPPORT_EMAIL", "Help <help@example.com>", "is not an email address", "help@example.com"),
        (
            "DEFAULT_FROM_EMAIL",
            "Shop <orders>",
            "DEFAULT_FROM_EMAIL='Shop <orders>'",
            "orders@example.com",
        ),
        ("SETTLE_SECONDS", -1, "SETTLE_SECONDS=-1 is not from 0 to 2592000", "600"),
        ("HANDLING_DAYS", 0, "HANDLING_DAYS=0 is not from 1 to 365", "working days"),
        (
            "IMPORT_TELLS_AT_MOST",
            -1,
            "IMPORT_TELLS_AT_MOST=-1 is not from 0 to 1000000",
            "0 always asks",
        ),
        ("TRANSIT_DAYS", "US:5", "'US:5' is not a country and its days", "from 1 to 99"),
        ("TRANSIT_DAYS", "DE=100", "'DE=100' is not a country and its days", "from 1 to 99"),
        ("TRANSIT_DAYS", "UK=5", "the United Kingdom is GB", "from 1 to 99"),
        ("TRANSIT_DAYS", "US=5,us=6", "US is there twice", "from 1 to 99"),
        ("QUIET_DAYS", 10_000, "QUIET_DAYS=10000 is not from 1 to 3650", "14"),
        ("TRUSTED_PROXIES", -1, "TRUSTED_PROXIES=-1 is not from 0 to 20", "X-Forwarded-For"),
        ("STAFF_IDLE_HOURS", 0, "STAFF_IDLE_HOURS=0 is not from 1 to 336", "log in again"),
        ("SHOP_NAME", "Tern\nBcc: x", "contains a line break", "on one line"),
        ("SHOP_ADDRESS", "Tern & Tide\n12 Harbor Street", "contains a line break", "on one line"),
        ("SUPPORT_HOURS", "Mon\tFri", "SUPPORT_HOURS='Mon\\tFri' contains", "on one line"),
        ("SUPPORT_REPLY_HOURS", -1, "SUPPORT_REPLY_HOURS=-1 is not from 0 to 720", "24"),
        ("CANCEL_UNDO_SECONDS", 86_401, "is not from 0 to 86400", "ten minutes"),
        ("IMPRINT_URL", "/imprint", "IMPRINT_URL='/imprint' is not the address", "https://"),
        (
            "PRIVACY_URL",
            "javascript:alert(1)",
            "is not the address of a web page",
            "PRIVACY_URL=https",
        ),
        (
            "PRIVACY_URL",
            'https://a.example/" x',
            "is not the address of a web page",
            "PRIVACY_URL=",
        ),
        ("SITE_URL", "https://[", "is not a site's full address", "SITE_URL=https://"),
        ("SHOP_COUNTRY", "USA", "SHOP_COUNTRY='USA' is not a country", "US, DE or GB"),
        ("DELAY_RULES", "US", "DELAY_RULES='US' is not one", "US-CA, EU, UK"),
        ("SITE_URL", "https://a b.example", "is not a site's full address", "SITE_URL=https://"),
        (
            "SITE_URL",
            "https://mia:pw@a.example",
            "is not a site's full address",
            "SITE_URL=https://",
        ),
        (
            "SITE_URL",
            "https://a.example/orders",
            "is not a site's full address",
            "SITE_URL=https://",
        ),
        ("ALLOWED_HOSTS", [""], "ALLOWED_HOSTS is empty", "Remove it"),
        ("CONN_MAX_AGE", -5, "CONN_MAX_AGE=-5 is not from 0 to 86400", "60"),
        ("MAIL_PROVIDER", "test", "MAIL_PROVIDER='test' is not a provider", "postmark"),
        ("HEARTBEAT_URL", "http://[", "HEARTBEAT_URL is not an http address", "hc-ping.com"),
        (
            "SENTRY_DSN",
            "https://errors.example.com/",
            "SENTRY_DSN is not an http address",
            "https://key@",
        ),
        (
            "SENTRY_DSN",
            "https://key@errors.example.com/",
            "SENTRY_DSN is not an http address",
            "https://key@",
        ),
        ("EMAIL_TIMEOUT", 120, "EMAIL_TIMEOUT=120", "60, 120, 150, 300"),
        ("EMAIL_TIMEOUT", 0, "EMAIL_TIMEOUT=0", "60, 120, 150, 300"),
        ("MAIL_LEASE_SECONDS", 150, "MAIL_LEASE_SECONDS=150", "60, 120, 150, 300"),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_what_to_set(
    settings: Settings, name: str, value: object, said: str, hint: str
) -> None:
    setattr(settings, name, value)
    (problem,) = settings_make_sense()
    assert said in problem.msg
    assert problem.hint
    assert hint in problem.hint


@pytest.mark.parametrize("secret", ["a", " " * 64, "x" * 31])
def test_where_links_go_to_customers_the_key_is_long(settings: Settings, secret: str) -> None:
    settings.SITE_URL, settings.SECRET_KEY = "https://orders.example.com", secret
    (problem,) = settings_make_sense()
    assert problem.msg.startswith("SECRET_KEY is shorter than 32 characters")


@pytest.mark.parametrize(
    ("host", "may"),
    [
        ("orders.example.com", False),
        ("93.184.215.14", False),
        ("10.0.0.4", True),
        ("localhost", True),
    ],
)
def test_a_demo_stays_at_home(settings: Settings, host: str, may: bool) -> None:
    settings.DEMO, settings.SITE_URL = True, f"https://{host}"
    assert [problem.msg.partition(",")[0] for problem in settings_make_sense()] == [
        "DEMO is on"
    ] * (not may)


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://127.0.0.1:8000", "https://orders.example.com"]
)
def test_addresses_for_this_machine_need_no_https(settings: Settings, url: str) -> None:
    settings.SITE_URL = url
    assert settings_make_sense() == []


def test_in_development_the_site_may_be_anywhere(settings: Settings) -> None:
    settings.DEBUG = True
    settings.SITE_URL = "http://192.168.0.7:8000"
    assert settings_make_sense() == []


def test_a_name_may_stand_before_the_sender(settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Tern & Tide <orders@shop.example>"
    assert settings_make_sense() == []


def test_django_runs_the_checks(settings: Settings) -> None:
    settings.MAIL_MODE = "on"
    assert "backorders.E001" in {problem.id for problem in run_checks()}


@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import backorders_site.wsgi"],
        [
            "-m",
            "celery",
            "--quiet",
            "--app",
            "backorders_site.celery",
            "worker",
            "--concurrency",
            "1",
        ],
        [
            "-m",
            "celery",
            "--quiet",
            "--app",
            "backorders_site.celery",
            "beat",
            "--schedule",
            "SCHEDULE",
        ],
    ],
    ids=["web", "worker", "beat"],
)
def test_nothing_starts_with_settings_that_cannot_work(command: list[str], tmp_path: Path) -> None:
    command = [str(tmp_path / "beat") if word == "SCHEDULE" else word for word in command]
    wrong = os.environ | {"MAIL_MODE": "sned", "SHIP_CUTOFF": "25:00"}
    started = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=wrong,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert started.returncode != 0
    assert "MAIL_MODE='sned': expected hold" in started.stderr
    assert "SHIP_CUTOFF='25:00' is not a time of day" in started.stderr
