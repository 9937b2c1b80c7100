"""What goes into the logs: one line for each request and each change of an email. Ids lead from one
line to another; nothing names a person or opens an order."""

import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse
from pythonjsonlogger.json import JsonFormatter

REQUEST_ID = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Begins only where a run of its characters does, and never goes back in one: else a long word would
# take minutes.
ADDRESS = re.compile(
    r"""
      "(?:[^"\n]|(?<=\\)"){1,64}" (?:@|%40) DOMAIN
    | (?<![^\s<>"(=,;:/\\@]) ('*+) (?:[^\s<>"(=,;:/\\@%]|%(?!40))++ (?:@|%40) DOMAIN
    """.replace("DOMAIN", r"""[^\s<>"')\]}=,;:/\\&?\#]+"""),
    re.VERBOSE,
)
LINK = re.compile(r"/(o|mine|preferences|unsubscribe|demo/mail)/[^/\s\"'?]+")
# A broken email can turn a link into something that begins like no path of ours. What surrounds the
# token may still hold all of it.
WORD = re.compile(r"[\w.%-]{20,}")
ENCODED_AGAIN = re.compile("%(?:25)+")
SIGNED = re.compile(r"-[0-9]+-(act|look|feed|stop|[0-9a-f]{16})\.|\.[\w-]{43}", re.IGNORECASE)
PASSWORD = re.compile(r"(//[^:/\s\"']*):[^@/\s\"']+@")  # in the address of a server
ASKED_ALL_THE_TIME = ("/livez", "/readyz", "/metrics", "/static/")

log = logging.getLogger("backorders.requests")
present_ids: ContextVar[dict[str, str] | None] = ContextVar("present_ids", default=None)


def without_secrets(words: str) -> str:
    """No email address, no token of a link, no password of a server."""
    words = PASSWORD.sub(r"\1:[password]@", words)
    words = WORD.sub(_without_token, LINK.sub(r"/\1/[token]", words))
    return ADDRESS.sub(r"\1[address]", words)


def _without_token(word: re.Match[str]) -> str:
    """What surrounds the token goes with it. A link inside a link is encoded once more each
    time."""
    return "[token]" if SIGNED.search(unquote(ENCODED_AGAIN.sub("%", word[0]))) else word[0]


def all_without_secrets(value: Any) -> Any:
    """The same of every text in lists and dicts, and of what JSON would make a text of."""
    if isinstance(value, dict):
        return {
            all_without_secrets(name): all_without_secrets(inner) for name, inner in value.items()
        }
    if isinstance(value, (list, tuple, set)):
        return [all_without_secrets(inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float, datetime)):
        return value
    return without_secrets(str(value))


class Ids(logging.Filter):
    """Gives each record the ids of the request or task it belongs to."""

    def filter(self, record: logging.LogRecord) -> bool:
        asked = getattr(getattr(record, "request", None), "backorders_ids", None)
        record.ids = {**(asked or {}), **(present_ids.get() or {}), **getattr(record, "about", {})}
        return True


class JsonLine(JsonFormatter):
    """Fields: at, level, logger, message, then ids and what a record is about (`extra={"about":
    {...}}`)."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s", timestamp=True)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        named = {"levelname": "level", "name": "logger", "message": "message", "timestamp": "at"}
        fields = {new: log_data[old] for old, new in named.items() if old in log_data}
        errors = {name: log_data[name] for name in ("exc_info", "stack_info") if log_data.get(name)}
        ids: dict[str, Any] = log_data.get("ids", {})
        clean: dict[str, Any] = all_without_secrets(fields | ids | errors)
        return clean


class TerminalFormatter(logging.Formatter):
    """For people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record)).removesuffix(" {}")


def requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Each request has an id: the proxy's, if it sent one, else a new one. It is in every line and
    in the answer."""

    def respond(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(REQUEST_ID, "")
        request_id = given if WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        token = present_ids.set({"request_id": request_id})
        # Django says "Not Found" after all middleware has ended, of the request.
        request.backorders_ids = present_ids.get()  # type: ignore[attr-defined]
        started = time.perf_counter()
        try:
            response = get_response(request)
            response.headers[REQUEST_ID] = request_id
            if not request.path.startswith(ASKED_ALL_THE_TIME):
                _say(request, response, time.perf_counter() - started)
            return response
        finally:
            present_ids.reset(token)

    return respond


def _say(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    """The pattern of the address, never the address: a token would open the order."""
    route = request.resolver_match.route if request.resolver_match else "no such page"
    about = {"method": str(request.method), "route": route, "status": response.status_code}
    log.info("request", extra={"about": about | {"milliseconds": round(seconds * 1000)}})
