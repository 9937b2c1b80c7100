"""Products' pictures, which are on the shop's own hosts."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.http import HttpResponse


def allow_pictures(response: HttpResponse, addresses: Iterable[str]) -> HttpResponse:
    """The page may load pictures from these hosts, and no other page may."""
    if hosts := sorted({host for address in addresses if (host := _host_of(address))}):
        # what csp.decorators.csp_update leaves for its middleware, known here per response only
        vars(response)["_csp_update"] = {"img-src": hosts}
    return response


def _host_of(address: str) -> str:
    """As a policy names it. Empty where it cannot: the picture is not shown then."""
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return ""
    named = parts.scheme == "https" and re.fullmatch(r"[a-z0-9.-]+", host)
    return f"https://{host}{port}" if named else ""
