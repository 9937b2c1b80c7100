"""Settings that cannot work, found at start-up, each with what to set instead.

Commands of manage.py run them as Django's checks. Web servers, workers and beat run them by
`refuse_to_start`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import time
from email.utils import parseaddr
from importlib.util import find_spec
from ipaddress import ip_address
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from holidays import list_supported_countries
from sentry_sdk.utils import BadDsn, Dsn

from backorders_site.look import theme
from notifications.outbox.mail_mode import parse_mail_mode
from notifications.transport.rates import parse_rates
from orders.domain.delay_rules import STRICTER
from orders.domain.transit import parse_transit_days

SHIPMENTS_RECORDED = ("learned", "live", "overnight")  # orders.services.recorded_days
NUMBER_HERE = "{number}"  # in a carrier's page: orders.words.tracking
MIN_KEY_LENGTH = 32
LOOPBACK = {"localhost", "127.0.0.1", "::1", "testserver"}


def settings_make_sense(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Django's system check; empty when all is well."""
    return [
        Error(message, hint=hint, id=f"backorders.E{number:03}")
        for number, check in enumerate(CHECKS, start=1)
        for message, hint in check()
    ]


def refuse_to_start() -> None:
    """Ends the process that web, worker or beat start as, with a line for each problem."""
    if problems := settings_make_sense():
        raise SystemExit("\n".join(f"{problem.msg} {problem.hint}" for problem in problems))


Problems = Iterator[tuple[str, str]]


def mail_mode() -> Problems:
    try:
        parse_mail_mode(settings.MAIL_MODE)
    except ValueError as error:
        yield (
            f"MAIL_MODE={settings.MAIL_MODE!r}: {error}",
            "Set MAIL_MODE=hold until you are ready to send.",
        )


def ship_cutoff() -> Problems:
    value = settings.SHIP_CUTOFF
    try:
        if len(value) != len("15:00"):
            raise ValueError(value)
        time.fromisoformat(value)
    except ValueError:
        yield (
            f"SHIP_CUTOFF={value!r} is not a time of day.",
            "Set it as HH:MM in the shop's time zone, for example 15:00.",
        )


def shipments_recorded() -> Problems:
    value = settings.SHIPMENTS_RECORDED
    if value not in SHIPMENTS_RECORDED:
        yield (
            f"SHIPMENTS_RECORDED={value!r} is not one of {', '.join(SHIPMENTS_RECORDED)}.",
            "Set live if parcels are recorded here on the day they ship, or overnight if an "
            "import brings them the next day.",
        )


def site_url() -> Problems:
    try:
        parts = urlsplit(settings.SITE_URL)
        host = parts.hostname or "" if parts.port != 0 else ""
    except ValueError:
        parts, host = urlsplit(""), ""
    example = "Set it to the address customers use, for example SITE_URL=https://orders.example.com"
    more = (
        parts.path
        or parts.query
        or parts.fragment
        or parts.username
        or re.search(r"\s", settings.SITE_URL)
    )
    if parts.scheme not in ("http", "https") or not host or more:
        yield f"SITE_URL={settings.SITE_URL!r} is not a site's full address.", example
    elif parts.scheme == "http" and not settings.DEBUG and host not in LOOPBACK:
        yield (
            f"SITE_URL={settings.SITE_URL!r} is not https: links in emails would open orders "
            "without encryption.",
            example,
        )


def demo() -> Problems:
    if settings.DEMO and not _is_near(urlsplit(settings.SITE_URL).hostname or ""):
        yield (
            f"DEMO is on, and SITE_URL={settings.SITE_URL!r} is public: anyone could stop its "
            "worker.",
            "Remove DEMO if others can reach the site.",
        )


def _is_near(host: str) -> bool:
    """This machine, or an address that only a network of one's own has."""
    try:
        return host in LOOPBACK or ip_address(host).is_private
    except ValueError:
        return False


def secret_key() -> Problems:
    if (
        settings.SITE_URL.startswith("https://")
        and len(settings.SECRET_KEY.strip()) < MIN_KEY_LENGTH
    ):
        yield (
            f"SECRET_KEY is shorter than {MIN_KEY_LENGTH} characters: anyone who guesses it can "
            "make links to every order.",
            "Set SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(50))')",
        )


def hosts() -> Problems:
    if not any(host.strip() for host in settings.ALLOWED_HOSTS):
        yield (
            "ALLOWED_HOSTS is empty: every request would be refused.",
            "Remove it to use the host of SITE_URL, or list your hosts.",
        )


def addresses() -> Problems:
    for name, example in (
        ("SUPPORT_EMAIL", "help@example.com"),
        ("DEFAULT_FROM_EMAIL", "Shop <orders@example.com>"),
    ):
        value = getattr(settings, name)
        address = parseaddr(value)[1] if name == "DEFAULT_FROM_EMAIL" else value
        try:
            validate_email(address)
        except ValidationError:
            yield (
                f"{name}={value!r} is not an email address.",
                f"Set it, for example {name}={example}",
            )


# What each may be, and what it says.
LIMITS = {
    "SETTLE_SECONDS": (
        0,
        2_592_000,
        "how many seconds a changed date settles before customers are notified: 600 is ten "
        "minutes, 0 at once",
    ),
    "CANCEL_UNDO_SECONDS": (
        0,
        86_400,
        "how many seconds customers have to undo a cancellation: 600 is ten minutes, 0 none",
    ),
    "SUPPORT_REPLY_HOURS": (
        0,
        720,
        "within how many hours you answer customers: for example 24, or 0 to leave it out",
    ),
    "HANDLING_DAYS": (
        1,
        365,
        "working days from arrival to the carrier, at least 1",
    ),
    "IMPORT_TELLS_AT_MOST": (
        0,
        1_000_000,
        "how many customers an import may tell worse news without asking staff first: for example "
        "100; 0 always asks",
    ),
    "QUIET_DAYS": (
        1,
        3650,
        "days without news before we email that nothing has changed: for example 14",
    ),
    "LONG_QUIET_DAYS": (1, 3650, "days between these emails after the first two: for example 30"),
    "MESSAGE_RETENTION_DAYS": (
        1,
        36_500,
        "how many days the text of emails is kept: for example 90",
    ),
    "NOTICE_RETENTION_DAYS": (
        1,
        36_500,
        "how many days the text of legal notices is kept: 1461 is four years",
    ),
    "CONN_MAX_AGE": (0, 86_400, "how many seconds a database connection is kept: for example 60"),
    "STAFF_IDLE_HOURS": (
        1,
        336,
        "after how many hours without work staff have to log in again: for example 8",
    ),
    "TRUSTED_PROXIES": (
        0,
        20,
        "how many proxies in front of the site append to X-Forwarded-For: usually 1",
    ),
}


def numbers() -> Problems:
    for name, (least, most, meaning) in LIMITS.items():
        value = getattr(settings, name)
        if not least <= value <= most:
            yield f"{name}={value} is not from {least} to {most}.", f"Set {meaning}."


# in the head of emails, or on one line of their foot
ON_ONE_LINE = ("SHOP_NAME", "DEFAULT_FROM_EMAIL", "SHOP_ADDRESS", "SUPPORT_HOURS")


def words() -> Problems:
    for name in ON_ONE_LINE:
        value = getattr(settings, name)
        if any(ord(each) < ord(" ") for each in value):
            yield (
                f"{name}={value!r} contains a line break.",
                "Set it on one line, as in every email.",
            )


def legal_pages() -> Problems:
    for name, page in (("IMPRINT_URL", "imprint"), ("PRIVACY_URL", "privacy")):
        value = getattr(settings, name)
        if value and (re.search(r"[\s\"'<>\\]", value) or not _can_be_called(value)):
            yield (
                f"{name}={value!r} is not the address of a web page.",
                f"Set it, for example {name}=https://shop.example.com/{page}, or leave it empty.",
            )


def places() -> Problems:
    if settings.SHOP_COUNTRY not in list_supported_countries(include_aliases=False):
        yield (
            f"SHOP_COUNTRY={settings.SHOP_COUNTRY!r} is not a country whose working days we know.",
            "Set its two-letter code (ISO 3166), for example US, DE or GB.",
        )
    if settings.DELAY_RULES not in ("", *STRICTER):
        yield (
            f"DELAY_RULES={settings.DELAY_RULES!r} is not one of the stricter rules.",
            f"Set one of {', '.join(STRICTER)}, or leave it empty to use the law of the shipping "
            "country.",
        )


def tracking_links() -> Problems:
    example = (
        'Set it as JSON, for example TRACKING_LINKS={"Acme": "https://acme.example/track/{number}"}'
    )
    if not isinstance(settings.TRACKING_LINKS, dict):
        yield (
            f"TRACKING_LINKS={settings.TRACKING_LINKS!r} is not a list of carriers and pages.",
            example,
        )
        return
    for carrier, page in settings.TRACKING_LINKS.items():
        if wrong := _wrong_with(page):
            yield (
                f"TRACKING_LINKS: {page!r} can't be a tracking page of {carrier}: {wrong}.",
                example,
            )


def _wrong_with(page: object) -> str:
    """What keeps a page from being a carrier's tracking page; empty: nothing."""
    if not isinstance(page, str) or not page.startswith("https://") or not urlsplit(page).hostname:
        return "it does not start with https:// and a host"
    if page.count(NUMBER_HERE) != 1 or re.search("[{}]", page.replace(NUMBER_HERE, "")):
        return "it must contain {number} exactly once, and no other braces"
    if NUMBER_HERE in urlsplit(page).netloc or re.search(r"[\s\"'<>\\]", page):
        return "its host contains {number}, or it contains a character that no address can have"
    return ""


def time_outs() -> Problems:
    """A send that hangs ends before its worker is stopped, and a worker before its claim is given
    to another."""
    chain = {
        name: getattr(settings, name)
        for name in (
            "EMAIL_TIMEOUT",
            "CELERY_TASK_SOFT_TIME_LIMIT",
            "CELERY_TASK_TIME_LIMIT",
            "MAIL_LEASE_SECONDS",
        )
    }
    seconds = list(chain.values())
    if not all(earlier < later for earlier, later in pairwise(seconds)) or seconds[0] <= 0:
        listed = ", ".join(f"{name}={value}" for name, value in chain.items())
        yield (
            f"{listed}: each must be longer than the one before.",
            "Set increasing values, for example 60, 120, 150, 300.",
        )


# which anymail has as well, and which send nothing
NO_PROVIDERS = ("base", "base_requests", "console", "test")


def provider() -> Problems:
    name = settings.MAIL_PROVIDER
    if not name:
        return
    if (
        name in NO_PROVIDERS
        or not re.fullmatch("[a-z_]+", name)
        or find_spec(f"anymail.backends.{name}") is None
    ):
        yield (
            f"MAIL_PROVIDER={name!r} is not a provider that django-anymail knows.",
            "Set its name, for example postmark, sendgrid or mailgun, or leave it empty to send "
            "through EMAIL_URL.",
        )
    if settings.MAIL_WEBHOOK_SECRET and not re.fullmatch(
        r"[^:\s]+:\S{16,}", settings.MAIL_WEBHOOK_SECRET
    ):
        yield (
            "MAIL_WEBHOOK_SECRET is not of the form user:password with a password of 16 "
            "characters or more.",
            "Set it, and enter https://user:password@HOST/webhooks/mail/ as the webhook at the "
            "provider.",
        )


def mail_rates() -> Problems:
    try:
        parse_rates(settings.MAIL_RATES)
    except ValueError as error:
        yield (
            f"MAIL_RATES: {error}.",
            "Set what your mail server allows, or leave it empty for no limit.",
        )


def transit() -> Problems:
    try:
        parse_transit_days(settings.TRANSIT_DAYS)
    except ValueError as error:
        yield (
            f"TRANSIT_DAYS: {error}.",
            "Set what your carriers say, in calendar days from 1 to 99, or leave it empty.",
        )


MIN_SECRET_LENGTH = 16


def watchers() -> Problems:
    if settings.METRICS_TOKEN and not re.fullmatch(
        rf"[!-~]{{{MIN_SECRET_LENGTH},}}", settings.METRICS_TOKEN
    ):
        yield (
            f"METRICS_TOKEN is shorter than {MIN_SECRET_LENGTH} characters, or has spaces or "
            "unprintable characters.",
            "Set a long random token, or leave it empty to close /metrics.",
        )
    if settings.HEARTBEAT_URL and not _can_be_called(settings.HEARTBEAT_URL):
        yield (
            "HEARTBEAT_URL is not an http address.",
            "Set it, for example HEARTBEAT_URL=https://hc-ping.com/your-uuid, or leave it empty.",
        )
    try:
        Dsn(settings.SENTRY_DSN or "https://key@errors.example.com/1")
    except (BadDsn, ValueError):
        yield (
            "SENTRY_DSN is not an http address.",
            "Set it, for example SENTRY_DSN=https://key@errors.example.com/1, or leave it empty.",
        )


def _can_be_called(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


CHECKS: tuple[Callable[[], Problems], ...] = (
    mail_mode,
    ship_cutoff,
    shipments_recorded,
    site_url,
    addresses,
    numbers,
    places,
    time_outs,
    theme.problems,
    provider,
    tracking_links,
    mail_rates,
    watchers,
    words,
    demo,
    secret_key,
    hosts,
    transit,
    legal_pages,
)
