"""What a web server runs."""

import os
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from backorders_site.config.checks import refuse_to_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backorders_site.settings")

_site = get_wsgi_application()
refuse_to_start()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    environ["CONTENT_TYPE"] = in_utf8(environ.get("CONTENT_TYPE", ""))
    return _site(environ, start_response)


def in_utf8(content_type: str) -> str:
    """Without an encoding: forms are in UTF-8 by their standard. Django reads the query by the one
    named, as any codec of Python's, before there is a request whose failure could be answered."""
    try:
        kind, parameters = parse_header_parameters(content_type)
    except (ValueError, LookupError):  # a parameter in an encoding of its own
        return ""
    if "charset" not in parameters:
        return content_type
    return f'{kind}; boundary="{parameters["boundary"]}"' if "boundary" in parameters else kind
