"""The colors and fonts of the pages, for emails. Email programs know no custom properties, so they
are written out."""

import re
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from orders.colors import Accents, colour, dark_accents, light_accents

SHEET = Path(settings.BASE_DIR) / "static" / "css" / "site.css"
DARK = "@media (prefers-color-scheme: dark)"
SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, Georgia, serif'
SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


@dataclass(frozen=True, slots=True)
class Palette:
    """`light` and `dark`: colors by the names of the style sheet's tokens, with _ for -."""

    light: dict[str, str]
    dark: dict[str, str]
    serif: str
    sans: str


def palette(shop_colour: str, shop_font: str) -> Palette:
    """With the shop's own color and font, where it set any."""
    before, _, after = SHEET.read_text(encoding="utf-8").partition(DARK)
    light = _tokens(before)
    dark = light | _tokens(after)
    if shop_colour:
        light |= _accents(light_accents(colour(shop_colour)))
        dark |= _accents(dark_accents(colour(shop_colour)))
    return Palette(light, dark, shop_font or SERIF, shop_font or SANS)


def _tokens(sheet: str) -> dict[str, str]:
    """Of the first block of tokens."""
    block = re.search(r":root\s*\{([^}]*)\}", sheet)
    found = re.findall(r"--([\w-]+):\s*(#[0-9a-fA-F]{3,8})\s*;", block[1] if block else "")
    return {name.replace("-", "_"): value for name, value in found}


def _accents(accents: Accents) -> dict[str, str]:
    return {
        "accent": str(accents.accent),
        "accent_soft": str(accents.soft),
        "on_accent": str(accents.text),
    }
