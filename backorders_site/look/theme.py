"""A shop's own look: its color, its font and its logo, on the one stylesheet of all pages."""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from orders.colors import (
    TEXT_CONTRAST,
    Accents,
    colour,
    dark_accents,
    light_accents,
    weakest_contrast,
)

SHEET = "css/site.css"
ICON = "icons/parcel.svg"
FOR_EVER = "public, max-age=31536000, immutable"
LOGO_TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
MAX_LOGO_BYTES = 30_000  # bytes; a whole page has 80 kB
GENERIC = (
    "serif",
    "sans-serif",
    "system-ui",
    "ui-serif",
    "ui-sans-serif",
    "ui-rounded",
    "monospace",
)
FONT = re.compile(r"""(?:[\w -]+|"[\w -]+"|'[\w -]+')(?:\s*,\s*(?:[\w -]+|"[\w -]+"|'[\w -]+'))*""")


def stylesheet() -> bytes:
    """site.css with the shop's color and font after it."""
    sheet = finders.find(SHEET)
    source = Path(sheet) if sheet else Path(settings.STATIC_ROOT) / SHEET
    stamp = source.stat().st_mtime_ns if settings.SERVES_SOURCES else 0
    return _stylesheet(source, stamp, settings.SHOP_COLOUR, settings.SHOP_FONT)


@lru_cache(maxsize=4)
def _stylesheet(source: Path, stamp: int, shop_colour: str, shop_font: str) -> bytes:
    return (source.read_text() + own_tokens(shop_colour, shop_font)).encode()


def own_tokens(shop_colour: str, shop_font: str) -> str:
    """CSS for what the shop set; empty where it set nothing."""
    light: list[str] = []
    dark: list[str] = []
    if shop_colour:
        light += _accent_tokens(light_accents(colour(shop_colour)))
        dark += _accent_tokens(dark_accents(colour(shop_colour)))
    if shop_font:
        light += [f"--serif: {shop_font};", f"--sans: {shop_font};"]
    rules = f":root {{ {' '.join(light)} }}" if light else ""
    rules += (
        f" @media (prefers-color-scheme: dark) {{ :root {{ {' '.join(dark)} }} }}" if dark else ""
    )
    return f"\n@layer tokens {{ {rules} }}\n" if rules else ""


def _accent_tokens(accents: Accents) -> list[str]:
    return [
        f"--accent: {accents.accent};",
        f"--accent-soft: {accents.soft};",
        f"--on-accent: {accents.text};",
    ]


def stylesheet_url() -> str:
    """Its address changes with its content, so browsers may keep it forever."""
    return reverse("stylesheet", args=[_fingerprint(stylesheet())])


@lru_cache(maxsize=1)
def icon_url() -> str:
    """The icon itself: a browser asks for it before it paints, and a phone waits for every
    question."""
    found = finders.find(ICON)
    icon = Path(found) if found else Path(settings.STATIC_ROOT) / ICON
    return f"data:image/svg+xml,{quote(icon.read_text().strip())}"


def logo_url() -> str:
    """Empty without a logo."""
    logo = _logo()
    return (
        reverse("logo", args=[_fingerprint(logo.read_bytes()), logo.suffix.lower()[1:]])
        if logo
        else ""
    )


def _logo() -> Path | None:
    return Path(settings.SHOP_LOGO) if settings.SHOP_LOGO else None


@lru_cache(maxsize=8)
def _fingerprint(content: bytes) -> str:
    return hashlib.blake2s(content, digest_size=8).hexdigest()


@require_safe
@gzip_page
def serve_stylesheet(request: HttpRequest, fingerprint: str) -> HttpResponse:
    return _kept(stylesheet(), "text/css; charset=utf-8", fingerprint)


@require_safe
def serve_logo(request: HttpRequest, fingerprint: str, kind: str) -> HttpResponse:
    logo = _logo()
    if logo is None or f".{kind}" != logo.suffix.lower():
        raise Http404("the shop has no such logo")
    return _kept(logo.read_bytes(), LOGO_TYPES[f".{kind}"], fingerprint)


def _kept(content: bytes, content_type: str, fingerprint: str) -> HttpResponse:
    """An address of before, from a page that was open during a change, gets what there is now, and
    is not kept."""
    response = HttpResponse(content, content_type=content_type)
    response.headers["Cache-Control"] = (
        FOR_EVER if fingerprint == _fingerprint(content) else "no-cache"
    )
    return response


Problems = Iterator[tuple[str, str]]


def problems() -> Problems:
    """What of the shop's look cannot work, each with a word on what to set."""
    yield from _colour_problems(settings.SHOP_COLOUR)
    yield from _font_problems(settings.SHOP_FONT)
    yield from _logo_problems(settings.SHOP_LOGO)


def _colour_problems(words: str) -> Problems:
    if not words:
        return
    try:
        weakest = weakest_contrast(colour(words))
    except ValueError:
        yield (
            f"SHOP_COLOUR={words!r} is not a color.",
            "Set it as #rrggbb, for example SHOP_COLOUR=#17604f.",
        )
    else:
        if weakest < TEXT_CONTRAST:
            yield (
                f"SHOP_COLOUR={words!r} is too light to read: its contrast on the page, or of "
                "white text on it, is "
                f"{weakest:.1f} to 1, and {TEXT_CONTRAST} is needed.",
                "Set a darker shade of it. A lighter one for dark screens is made of it.",
            )


def _font_problems(families: str) -> Problems:
    if families and not (FONT.fullmatch(families) and families.split(",")[-1].strip() in GENERIC):
        yield (
            f"SHOP_FONT={families!r} is not a list of font families that ends in a generic one.",
            'Set fonts that readers have, for example SHOP_FONT="Avenir Next, Montserrat, '
            'sans-serif".',
        )


def _logo_problems(name: str) -> Problems:
    types, most = ", ".join(sorted(LOGO_TYPES)), MAX_LOGO_BYTES // 1000
    hint = f"Set the path of a {types} file of at most {most} kB."
    if not name:
        return
    if Path(name).suffix.lower() not in LOGO_TYPES:
        yield f"SHOP_LOGO={name!r} is not a picture that pages can show.", hint
    elif not Path(name).is_file():
        yield f"SHOP_LOGO={name!r} is not there.", hint
    elif Path(name).stat().st_size > MAX_LOGO_BYTES:
        yield f"SHOP_LOGO={name!r} is too large: {Path(name).stat().st_size // 1000} kB.", hint


urlpatterns = [
    path("look/site.<str:fingerprint>.css", serve_stylesheet, name="stylesheet"),
    path("look/logo.<str:fingerprint>.<str:kind>", serve_logo, name="logo"),
]
