"""Every variable of the environment with what nobody should set: read, refused by a check, or
refused by its name."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from backorders_site.config.checks import settings_make_sense
from backorders_site.config.environment import SECRET
from tests.fuzz.hostile import Hostile, many
from tests.fuzz.site import Verdict

pytestmark = pytest.mark.fuzz

SETTINGS = Path(__file__).parents[2] / "backorders_site/settings.py"
GOOD = {
    "DEBUG": "off",
    "SITE_URL": "https://orders.example.com",
    "DATABASE_URL": "postgresql://user:password@localhost:5432/backorders",
    "REDIS_URL": "redis://localhost:6379/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.com:587",
    "MAIL_MODE": "only:ada@example.com",
    "SHIP_CUTOFF": "15:00",
    "SHIPMENTS_RECORDED": "live",
    "SETTLE_SECONDS": "600",
    "SHOP_COLOUR": "#17604f",
    "SHOP_FONT": "Avenir Next, sans-serif",
    "TIME_ZONE": "America/New_York",
    "TRACKING_LINKS": '{"Acme": "https://acme.example/{number}"}',
    "MAIL_PROVIDER": "postmark",
    "MAIL_PROVIDER_SETTINGS": "POSTMARK_SERVER_TOKEN=token",
    "MAIL_WEBHOOK_SECRET": "user:0123456789abcdef",
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SUPPORT_EMAIL": "help@example.com",
    "DEFAULT_FROM_EMAIL": "Shop <orders@example.com>",
    "SHOP_LANGUAGE": "de",
}
# changing these would change the tests' own process
STAYS = {"TIME_ZONE", "DATABASES", "CACHES", "LOGGING"}


def variables() -> list[str]:
    source = SETTINGS.read_text()
    return sorted(set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source)))


def variable_of(hostile: Hostile, name: str) -> str:
    """What an operating system lets through: no NUL, any other bytes."""
    return (
        hostile.text(GOOD.get(name, ""))
        .replace("\0", "")
        .encode("utf-8", "surrogatepass")
        .decode("utf-8", "surrogateescape")
    )


@pytest.mark.parametrize("part", range(2))
def test_variables(monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    hostile, verdict, names = Hostile(f"settings {part}"), Verdict(), variables()
    assert set(GOOD) <= set(names)
    for n in many(400):
        name = names[n % len(names)]
        value = variable_of(hostile, name)
        verdict.asked += 1
        with monkeypatch.context() as environment:
            environment.setenv(name, value)
            read(verdict, name, value)
    verdict.holds(len(many(400)))


def read(verdict: Verdict, name: str, value: str) -> None:
    try:
        found: dict[str, Any] = runpy.run_path(str(SETTINGS))
        with override_settings(
            **{key: found[key] for key in found if key.isupper() and key not in STAYS}
        ):
            settings_make_sense()
    except ImproperlyConfigured as error:
        if name not in str(error) or (
            name in SECRET and len(value) > 12 and value in str(error).partition("expected")[0]
        ):
            verdict.say(f"{name}: {error}", value)
    except Exception as error:  # noqa: BLE001 - any is a traceback to whoever starts it
        verdict.say(f"{name}: {type(error).__name__} {error}"[:300], value)
