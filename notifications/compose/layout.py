"""The parts of an email as text and as HTML."""

from functools import lru_cache
from textwrap import wrap
from typing import Any

import css_inline
from django.conf import settings
from django.template.loader import get_template

from notifications.compose.palette import palette

TEXT_WIDTH = 72
RIGHT_TO_LEFT = "\u200f"


def text_of(context: dict[str, Any]) -> str:
    """Lines of no more than TEXT_WIDTH, but for addresses, which must stay whole to be opened, and
    one empty line where the template has several.
    Where the language runs from right to left each line says so: programs guess the direction of a
    text from its first letter."""
    said = get_template("notifications/mail.txt").render(context)
    mark = RIGHT_TO_LEFT if context["direction"] == "rtl" else ""
    lines: list[str] = []
    for line in said.strip("\n").splitlines():
        if line.startswith(("https://", "http://")):
            lines.append(line)
        elif line.strip():
            short = len(line) <= TEXT_WIDTH  # as most are; to wrap takes long
            parts = [line.rstrip()] if short else _wrapped(line)
            lines += [mark + part for part in parts]
        elif lines and lines[-1]:
            lines.append("")
    return "\n".join(lines) + "\n"


def _wrapped(line: str) -> list[str]:
    return wrap(line, TEXT_WIDTH, break_long_words=False, break_on_hyphens=False)


def html_of(context: dict[str, Any]) -> str:
    page = get_template("notifications/mail.html").render(
        {**context, "style": _style(context["direction"])}
    )
    return _inliner().inline(page)


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    """At-rules stay in the head, for the clients that read them: dark mode."""
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _style(direction: str) -> str:
    return _sheet(direction, settings.SHOP_COLOUR, settings.SHOP_FONT)


@lru_cache(maxsize=4)
def _sheet(direction: str, shop_colour: str, shop_font: str) -> str:
    """Mail programs know neither custom properties nor logical sides, so both are written out."""
    start = "right" if direction == "rtl" else "left"
    look = palette(shop_colour, shop_font)
    return str(get_template("notifications/mail.css").render({"start": start, "look": look}))
