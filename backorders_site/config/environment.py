"""The environment, read by type. What cannot be read is named in a line with what was expected.

NAME_FILE names a file that holds the value of NAME, as containers hand over secrets. It wins over
NAME.
"""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import environ
from django.core.exceptions import ImproperlyConfigured

# Secrets. Not even a wrong value is repeated: error messages end up in logs.
SECRET = {
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SENTRY_DSN"),
    *("MAIL_WEBHOOK_SECRET", "MAIL_PROVIDER_SETTINGS", "METRICS_TOKEN", "HEARTBEAT_URL"),
}
SWITCHES = {
    "1": True,
    "on": True,
    "true": True,
    "yes": True,
    "0": False,
    "off": False,
    "false": False,
    "no": False,
}
EXPECTED: dict[Any, str] = {
    int: "a whole number",
    bool: "on or off",
    dict: "NAME=value, and more of them after commas",
    json.loads: "JSON",
}


class Environment(environ.Env):  # type: ignore[misc]  # it has no types
    def get_value(
        self, var: str, cast: Any = None, default: Any = None, parse_default: bool = False
    ) -> Any:
        """`default` where the variable is not set. ImproperlyConfigured: it cannot be read as what
        `cast` makes."""
        value = _value(var)
        if value is None:
            return default
        try:
            return _read(value, cast, self)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ImproperlyConfigured(
                f"{_named(var, value)}: expected {EXPECTED.get(cast, 'text in UTF-8')}"
            ) from None

    def required(self, var: str, example: str) -> str:
        value = self.get_value(var)
        if not value:
            raise ImproperlyConfigured(
                f"{var} is not set. Set it in the environment, for example {var}={example}"
            )
        return str(value)

    def one_of(self, var: str, choices: tuple[str, ...], *, default: str) -> str:
        value = str(self.get_value(var, default=default))
        if value not in choices:
            raise ImproperlyConfigured(
                f"{_named(var, value)}: expected one of {', '.join(choices)}"
            )
        return value

    def zone(self, var: str, *, default: str) -> str:
        value = str(self.get_value(var, default=default))
        try:
            return ZoneInfo(value).key
        except (ValueError, OSError, KeyError):
            raise ImproperlyConfigured(
                f"{_named(var, value)}: expected a time zone such as America/New_York"
            ) from None

    def address(self, var: str, example: str, read: Callable[[str], Any] = urlsplit) -> Any:
        """What `read` makes of an address that is required."""
        value = self.required(var, example)
        try:
            return read(value)
        except (ValueError, KeyError, TypeError, AttributeError, ImproperlyConfigured):
            raise ImproperlyConfigured(
                f"{_named(var, value)}: expected an address such as {example}"
            ) from None


def postgresql(url: str) -> dict[str, Any]:
    """Django's settings of a database."""
    if urlsplit(url).scheme not in ("postgresql", "postgres", "psql", "pgsql"):
        # asked first: of what it does not know, environ prints the parts
        raise ValueError("another database")
    config: dict[str, Any] = environ.Env.db_url_config(url)
    return config


def mail_server(url: str) -> dict[str, Any]:
    """Django's settings of a mail server. ValueError also for those schemes of environ's that do
    not send email."""
    config: dict[str, Any] = environ.Env.email_url_config(url)
    if config["EMAIL_BACKEND"].endswith((".dummy.EmailBackend", ".locmem.EmailBackend")):
        raise ValueError("sends nothing")
    return config


def valkey(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss") or not parts.hostname or (parts.port or 1) < 1:
        raise ValueError(parts.scheme)
    return url


def _read(value: str, cast: Any, environment: Environment) -> Any:
    value.encode()  # bytes that are no text were handed on as half characters
    if cast is bool:
        return SWITCHES[value.strip().lower() or "off"]
    if cast is int and not re.fullmatch(r"\s*-?[0-9]{1,9}\s*", value):
        raise ValueError(value)
    return environment.parse_value(value, cast)


def _value(var: str) -> str | None:
    path = os.environ.get(f"{var}_FILE")
    if not path:
        return os.environ.get(var)
    try:
        return Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"{var}_FILE={path!r} cannot be read ({error}): expected a file with {var}"
        ) from None


def _named(var: str, value: str) -> str:
    return f"{var} cannot be read" if var in SECRET else f"{var}={value[:200]!r} cannot be read"
