"""The language of a page: the one its reader chose, else their order's, else their browser's, else
the shop's.

Choosing is a link with `?lang=`, on every page. A cookie keeps the choice for the next pages
(backorders_site.middleware.languages). An email is written in the order's language, whatever was
chosen on a page.
"""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from orders.words import is_spoken, language_for

PARAMETER = "lang"


def asked_for(request: HttpRequest) -> str:
    """The language of ours that the address names, or nothing."""
    wanted = request.GET.get(PARAMETER, "")
    return wanted if is_spoken(wanted) else ""


def read_as(request: HttpRequest, order_locale: str = "") -> str:
    """Turn the rest of this request to the reader's language. Returns the locale to write dates and
    numbers in: that of the reader's own region where the language is spoken there."""
    locale = _locale_of(request, order_locale)
    translation.activate(language_for(locale))
    return locale


def _locale_of(request: HttpRequest, order_locale: str) -> str:
    known = [locale for locale in (order_locale, *_browsers(request)) if is_spoken(locale)]
    chosen = asked_for(request) or _remembered(request)
    first = chosen or next(iter(known), str(settings.LANGUAGE_CODE))
    if "-" in first:
        return first
    same = [locale for locale in known if language_for(locale) == language_for(first)]
    return next((locale for locale in same if "-" in locale), first)


def _browsers(request: HttpRequest) -> Iterator[str]:
    for wanted, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        yield wanted


def _remembered(request: HttpRequest) -> str:
    kept = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return kept if is_spoken(kept) else ""
